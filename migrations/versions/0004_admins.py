"""admins are found without reading every user

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_IS_ADMIN = sa.text("CAST(roles AS VARCHAR) LIKE '%\"admin\"%'")


def upgrade() -> None:
    _wait_briefly()
    op.create_index("ix_lab_user_admins", "lab_user", ["name"], sqlite_where=_IS_ADMIN, postgresql_where=_IS_ADMIN)


def downgrade() -> None:
    _wait_briefly()
    op.drop_index("ix_lab_user_admins", table_name="lab_user")


def _wait_briefly() -> None:
    """Give up instead of holding everybody up behind a lock."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
