"""access keys on their way out

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_STATES = ("waiting", "overlapping", "retired", "abandoning", "ended")
_OUTCOMES = ("rotated", "never_collected", "new_key_gone", "user_deleted")


def upgrade() -> None:
    _wait_briefly()
    op.create_table(
        "key_rotation",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("access_request_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("account", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("user", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("old_key_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("new_key_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sa.Enum(*_STATES, name="rotationstate", native_enum=False, length=32), nullable=False),
        sa.Column("unused_since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("outcome", sa.Enum(*_OUTCOMES, name="outcome", native_enum=False, length=32), nullable=True),
        sa.Column("ended_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["lab_user.name"], name=op.f("fk_key_rotation_user_lab_user")),
        sa.ForeignKeyConstraint(
            ["access_request_id"], ["access_request.id"], name=op.f("fk_key_rotation_access_request_id_access_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_rotation")),
        sa.UniqueConstraint("access_request_id", name=op.f("uq_key_rotation_access_request_id")),
    )
    op.create_index("ix_key_rotation_due_at", "key_rotation", ["due_at"])
    op.create_index("ix_key_rotation_user_id", "key_rotation", ["user", "id"])


def downgrade() -> None:
    _wait_briefly()
    op.drop_table("key_rotation")


def _wait_briefly() -> None:
    """Give up instead of holding everybody up behind a lock."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
