"""lanes

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_FENCES = sa.Sequence("lane_fence")


def upgrade() -> None:
    _wait_briefly()
    op.create_table(
        "lane",
        sa.Column("account", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("principal", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("held_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("look_again_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("account", "principal", name=op.f("pk_lane")),
    )
    op.create_index(op.f("ix_lane_fence"), "lane", ["fence"])
    op.create_index(op.f("ix_lane_look_again_at"), "lane", ["look_again_at"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(_FENCES))


def downgrade() -> None:
    _wait_briefly()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.DropSequence(_FENCES))
    op.drop_table("lane")


def _wait_briefly() -> None:
    """Give up instead of holding everybody up behind a lock."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
