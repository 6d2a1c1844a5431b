"""How people want to hear of what; kept only where it is not what everybody has."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlmodel import col, select

from app.db import Tx
from app.domain.actors import Caller
from app.domain.notices import CHOOSABLE, Choice, Topic
from app.errors import Forbidden
from app.models import NoticeChoice
from app.services import audit, people

DEFAULT: Choice = "slack"
"""Slack where somebody is linked, mail where they are not."""


def of(tx: Tx, name: str) -> dict[Topic, Choice]:
    """What somebody chose, and the default for the rest."""
    chosen = {row.topic: row.way for row in _rows(tx, [name])}
    return {topic: _choice(chosen.get(topic)) for topic in CHOOSABLE}


def choose(tx: Tx, caller: Caller, wanted: Mapping[Topic, Choice]) -> dict[Topic, Choice]:
    """Take what the caller wants in place of all that they chose before. What is left out is told as usual.

    Raises:
        Forbidden: A token that can make nothing (rule 14): it must not silence what its owner is told.
    """
    if not caller.may_mint:
        raise Forbidden("This token cannot choose what you are told; sign in as yourself.", code="token_cannot_choose")
    people.hold(tx, caller.name)
    tx.session.execute(sa.delete(NoticeChoice).where(col(NoticeChoice.user) == caller.name))
    others = {topic: way for topic, way in wanted.items() if way != DEFAULT}
    tx.session.add_all(NoticeChoice(user=caller.name, topic=topic, way=way) for topic, way in others.items())
    tx.session.flush()
    audit.record(tx, "notices.chosen", by=caller, subject=caller.name, chosen={str(t): w for t, w in others.items()})
    return of(tx, caller.name)


def for_topic(tx: Tx, name: str, topic: Topic) -> Choice | None:
    """What one person chose for one topic."""
    row = tx.session.get(NoticeChoice, (name, topic))
    return None if row is None else _choice(row.way)


def _rows(tx: Tx, names: Iterable[str]) -> Iterable[NoticeChoice]:
    return tx.session.scalars(select(NoticeChoice).where(col(NoticeChoice.user).in_(list(names))))


def _choice(way: str | None) -> Choice:
    return "off" if way == "off" else "mail" if way == "mail" else DEFAULT
