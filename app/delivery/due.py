"""Which rows are due, and when the next one will be."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col

from app.db import Tx
from app.delivery.protocol import Work
from app.models import AccessRequest, Grant

_BATCH = 100

_ROWS = sa.union_all(
    sa.select(
        sa.literal("request").label("what"),
        col(AccessRequest.id).label("id"),
        col(AccessRequest.account).label("account"),
        col(AccessRequest.due_at).label("due_at"),
    ).where(col(AccessRequest.due_at) <= sa.bindparam("now")),
    sa.select(sa.literal("grant"), col(Grant.id), col(Grant.account), col(Grant.due_at)).where(
        col(Grant.due_at) <= sa.bindparam("now")
    ),
).subquery()
_DUE = sa.select(_ROWS.c.what, _ROWS.c.id, _ROWS.c.account).order_by(_ROWS.c.due_at).limit(_BATCH)
_NEXT = (sa.select(sa.func.min(col(AccessRequest.due_at))), sa.select(sa.func.min(col(Grant.due_at))))


def due(tx: Tx) -> list[Work]:
    """What is due now, the longest overdue first; at most a batch."""
    return [Work(*row) for row in tx.session.execute(_DUE, {"now": tx.now})]


def next_due(tx: Tx) -> datetime | None:
    """When something will be due next."""
    times = [tx.session.execute(query).scalar_one() for query in _NEXT]
    return min((t for t in times if t is not None), default=None)
