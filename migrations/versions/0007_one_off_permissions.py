"""grants of inline policies, which have no group

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NAME = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    _wait_briefly()
    with op.batch_alter_table("access_grant") as table:
        table.add_column(sa.Column("policy", _NAME, nullable=True))
        table.alter_column("group", existing_type=_NAME, nullable=True)
        table.create_check_constraint(op.f("ck_access_grant_one_access"), '("group" IS NULL) <> (policy IS NULL)')


def downgrade() -> None:
    _wait_briefly()
    left = sa.text('SELECT count(*) FROM access_grant WHERE "group" IS NULL AND state <> :over')
    if op.get_bind().execute(left, {"over": "revoked"}).scalar_one():
        # What is forgotten here would never end.
        raise RuntimeError("one-off permissions have not ended yet: revoke them, wait until they are, then go back")
    op.execute('DELETE FROM access_grant WHERE "group" IS NULL')
    with op.batch_alter_table("access_grant") as table:
        table.drop_constraint(op.f("ck_access_grant_one_access"), type_="check")
        table.alter_column("group", existing_type=_NAME, nullable=False)
        table.drop_column("policy")


def _wait_briefly() -> None:
    """Give up instead of holding everybody up behind a lock."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
