"""The audit is whole and says everything that the rows say, and no grant lasted longer than it was given for."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from pydantic import TypeAdapter

from tests.history.record import History, Row, Violation, maybe, moment

_LENGTH = TypeAdapter(dt.timedelta)
CUT_SHORT = frozenset({"revoked", "left", "removed_outside", "not_applied"})
"""Why a grant may be over before its time."""


def check(history: History) -> Iterator[Violation]:
    """Compare the audit with itself and with the rows, and each grant with its duration."""
    yield from _chain(history)
    yield from _refusals(history)
    started = {event["data"]["grant_id"] for event in history.events_named("grant.started")}
    ended = {event["data"]["grant_id"] for event in history.events_named("grant.ended")}
    for grant in history.grants:
        yield from _grant(grant, started, ended)
    for row in history.requests:
        yield from _request(row, history.of_request[row["id"]])
    for line in history.logged:
        yield Violation("logged", line)


def _chain(history: History) -> Iterator[Violation]:
    verified = history.verified
    if verified["valid"] is not True:
        yield Violation("audit", f"the chain breaks at {verified['broken_at']}: {verified['problem']}")
    numbers = [event["seq"] for event in history.events]
    if numbers != list(range(1, verified["events"] + 1)):
        yield Violation("audit", f"{len(numbers)} events were read of {verified['events']}, or in another order")


def _refusals(history: History) -> Iterator[Violation]:
    """A refused attempt is audited before it is answered."""
    told = Counter((note.who, note.code) for note in history.notes if note.status in {403, 409})
    kept = Counter((event["actor"], event["data"]["code"]) for event in history.events_named("attempt.refused"))
    for (who, code), times in (told - kept).items():
        yield Violation("audit", f"{times} refusals of {who} with {code} are not in the audit")


def _request(row: Row, events: list[Row]) -> Iterator[Violation]:
    names = [event["event"] for event in events]
    said = f"request {row['id']}"
    wished = maybe(row["starts_at"])
    begun = [moment(event["at"]) for event in events if event["event"] == "access_request.applying"]
    if wished is not None and any(at < wished for at in begun):
        yield Violation("duration", f"{said} was to start at {wished}, and was begun at {min(begun)}")
    if (row["provisioning"] == "applied") != ("access_request.applied" in names):
        yield Violation("audit", f"{said} is {row['provisioning']}, and the audit has {names}")
    for decision in row["decisions"]:
        by = decision["approver"]
        if by.startswith("rule:"):
            known = any(e["event"] == "access_request.approved_by_rule" and e["data"]["rule"] == by for e in events)
        else:
            known = any(
                e["event"] == "decision.made" and (e["actor"], e["data"]["verdict"]) == (by, decision["verdict"])
                for e in events
            )
        if not known:
            yield Violation("audit", f"{said}: the audit does not have the decision of {by}")


def _grant(grant: Row, started: set[str], ended: set[str]) -> Iterator[Violation]:
    said = f"grant {grant['id']}"
    begins, ends, over = maybe(grant["starts_at"]), maybe(grant["ends_at"]), maybe(grant["ended_at"])
    if (grant["id"] in started) != (ends is not None):
        yield Violation("audit", f"{said} has the end {ends}, and the audit does not agree about its start")
    if ends is None:
        return
    if (grant["id"] in ended) != (grant["state"] == "revoked"):
        yield Violation("audit", f"{said} is {grant['state']}, and the audit does not agree about its end")
    if begins is None or ends - begins > _LENGTH.validate_python(grant["duration"]):
        yield Violation("duration", f"{said} was given for {grant['duration']}, from {begins} to {ends}")
    if grant["state"] == "revoked" and (over is None or (over < ends and grant["end_reason"] not in CUT_SHORT)):
        yield Violation("duration", f"{said} was over at {over}, before {ends}: {grant['end_reason']}")


def latest_end(history: History) -> dt.timedelta:
    """By how much the end that came latest was late: from when it was due until IAM, read back, showed it."""
    late = [
        moment(grant["ended_at"]) - moment(grant["ends_at"])
        for grant in history.grants
        if grant["ended_at"] and grant["end_reason"] == "expired" and grant["continued_by"] is None
    ]
    return max(late, default=dt.timedelta())
