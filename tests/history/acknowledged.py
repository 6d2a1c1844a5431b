"""What a client was told is so, and nothing is there that nobody asked for."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator

from tests.history.record import History, Note, Row, Violation, moment

GRACE = dt.timedelta(seconds=5)
"""After a process is back, calls may still fail for its sake."""
_VERDICT = {"approve": "approve", "deny": "deny"}


def check(history: History) -> Iterator[Violation]:
    """Compare the clients' notes with the rows, both ways."""
    for note in history.notes:
        yield from _answer(history, note)
        if note.done and note.verb != "look":
            yield from _KEPT[note.verb](history, note)
    yield from _once(history)
    yield from _asked_for(history)
    yield from _decided(history)


def _said(note: Note) -> str:
    return f"{note.verb} by {note.who} at {note.began.isoformat()} ({note.status}, key {note.key})"


def _told(history: History, request_id: str, name: str, who: str) -> bool:
    """Whether the audit has such an event of that request by them."""
    return any((e["event"], e["actor"]) == (name, who) for e in history.of_request.get(request_id, []))


def _answer(history: History, note: Note) -> Iterator[Violation]:
    """No 5xx but 503; that, and a lost connection, only while something is down."""
    if note.status is not None and note.status >= 500 and note.status != 503:
        yield Violation("answer", f"{_said(note)}: {note.code}")
    elif note.unknown and not any(
        d.began <= note.ended and note.began <= d.ended + GRACE for d in history.disturbances
    ):
        yield Violation("answer", f"{_said(note)}: {note.code}, and nothing was disturbed then")


def _made(history: History, note: Note) -> Iterator[Violation]:
    row = history.by_id.get(note.made or "")
    if row is None or row["reason"] != note.key or row["requester"] != note.who:
        yield Violation("acknowledged", f"{_said(note)}: the request {note.made} is not there")
    elif not _told(history, row["id"], "access_request.asked", note.who):
        yield Violation("acknowledged", f"{_said(note)}: the audit does not have it asked for by {note.who}")
    elif note.verb == "extend" and row["extends"] != note.target:
        yield Violation("acknowledged", f"{_said(note)}: the request {note.made} extends {row['extends']}")
    elif note.verb == "leave":
        yield from _left(history, note, row)


def _left(history: History, note: Note, row: Row) -> Iterator[Violation]:
    """Leaving ends what there was, even if the request itself is then cancelled before it is carried out."""
    for grant in history.grants:
        same = (grant["user"], grant["group"]) == (row["user"], row["change"]["group"])
        if same and grant["state"] != "revoked" and moment(grant["created_at"]) < note.began:
            yield Violation("acknowledged", f"{_said(note)}: grant {grant['id']} is {grant['state']}")


def _verdict(history: History, note: Note) -> Iterator[Violation]:
    row = history.by_id.get(note.target)
    given = [] if row is None else [d for d in row["decisions"] if d["approver"] == note.who]
    if row is None or _VERDICT[note.verb] not in {d["verdict"] for d in given}:
        yield Violation("acknowledged", f"{_said(note)}: the decision on {note.target} is not there")
    elif note.verb == "deny" and row["decision"] != "denied":
        yield Violation("acknowledged", f"{_said(note)}: {note.target} is {row['decision']}")


def _cancelled(history: History, note: Note) -> Iterator[Violation]:
    row = history.by_id.get(note.target)
    if row is None or row["decision"] != "cancelled":
        yield Violation("acknowledged", f"{_said(note)}: {note.target} is {row and row['decision']}")
    elif not _told(history, note.target, "access_request.cancelled", note.who):
        yield Violation("acknowledged", f"{_said(note)}: the audit does not have {note.target} cancelled by {note.who}")


def _revoked(history: History, note: Note) -> Iterator[Violation]:
    row = history.by_id.get(note.target)
    if row is None or row["state"] != "revoked":
        yield Violation("acknowledged", f"{_said(note)}: {note.target} is {row and row['state']}")


def _event(name: str) -> Callable[[History, Note], Iterator[Violation]]:
    def find(history: History, note: Note) -> Iterator[Violation]:
        if not _told(history, note.target, name, note.who):
            yield Violation("acknowledged", f"{_said(note)}: no {name} of {note.target} in the audit")

    return find


_KEPT: dict[str, Callable[[History, Note], Iterator[Violation]]] = {
    "ask": _made,
    "leave": _made,
    "extend": _made,
    "approve": _verdict,
    "deny": _verdict,
    "cancel": _cancelled,
    "revoke": _revoked,
    "withdraw": _event("decision.withdrawn"),
    "retry": _event("access_request.retried"),
}


def _once(history: History) -> Iterator[Violation]:
    """A repeat with the same key has the same answer, and each thing wanted was made once."""
    made = defaultdict[str, set[str]](set)
    for note in history.notes:
        if note.made is not None:
            made[note.key].add(note.made)
    for row in history.requests:
        made[row["reason"]].add(row["id"])
    for key, ids in made.items():
        if len(ids) > 1:
            yield Violation("acknowledged", f"key {key} made {sorted(ids)}")


def _asked_for(history: History) -> Iterator[Violation]:
    """Every request is one that a client asked for, and was not told is refused."""
    notes = defaultdict[str, list[Note]](list)
    for note in history.notes:
        notes[note.key].append(note)
    for row in history.requests:
        asked = notes.get(row["reason"], [])
        if not any(note.done or note.unknown for note in asked):
            yield Violation("acknowledged", f"request {row['id']} is there, and nobody was told so: {row['reason']}")
        elif not any(note.done for note in asked) and not asked[-1].unknown:
            yield Violation("acknowledged", f"request {row['id']} is there, and a repeat was refused: {row['reason']}")


def _decided(history: History) -> Iterator[Violation]:
    """Every decision is one that somebody made."""
    made = {(n.who, n.target, n.verb) for n in history.notes if n.done or n.unknown}
    for row in history.requests:
        for decision in row["decisions"]:
            by, verdict = decision["approver"], decision["verdict"]
            if not by.startswith("rule:") and (by, row["id"], verdict) not in made:
                yield Violation("acknowledged", f"{by} did not {verdict} request {row['id']}")
