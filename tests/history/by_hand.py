"""Small histories made by hand, for the check's own tests: a right one, to be spoiled in one place."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from tests.history.record import Access, Disturbance, History, Note, People
from tests.support.write_log import Write

_START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
OWNERS = {
    **dict.fromkeys(("pi", "alice", "carol", "dora", "emil", "fay", "gus", "hana", "ivo")),
    "robot": "dora",
    "helper": "alice",
}
Row = dict[str, Any]


def clock(seconds: float) -> dt.datetime:
    """That long after the history begins."""
    return _START + dt.timedelta(seconds=seconds)


@dataclass
class Story:
    """Tells a history step by step. All times are seconds after its beginning."""

    requests: dict[str, Row] = field(default_factory=dict)
    grants: dict[str, Row] = field(default_factory=dict)
    events: list[Row] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    members: set[Access] = field(default_factory=set)
    disturbances: list[Disturbance] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    valid: bool = True
    settled: bool = True

    def history(self) -> History:
        """What was told."""
        problem = {"valid": self.valid, "events": len(self.events), "broken_at": None, "problem": None}
        return History(
            late=dt.timedelta(seconds=11),
            people=People(OWNERS, frozenset({"pi", "alice", "carol"}), frozenset({("pi", "ivo")})),
            approvals={"LabGuest": 1, "LabAdmin": 2},
            requests=list(self.requests.values()),
            grants=list(self.grants.values()),
            events=self.events,
            verified=problem,
            members=frozenset(self.members),
            writes=self.writes,
            notes=self.notes,
            disturbances=self.disturbances,
            logged=self.logged,
            settled=self.settled,
        )

    def note(self, at: float, key: str, who: str, verb: str, target: str = "", status: int | None = 200) -> None:
        """A call as its client saw it."""
        made = key if status == 201 else None
        self.notes.append(Note(key, who, verb, target, clock(at), clock(at + 0.1), status, None, made))

    def event(self, at: float, name: str, by: str = "system", request: str | None = None, **data: Any) -> Row:
        """An audit event."""
        seq = len(self.events) + 1
        made = {"seq": seq, "at": clock(at).isoformat(), "event": name, "actor": by, "data": data}
        self.events.append({**made, "access_request_id": request})
        return self.events[-1]

    def write(self, at: float, action: str, user: str, group: str) -> None:
        """A write that reached IAM."""
        parameters = {"UserName": user, "GroupName": group}
        seq, end = len(self.writes) + 1, clock(at + 0.01).isoformat()
        self.writes.append(Write(seq, action, parameters, at, at + 0.01, end, 200, delivered=True))

    def asked(
        self, at: float, key: str, who: str, group: str = "LabGuest", *, user: str | None = None, verb: str = "ask"
    ) -> Row:
        """Somebody asks; the id of the request is its key."""
        kind = "group.leave" if verb == "leave" else "group.join"
        self.requests[key] = row = {
            "id": key,
            "kind": kind,
            "user": user or who,
            "requester": who,
            "change": {"group": group},
            "reason": key,
            "decision": "pending",
            "provisioning": "none",
            "decisions": [],
            "extends": None,
        }
        self.event(at, "access_request.asked", who, key)
        self.note(at, key, who, verb, status=201)
        return row

    def decided(self, at: float, key: str, who: str, verdict: str = "approve") -> None:
        """Somebody decides."""
        self.requests[key]["decisions"].append({"approver": who, "verdict": verdict, "void": None})
        self.event(at, "decision.made", who, key, verdict=verdict)
        self.note(at, f"{verdict}-{key}-{who}", who, verdict, key)
        if verdict == "deny":
            self.requests[key]["decision"] = "denied"
            self.event(at, "access_request.denied", who, key)

    def approved(self, at: float, key: str, seconds: int = 5) -> Row:
        """It is approved, and has a grant to come."""
        row = self.requests[key]
        row |= {"decision": "approved", "provisioning": "queued"}
        self.event(at, "access_request.approved", "pi", key)
        self.grants[f"g-{key}"] = grant = {
            "id": f"g-{key}",
            "access_request_id": key,
            "user": row["user"],
            "group": row["change"]["group"],
            "state": "scheduled",
            "duration": f"PT{seconds}S",
            "created_at": clock(at).isoformat(),
            **dict.fromkeys(("starts_at", "ends_at", "ended_at", "end_reason", "continued_by")),
        }
        return grant

    def given(self, at: float, key: str, *, call: bool = True) -> None:
        """It is carried out: 0.2 s from the intent to the start."""
        row, grant = self.requests[key], self.grants[f"g-{key}"]
        self.event(at, "access_request.applying", request=key)
        if call:
            self.write(at + 0.1, "AddUserToGroup", row["user"], row["change"]["group"])
        self.event(at + 0.2, "grant.started", request=key, grant_id=grant["id"])
        self.event(at + 0.2, "access_request.applied", request=key)
        row["provisioning"] = "applied"
        ends = clock(at + 0.2) + dt.timedelta(seconds=int(grant["duration"][2:-1]))
        grant |= {"state": "active", "starts_at": clock(at + 0.2).isoformat(), "ends_at": ends.isoformat()}
        self.members.add((row["user"], row["change"]["group"]))

    def end_asked(self, at: float, key: str, by: str) -> None:
        """Somebody ends a grant."""
        self.event(at, "grant.end_asked", by, key, grant_id=f"g-{key}")

    def ended(self, at: float, key: str, reason: str = "expired", *, call: bool = True) -> None:
        """A grant is ended: 0.1 s from the call to the row."""
        grant = self.grants[f"g-{key}"]
        if call:
            self.write(at, "RemoveUserFromGroup", grant["user"], grant["group"])
            self.members.discard((grant["user"], grant["group"]))
        grant |= {"state": "revoked", "ended_at": clock(at + 0.1).isoformat(), "end_reason": reason}
        self.event(at + 0.1, "grant.ended", request=key, grant_id=grant["id"])


def right() -> Story:
    """A history in which everything is as it must be."""
    story = Story()
    story.asked(1, "runs-out", "dora")
    story.decided(2, "runs-out", "pi")
    story.approved(2, "runs-out")
    story.given(3, "runs-out")
    story.ended(8.5, "runs-out")

    story.asked(1, "stands", "emil", "LabAdmin")
    story.decided(2, "stands", "pi")
    story.decided(3, "stands", "alice")
    story.approved(3, "stands", 3600)
    story.given(4, "stands")

    story.asked(1, "left", "fay")
    story.decided(2, "left", "carol")
    story.approved(2, "left", 60)
    story.given(3, "left")
    _leave(story)

    story.asked(1, "denied", "gus")
    story.decided(2, "denied", "alice", "deny")
    story.asked(1, "cancelled", "hana")["decision"] = "cancelled"
    story.event(2, "access_request.cancelled", "hana", "cancelled")
    story.note(2, "cancel", "hana", "cancel", "cancelled")
    story.note(2, "refused", "hana", "approve", "denied", status=403)
    story.event(2, "attempt.refused", "hana", "denied", code=None)
    _extended(story)
    return story


def _leave(story: Story) -> None:
    row = story.asked(10, "leave", "fay", verb="leave")
    row |= {"decision": "approved", "provisioning": "applied"}
    row["decisions"].append({"approver": "rule:less_access", "verdict": "approve", "void": None})
    story.event(10, "access_request.approved_by_rule", "fay", "leave", rule="rule:less_access")
    story.event(10, "access_request.approved", "fay", "leave")
    story.end_asked(10, "left", "fay")
    story.ended(11, "left", "left")
    story.event(12, "access_request.applying", request="leave")
    story.event(12, "access_request.applied", request="leave")


def _extended(story: Story) -> None:
    """gus has two grants that overlap; the first runs out and makes no call, the second is revoked."""
    story.asked(20, "first", "gus")
    story.decided(21, "first", "pi")
    story.approved(21, "first")
    story.given(22, "first")
    story.asked(23, "second", "gus", verb="extend")["extends"] = "g-first"
    story.notes[-1] = Note("second", "gus", "extend", "g-first", clock(23), clock(23.1), 201, None, "second")
    story.decided(24, "second", "pi")
    story.approved(24, "second", 60)
    story.given(25, "second", call=False)
    story.ended(27.5, "first", call=False)
    story.grants["g-first"]["continued_by"] = "g-second"
    story.end_asked(30, "second", "gus")
    story.note(30, "revoke", "gus", "revoke", "g-second", status=202)
    story.ended(31, "second", "revoked")
