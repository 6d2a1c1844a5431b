"""reports on administrator power that ended

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _wait_briefly()
    op.create_table(
        "power_review",
        sa.Column("grant_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("account", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("user", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("due_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("gives_up_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("failure", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("found", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("token", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"], name=op.f("fk_power_review_grant_id_access_grant")),
        sa.ForeignKeyConstraint(["user"], ["lab_user.name"], name=op.f("fk_power_review_user_lab_user")),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_power_review")),
    )
    op.create_index("ix_power_review_due_at", "power_review", ["due_at"])


def downgrade() -> None:
    _wait_briefly()
    op.drop_table("power_review")


def _wait_briefly() -> None:
    """Give up instead of holding everybody up behind a lock."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
