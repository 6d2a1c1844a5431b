"""Following the audit: what must be told is made from its events, in their order, each handled once.

An audit event is saved in the transaction of the change it tells of, so nothing more has to be saved there for those
who want to hear of it. A follower comes after, and its position moves in the transaction that writes what it made.
The chain has no gaps that fill later: whoever appends holds the head until the commit (rule 36). Decision 7.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from app import upserts
from app.db import Database, Tx
from app.models import AuditEvent, AuditHead, Follower, columns

BATCH = 200
"""Events in one transaction: short enough that writers wait for it only a moment."""

_events, _followers, _head = columns(AuditEvent), columns(Follower), columns(AuditHead)
_AHEAD = sa.select(_followers.c.seq, sa.select(_head.c.seq).scalar_subquery().label("head")).where(
    _followers.c.name == sa.bindparam("name")
)
_HEAD = sa.select(_head.c.seq)
_HELD = sa.select(_followers.c.seq).where(_followers.c.name == sa.bindparam("name")).with_for_update()
_NEXT = (
    sa.select(
        _events.c.seq,
        _events.c.at,
        _events.c.event,
        _events.c.actor,
        _events.c.subject,
        _events.c.access_request_id,
        _events.c.body,
    )
    .where(_events.c.seq > sa.bindparam("after"))
    .order_by(_events.c.seq)
    .limit(sa.bindparam("most", type_=sa.Integer))
)


@dataclass(frozen=True)
class Event:
    """What the audit says happened."""

    seq: int
    at: datetime
    event: str
    actor: str
    subject: str | None
    access_request_id: str | None
    body: str

    @cached_property
    def data(self) -> dict[str, Any]:
        """What was noted beside it."""
        found: dict[str, Any] = json.loads(self.body)["data"]
        return found


Handle = Callable[[Tx, list[Event]], None]
"""Writes down what events call for, in the transaction that moves the follower on."""


def begin(tx: Tx, name: str, *, at_the_head: bool = False) -> None:
    """Let a follower begin: with what happens from now on, and where it stood before unless that is to be left out.

    Args:
        at_the_head: Leave out what happened since it last read.
    """
    connection = tx.session.connection()
    known = connection.execute(_HELD, {"name": name}).scalar()
    if known is None:
        # Somebody else may let it begin in this moment: then they are waited for.
        new = {"name": name, "seq": connection.execute(_HEAD).scalar() or 0}
        upserts.insert_new(connection, _followers, new, by=("name",))
        known = connection.execute(_HELD, {"name": name}).scalar_one()
    head = connection.execute(_HEAD).scalar() or 0  # read last: whoever held it before us may have gone on
    if at_the_head or known > head:  # behind us: an older copy of the database was put back (rule 38)
        _move(tx, name, head)


def behind(database: Database, name: str) -> int:
    """How many events a follower has not handled; none for one that did not begin."""
    with database.look() as tx:
        found = tx.session.connection().execute(_AHEAD, {"name": name}).one_or_none()
    return 0 if found is None else max(0, (found.head or 0) - found.seq)


def follow(database: Database, name: str, handle: Handle, *, most: int = BATCH) -> int:
    """Handle the next events. Several processes may do this at once: they take turns.

    Args:
        handle: Must not call anything outside.
        most: Events at most.

    Returns:
        How many were handled; fewer than `most` means that there were no more.
    """
    if behind(database, name) == 0:  # nothing is locked as long as nothing happens
        return 0
    with database.write() as tx:
        after = tx.session.connection().execute(_HELD, {"name": name}).scalar()
        if after is None:
            return 0
        rows = tx.session.connection().execute(_NEXT, {"after": after, "most": most}).all()
        if not rows:
            return 0
        handle(tx, [Event(*row) for row in rows])
        _move(tx, name, rows[-1].seq)
    return len(rows)


def _move(tx: Tx, name: str, seq: int) -> None:
    tx.session.connection().execute(sa.update(_followers).where(_followers.c.name == name).values(seq=seq))
