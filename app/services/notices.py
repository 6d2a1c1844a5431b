"""Notices as rows: written, claimed, sent, given up. Nothing here talks to Slack or mail."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app import metrics, upserts
from app.db import Tx
from app.domain.notices import ALONE, CARDS, Topic, pause
from app.models import Notice, NoticeState, columns, new_id

SOON = timedelta(seconds=3)
"""What follows within this time goes into the same message."""
GAP = timedelta(seconds=60)
"""Between two messages to one person that are not about a decision or their own safety."""
TOGETHER, LONGEST = 20, 2500
"""Notices, and characters of theirs, in one message at most: a message of Slack's has no room for more."""
KEPT = timedelta(days=90)

_notices = columns(Notice)
_DUE = sa.select(_notices).where(_notices.c.due_at <= sa.bindparam("now")).order_by(_notices.c.due_at)
_NEXT = sa.select(sa.func.min(_notices.c.due_at))
_CLAIM = sa.update(_notices).where(
    _notices.c.id == sa.bindparam("was_id"), _notices.c.due_at == sa.bindparam("was_due")
)
_OUTCOME = sa.update(_notices).where(_notices.c.id == sa.bindparam("was_id"))
_LAST = sa.select(_notices.c.whom, sa.func.max(_notices.c.sent_at)).group_by(_notices.c.whom)
_OPEN = _notices.c.state == NoticeState.WAITING


def make(
    tx: Tx,
    *,
    key: str,
    whom: str,
    topic: Topic,
    about: str,
    text: str,
    due_at: datetime | None = None,
    **more: Any,
) -> Notice:
    """A notice that waits, due now or then; not stored yet."""
    due = due_at or tx.now
    return Notice(
        id=new_id(),
        key=key,
        whom=whom,
        topic=topic,
        about=about,
        text=text,
        due_at=due,
        since=due,
        created_at=tx.now,
        **more,
    )


def add(tx: Tx, rows: Iterable[Notice]) -> None:
    """Store them, but for those that are there already. What need not stand alone is held back to be gathered."""
    found = list(rows)
    if not found:
        return
    gathered = {row.whom for row in found if row.topic not in ALONE}
    last: dict[str, datetime] = {}
    if gathered:
        recent = _LAST.where(
            _notices.c.whom.in_(sorted(gathered)),
            _notices.c.sent_at > tx.now - GAP,
            _notices.c.topic.not_in(sorted(ALONE)),
        )
        last = dict(tx.session.connection().execute(recent).all())
    for row in found:
        if row.topic not in ALONE and row.due_at is not None:
            row.due_at = max(row.due_at + SOON, last[row.whom] + GAP if row.whom in last else row.due_at)
    values = [{c.name: getattr(row, c.name) for c in _notices.columns} for row in found]
    upserts.insert_new(tx.session.connection(), _notices, values, by=("key",))


def touch(tx: Tx, request_ids: Collection[str]) -> None:
    """Something happened to these requests: their copies in Slack are to be looked at."""
    if request_ids:
        copies = sa.update(_notices).where(
            _notices.c.about.in_(sorted(request_ids)),
            _notices.c.state == NoticeState.SENT,
            _notices.c.slack_ts.is_not(None),
            _notices.c.topic.in_(sorted(CARDS)),
        )
        tx.session.connection().execute(copies.values(due_at=tx.now))


def due(tx: Tx, most: int) -> list[Notice]:
    """What is due now, the longest first."""
    rows = tx.session.connection().execute(_DUE.limit(most), {"now": tx.now})
    return [Notice(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for it


def next_due(tx: Tx) -> datetime | None:
    """When there will be more."""
    found: datetime | None = tx.session.connection().execute(_NEXT).scalar_one()
    return found


def claim(tx: Tx, row: Notice, until: datetime) -> bool:
    """Take it until then, unless somebody else did: whoever dies with it leaves it to come due again."""
    given = {"was_id": row.id, "was_due": row.due_at, "due_at": until}
    if tx.session.connection().execute(_CLAIM, given).rowcount != 1:
        return False
    row.due_at = until
    return True


def gather(tx: Tx, row: Notice, until: datetime) -> list[Notice]:
    """Claim, beside one that was claimed, what waits for the same person and may go into the same message."""
    if row.topic in ALONE:
        return [row]
    query = (
        select(Notice)
        .where(col(Notice.whom) == row.whom, _OPEN, col(Notice.id) != row.id, _notices.c.due_at.is_not(None))
        .where(col(Notice.topic).not_in(sorted(ALONE)))
        .order_by(col(Notice.id))
        .limit(TOGETHER - 1)
    )
    others, room = list[Notice](), LONGEST - len(row.text)
    for other in tx.session.scalars(query).all():
        tx.session.expunge(other)
        room -= len(other.text)
        if _is_free(tx, other) and room >= 0:
            others.append(other)
    return sorted([row, *(other for other in others if claim(tx, other, until))], key=lambda one: one.id)


def _is_free(tx: Tx, row: Notice) -> bool:
    return row.attempts == 0 and row.due_at is not None and row.due_at <= tx.now + GAP + SOON


def sent(tx: Tx, row: Notice, via: str, **values: Any) -> None:
    """It was told. A copy is looked at once more: what happened while it was on its way touched nothing."""
    again = {"due_at": tx.now} if values and row.topic in CARDS else {}
    done = {"state": NoticeState.SENT, "via": via, "sent_at": tx.now, "sealed": None, "attempts": 0, "failure": None}
    _write(tx, row, **done, **again, **values)
    metrics.NOTICES.labels(via).inc()


def postpone(tx: Tx, row: Notice) -> None:
    """A message went to somebody: what else waits for them to be gathered comes no earlier than a while later."""
    if row.topic not in ALONE:
        waits = _notices.c.whom == row.whom, _OPEN, _notices.c.topic.not_in(sorted(ALONE)), _notices.c.attempts == 0
        soon = sa.select(_notices.c.id).where(*waits, _notices.c.due_at < tx.now + GAP).order_by(_notices.c.id)
        # Locked in the order in which `gather` claims them, so that two processes never wait for each other.
        found = tx.session.connection().execute(soon.with_for_update()).scalars().all()
        later = sa.update(_notices).where(_notices.c.id.in_(found)).values(due_at=tx.now + GAP)
        tx.session.connection().execute(later)


def shown(tx: Tx, row: Notice, shows: str | None) -> None:
    """The copy shows this now, unless another process changed it meanwhile: then whoever looks next sees to it."""
    alone = _notices.c.due_at == row.due_at
    again = sa.case((alone, sa.null()), else_=sa.literal(tx.now, _notices.c.due_at.type))
    values = {"shows": shows, "attempts": 0, "failure": None, "due_at": again}
    tx.session.connection().execute(_OUTCOME.values(**values), {"was_id": row.id})


def later(tx: Tx, row: Notice, why: str, *, after: timedelta | None = None) -> None:
    """It could not be told.

    Args:
        after: When to try again. Otherwise a pause that grows, and that counts.
    """
    attempts = row.attempts + (after is None)
    again = tx.now + (pause(row.attempts) if after is None else after)
    _write(tx, row, due_at=again, attempts=attempts, failure=why)
    metrics.NOTICES.labels("tried_again").inc()


def wait(tx: Tx, ids: Collection[str], left: timedelta) -> None:
    """Have those of these that are due, and that nobody claimed, come due again after that time."""
    mine = sa.update(_notices).where(_notices.c.id.in_(sorted(ids)), _notices.c.due_at <= tx.now)
    tx.session.connection().execute(mine.values(due_at=tx.now + left))


def dropped(tx: Tx, row: Notice, why: str) -> None:
    """Nobody needs it any more, or nobody can be told."""
    _write(tx, row, state=NoticeState.DROPPED, sealed=None, failure=why)
    metrics.NOTICES.labels("dropped").inc()


def given_up(tx: Tx, row: Notice, why: str) -> None:
    """It was tried long enough."""
    _write(tx, row, state=NoticeState.GIVEN_UP, sealed=None, failure=why)
    metrics.NOTICES.labels("given_up").inc()


def _write(tx: Tx, row: Notice, **values: Any) -> None:
    """Note what came of a claimed one. Whoever made it due meanwhile is not overruled."""
    due_at = values.pop("due_at", None)
    kept = sa.case(
        (_notices.c.due_at == row.due_at, sa.literal(due_at, _notices.c.due_at.type)), else_=_notices.c.due_at
    )
    tx.session.connection().execute(_OUTCOME.values(due_at=kept, **values), {"was_id": row.id})


def mail_code(tx: Tx, name: str, code: str, expires_at: datetime) -> None:
    """Have a code mailed to the one that it is for. It lies here encrypted, until it was sent or is of no use."""
    drop_codes(tx, name)
    row = make(
        tx,
        key=f"code/{new_id()}",
        whom=name,
        topic=Topic.ENROLMENT,
        about=name,
        text=f"Your code for Gatehouse is good for one use, until {expires_at:%Y-%m-%d %H:%M} UTC.",
    )
    row.sealed = tx.terms.vault.seal(row.id, code)
    add(tx, [row])


def drop_codes(tx: Tx, name: str) -> None:
    """Codes of somebody's that still wait to be mailed are of no use any more."""
    waiting = sa.update(_notices).where(_notices.c.whom == name, _OPEN, _notices.c.sealed.is_not(None))
    over = {"state": NoticeState.DROPPED, "due_at": None, "sealed": None, "failure": "replaced"}
    tx.session.connection().execute(waiting.values(**over))


def spread(tx: Tx, timer: Notice) -> None:
    """A reminder became one for each."""
    _write(tx, timer, state=NoticeState.SENT, sent_at=tx.now)


def drop_waiting(tx: Tx) -> None:
    """After a restored backup (rule 38): what waits in it may have been told long ago."""
    over = {"state": NoticeState.DROPPED, "due_at": None, "sealed": None, "failure": "restored"}
    tx.session.connection().execute(sa.update(_notices).where(_OPEN).values(**over))


def exists(tx: Tx, key: str) -> bool:
    """Whether there is one of that key."""
    found = tx.session.connection().execute(sa.select(_notices.c.id).where(_notices.c.key == key)).first()
    return found is not None


def forget_old(tx: Tx) -> None:
    """What was told or given up long ago is not kept."""
    done = _notices.c.state != NoticeState.WAITING, _notices.c.created_at < tx.now - KEPT
    tx.session.connection().execute(sa.delete(_notices).where(*done))


def never(row: Notice) -> None:
    """Make one that only says that nobody need be told, so that it is not thought of again."""
    row.state, row.due_at = NoticeState.DROPPED, None
