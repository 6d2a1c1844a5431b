"""One outcome a request: the audit, read again from the start, goes only ways that the table of moves has."""

from collections import Counter
from collections.abc import Iterator

from app.domain.states import (
    APPLIED,
    APPLYING,
    APPROVED,
    CANCELLED,
    CANCELLED_FAILED,
    DENIED,
    FAILED,
    LAPSED,
    LAPSED_FAILED,
    PENDING,
    QUEUED,
    RequestState,
    can_move,
)
from tests.history.record import History, People, Row, Violation

RESTING = frozenset({PENDING, APPLIED, FAILED, DENIED, CANCELLED, LAPSED, CANCELLED_FAILED, LAPSED_FAILED})
"""Where a request may be when nothing is under way any more."""

_LEADS_TO = {
    "access_request.approved": {APPROVED, QUEUED},
    "access_request.applying": {APPLYING},
    "access_request.applied": {APPLIED},
    "access_request.failed": {FAILED},
    "access_request.denied": {DENIED},
    "access_request.cancelled": {CANCELLED, CANCELLED_FAILED},
    "access_request.lapsed": {LAPSED, LAPSED_FAILED},
    "access_request.approvals_void": {PENDING, FAILED},
    "access_request.retried": {QUEUED},
}
_BY_RULE = {"group.leave"}
_GIVING = {"group.join", "policy.inline"}


def check(history: History) -> Iterator[Violation]:
    """Everything came to rest, each request by a way that there is, and each approval by those who may."""
    if not history.settled:
        yield Violation("state", "what was under way did not come to rest in time")
    for grant in history.grants:
        if grant["state"] not in {"active", "revoked"}:
            yield Violation("state", f"grant {grant['id']} is {grant['state']}")
    for row in history.requests:
        events = history.of_request[row["id"]]
        state = RequestState(row["decision"], row["provisioning"])
        if state not in RESTING:
            yield Violation("state", f"{_said(row)} is {row['decision']}/{row['provisioning']}")
        yield from _moves(row, state, events)
        yield from _approvals(history, row, events)
    yield from _given(history)


def _given(history: History) -> Iterator[Violation]:
    """A request that was applied gave each access once; any other gave none."""
    started = Counter(grant["access_request_id"] for grant in history.grants if grant["ends_at"] is not None)
    for row in history.requests:
        wanted = 1 if row["kind"] in _GIVING and row["provisioning"] == "applied" else 0
        if (times := started[row["id"]]) != wanted:
            state = f"{row['decision']}/{row['provisioning']}"
            yield Violation("outcome", f"{_said(row)} is {state} and gave {times} times")


def _said(row: Row) -> str:
    return f"request {row['id']} ({row['kind']}, by {row['requester']} for {row['user']})"


def _moves(row: Row, state: RequestState, events: list[Row]) -> Iterator[Violation]:
    names = [event["event"] for event in events]
    if names[:1] != ["access_request.asked"] or names.count("access_request.asked") > 1:
        yield Violation("outcome", f"{_said(row)} does not begin with being asked for once: {names}")
        return
    for name in ("access_request.applied", "access_request.denied"):
        if names.count(name) > 1:
            yield Violation("outcome", f"{_said(row)} has {names.count(name)} outcomes: {name}")
    now = {PENDING}
    for name in names:
        if name in _LEADS_TO:
            reached = {to for to in _LEADS_TO[name] if any(can_move(was, to) for was in _silently(row, name, now))}
            if not reached:
                yield Violation("outcome", f"{_said(row)}: {name} after {sorted(map(str, now))}: {names}")
                return
            now = reached
    if state not in _silently(row, "", now):
        yield Violation("outcome", f"{_said(row)} is {state}, and the audit says {sorted(map(str, now))}")


def _silently(row: Row, then: str, states: set[RequestState]) -> set[RequestState]:
    """Where it may be without an event: its time to begin came; or what was to be taken away was given again."""
    found = set(states)
    if APPROVED in found:
        found.add(QUEUED)
    if QUEUED in found and then == "access_request.applied" and row["kind"] not in _GIVING:
        found.add(APPLYING)
    return found


def _approvals(history: History, row: Row, events: list[Row]) -> Iterator[Violation]:
    """Whose approvals stood when it was approved, as the audit tells it."""
    standing: set[str] = set()
    by_rule = False
    for event in events:
        name, actor = event["event"], event["actor"]
        if name == "decision.made":
            yield from _may_decide(history.people, row, actor)
            standing -= {actor}
            standing |= {actor} if event["data"]["verdict"] == "approve" else set()
        elif name == "decision.withdrawn":
            standing -= {actor}
        elif name == "access_request.approvals_void":
            standing, by_rule = set(), False
        elif name == "access_request.approved_by_rule":
            by_rule = True
        elif name == "access_request.approved":
            yield from _enough(history, row, standing, by_rule=by_rule)
    if row["decision"] == "approved":
        shown = {d["approver"] for d in row["decisions"] if d["verdict"] == "approve" and d["void"] is None}
        if {name for name in shown if not name.startswith("rule:")} != standing:
            yield Violation("outcome", f"{_said(row)} shows approvals of {shown}, and the audit of {standing}")


def _parties(people: People, row: Row) -> set[str]:
    return {people.person(row["requester"]), people.person(row["user"])}


def _may_decide(people: People, row: Row, actor: str) -> Iterator[Violation]:
    if people.owners.get(actor) is not None:
        yield Violation("outcome", f"{_said(row)} was decided by the service {actor}")
    if people.person(actor) in _parties(people, row):
        yield Violation("outcome", f"{_said(row)} was decided by {actor}, whose own it is")
    if actor not in people.admins:
        yield Violation("outcome", f"{_said(row)} was decided by {actor}, who is no admin")


def _enough(history: History, row: Row, standing: set[str], *, by_rule: bool) -> Iterator[Violation]:
    if by_rule:
        if row["kind"] not in _BY_RULE:
            yield Violation("outcome", f"{_said(row)} was approved by a rule")
        return
    people, parties = history.people, _parties(history.people, row)
    others = people.admins - parties
    counting = {name for name in standing & others if not any((name, party) in people.strangers for party in parties)}
    # A one-off permission without administrator power needs one.
    needed = 1 if row["kind"] == "policy.inline" else history.approvals[row["change"]["group"]]
    wanted = max(1, min(needed, len(others)))
    if len(counting) < wanted:
        yield Violation("outcome", f"{_said(row)} was approved by {sorted(standing)}, and {wanted} have to")


def once(history: History) -> Iterator[Violation]:
    """Each grant starts once and ends once."""
    for name in ("grant.started", "grant.ended"):
        counted = Counter(event["data"]["grant_id"] for event in history.events_named(name))
        for grant_id, times in counted.items():
            if times > 1:
                yield Violation("outcome", f"{name} of {grant_id} is said {times} times")
