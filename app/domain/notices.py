"""What people are told about, by which way, and when. Pure. Who is told what: `domain/notice_table.py`."""

from datetime import timedelta
from enum import StrEnum
from typing import Literal

Way = Literal["slack", "mail"]
Choice = Literal["slack", "mail", "off"]


class Topic(StrEnum):
    """What a notice is about; what a person can choose by."""

    TO_DECIDE = "to_decide"
    REMINDER = "reminder"
    DECIDED = "decided"
    APPLIED = "applied"
    FAILED = "failed"
    CLOSED = "closed"
    ENDED = "ended"
    ENDING = "ending"
    SECRET = "secret"  # noqa: S105 - a word
    ROTATION = "rotation"
    NEWCOMER = "newcomer"
    POWER = "power"
    LINKED = "linked"
    RECOVERED = "recovered"
    ENROLMENT = "enrolment"
    RESTORED = "restored"


CHANNEL = "#"
"""In place of a person's name, which has no such letter: the channel of `GATEHOUSE_SLACK_CHANNEL`."""

CARDS = frozenset({Topic.TO_DECIDE, Topic.REMINDER})
"""Shown as the request itself, alone in its message, with copies that are kept up to date."""

ALONE = CARDS | {Topic.ENDING, Topic.ENROLMENT, Topic.LINKED, Topic.RECOVERED, Topic.RESTORED}
"""Never gathered with others, nor held back to be."""

MAIL_FIRST = frozenset({Topic.LINKED, Topic.RECOVERED, Topic.ENROLMENT})
"""Told elsewhere than in the Slack account that somebody may just have taken (rule 15), whatever was chosen."""

NEVER_OFF = MAIL_FIRST | {Topic.SECRET, Topic.RESTORED}
"""What keeps somebody's own access safe cannot be turned off."""

MAIL_ONLY = frozenset({Topic.ENROLMENT})
"""Holds a secret: never in Slack."""

CHOOSABLE = tuple(topic for topic in Topic if topic not in MAIL_FIRST)

TOO_OLD = timedelta(days=1)
"""What nobody could be told for so long is of no use any more."""


REMIND_AFTER = timedelta(days=1)
"""After how long those in `escalate_to` hear of a request where the rule has no `remind_after`."""


def ways(topic: Topic, choice: Choice | None) -> tuple[Way, ...]:
    """How somebody is told, the first that there is; none where they do not want to be.

    Args:
        choice: What they chose for the topic; None where they did not.
    """
    if topic in MAIL_ONLY:
        return ("mail",)
    if topic in MAIL_FIRST:
        return ("mail", "slack")
    if choice == "off" and topic not in NEVER_OFF:
        return ()
    return ("mail", "slack") if choice == "mail" else ("slack", "mail")


_LEADS = (
    (timedelta(days=4), timedelta(days=1)),
    (timedelta(days=1), timedelta(hours=6)),
    (timedelta(hours=4), timedelta(hours=1)),
    (timedelta(hours=1), timedelta(minutes=15)),
    (timedelta(minutes=10), timedelta(minutes=2)),
)


def leads() -> tuple[tuple[timedelta, timedelta | None, timedelta], ...]:
    """When an end is said before it comes: for grants that last at least, and shorter than, so long before.

    A day before; for shorter ones when a quarter or less is left; for those of minutes not at all.
    """
    longer: tuple[timedelta | None, ...] = (None, *(least for least, _ in _LEADS[:-1]))
    return tuple((least, most, lead) for (least, lead), most in zip(_LEADS, longer, strict=True))


def pause(attempts: int) -> timedelta:
    """How long to wait after the so-manyeth failure: from five seconds to half an hour."""
    return timedelta(seconds=min(1800.0, 5.0 * 2.0 ** min(attempts, 20)))
