"""grants that were there before Gatehouse, and codes that a request allowed

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ORIGIN = sa.Enum("request", "imported", name="origin", native_enum=False, length=32)
_STANDS = sa.text("origin = 'imported' AND state <> 'revoked'")


def upgrade() -> None:
    _wait_briefly()
    with op.batch_alter_table("access_grant") as batch_op:
        batch_op.add_column(sa.Column("origin", _ORIGIN, nullable=False, server_default="request"))
        batch_op.alter_column("access_request_id", existing_type=sqlmodel.sql.sqltypes.AutoString(), nullable=True)
        batch_op.alter_column("duration_seconds", existing_type=sa.Integer(), nullable=True)
    # Apart, because the index is over a column that the batch has just made.
    with op.batch_alter_table("access_grant") as batch_op:
        batch_op.alter_column("origin", existing_type=_ORIGIN, server_default=None)
        batch_op.create_index(
            "uq_access_grant_imported",
            ["account", "user", "group"],
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        )
    with op.batch_alter_table("account") as batch_op:
        batch_op.add_column(sa.Column("imported_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    with op.batch_alter_table("enrolment") as batch_op:
        batch_op.add_column(sa.Column("access_request_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.create_index(op.f("ix_enrolment_access_request_id"), "enrolment", ["access_request_id"], unique=True)


def downgrade() -> None:
    _wait_briefly()
    op.drop_index(op.f("ix_enrolment_access_request_id"), "enrolment")
    with op.batch_alter_table("enrolment") as batch_op:
        batch_op.drop_column("access_request_id")
    with op.batch_alter_table("account") as batch_op:
        batch_op.drop_column("imported_at")
    # The older tables have no place for a grant without a request. The access itself stays as it is in IAM.
    op.execute("DELETE FROM access_grant WHERE origin = 'imported'")
    with op.batch_alter_table("access_grant") as batch_op:
        batch_op.drop_index("uq_access_grant_imported")
    with op.batch_alter_table("access_grant") as batch_op:
        batch_op.drop_column("origin")
        batch_op.alter_column("access_request_id", existing_type=sqlmodel.sql.sqltypes.AutoString(), nullable=False)
        batch_op.alter_column("duration_seconds", existing_type=sa.Integer(), nullable=False)


def _wait_briefly() -> None:
    """Give up instead of holding everybody up behind a lock."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL lock_timeout = '5s'")
