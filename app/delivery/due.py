"""What is due, and when something will be due next."""

from datetime import datetime

import sqlalchemy as sa

from app.db import Tx
from app.domain import access
from app.domain.work import Work
from app.models import AccessRequest, Grant, KeyRotation, Lane, PowerReview, columns

_requests, _grants, _lanes = columns(AccessRequest), columns(Grant), columns(Lane)
_rotations, _reviews = columns(KeyRotation), columns(PowerReview)


def free(table: sa.Table) -> sa.ColumnElement[bool]:
    """Nobody works on the row's user just now. Its parameter is `now`."""
    held = sa.select(_lanes.c.fence).where(
        _lanes.c.account == table.c.account,
        _lanes.c.principal == table.c.user,
        _lanes.c.held_until > sa.bindparam("now"),
    )
    return ~held.exists()


_END = (_grants.c.due_at <= sa.bindparam("now"), free(_grants))


def _places(*key: sa.ColumnElement[str], of: sa.ColumnElement[bool]) -> sa.Select[*tuple[str, ...]]:
    places = sa.select(*key).where(*_END, of).group_by(*key).order_by(sa.func.min(_grants.c.due_at))
    return places.limit(sa.bindparam("most"))


_ENDS = _places(_grants.c.account, _grants.c.group, of=_grants.c.group.is_not(None))
_ENDS_OF_USERS = _places(_grants.c.account, _grants.c.user, of=_grants.c.group.is_(None))
_REQUESTS = (
    sa.select(_requests.c.account, _requests.c.id)
    .where(_requests.c.due_at <= sa.bindparam("now"), free(_requests))
    .order_by(_requests.c.due_at)
    .limit(sa.bindparam("most"))
)
_ROTATIONS = (
    sa.select(_rotations.c.account, _rotations.c.id)
    .where(_rotations.c.due_at <= sa.bindparam("now"), free(_rotations))
    .order_by(_rotations.c.due_at)
    .limit(sa.bindparam("most"))
)
_REVIEW = (
    sa.select(_reviews.c.account, _reviews.c.grant_id)
    .where(_reviews.c.due_at <= sa.bindparam("now"))
    .order_by(_reviews.c.due_at)
    .limit(1)  # AWS allows two lookups a second, and an end is not to wait for more than one
)
_LANES = (
    sa.select(_lanes.c.account, _lanes.c.principal)
    .where(_lanes.c.look_again_at <= sa.bindparam("now"))
    .limit(sa.bindparam("most"))
)
_NEXT = tuple(
    sa.select(sa.func.min(column))
    for column in (_requests.c.due_at, _grants.c.due_at, _rotations.c.due_at, _reviews.c.due_at, _lanes.c.look_again_at)
)


def due(tx: Tx, *, groups: int = 1, requests: int = 10) -> list[Work]:
    """What is due now, the longest overdue first: ends, since taking away never waits, then the others.

    Ends of memberships group by group, those of users' own policies user by user.

    Args:
        groups: Groups with ends at most. Each is ended in batches, so one at a time holds up nobody.
        requests: Requests, and users with policies to be ended, at most, for the same reason.
    """
    read = tx.session.connection().execute
    ends = [Work("ends", *row) for row in read(_ENDS, {"now": tx.now, "most": groups})]
    of_users = read(_ENDS_OF_USERS, {"now": tx.now, "most": requests})
    ends += [Work("ends", account, access.place(user, None)) for account, user in of_users]
    asked = [Work("request", *row) for row in read(_REQUESTS, {"now": tx.now, "most": requests})]
    keys = [Work("rotation", *row) for row in read(_ROTATIONS, {"now": tx.now, "most": requests})]
    lanes = [Work("lane", *row) for row in read(_LANES, {"now": tx.now, "most": requests})]
    reviews = [Work("review", *row) for row in read(_REVIEW, {"now": tx.now})]
    return ends + asked + keys + lanes + reviews


def next_due(tx: Tx) -> datetime | None:
    """When something will be due next."""
    read = tx.session.connection().execute
    times = [read(query).scalar_one() for query in _NEXT]
    return min((t for t in times if t is not None), default=None)
