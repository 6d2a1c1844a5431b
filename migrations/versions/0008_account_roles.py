"""the roles that Gatehouse works as in an account

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
_COLUMNS = ("role_arn", "admin_role_arn")


def upgrade() -> None:
    _wait_briefly()
    for name in _COLUMNS:
        op.add_column("account", sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), nullable=True))


def downgrade() -> None:
    _wait_briefly()
    for name in _COLUMNS:
        op.drop_column("account", name)


def _wait_briefly() -> None:
    """Give up instead of holding everybody up behind a lock."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
