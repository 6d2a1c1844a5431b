"""what people are told, and how they want to be

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_text = sqlmodel.sql.sqltypes.AutoString
_time = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    _wait_briefly()
    op.create_table(
        "notice",
        sa.Column("id", _text(), nullable=False),
        sa.Column("key", _text(), nullable=False),
        sa.Column("whom", _text(), nullable=False),
        sa.Column("topic", sa.String(32), nullable=False),
        sa.Column("about", _text(), nullable=False),
        sa.Column("text", _text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("account", _text(), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("due_at", _time(), nullable=True),
        sa.Column("since", _time(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", _text(), nullable=True),
        sa.Column("via", _text(), nullable=True),
        sa.Column("slack_channel", _text(), nullable=True),
        sa.Column("slack_ts", _text(), nullable=True),
        sa.Column("shows", _text(), nullable=True),
        sa.Column("created_at", _time(), nullable=False),
        sa.Column("sent_at", _time(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    op.create_index("ix_notice_due_at", "notice", ["due_at"])
    op.create_index("ix_notice_about", "notice", ["about"])
    op.create_index("ix_notice_whom_sent_at", "notice", ["whom", "sent_at"])
    op.create_index("ix_notice_state_created_at", "notice", ["state", "created_at"])
    op.create_table(
        "notice_choice",
        sa.Column("user", _text(), nullable=False),
        sa.Column("topic", sa.String(32), nullable=False),
        sa.Column("way", _text(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["lab_user.name"], name=op.f("fk_notice_choice_user_lab_user")),
        sa.PrimaryKeyConstraint("user", "topic", name=op.f("pk_notice_choice")),
    )


def downgrade() -> None:
    _wait_briefly()
    op.drop_table("notice_choice")
    op.drop_table("notice")


def _wait_briefly() -> None:
    """Give up instead of holding everybody up behind a lock."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
