"""Every step of a life while calls to AWS go wrong: nothing is lost, nothing matters twice, IAM is as the rows say."""

import datetime as dt
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import boto3
import pytest

from app.services.backoff import Backoff
from tests.conftest import Databases
from tests.support.fault_proxy import FaultProxy
from tests.support.faults import (
    BROKEN,
    CONCURRENT,
    DENIED,
    DROP_AFTER,
    DROP_BEFORE,
    LIMIT,
    NO_SUCH,
    PASSING,
    THROTTLED,
    UNMODIFIABLE,
    Answer,
    Call,
    Fault,
    Lie,
    Rule,
    ShortPages,
    Slow,
    Stale,
    Truncated,
    of_user,
)
from tests.support.lab import STEP, Lab, serving

QUICK = Backoff(first=0.05, longest=0.2)
TRIES = 3
"""So often botocore tries a call itself: what shall reach us has to happen as often."""
PATIENCE = 60.0
BOTH = pytest.mark.parametrize("place", ["sqlite", "postgresql"], indirect=True)
ASK = "/v1/access-requests"
_numbers = itertools.count(1)


@dataclass
class Place:
    """A running lab whose AWS is moto behind the proxy; `iam` is moto itself, `lab.iam` moto through the proxy."""

    lab: Lab
    proxy: FaultProxy
    iam: Any

    def newcomer(self, *, iam: bool = True) -> str:
        """Somebody new, who asks nothing themselves."""
        name = f"fay{next(_numbers)}"
        self.lab.post("pi", "/v1/users", {"name": name, "email": f"{name}@lab.example"}, expect=201)
        if iam:
            self.iam.create_user(UserName=name, Path="/lab/")
        return name

    def ask(self, user: str, kind: str, change: dict[str, Any], **more: Any) -> Any:
        wish = {"kind": kind, "user": user, "change": change, "reason": "a test", **more}
        return self.lab.post("pi", ASK, wish, expect=201)

    def join(self, user: str, group: str = "LabGuest", **more: Any) -> Any:
        asked = self.ask(user, "group.join", {"group": group}, **more)
        return self.lab.approve("alice", asked["id"])

    def member(self, group: str = "LabGuest", **more: Any) -> tuple[str, str]:
        """Somebody with an active grant, and its id."""
        user = self.newcomer()
        return user, self.until(self.join(user, group, **more)["id"], "applied")["grant_id"]

    def until(self, request_id: str, provisioning: str) -> Any:
        return _until(
            lambda: self.lab.get("pi", f"{ASK}/{request_id}"), lambda row: row["provisioning"] == provisioning
        )

    def grant_until(self, grant_id: str, state: str) -> Any:
        return _until(lambda: self.lab.get("pi", f"/v1/grants/{grant_id}"), lambda row: row["state"] == state)

    def groups(self, user: str) -> list[str]:
        return sorted(g["GroupName"] for g in self.iam.list_groups_for_user(UserName=user)["Groups"])

    def is_in_iam(self, user: str) -> bool:
        try:
            self.iam.get_user(UserName=user)
        except self.iam.exceptions.NoSuchEntityException:
            return False
        return True

    def events(self, user: str) -> list[dict[str, Any]]:
        """The audit of one user, oldest first."""
        found = self.lab.get("pi", f"/v1/audit-events?subject={user}&limit=200")["items"]
        assert len(found) < 200
        return list(reversed(found))

    def check(self, user: str) -> None:
        """What must hold of a user when everything about them has come to rest."""
        rows = self.lab.get("pi", f"{ASK}?user={user}&limit=200")["items"]
        grants = self.lab.get("pi", f"/v1/grants?user={user}&limit=200")["items"]
        assert {g["state"] for g in grants} <= {"active", "revoked"}, grants
        active = {g["group"] for g in grants if g["state"] == "active"}
        creating = [r["provisioning"] == "applied" for r in rows if r["kind"] == "user.create"]
        there = self.is_in_iam(user)
        if creating:
            assert there is any(creating)
        if there:
            assert set(self.groups(user)) == active, "IAM shows exactly what the rows say"
        events = self.events(user)
        for row in rows:
            outcomes = [
                e["event"]
                for e in events
                if e["access_request_id"] == row["id"]
                and e["event"] in {"access_request.applied", "access_request.failed", "access_request.retried"}
            ]
            last = f"access_request.{row['provisioning']}"
            assert outcomes[-1:] == [last], (row, outcomes)
            assert outcomes.count("access_request.applied") <= 1
            retried = outcomes.count("access_request.retried")
            assert len(outcomes) == 1 + 2 * retried, "one outcome for each time that it was let loose"
        told = Counter((e["event"], e["data"].get("grant_id")) for e in events)
        for grant in grants:
            assert told["grant.started", grant["id"]] == (grant["starts_at"] is not None)
            never_began = grant["end_reason"] in {"failed", "cancelled", "lapsed", "void"}
            assert told["grant.ended", grant["id"]] == (grant["state"] == "revoked" and not never_began)
            assert told["grant.end_failed", grant["id"]] <= 1, "a row for each try would drown the audit"
        self._check_writes(user)
        verified = self.lab.get("pi", "/v1/audit-events/verify")
        assert verified["valid"] is True, verified

    def _check_writes(self, user: str) -> None:
        writes = [w for w in self.proxy.settled(user=user) if w.done]
        made = Counter(w.action for w in writes)
        assert made["CreateUser"] - made["DeleteUser"] in {0, 1}, "made once for each time that it was begun"
        member: set[str] = set()
        for write in writes:
            group = write.parameters.get("GroupName", "")
            if write.action == "AddUserToGroup":
                member.add(group)
            elif write.action == "RemoveUserFromGroup":
                assert group in member, "taken away twice"
                member.discard(group)


def _until(read: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not holds(found := read()):
        assert time.monotonic() < deadline, json.dumps(found)  # pytest would shorten a dict
        time.sleep(STEP)
    return found


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest, databases: Databases, aws: str) -> Iterator[Place]:
    """One lab behind one proxy for all tests of a database; SQLite where a test names none.

    It waits long for an answer, so that on a slow machine only that goes wrong which is to; `hasty` does not.
    """
    kind = getattr(request, "param", "sqlite")
    settings, tokens = databases.prepared("sqlite" if kind == "hasty" else kind)
    patience = dt.timedelta(seconds=1 if kind == "hasty" else 60)
    settings = settings.model_copy(update={"aws_timeout": patience})
    with FaultProxy(aws, seed=3) as proxy, serving(settings, tokens, proxy.url, backoff=QUICK) as lab:
        direct = boto3.client("iam", endpoint_url=aws, region_name="us-east-1")
        yield Place(lab, proxy, direct)
        direct.close()


@pytest.fixture(autouse=True)
def _mended(place: Place) -> Iterator[None]:
    """What one test makes go wrong is over for the next."""
    yield
    place.proxy.clear()


# The steps of a life. Each makes things go wrong for one user, brings the step about, and waits for its good end.

Arm = Callable[[str, str], Rule]


def create(place: Place, arm: Arm) -> tuple[str, Rule]:
    user = place.newcomer(iam=False)
    rule = arm("CreateUser", user)
    asked = place.ask(user, "user.create", {"email": f"{user}@lab.example"})
    place.until(asked["id"], "applied")
    tags = {t["Key"]: t["Value"] for t in place.iam.list_user_tags(UserName=user)["Tags"]}
    assert tags["gatehouse:request"] == asked["id"]
    return user, rule


def join(place: Place, arm: Arm) -> tuple[str, Rule]:
    user = place.newcomer()
    rule = arm("AddUserToGroup", user)
    applied = place.until(place.join(user)["id"], "applied")
    assert place.lab.get("pi", f"/v1/grants/{applied['grant_id']}")["state"] == "active"
    return user, rule


def end(place: Place, arm: Arm) -> tuple[str, Rule]:
    user = place.newcomer()
    rule = arm("RemoveUserFromGroup", user)
    grant_id = place.until(place.join(user, duration="PT1S")["id"], "applied")["grant_id"]
    assert place.grant_until(grant_id, "revoked")["end_reason"] == "expired"
    return user, rule


def revoke(place: Place, arm: Arm) -> tuple[str, Rule]:
    user, grant_id = place.member()
    rule = arm("RemoveUserFromGroup", user)
    place.lab.post("pi", f"/v1/grants/{grant_id}/revoke", {"reason": "x"}, expect=202)
    assert place.grant_until(grant_id, "revoked")["end_reason"] == "revoked"
    return user, rule


def leave(place: Place, arm: Arm) -> tuple[str, Rule]:
    user, grant_id = place.member()
    rule = arm("RemoveUserFromGroup", user)
    left = place.ask(user, "group.leave", {"group": "LabGuest"})
    place.until(left["id"], "applied")
    assert place.grant_until(grant_id, "revoked")["end_reason"] == "left"
    return user, rule


STEPS = (create, join, end, revoke, leave)
Step = Callable[[Place, Arm], tuple[str, Rule]]


PASSES: dict[str, tuple[Fault, int]] = {
    "throttled": (THROTTLED, TRIES),
    "500": (BROKEN, TRIES),
    "concurrent": (CONCURRENT, 2),
    "unmodifiable": (UNMODIFIABLE, 2),
    "before": (DROP_BEFORE, TRIES),
    "after": (DROP_AFTER, 1),
    "after-all": (DROP_AFTER, TRIES),
    "truncated": (Truncated(), 1),
    "lie": (Lie(), 1),
}
"""What goes away by itself, and how often it happens to a call."""


def _goes_through(place: Place, step: Step, fault: str) -> None:
    what, times = PASSES[fault]
    user, rule = step(place, lambda action, user: place.proxy.on(of_user(action, user), what, times=times))
    assert rule.met == times
    place.check(user)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", PASSES)
def test_a_step_goes_through_whatever_passes_by_itself(place: Place, step: Step, fault: str) -> None:
    _goes_through(place, step, fault)


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", ["throttled", "before", "after-all", "lie"])
def test_a_step_goes_through_on_postgresql_too(place: Place, step: Step, fault: str) -> None:
    _goes_through(place, step, fault)


@pytest.mark.parametrize("place", ["hasty"], indirect=True)
@pytest.mark.parametrize("step", [join, revoke])
@pytest.mark.parametrize("slow", [Slow(before=1.5), Slow(after=1.5)], ids=["before", "after"])
def test_an_answer_that_is_too_late_is_looked_for_in_iam(place: Place, step: Step, slow: Slow) -> None:
    user, rule = step(place, lambda action, user: place.proxy.on(of_user(action, user), slow, times=TRIES))
    assert rule.met == TRIES
    _until(place.proxy.writes, lambda writes: all(w.delivered is not None for w in writes))
    place.check(user)


READS = ("GetUser", "ListGroupsForUser", "ListAttachedGroupPolicies", "ListGroupPolicies", "GetPolicy", "GetGroup")


@pytest.mark.parametrize("action", READS)
@pytest.mark.parametrize(("fault", "times"), [(BROKEN, TRIES), (Truncated(), 2)], ids=["500", "truncated"])
def test_a_life_goes_through_where_reading_fails(place: Place, action: str, fault: Fault, times: int) -> None:
    rule = place.proxy.on(action, fault, times=times)
    user = _life(place)
    assert rule.met == times
    place.check(user)


def _life(place: Place, groups: tuple[str, ...] = ("LabGuest", "LabUser")) -> str:
    """Made with groups, one of them left, the other revoked."""
    user = place.newcomer(iam=False)
    asked = place.ask(user, "user.create", {"groups": groups}, duration="PT1H")
    place.lab.approve("alice", asked["id"])
    ids = place.until(asked["id"], "applied")["grant_ids"]
    assert place.groups(user) == sorted(groups)
    left = place.ask(user, "group.leave", {"group": groups[0]})
    place.until(left["id"], "applied")
    for grant_id in ids[1:]:
        place.lab.post("pi", f"/v1/grants/{grant_id}/revoke", {"reason": "x"}, expect=202)
    for grant_id in ids:
        place.grant_until(grant_id, "revoked")
    assert place.groups(user) == []
    return user


@BOTH
def test_lists_that_come_in_short_pages_are_read_to_their_end(place: Place) -> None:
    lists = ("ListGroupsForUser", "ListAttachedGroupPolicies", "GetGroup")
    rule = place.proxy.on(lists, ShortPages(1), times=None)
    other, _ = place.member("LabUser")
    user = _life(place)
    asked = [call for call, _ in place.proxy.met if "Marker" in call.parameters]
    assert {call.action for call in asked} == set(lists)
    assert rule.met > len(asked)
    place.check(user)
    place.check(other)


# What needs a person.


@BOTH
@pytest.mark.parametrize(("fault", "code"), [(LIMIT, "limit_exceeded"), (DENIED, "access_denied")])
def test_a_join_that_needs_a_person_fails_once_and_goes_through_on_retry(
    place: Place, fault: Answer, code: str
) -> None:
    user = place.newcomer()
    rule = place.proxy.on(of_user("AddUserToGroup", user), fault)
    asked = place.join(user)
    failed = place.until(asked["id"], "failed")
    assert (failed["failure"]["code"], failed["failure"]["aws_code"]) == (code, fault.code)
    assert failed["failure"]["detail"].endswith(", then retry.")
    assert (rule.met, place.groups(user)) == (1, [])
    assert place.lab.get("pi", f"/v1/grants/{asked['grant_id']}")["end_reason"] == "not_applied"
    place.check(user)

    place.lab.post("pi", f"{ASK}/{asked['id']}/retry")
    place.until(asked["id"], "applied")
    assert place.groups(user) == ["LabGuest"]
    place.check(user)


@pytest.mark.parametrize(("fault", "code"), [(LIMIT, "limit_exceeded"), (DENIED, "access_denied")])
def test_a_user_that_cannot_be_made_fails_and_is_made_on_retry(place: Place, fault: Answer, code: str) -> None:
    user = place.newcomer(iam=False)
    place.proxy.on(of_user("CreateUser", user), fault)
    asked = place.ask(user, "user.create", {"email": f"{user}@lab.example"})
    assert place.until(asked["id"], "failed")["failure"]["code"] == code
    place.check(user)
    place.lab.post("pi", f"{ASK}/{asked['id']}/retry")
    place.until(asked["id"], "applied")
    place.check(user)


@BOTH
def test_without_the_boundary_a_user_is_not_made_and_the_failure_says_why(place: Place) -> None:
    user = place.newcomer(iam=False)
    place.proxy.on(_boundary, NO_SUCH)
    asked = place.ask(user, "user.create", {"email": f"{user}@lab.example"})
    failed = place.until(asked["id"], "failed")
    assert failed["failure"]["code"] == "guardrails_missing"
    assert "gatehouse setup" in failed["failure"]["detail"]
    assert place.proxy.writes(user=user) == []
    place.check(user)
    place.lab.post("pi", f"{ASK}/{asked['id']}/retry")
    place.until(asked["id"], "applied")
    place.check(user)


def _boundary(call: Call) -> bool:
    return call.action == "GetPolicy" and call.parameters["PolicyArn"].endswith("/LabBoundary")


def test_a_leave_that_is_denied_fails_and_its_grant_is_ended_all_the_same(place: Place) -> None:
    user, grant_id = place.member()
    place.proxy.on(of_user("RemoveUserFromGroup", user), DENIED, times=None)
    left = place.ask(user, "group.leave", {"group": "LabGuest"})
    assert place.until(left["id"], "failed")["failure"]["code"] == "access_denied"
    assert place.grant_until(grant_id, "revoke_failed")["failure"]["aws_code"] == "AccessDenied"
    assert place.groups(user) == ["LabGuest"]
    place.proxy.clear()
    assert place.grant_until(grant_id, "revoked")["end_reason"] == "left"
    place.check(user)
    place.lab.post("pi", f"{ASK}/{left['id']}/retry")
    place.until(left["id"], "applied")
    place.check(user)


@BOTH
@pytest.mark.parametrize("trouble", ["RemoveUserFromGroup", "GetGroup"])
def test_an_end_is_tried_for_ever_and_shown_meanwhile(place: Place, trouble: str) -> None:
    user, grant_id = place.member()
    rule = place.proxy.on(trouble, DENIED, times=None)
    place.lab.post("pi", f"/v1/grants/{grant_id}/revoke", {"reason": "x"}, expect=202)
    shown = place.grant_until(grant_id, "revoke_failed")
    assert shown["failure"]["aws_code"] == "AccessDenied"
    _until(lambda: rule.met, lambda met: met >= 6)
    assert place.lab.get("pi", f"/v1/grants/{grant_id}")["state"] == "revoke_failed"
    assert place.groups(user) == ["LabGuest"]
    assert [e["event"] for e in place.events(user)].count("grant.end_failed") == 1
    place.proxy.clear()
    assert place.grant_until(grant_id, "revoked")["failure"] is None
    place.check(user)


# Giving up takes back what was begun.


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        *(("sqlite", fault) for fault in ("none", "throttled", "before", "after-all", "lie")),
        ("postgresql", "none"),
        ("postgresql", "after-all"),
    ],
    indirect=["place"],
)
def test_what_was_begun_and_cannot_be_finished_is_undone_whatever_goes_wrong(place: Place, fault: str) -> None:
    user = place.newcomer(iam=False)
    second = place.proxy.on(of_user("AddUserToGroup", user), DENIED, skip=1)
    undoing = []
    if fault != "none":
        what, times = PASSES[fault]
        undoing = [
            place.proxy.on(of_user(action, user), what, times=times) for action in ("RemoveUserFromGroup", "DeleteUser")
        ]
    asked = place.ask(user, "user.create", {"groups": ["LabGuest", "LabUser"]}, duration="PT1H")
    place.lab.approve("alice", asked["id"])
    failed = place.until(asked["id"], "failed")
    assert failed["failure"]["code"] == "access_denied"
    assert second.met == 1
    assert all(rule.met for rule in undoing)
    assert not place.is_in_iam(user)
    place.check(user)
    place.lab.post("pi", f"{ASK}/{asked['id']}/retry")
    place.until(asked["id"], "applied")
    assert place.groups(user) == ["LabGuest", "LabUser"]
    place.check(user)


@BOTH
@pytest.mark.parametrize("fault", [DROP_BEFORE, Lie()], ids=["dropped", "lie"])
def test_nothing_is_applied_while_iam_does_not_show_it(place: Place, fault: Fault) -> None:
    user = place.newcomer()
    rule = place.proxy.on(of_user("AddUserToGroup", user), fault, times=None)
    asked = place.join(user)
    _until(lambda: rule.met, lambda met: met >= 4)
    row = _until(lambda: place.lab.get("pi", f"{ASK}/{asked['id']}"), lambda row: row["failure"] is not None)
    assert (row["provisioning"], row["failure"]["code"]) == ("applying", "aws_unavailable")
    assert place.lab.get("pi", f"/v1/grants/{asked['grant_id']}")["state"] == "applying"
    assert place.groups(user) == []
    place.proxy.clear()
    applied = place.until(asked["id"], "applied")
    assert applied["failure"] is None
    place.check(user)


@BOTH
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_revoke_while_the_call_is_under_way_wins(place: Place, when: Literal["before", "after"]) -> None:
    user = place.newcomer()
    hold = place.proxy.hold(of_user("AddUserToGroup", user), when)
    asked = place.join(user)
    hold.wait_reached()
    assert place.lab.get("pi", f"{ASK}/{asked['id']}")["provisioning"] == "applying"
    place.lab.post("pi", f"/v1/grants/{asked['grant_id']}/revoke", {"reason": "x"}, expect=202)
    hold.release()
    assert place.until(asked["id"], "failed")["failure"]["code"] == "revoked"
    assert place.groups(user) == []
    place.check(user)


# What IAM says a moment after a change may be from before it.


@BOTH
def test_stale_somebody_just_made_who_is_not_there_yet_is_waited_for(place: Place) -> None:
    user = place.newcomer(iam=False)
    made = place.proxy.on(of_user("GetUser", user), Stale(), times=3, skip=1)
    created = place.ask(user, "user.create", {"email": f"{user}@lab.example"})
    place.until(created["id"], "applied")
    assert made.met == 3
    reading = place.proxy.on(of_user("GetUser", user), Stale(), times=3)
    writing = place.proxy.on(of_user("AddUserToGroup", user), NO_SUCH, times=2)
    asked = place.join(user)
    waits = _until(lambda: place.lab.get("pi", f"{ASK}/{asked['id']}"), lambda row: row["failure"] is not None)
    assert waits["provisioning"] == "queued"
    assert waits["failure"]["code"] == "no_iam_user"
    place.until(asked["id"], "applied")
    assert (reading.met, writing.met) == (3, 2)
    place.check(user)


def test_somebody_who_is_not_in_iam_and_whom_we_did_not_make_is_no_waiting(place: Place) -> None:
    user = place.newcomer(iam=False)
    asked = place.join(user)
    assert place.until(asked["id"], "failed")["failure"]["code"] == "no_iam_user"
    place.check(user)


@pytest.mark.parametrize("times", [1, 4])
def test_stale_a_membership_that_is_not_shown_yet_is_not_given_up(place: Place, times: int) -> None:
    user = place.newcomer()
    rule = place.proxy.on(of_user("ListGroupsForUser", user), Stale(), times=times, skip=1)
    place.until(place.join(user)["id"], "applied")
    assert rule.met == times
    place.check(user)


@BOTH
def test_stale_a_membership_that_is_shown_still_is_given_again(place: Place) -> None:
    user, grant_id = place.member()
    place.lab.post("pi", f"/v1/grants/{grant_id}/revoke", {"reason": "x"}, expect=202)
    place.grant_until(grant_id, "revoked")
    _remember_groups(place, user, ["LabGuest"])
    rule = place.proxy.on(of_user("ListGroupsForUser", user), Stale(), times=None)
    place.until(place.join(user)["id"], "applied")
    assert rule.met
    place.check(user)


def _remember_groups(place: Place, user: str, wanted: list[str]) -> None:
    """Make sure that the proxy knows what was there before the last write, since that is what it answers."""
    call = Call(0, "ListGroupsForUser", {"UserName": user})
    before = place.proxy.past.before(call)
    assert before is not None
    assert [f"<GroupName>{name}</GroupName>" in before.body.decode() for name in ("LabGuest", "LabUser")] == [
        name in wanted for name in ("LabGuest", "LabUser")
    ]


@BOTH
def test_stale_an_extension_waits_until_the_access_is_shown(place: Place) -> None:
    user, grant_id = place.member(duration="PT1H")
    _remember_groups(place, user, [])
    rule = place.proxy.on(of_user("ListGroupsForUser", user), Stale(), times=3)
    more = place.lab.post("pi", f"/v1/grants/{grant_id}/extend", {"duration": "P1D", "reason": "x"}, expect=201)
    place.lab.approve("alice", more["id"])
    place.until(more["id"], "applied")
    assert rule.met == 3
    assert place.lab.get("pi", f"/v1/grants/{grant_id}")["state"] == "active"
    place.check(user)


@BOTH
@pytest.mark.parametrize("step", [revoke, leave])
def test_stale_an_end_right_after_the_beginning_takes_the_access_away(place: Place, step: Step) -> None:
    place.lab.iam.get_group(GroupName="LabGuest", MaxItems=1000)

    def arm(_action: str, user: str) -> Rule:
        members = place.proxy.on("GetGroup", Stale(), times=2)
        place.proxy.on(of_user("ListGroupsForUser", user), Stale(), times=2)
        return members

    user, rule = step(place, arm)
    assert rule.met
    place.check(user)


@pytest.mark.parametrize(("place", "seed"), [("sqlite", 11), ("postgresql", 12)], indirect=["place"])
def test_lives_go_through_while_everything_that_passes_goes_wrong(place: Place, seed: int) -> None:
    place.proxy.reseed(seed)
    rule = place.proxy.on(None, PASSING, times=None, probability=0.2)
    asked = []
    for _ in range(3):
        user = place.newcomer(iam=False)
        created = place.ask(user, "user.create", {"groups": ["LabGuest"]}, duration="PT1H")
        place.lab.approve("alice", created["id"])
        asked.append((user, created["id"], place.join(user, "LabUser", duration="PT1H")["id"]))
    for user, created_id, joined_id in asked:
        grant_id = place.until(created_id, "applied")["grant_id"]
        ends = place.until(joined_id, "applied")["grant_id"]
        place.lab.post("pi", f"/v1/grants/{grant_id}/revoke", {"reason": "x"}, expect=202)
        place.lab.fall_due(ends)
        place.grant_until(grant_id, "revoked")
        assert place.grant_until(ends, "revoked")["end_reason"] == "expired"
        back = place.join(user, "LabGuest", duration="PT1H")
        place.until(back["id"], "applied")
    assert rule.met > 10
    place.proxy.clear()
    for user, *_ in asked:
        assert place.groups(user) == ["LabGuest"]
        place.check(user)
