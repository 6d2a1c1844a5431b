"""Why somebody holds what they hold, and what would remain: over HTTP on both databases, and the pure core."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.domain.states import GrantState
from app.domain.why import Given, Kept, Membership, Place, explain
from app.domain.words import Channel, UserState
from app.models import Decision, User
from app.services import sightings
from tests.conftest import Databases
from tests.support.lab import Lab
from tests.test_lifecycle import at, boto_iam, new_group, newcomer, refused

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
VIEW_ONLY = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Lab]:
    """One running lab for the whole module, on each database."""
    with databases.lab(request.param) as found:
        yield found


def access(lab: Lab, name: str, who: str | None = None) -> Any:
    """What somebody holds, by group."""
    answer = lab.get(who or name, f"/v1/users/{name}/access")
    assert answer["user"] == name
    return {held["group"]: held for held in answer["groups"]}


def look(lab: Lab, name: str) -> None:
    """Keep what IAM shows of a user, as every carrying out does."""
    seen = boto_iam(lab).user(name)
    with lab.running.database.write() as tx:
        sightings.save_user(tx, "default", name, seen)


def test_a_grant_comes_with_its_request_its_approver_and_its_end(lab: Lab) -> None:
    name = newcomer(lab)
    grant = lab.join(name, "LabGuest", duration="PT2H", reason="RNA-seq")
    held = access(lab, name)["LabGuest"]
    assert (held["account"], held["given_by_gatehouse"], held["seen"]) == ("default", True, True)
    assert at(held["seen_at"]) <= dt.datetime.now(dt.UTC)
    [why] = held["grants"]
    assert (why["grant_id"], why["state"], why["duration"]) == (grant["id"], "active", "PT2H")
    assert (why["starts_at"], why["ends_at"]) == (grant["starts_at"], grant["ends_at"])
    asked = why["access_request"]
    assert (asked["id"], asked["kind"], asked["requester"], asked["reason"], asked["extends"]) == (
        grant["access_request_id"],
        "group.join",
        name,
        "RNA-seq",
        None,
    )
    row = lab.get("pi", f"/v1/access-requests/{asked['id']}")
    assert (asked["created_at"], asked["decided_at"]) == (row["created_at"], row["decided_at"])
    [approval] = why["approvals"]
    assert approval == {
        "approver": "alice",
        "by_rule": False,
        "channel": "api",
        "at": row["decisions"][0]["at"],
        "comment": None,
    }
    assert why["without_it"] == held["without_it"]
    assert why["without_it"] == {
        "in_group": False,
        "by_grants": [],
        "until": None,
        "policies_kept": [],
        "policies_lost": held["policies"],
    }
    assert len(held["policies"]) == 3


def test_of_two_grants_that_overlap_each_says_that_the_other_remains(lab: Lab) -> None:
    name = newcomer(lab)
    first = lab.join(name, "LabGuest", duration="PT1H")
    body = {"duration": "PT3H", "reason": "it takes longer"}
    request = lab.post(name, f"/v1/grants/{first['id']}/extend", body, expect=201)
    lab.approve("pi", request["id"])
    second = lab.get("pi", f"/v1/grants/{lab.applied(request['id'])['grant_id']}")

    held = access(lab, name)["LabGuest"]
    [one, two] = held["grants"]
    assert (one["grant_id"], two["grant_id"]) == (first["id"], second["id"])
    assert two["access_request"]["extends"] == first["id"]
    assert [one["approvals"][0]["approver"], two["approvals"][0]["approver"]] == ["alice", "pi"]
    for why, other in ((one, second), (two, first)):
        left = why["without_it"]
        assert (left["in_group"], left["by_grants"], left["until"]) == (True, [other["id"]], other["ends_at"])
        assert left["policies_kept"] == [{"policy": p, "through": ["LabGuest"]} for p in held["policies"]]
        assert left["policies_lost"] == []
    assert (held["without_it"]["in_group"], held["without_it"]["policies_lost"]) == (False, held["policies"])


def test_both_of_two_approvers_are_named_and_who_withdrew_is_not(lab: Lab) -> None:
    name = newcomer(lab)
    group = new_group(lab, required_approvals=2)
    request = lab.ask(name, group)
    lab.approve("pi", request["id"])
    lab.post("pi", f"/v1/access-requests/{request['id']}/withdraw")
    lab.approve("alice", request["id"], {"comment": "for the pipeline"})
    lab.approve("pi", request["id"])
    lab.applied(request["id"])
    [why] = access(lab, name)[group]["grants"]
    assert [(a["approver"], a["comment"]) for a in why["approvals"]] == [("alice", "for the pipeline"), ("pi", None)]


def test_an_approval_by_rule_says_so(lab: Lab) -> None:
    name = newcomer(lab)
    grant = lab.join(name)
    with lab.running.database.write() as tx:  # as a rule would, which gives no access in this version yet
        tx.session.execute(
            sa.update(Decision)
            .where(col(Decision.access_request_id) == grant["access_request_id"])
            .values(approver="rule:held_before", channel=Channel.RULE)
        )
    [approval] = access(lab, name)["LabGuest"]["grants"][0]["approvals"]
    assert (approval["approver"], approval["by_rule"], approval["channel"]) == ("rule:held_before", True, "rule")


def test_a_membership_without_a_grant_is_not_given_by_gatehouse(lab: Lab) -> None:
    name = newcomer(lab)
    lab.iam.add_user_to_group(UserName=name, GroupName="LabGuest")
    look(lab, name)
    held = access(lab, name)["LabGuest"]
    assert (held["given_by_gatehouse"], held["seen"], held["grants"]) == (False, True, [])
    assert held["without_it"]["policies_lost"] == held["policies"] != []

    lab.iam.remove_user_from_group(UserName=name, GroupName="LabGuest")
    look(lab, name)
    assert access(lab, name) == {}


def test_a_policy_that_another_group_gives_too_remains(lab: Lab) -> None:
    name = newcomer(lab)
    both, one = new_group(lab, policies=(READ_ONLY, VIEW_ONLY)), new_group(lab, policies=(VIEW_ONLY,))
    lab.join(name, both)
    lab.iam.add_user_to_group(UserName=name, GroupName=one)
    look(lab, name)
    held = access(lab, name)
    assert sorted(held) == sorted([both, one])
    assert held[both]["without_it"]["policies_kept"] == [{"policy": VIEW_ONLY, "through": [one]}]
    assert held[both]["without_it"]["policies_lost"] == [READ_ONLY]
    assert held[one]["without_it"]["policies_kept"] == [{"policy": VIEW_ONLY, "through": [both]}]
    assert held[one]["without_it"]["policies_lost"] == []


def test_what_has_ended_is_not_held(lab: Lab) -> None:
    name = newcomer(lab)
    assert access(lab, name) == {}
    grant = lab.join(name)
    assert list(access(lab, name)) == ["LabGuest"]
    lab.post(name, f"/v1/grants/{grant['id']}/revoke", {"reason": "done"}, expect=202)
    lab.grant_until(grant["id"], "revoked")
    assert access(lab, name) == {}


def test_other_peoples_access_is_for_admins_and_auditors(lab: Lab) -> None:
    auditor, name = newcomer(lab, iam=False), newcomer(lab)
    request = lab.post(
        "pi",
        "/v1/access-requests",
        {"kind": "user.roles", "user": auditor, "change": {"roles": ["auditor"]}, "reason": "a test"},
        expect=201,
    )
    lab.approve("alice", request["id"])
    lab.join(name)
    for who in (name, "pi", "alice", auditor):
        assert list(access(lab, name, who)) == ["LabGuest"]
    assert refused(lab, "bob", "GET", f"/v1/users/{name}/access") == (403, "auditors_only")
    assert refused(lab, "bob", "GET", "/v1/users/pi/access") == (403, "auditors_only")
    assert refused(lab, None, "GET", f"/v1/users/{name}/access") == (401, "no_token")


def test_a_service_and_its_owner_read_each_others_access(lab: Lab) -> None:
    name = "robot-of-bob"
    body = {"name": name, "email": f"{name}@lab.example", "roles": ["service"], "owner": "bob"}
    lab.post("pi", "/v1/users", body, expect=201)
    assert access(lab, name, "bob") == {}
    code = lab.post("pi", f"/v1/users/{name}/enrolment", expect=201)["code"]
    lab.tokens[name] = lab.post(None, "/v1/enrolments/redeem", {"code": code})["token"]
    lab.get(name, "/v1/users/bob/access")
    assert refused(lab, name, "GET", "/v1/users/alice/access") == (403, "auditors_only")


def test_a_token_that_may_not_read_requests_may_not_read_why(lab: Lab) -> None:
    body = {"name": "names only", "scopes": ["directory:read"], "expires_in": "P1D"}
    lab.tokens["narrow"] = lab.post("pi", "/v1/tokens", body, expect=201)["token"]
    assert lab.get("narrow", "/v1/users/bob")["name"] == "bob"
    assert refused(lab, "narrow", "GET", "/v1/users/bob/access") == (403, "insufficient_scope")


def test_nobody_and_somebody_deleted_have_no_access_to_explain(lab: Lab) -> None:
    assert refused(lab, "pi", "GET", "/v1/users/nobody/access") == (404, "user_not_found")
    assert refused(lab, "bob", "GET", "/v1/users/nobody/access") == (404, "user_not_found")
    name = newcomer(lab, token=False, iam=False)
    with lab.running.database.write() as tx:  # behind the API, which cannot delete yet
        tx.session.execute(sa.update(User).where(col(User.name) == name).values(state=UserState.DELETED))
    assert refused(lab, "pi", "GET", f"/v1/users/{name}/access") == (404, "user_not_found")


def test_the_case_of_the_name_does_not_matter(lab: Lab) -> None:
    assert lab.get("bob", "/v1/users/BOB/access")["user"] == "bob"


def test_more_grants_take_no_more_statements(lab: Lab) -> None:
    few, many = newcomer(lab), newcomer(lab)
    lab.join(few)
    for group in (new_group(lab, policies=(READ_ONLY,)) for _ in range(3)):
        lab.join(many, group)
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        said.append(statement)

    engine = lab.running.database.engine

    def statements(name: str) -> int:
        said.clear()
        assert access(lab, name, "pi") != {}
        return sum("access_grant" in s or "sighting" in s or "decision" in s for s in said)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        assert (statements(few), statements(many)) == (3, 3)
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


# The pure core.


def given(number: int, group: str, state: GrantState = GrantState.ACTIVE, hours: int | None = 1) -> Given:
    ends_at = None if hours is None else NOW + dt.timedelta(hours=hours)
    return Given(f"g{number}", Place("default", group), state, None, NOW, ends_at, None, ())


def test_what_is_being_taken_away_holds_nothing_up() -> None:
    policies = {Place("default", "A"): ("p",), Place("default", "B"): ("p",)}
    going = given(1, "A", GrantState.REVOKING)
    found = explain([going, given(2, "B")], {"default": Membership(frozenset("AB"), NOW)}, policies)
    assert [(h.place.group, h.given_by_gatehouse) for h in found] == [("A", True), ("B", True)]
    assert found[1].remains.policies_lost == ("p",)
    assert found[0].remains.policies_kept == (Kept("p", ("B",)),)


def test_of_the_grants_of_one_group_only_those_that_hold_it_remain() -> None:
    states = (GrantState.ACTIVE, GrantState.REVOKE_FAILED, GrantState.SCHEDULED, GrantState.REVOKED)
    [held] = explain([given(n, "A", state) for n, state in enumerate(states)], {}, {})
    assert [w.grant.id for w in held.grants] == ["g0", "g1"]
    assert [w.remains.by_grants for w in held.grants] == [(), ("g0",)]
    assert (held.seen, held.seen_at) == (None, None)


@pytest.mark.parametrize(("hours", "until"), [([2, 5], 5), ([2, None], None)])
def test_the_membership_lasts_as_long_as_the_longest_of_the_others(hours: list[int | None], until: int | None) -> None:
    others = [given(n, "A", hours=h) for n, h in enumerate(hours, start=2)]
    [held] = explain([given(1, "A"), *others], {}, {})
    left = held.grants[0].remains
    assert (left.in_group, left.by_grants) == (True, ("g2", "g3"))
    assert left.until == (None if until is None else NOW + dt.timedelta(hours=until))


def test_a_group_of_another_account_keeps_nothing() -> None:
    here, there = Place("default", "A"), Place("other", "A")
    policies = {here: ("p",), there: ("p",)}
    seen = {"default": Membership(frozenset("A"), NOW), "other": Membership(frozenset("A"), NOW)}
    found = explain([], seen, policies)
    assert [(h.place, h.remains.policies_lost) for h in found] == [(here, ("p",)), (there, ("p",))]


def test_a_grant_that_iam_does_not_show_says_so() -> None:
    [held] = explain([given(1, "A")], {"default": Membership(frozenset(), NOW)}, {})
    assert (held.given_by_gatehouse, held.seen, held.seen_at) == (True, False, NOW)
