"""who is who in Slack

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_text = sqlmodel.sql.sqltypes.AutoString
_time = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    _wait_briefly()
    op.create_table(
        "slack_link",
        sa.Column("user", _text(), nullable=False),
        sa.Column("slack_user_id", _text(), nullable=False),
        sa.Column("slack_name", _text(), nullable=False),
        sa.Column("team_id", _text(), nullable=False),
        sa.Column("may_decide", sa.Boolean(), nullable=False),
        sa.Column("linked_at", _time(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["lab_user.name"], name=op.f("fk_slack_link_user_lab_user")),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_slack_link")),
        sa.UniqueConstraint("slack_user_id", name=op.f("uq_slack_link_slack_user_id")),
    )
    op.create_table(
        "slack_code",
        sa.Column("slack_user_id", _text(), nullable=False),
        sa.Column("slack_name", _text(), nullable=False),
        sa.Column("team_id", _text(), nullable=False),
        sa.Column("sha256", _text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", _time(), nullable=False),
        sa.Column("expires_at", _time(), nullable=False),
        sa.PrimaryKeyConstraint("slack_user_id", name=op.f("pk_slack_code")),
    )


def downgrade() -> None:
    _wait_briefly()
    op.drop_table("slack_code")
    op.drop_table("slack_link")


def _wait_briefly() -> None:
    """Give up instead of holding everybody up behind a lock."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
