"""Which rows are due, and when the next one will be."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col

from app.db import Tx
from app.delivery.protocol import Work
from app.models import AccessRequest, Grant, columns

_EACH = 10
"""Rows of each kind in a batch: neither many ends nor many requests can hold up the others for long."""


def _due(model: type[AccessRequest] | type[Grant]) -> sa.Select[tuple[str, str]]:
    table = columns(model)
    oldest = table.c.due_at <= sa.bindparam("now")
    return sa.select(table.c.id, table.c.account).where(oldest).order_by(table.c.due_at).limit(_EACH)


_GRANTS, _REQUESTS = _due(Grant), _due(AccessRequest)
_NEXT = (sa.select(sa.func.min(col(AccessRequest.due_at))), sa.select(sa.func.min(col(Grant.due_at))))


def due(tx: Tx) -> list[Work]:
    """A batch of what is due now: ends first, since taking away never waits, each the longest overdue first."""
    now = {"now": tx.now}
    ends = [Work("grant", row.id, row.account) for row in tx.session.execute(_GRANTS, now)]
    return ends + [Work("request", row.id, row.account) for row in tx.session.execute(_REQUESTS, now)]


def next_due(tx: Tx) -> datetime | None:
    """When something will be due next."""
    times = [tx.session.execute(query).scalar_one() for query in _NEXT]
    return min((t for t in times if t is not None), default=None)
