"""Ends that come soon: found by looking, within bounds, and told once each."""

import sqlalchemy as sa
from sqlmodel import select

from app.db import Tx
from app.domain.notice_table import ENDING_WORDS
from app.domain.notices import Topic, leads
from app.domain.states import GrantState
from app.models import Grant, Notice, columns
from app.services import grants, notices, people

MOST = 50

_grants, _notices = columns(Grant), columns(Notice)
_LEADS = tuple((least, most, lead) for least, most, lead in leads())


def tell(tx: Tx) -> int:
    """Write the notices of the ends that come soon.

    Returns:
        How many were looked at; as many as `MOST` where there may be more.
    """
    told = sa.select(_notices.c.id).where(_notices.c.about == _grants.c.id, _notices.c.topic == Topic.ENDING)
    soon = [
        sa.and_(
            _grants.c.duration_seconds >= least.total_seconds(),
            *([_grants.c.duration_seconds < most.total_seconds()] if most is not None else []),
            _grants.c.due_at <= tx.now + lead,
        )
        for least, most, lead in _LEADS
    ]
    query = (
        select(Grant)
        .where(_grants.c.state == GrantState.ACTIVE, _grants.c.due_at > tx.now)
        .where(_grants.c.due_at <= tx.now + max(lead for _, _, lead in _LEADS), sa.or_(*soon), ~told.exists())
        .order_by(_grants.c.due_at)
        .limit(MOST)
    )
    found = tx.session.scalars(query).all()
    notices.add(tx, [_of(tx, grant) for grant in found])
    return len(found)


def _of(tx: Tx, grant: Grant) -> Notice:
    whom = people.known_one(tx, people.known_one(tx, grant.user).person.counts_as)
    until = f"{grant.ends_at:%Y-%m-%d %H:%M} UTC"
    row = notices.make(
        tx,
        key=f"ending/{grant.id}",
        whom=whom.name,
        topic=Topic.ENDING,
        about=grant.id,
        text=ENDING_WORDS.format(access=grant.access.name, until=until),
    )
    if not whom.person.active or _goes_on(tx, grant):
        notices.never(row)
    return row


def _goes_on(tx: Tx, grant: Grant) -> bool:
    """Whether another grant gives the same for longer: it was extended already."""
    other = grants.other_holder(tx, grant)
    ends_at = None if other is None else tx.session.get_one(Grant, other).ends_at
    return other is not None and (ends_at is None or grant.ends_at is None or ends_at > grant.ends_at)
