"""secrets that wait for collection

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _wait_briefly()
    op.create_table(
        "secret",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("console_password", "access_key", name="secretkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("account", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("user", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("access_request_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("keys_before", sa.JSON(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("ready_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("collected_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("over_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["lab_user.name"], name=op.f("fk_secret_user_lab_user")),
        sa.ForeignKeyConstraint(
            ["access_request_id"], ["access_request.id"], name=op.f("fk_secret_access_request_id_access_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secret")),
    )
    op.create_index("ix_secret_user_id", "secret", ["user", "id"])
    op.create_index("ix_secret_access_request_id", "secret", ["access_request_id"])


def downgrade() -> None:
    _wait_briefly()
    op.drop_table("secret")


def _wait_briefly() -> None:
    """Give up instead of holding everybody up behind a lock."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
