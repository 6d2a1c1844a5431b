"""From when until when somebody was to have access: what the audit and the rows say, for each user and group."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from tests.history.record import Access, History, Row, access, maybe, moment


@dataclass(frozen=True)
class Span:
    """The life of one grant that was begun.

    Attributes:
        begins: When its intent was durable: no write before.
        runs: From when on IAM showed it; None where it never did.
        ends: When its end was due or asked for, whichever came first; None: it stands.
        over: When IAM no longer showed it, or another grant went on giving it; None: not yet.
        continued_by: That other grant.
    """

    grant: str
    begins: dt.datetime
    runs: dt.datetime | None
    ends: dt.datetime | None
    over: dt.datetime | None
    reason: str | None
    continued_by: str | None


@dataclass(frozen=True)
class Leave:
    """An approved `group.leave`: from when on access may be taken away for it, and when that was done."""

    request: str
    begins: dt.datetime
    over: dt.datetime | None


def access_of(grant: Row) -> Access:
    """Whom a grant gives what."""
    return access(grant["user"], grant["group"], grant.get("policy"))


def spans(history: History) -> Mapping[Access, list[Span]]:
    """The grants that were begun, by what they give."""
    begun, asked = defaultdict[str, list[dt.datetime]](list), dict[str, dt.datetime]()
    for event in history.events_named("access_request.applying"):
        begun[event["access_request_id"]].append(moment(event["at"]))
    for event in history.events_named("grant.end_asked"):
        asked.setdefault(event["data"]["grant_id"], moment(event["at"]))
    found = defaultdict[Access, list[Span]](list)
    for grant in history.grants:
        made, over = moment(grant["created_at"]), maybe(grant["ended_at"])
        begins = min((at for at in begun[grant["access_request_id"]] if at >= made), default=None)
        if begins is None or (over is not None and over < begins):
            continue  # dropped before it was begun
        due = maybe(grant["ends_at"])
        ends = min((at for at in (due, asked.get(grant["id"]), over) if at is not None), default=None)
        runs = None if due is None else maybe(grant["starts_at"])
        why, other = grant["end_reason"], grant["continued_by"]
        found[access_of(grant)].append(Span(grant["id"], begins, runs, ends, over, why, other))
    return found


def leaves(history: History) -> Mapping[Access, list[Leave]]:
    """The approved requests to leave a group."""
    found = defaultdict[Access, list[Leave]](list)
    for row in history.requests:
        if row["kind"] == "group.leave":
            at = {event["event"]: moment(event["at"]) for event in history.of_request[row["id"]]}
            if "access_request.approved" in at:
                over = at.get("access_request.applied")
                found[row["user"], row["change"]["group"]].append(Leave(row["id"], at["access_request.approved"], over))
    return found
