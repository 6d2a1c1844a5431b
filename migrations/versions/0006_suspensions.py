"""what was taken from suspended people

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _wait_briefly()
    op.create_table(
        "suspension",
        sa.Column("account", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("user", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("access_request_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("login", sa.Boolean(), nullable=False),
        sa.Column("devices", sa.JSON(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("taken_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["lab_user.name"], name=op.f("fk_suspension_user_lab_user")),
        sa.PrimaryKeyConstraint("account", "user", name=op.f("pk_suspension")),
    )


def downgrade() -> None:
    _wait_briefly()
    op.drop_table("suspension")


def _wait_briefly() -> None:
    """Give up instead of holding everybody up behind a lock."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
