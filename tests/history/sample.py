"""A small history in which everything is as it must be, to be spoilt on purpose: so each check is seen to fail."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

from tests.history.check import check
from tests.history.record import KILLED, Disturbance, History, Note, People
from tests.support.write_log import Write

_START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
LATE = dt.timedelta(seconds=10)


def at(seconds: float) -> dt.datetime:
    """So long after the run began."""
    return _START + dt.timedelta(seconds=seconds)


def grant_id(name: str) -> str:
    """The id of a grant."""
    return f"grant-{name}"


class Sample:
    """What is collected, all of it open to change. Requests and grants go by names; mostly a request's grant by its."""

    def __init__(self) -> None:
        self.requests: dict[str, dict[str, Any]] = {}
        self.grants: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.writes: list[Write] = []
        self.notes: list[Note] = []
        self.disturbances = [Disturbance(KILLED, "server", at(90), at(92))]
        self.members: set[tuple[str, str]] = set()
        self.logged: list[str] = []
        self.settled = True
        self.broken_at: int | None = None

    def history(self) -> History:
        """As the checks take it."""
        for seq, event in enumerate(self.events, 1):
            event.setdefault("seq", seq)
        owners = {"pi": None, "alice": None, "bob": None, "robot": "bob"}
        verified = {"valid": self.broken_at is None, "broken_at": self.broken_at, "problem": "another MAC"}
        return History(
            late=LATE,
            people=People(owners, frozenset({"pi", "alice", "carol"})),
            approvals={"LabGuest": 1, "LabUser": 1, "LabAdmin": 2},
            requests=list(self.requests.values()),
            grants=list(self.grants.values()),
            events=self.events,
            verified={**verified, "events": len(self.events)},
            members=frozenset(self.members),
            writes=self.writes,
            notes=self.notes,
            disturbances=self.disturbances,
            logged=self.logged,
            settled=self.settled,
        )

    def event(self, name: str, when: float, actor: str = "system", of: str | None = None, **data: Any) -> None:
        """One event of the audit."""
        self.events.append(
            {"event": name, "at": at(when).isoformat(), "actor": actor, "access_request_id": of, "data": data}
        )

    def note(self, verb: str, who: str, when: float, **more: Any) -> None:
        """One call of a client's, done unless something else is said."""
        known: dict[str, Any] = {"key": f"{verb}-{when}", "target": "", "status": 200, **more}
        self.notes.append(Note(who=who, verb=verb, began=at(when), ended=at(when + 0.1), **known))

    def write(
        self, action: str, user: str, group: str, when: float, *, arrived: float | None = None, caller: str = "server"
    ) -> None:
        """One write that reached IAM, and what it did.

        Args:
            arrived: When it left its process, if it was held up on the way.
        """
        parameters = {"UserName": user, "GroupName": group}
        came = when if arrived is None else arrived
        number, answered = len(self.writes) + 1, at(when).isoformat()
        self.writes.append(Write(number, action, parameters, caller, came, when, when, answered, 200, True))
        if action == "AddUserToGroup":
            self.members.add((user, group))
        else:
            self.members.discard((user, group))

    def ask(self, name: str, user: str, group: str, when: float, duration: str | None = "PT1H", **more: Any) -> None:
        """Somebody asks, for themselves unless something else is said."""
        verb = "leave" if more.get("kind") == "group.leave" else "extend" if more.get("extends") else "ask"
        row: dict[str, Any] = {"id": name, "kind": "group.join", "user": user, "requester": user, "reason": name}
        row |= {"change": {"group": group}, "duration": duration, "starts_at": None, "extends": None, "decisions": []}
        row |= {"decision": "pending", "provisioning": "none", "created_at": at(when).isoformat(), **more}
        self.requests[name] = row
        self.event("access_request.asked", when, row["requester"], name)
        target = row["extends"] or ""
        self.note(verb, row["requester"], when, key=name, made=name, status=201, target=target)

    def decide(self, name: str, by: str, verdict: str, when: float) -> None:
        """One decision."""
        self.requests[name]["decisions"].append({"approver": by, "verdict": verdict, "void": None})
        self.event("decision.made", when, by, name, verdict=verdict)
        self.note(verdict, by, when, target=name)

    def approved(self, name: str, when: float, grant: str | None = None) -> None:
        """The approvals are enough, and there is a grant to be begun."""
        row = self.requests[name]
        row |= {"decision": "approved", "provisioning": "queued"}
        self.event("access_request.approved", when, of=name)
        self.grant(name, grant or name, when)

    def grant(self, name: str, grant: str, when: float) -> None:
        """A scheduled grant."""
        row = self.requests[name]
        made: dict[str, Any] = {"id": grant_id(grant), "access_request_id": name, "state": "scheduled"}
        made |= {"user": row["user"], "group": row["change"]["group"], "created_at": at(when).isoformat()}
        made |= {"duration": row["duration"], "continued_by": None}
        made |= dict.fromkeys(("starts_at", "ends_at", "ended_at", "end_reason"))
        self.grants[grant] = made

    def apply(self, name: str, when: float, seconds: float = 3600, grant: str | None = None) -> None:
        """It is begun, IAM is written, and the grant runs."""
        row, given = self.requests[name], self.grants[grant or name]
        self.event("access_request.applying", when, of=name)
        if row["extends"] is None:
            self.write("AddUserToGroup", given["user"], given["group"], when + 0.1)
        self.event("grant.started", when + 0.2, of=name, grant_id=given["id"])
        self.event("access_request.applied", when + 0.2, of=name)
        row["provisioning"] = "applied"
        runs = {"starts_at": at(when + 0.2).isoformat(), "ends_at": at(when + 0.2 + seconds).isoformat()}
        given |= {"state": "active", **runs}

    def end(self, grant: str, when: float, reason: str, *, started: bool = True) -> None:
        """It is taken away, and IAM shows that."""
        row = self.grants[grant]
        self.write("RemoveUserFromGroup", row["user"], row["group"], when + 0.1)
        row |= {"state": "revoked", "ended_at": at(when + 0.2).isoformat(), "end_reason": reason}
        if started:
            self.event("grant.ended", when + 0.2, of=row["access_request_id"], grant_id=row["id"])

    def replace_note(self, verb: str, target: str, **changes: Any) -> None:
        """Change what a client noted about this."""
        [index] = [i for i, n in enumerate(self.notes) if n.verb == verb and target in {n.target, n.made}][-1:]
        self.notes[index] = dataclasses.replace(self.notes[index], **changes)

    def drop_event(self, name: str, of: str) -> None:
        """Take the last such event out of the audit, as if it had never been written."""
        [index] = [i for i, e in enumerate(self.events) if (e["event"], e["access_request_id"]) == (name, of)][-1:]
        del self.events[index]


def good() -> Sample:
    """Nothing is wrong here. Each request is named after its fate."""
    s = Sample()
    s.ask("short", "bob", "LabGuest", 0, "PT5S")
    s.decide("short", "alice", "approve", 1)
    s.approved("short", 1)
    s.apply("short", 2, 5)
    s.end("short", 7.3, "expired")
    s.ask("lasting", "dora", "LabUser", 10)
    s.decide("lasting", "alice", "approve", 11)
    s.approved("lasting", 11)
    s.apply("lasting", 12)
    s.ask("longer", "dora", "LabUser", 13, "PT2H", extends=grant_id("lasting"))
    s.decide("longer", "pi", "approve", 14)
    s.approved("longer", 14)
    s.apply("longer", 15, 7200)
    _revoked_after_two_approvals(s)
    s.ask("denied", "emil", "LabUser", 30)
    s.decide("denied", "pi", "deny", 31)
    s.event("access_request.denied", 31, "pi", "denied")
    s.requests["denied"]["decision"] = "denied"
    s.ask("cancelled", "fay", "LabUser", 32)
    s.event("access_request.cancelled", 33, "fay", "cancelled")
    s.requests["cancelled"]["decision"] = "cancelled"
    s.note("cancel", "fay", 33, target="cancelled")
    _left(s)
    _failed_and_retried(s)
    s.event("attempt.refused", 60, "bob", code="own_request")
    s.note("approve", "bob", 60, target="short", status=403, code="own_request")
    s.note("look", "pi", 91, status=503, code="database_away")  # while the server was down
    return s


def _revoked_after_two_approvals(s: Sample) -> None:
    s.ask("revoked", "gus", "LabAdmin", 20)
    s.decide("revoked", "alice", "approve", 21)
    s.event("decision.withdrawn", 21.5, "alice", "revoked")
    s.requests["revoked"]["decisions"][-1]["void"] = "withdrawn"
    s.note("withdraw", "alice", 21.5, target="revoked")
    s.decide("revoked", "alice", "approve", 22)
    s.decide("revoked", "pi", "approve", 23)
    s.approved("revoked", 23)
    s.apply("revoked", 24)
    s.event("grant.end_asked", 26, "gus", "revoked", grant_id=grant_id("revoked"))
    s.note("revoke", "gus", 26, target=grant_id("revoked"))
    s.end("revoked", 26.5, "revoked")


def _left(s: Sample) -> None:
    s.ask("left", "hana", "LabGuest", 40)
    s.decide("left", "pi", "approve", 41)
    s.approved("left", 41)
    s.apply("left", 42)
    s.ask("leave", "hana", "LabGuest", 44, None, kind="group.leave")
    s.event("access_request.approved_by_rule", 44, "hana", "leave", rule="rule:less_access")
    s.event("access_request.approved", 44, "hana", "leave")
    s.event("grant.end_asked", 44, "hana", "left", grant_id=grant_id("left"))
    row = {"approver": "rule:less_access", "verdict": "approve", "void": None}
    s.requests["leave"] |= {"decision": "approved", "provisioning": "applied", "decisions": [row]}
    s.end("left", 44.5, "left")
    s.event("access_request.applying", 45, of="leave")
    s.event("access_request.applied", 45.2, of="leave")


def _failed_and_retried(s: Sample) -> None:
    s.ask("retried", "ivo", "LabGuest", 50)
    s.decide("retried", "alice", "approve", 51)
    s.approved("retried", 51, "undone")
    s.event("access_request.applying", 52, of="retried")
    s.write("AddUserToGroup", "ivo", "LabGuest", 52.1)
    s.end("undone", 53, "not_applied", started=False)
    s.event("access_request.failed", 54, of="retried")
    s.event("access_request.retried", 55, "pi", "retried")
    s.note("retry", "pi", 55, target="retried")
    s.grant("retried", "again", 55)
    s.apply("retried", 56, grant="again")


Spoil = Callable[[Sample], None]


class Planted:
    """Ways to spoil a good history, each with the check that has to find it and a part of what it then says."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, str, Spoil]] = {}

    def __call__(self, found_by: str, saying: str) -> Callable[[Spoil], Spoil]:
        """Enter one; it goes by its function's name."""

        def enter(spoil: Spoil) -> Spoil:
            self._known[spoil.__name__] = found_by, saying, spoil
            return spoil

        return enter

    @property
    def names(self) -> list[str]:
        """All of them."""
        return list(self._known)

    def find(self, name: str) -> None:
        """Spoil a good history in this way; the check has to find it."""
        found_by, saying, spoil = self._known[name]
        sample = good()
        spoil(sample)
        found = check(sample.history())
        assert any(v.check == found_by and saying in v.text for v in found), found
