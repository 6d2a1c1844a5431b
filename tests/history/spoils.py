"""Ways to spoil a right history in one place, each with the words that the check of that name has to find for it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from tests.history.by_hand import Story, clock
from tests.history.record import Disturbance

Spoil = Callable[[Story], object]
Spoils = Mapping[str, tuple[Spoil, str]]


def drop_write(story: Story, number: int) -> None:
    del story.writes[number]


def drop_event(story: Story, name: str, request: str) -> None:
    """Leave an event out without a gap in the numbers."""
    story.events[:] = [e for e in story.events if (e["event"], e["access_request_id"]) != (name, request)]
    story.events[:] = [{**e, "seq": seq} for seq, e in enumerate(story.events, 1)]


def write_early(story: Story) -> None:
    """dora is added before that was begun."""
    story.writes[0] = replace(story.writes[0], at=clock(2.5).isoformat())


def late_and_kept(story: Story) -> None:
    """What a stopped worker sent arrives after the end, and nobody notices."""
    story.write(12, "AddUserToGroup", "dora", "LabGuest")
    story.members.add(("dora", "LabGuest"))


def taken_although_given(story: Story) -> None:
    """The end of gus's first grant takes away what the second still gives."""
    story.write(27.5, "RemoveUserFromGroup", "gus", "LabGuest")


def lost_and_noticed_for_no_reason(story: Story) -> None:
    """The same, and the second ends as removed outside; but nobody's end was taken over."""
    story.grants["g-second"] |= {"end_reason": "removed_outside", "ended_at": clock(29).isoformat()}
    story.events[:] = [e for e in story.events if e["event"] != "grant.end_asked"]
    story.write(26.5, "RemoveUserFromGroup", "gus", "LabGuest")


CAUSES: Spoils = {
    "another-call": (
        lambda s: s.write(1, "CreateUser", "dora", "LabGuest"),
        "nothing that was asked for calls CreateUser",
    ),
    "nobody-asked": (lambda s: s.write(5, "AddUserToGroup", "hana", "LabGuest"), "nothing that was approved and begun"),
    "another-group": (
        lambda s: s.write(5, "AddUserToGroup", "dora", "LabAdmin"),
        "nothing that was approved and begun",
    ),
    "before-it-was-begun": (write_early, "nothing that was approved and begun"),
    "long-after-the-end": (
        lambda s: s.write(20, "AddUserToGroup", "dora", "LabGuest"),
        "nothing that was approved and begun",
    ),
    "late-and-kept": (late_and_kept, "came after the end and was not taken away again"),
    "before-its-end": (
        lambda s: s.write(5, "RemoveUserFromGroup", "dora", "LabGuest"),
        "no end of such a grant was due",
    ),
    "of-what-stands": (
        lambda s: s.write(9, "RemoveUserFromGroup", "emil", "LabAdmin"),
        "no end of such a grant was due",
    ),
    "of-what-never-was": (
        lambda s: s.write(9, "RemoveUserFromGroup", "hana", "LabGuest"),
        "no end of such a grant was due",
    ),
    "of-what-another-gives": (taken_although_given, "grant g-second still gives this"),
    "loss-without-a-late-write": (lost_and_noticed_for_no_reason, "no end of such a grant was due"),
}


MEMBERSHIPS: Spoils = {
    "too-many": (lambda s: s.members.add(("dora", "LabGuest")), "dora is in LabGuest, and no grant stands for it"),
    "too-few": (lambda s: s.members.clear(), "grant g-stands is active, and emil is not in LabAdmin"),
    "not-in-the-log": (lambda s: drop_write(s, 1), "the log of writes and IAM differ about dora in LabGuest"),
}


def set_request(key: str, **values: object) -> Spoil:
    return lambda story: story.requests[key].update(values)


def set_grant(key: str, **values: object) -> Spoil:
    return lambda story: story.grants[key].update(values)


STATES: Spoils = {
    "revoking": (set_grant("g-stands", state="revoking"), "grant g-stands is revoking"),
    "scheduled": (set_grant("g-stands", state="scheduled"), "grant g-stands is scheduled"),
    "queued": (set_request("stands", provisioning="queued"), "is approved/queued"),
    "applying": (set_request("stands", provisioning="applying"), "is approved/applying"),
    "to-begin": (set_request("stands", provisioning="none"), "is approved/none"),
    "not-settled": (lambda s: setattr(s, "settled", False), "did not come to rest"),
}


def decided_by(who: str, *, asker: str = "dora", user: str | None = None) -> Spoil:
    """A request that one approval is enough for, approved by somebody."""

    def spoil(story: Story) -> None:
        story.asked(40, "bad", asker, user=user)
        story.decided(41, "bad", who)
        story.approved(41, "bad")
        story.given(42, "bad")

    return spoil


def withdrawn_and_counted(story: Story) -> None:
    story.asked(40, "bad", "dora")
    story.decided(41, "bad", "pi")
    story.event(42, "decision.withdrawn", "pi", "bad")
    story.approved(43, "bad")
    story.given(44, "bad")


def void_and_counted(story: Story) -> None:
    story.asked(40, "bad", "dora")
    story.decided(41, "bad", "pi")
    story.approved(41, "bad")
    story.event(42, "access_request.approvals_void", request="bad")
    story.approved(43, "bad")
    story.given(44, "bad")


def by_rule(story: Story) -> None:
    story.asked(40, "bad", "dora")
    story.event(40, "access_request.approved_by_rule", "dora", "bad", rule="rule:held_before")
    story.approved(40, "bad")


def too_few(story: Story) -> None:
    story.requests["stands"]["decisions"].pop()
    story.events[:] = [e for e in story.events if (e["event"], e["actor"]) != ("decision.made", "alice")]


OUTCOMES: Spoils = {
    "applied-twice": (lambda s: s.event(9, "access_request.applied", request="stands"), "has 2 outcomes"),
    "denied-and-applied": (
        lambda s: s.event(9, "access_request.applied", request="denied"),
        "access_request.applied after",
    ),
    "cancelled-and-approved": (
        lambda s: s.event(9, "access_request.approved", request="cancelled"),
        "access_request.approved after",
    ),
    "applied-unbegun": (lambda s: drop_event(s, "access_request.applying", "runs-out"), "access_request.applied after"),
    "asked-twice": (lambda s: s.event(9, "access_request.asked", request="stands"), "being asked for once"),
    "denied-and-pending": (set_request("denied", decision="pending"), "and the audit says"),
    "denied-and-lapsed": (set_request("denied", decision="lapsed"), "and the audit says"),
    "by-the-asker": (decided_by("pi", asker="pi", user="dora"), "decided by pi, whose own it is"),
    "by-the-subject": (decided_by("alice", asker="pi", user="alice"), "decided by alice, whose own it is"),
    "by-the-owner-of-the-asker": (decided_by("alice", asker="helper"), "decided by alice, whose own it is"),
    "by-a-service": (decided_by("helper"), "decided by the service helper"),
    "by-no-admin": (decided_by("emil"), "who is no admin"),
    "by-a-stranger": (decided_by("pi", asker="ivo"), "was approved by ['pi'], and 1 have to"),
    "too-few": (too_few, "was approved by ['pi'], and 2 have to"),
    "withdrawn": (withdrawn_and_counted, "was approved by [], and 1 have to"),
    "void": (void_and_counted, "was approved by [], and 1 have to"),
    "by-a-rule": (by_rule, "was approved by a rule"),
    "started-twice": (
        lambda s: s.event(9, "grant.started", request="stands", grant_id="g-stands"),
        "grant.started of g-stands",
    ),
    "ended-twice": (lambda s: s.event(9, "grant.ended", request="left", grant_id="g-left"), "grant.ended of g-left"),
    "approvals-differ": (lambda s: s.requests["stands"]["decisions"].pop(), "and the audit of"),
}


def note(who: str, verb: str, target: str, status: int = 200) -> Spoil:
    """A client was told that this is done."""
    return lambda story: story.note(50, "told", who, verb, target, status)


def made_twice(story: Story) -> None:
    story.asked(40, "again", "dora")["reason"] = "runs-out"


def repeat_refused(story: Story) -> None:
    story.notes[0] = replace(story.notes[0], status=None, made=None)
    story.note(1.5, "runs-out", "dora", "ask", status=409)
    story.disturbances.append(Disturbance("killed", "server", clock(0), clock(2)))


ACKNOWLEDGED: Spoils = {
    "lost-request": (lambda s: s.requests.pop("cancelled"), "the request cancelled is not there"),
    "unmade-request": (lambda s: s.note(50, "nothing", "dora", "ask", status=201), "the request nothing is not there"),
    "extends-another": (set_request("second", extends="g-stands"), "extends g-stands"),
    "left-and-active": (set_grant("g-left", state="active"), "leave by fay"),
    "lost-approval": (note("carol", "approve", "stands"), "the decision on stands is not there"),
    "lost-denial": (note("carol", "deny", "stands"), "the decision on stands is not there"),
    "denied-and-approved": (set_request("denied", decision="approved"), "denied is approved"),
    "cancelled-and-approved": (note("emil", "cancel", "stands"), "stands is approved"),
    "revoked-and-active": (note("pi", "revoke", "g-stands", 202), "g-stands is active"),
    "revoked-and-unknown": (note("pi", "revoke", "g-nothing", 202), "g-nothing is None"),
    "lost-withdrawal": (note("pi", "withdraw", "stands"), "no decision.withdrawn of stands"),
    "lost-retry": (note("pi", "retry", "stands"), "no access_request.retried of stands"),
    "made-twice": (made_twice, "key runs-out made ['again', 'runs-out']"),
    "made-by-nobody": (lambda s: s.notes.pop(0), "is there, and nobody was told so: runs-out"),
    "made-and-refused": (repeat_refused, "is there, and a repeat was refused: runs-out"),
    "decided-by-nobody": (lambda s: s.notes.pop(1), "pi did not approve request runs-out"),
}


ANSWERS: Spoils = {
    "500": (note("pi", "look", "", 500), "look by pi"),
    "502": (note("pi", "look", "", 502), "look by pi"),
    "503-for-no-reason": (note("pi", "look", "", 503), "nothing was disturbed"),
    "lost-for-no-reason": (lambda s: s.note(50, "lost", "pi", "look", status=None), "nothing was disturbed"),
}


def gap(story: Story) -> None:
    story.events[4] = {**story.events[4], "seq": 99}


AUDIT: Spoils = {
    "chain": (lambda s: setattr(s, "valid", False), "the chain breaks"),
    "gap": (gap, "or in another order"),
    "applied-unsaid": (lambda s: drop_event(s, "access_request.applied", "stands"), "request stands is applied"),
    "applied-unfounded": (
        set_request("denied", decision="approved", provisioning="applied"),
        "request denied is applied",
    ),
    "decision-unsaid": (lambda s: drop_event(s, "decision.made", "runs-out"), "does not have the decision of pi"),
    "rule-unsaid": (
        lambda s: drop_event(s, "access_request.approved_by_rule", "leave"),
        "the decision of rule:less_access",
    ),
    "start-unsaid": (lambda s: drop_event(s, "grant.started", "stands"), "does not agree about its start"),
    "end-unsaid": (lambda s: drop_event(s, "grant.ended", "left"), "does not agree about its end"),
    "end-unfounded": (set_grant("g-left", state="active"), "does not agree about its end"),
    "refusal-unsaid": (lambda s: drop_event(s, "attempt.refused", "denied"), "refusals of hana"),
}


DURATIONS: Spoils = {
    "too-long": (set_grant("g-stands", duration="PT59M"), "was given for PT59M"),
    "no-start": (set_grant("g-stands", starts_at=None), "was given for PT3600S"),
    "ended-early": (set_grant("g-runs-out", ended_at=clock(5).isoformat()), "before"),
    "no-end": (set_grant("g-runs-out", ended_at=None), "was over at None"),
}

SPOILS: Mapping[str, Spoils] = {
    "cause": CAUSES,
    "membership": MEMBERSHIPS,
    "state": STATES,
    "outcome": OUTCOMES,
    "acknowledged": ACKNOWLEDGED,
    "answer": ANSWERS,
    "audit": AUDIT,
    "duration": DURATIONS,
}
"""By the name of the check."""
