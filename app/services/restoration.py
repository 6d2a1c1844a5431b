"""A restored backup: noticed, and confirmed by people before anything but removals goes on (rule 38)."""

import json
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select

from app.db import Tx
from app.domain import chain
from app.domain.actors import SYSTEM_ACTOR, Caller
from app.domain.people import one_hand
from app.domain.states import APPROVED, DecisionState, Provisioning
from app.errors import Conflict, Forbidden, NotFound
from app.models import AccessRequest, AuditEvent, AuditHead, Restoration, columns
from app.services import audit, people
from app.services.moves import note_request

CONFIRMED = "restoration.confirmed"

_head, _events = columns(AuditHead), columns(AuditEvent)
_own = _events.alias()
_table = columns(Restoration)
_OPEN = sa.select(_table.c.id).where(_table.c.confirmed_at.is_(None)).limit(1)
_NEWEST = select(Restoration).order_by(col(Restoration.id).desc()).limit(1).execution_options(populate_existing=True)
_LAST_CONFIRMED = (
    # Itself, and the event before it, over whose MAC its own is made.
    sa.select(_events.c.event, _events.c.body, _events.c.mac)
    .where(_events.c.seq <= sa.select(sa.func.max(_own.c.seq)).where(_own.c.event == CONFIRMED).scalar_subquery())
    .order_by(_events.c.seq.desc())
    .limit(2)
)
_WAITS = (
    col(AccessRequest.decision) == DecisionState.APPROVED,
    col(AccessRequest.provisioning).in_((Provisioning.NONE, Provisioning.QUEUED, Provisioning.APPLYING)),
)
_USERS = sa.select(col(AccessRequest.user)).where(*_WAITS).distinct()
_RESTED = select(AccessRequest).where(*_WAITS).order_by(col(AccessRequest.id))


@dataclass(frozen=True)
class Suspicion:
    """Why the database is thought to be older than it was.

    Attributes:
        why: `behind`: it ends before an anchor. `other_history`: it says something else than an anchor.
            `anchors_changed`: somebody changed the anchors, so that they prove nothing.
        head_seq: Number of the newest event in the database.
    """

    why: str
    head_seq: int
    anchor_seq: int | None = None
    anchor_at: datetime | None = None


def is_open(tx: Tx) -> bool:
    """Whether a restoration waits for its confirmation."""
    return tx.session.connection().execute(_OPEN).first() is not None


def last_confirmed(tx: Tx, audit_key: bytes) -> datetime | None:
    """When one was confirmed the last time: anchors from before that count no more.

    Taken from the audit and checked with its key, since a row is easily made by whoever can write the database.
    """
    events = tx.session.connection().execute(_LAST_CONFIRMED).all()
    if [e.event for e in events[:1]] != [CONFIRMED]:
        return None
    before = events[1].mac if len(events) > 1 else chain.GENESIS
    body = json.loads(events[0].body)
    holds = events[0].mac == chain.mac(audit_key, before, events[0].body) and body["event"] == CONFIRMED
    return datetime.fromisoformat(body["at"]) if holds else None


def newest(tx: Tx) -> Restoration:
    """The newest, open or confirmed, or 404."""
    row = tx.session.scalars(_NEWEST).one_or_none()
    if row is None:
        raise NotFound("No restored backup was ever noticed here.", code="no_restoration")
    return row


def notice(tx: Tx, found: Suspicion) -> bool:
    """Note it, once, however many processes notice it. False: it is noted already."""
    # The head's lock lets only one process look and note at a time. It is the last one this transaction takes.
    tx.session.connection().execute(sa.select(_head.c.seq).with_for_update()).all()
    if is_open(tx):
        return False
    tx.session.add(
        Restoration(
            why=found.why,
            noticed_at=tx.now,
            head_seq=found.head_seq,
            anchor_seq=found.anchor_seq,
            anchor_at=found.anchor_at,
        )
    )
    anchor_at = found.anchor_at.isoformat() if found.anchor_at else None
    said = {**vars(found), "anchor_at": anchor_at}
    audit.record(tx, "restoration.noticed", by=SYSTEM_ACTOR, **said)
    return True


def confirm(tx: Tx, caller: Caller, comment: str) -> Restoration:
    """Say that what was restored is what shall be. The second of two admins, or the only one, lets work go on.

    Raises:
        Forbidden: The caller is no admin, or one hand with the one who confirmed first (rule 8).
        Conflict: There is nothing to confirm, no report to go by yet, or the caller was the first already.
    """
    if not caller.is_admin:
        raise Forbidden("Only an admin can confirm a restored backup.", code="admin_only")
    row = _held(tx)
    if row.report is None:
        text = "The drift report is not made yet; the worker makes it as soon as AWS answers. Look again in a moment."
        raise Conflict(text, code="no_report_yet")
    alone = _admins(tx) == {caller.name}
    if not alone:
        if row.first_confirmed_by is None:
            row.first_confirmed_by, row.first_confirmed_at, row.first_comment = caller.name, tx.now, comment
            audit.record(tx, "restoration.first_confirmed", by=caller, restoration_id=row.id, comment=comment)
            return row
        _require_other(tx, caller, row.first_confirmed_by)
    row.confirmed_by, row.confirmed_at, row.comment = caller.name, tx.now, comment
    audit.record(
        tx,
        CONFIRMED,
        by=caller,
        restoration_id=row.id,
        first_confirmed_by=row.first_confirmed_by,
        only_admin=alone,
        comment=comment,
    )
    _go_on(tx, row.noticed_at)
    return row


def _held(tx: Tx) -> Restoration:
    """The open one, held until the end of the transaction."""
    row = tx.session.scalars(_NEWEST.with_for_update()).one_or_none()
    if row is None or row.confirmed_at is not None:
        raise Conflict("No restored backup waits for a confirmation.", code="nothing_to_confirm")
    return row


def _admins(tx: Tx) -> frozenset[str]:
    """Every admin, suspended ones too: suspending somebody makes nobody the only admin (rule 6)."""
    return people.roster(tx, (), ()).admins


def _require_other(tx: Tx, caller: Caller, first: str) -> None:
    if caller.name == first:
        text = f"{first} confirmed already; another admin has to confirm as well."
        raise Conflict(text, code="another_admin_needed")
    roster = people.roster(tx, (), (caller.name, first))
    here, there = roster.people.get(caller.name), roster.people.get(first)
    if here is not None and there is not None and one_hand(roster, here, there):
        text = f"{first} and you are one hand until another admin vouches; a third admin has to confirm."
        raise Forbidden(text, code="one_hand")


def _go_on(tx: Tx, since: datetime) -> None:
    """Wake what rested. Waiting was not its fault, so it lapses as much later."""
    users = tx.session.connection().execute(_USERS).scalars()
    people.hold_all(tx, users)
    for row in tx.session.scalars(_RESTED):
        begins = max(tx.now, row.starts_at) if row.state == APPROVED and row.starts_at else tx.now
        rested = tx.now - max(since, row.decided_at or since)
        note_request(tx, row, due_at=begins, lapses_at=row.lapses_at + rested)
