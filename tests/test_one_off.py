"""One-off permissions over HTTP on moto: asked, approved, given, ended, explained; and what is refused."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.domain.inline import KEPT_FREE
from app.domain.leaving import DENY_NAME
from app.domain.sightings import SeenGroup, SeenPolicy, SeenUser
from app.services import sightings
from tests.conftest import BOTH, Databases
from tests.support.lab import Lab
from tests.support.one_off import ASK, INSTANCE, ask, give, inline, policy, wish
from tests.test_lifecycle import newcomer, refused

DENYING = policy("Deny", "s3:DeleteObject", "*")
EVERYTHING = policy(action="iam:*", resource="*")


@pytest.fixture(scope="module")
def shared(databases: Databases) -> Iterator[Lab]:
    """One running lab for the whole module."""
    with databases.lab("sqlite") as found:
        yield found


@BOTH
def test_a_one_off_permission_is_asked_for_approved_given_and_ends_by_itself(lab_on: Lab) -> None:
    lab = lab_on
    asked = ask(lab, duration="PT1H")
    assert (asked["decision"], asked["ruling"]["required_approvals"]) == ("pending", 1)
    assert asked["ruling"]["eligible_approvers"] == ["alice", "pi"]
    assert asked["ruling"]["max_duration"] == "P30D"
    [operation] = asked["plan"]["operations"]
    assert operation["action"] == "PutUserPolicy"
    assert json.loads(operation["parameters"]["PolicyDocument"]) == policy()
    assert lab.approve("bob", asked["id"], expect=403)["code"] == "own_request"
    lab.approve("alice", asked["id"], {"plan_digest": asked["plan"]["digest"]})
    grant = lab.get("bob", f"/v1/grants/{lab.applied(asked['id'])['grant_id']}")
    assert (grant["group"], grant["policy"]) == (None, "console")
    assert inline(lab) == {"console": policy()}
    lab.fall_due(grant["id"])
    assert lab.grant_until(grant["id"], "revoked")["end_reason"] == "expired"
    assert inline(lab) == {}
    events = [e["event"] for e in lab.get("bob", f"{ASK}/{asked['id']}/events")["items"]]
    assert events[-3:] == ["grant.started", "access_request.applied", "grant.ended"]
    assert [g["id"] for g in lab.get("bob", "/v1/grants")["items"]] == [grant["id"]]
    assert lab.get("bob", "/v1/grants?group=LabGuest")["items"] == []
    assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"duration": None}, (422, "duration_missing")),
        ({"duration": "P31D"}, (422, "duration_too_long")),
        ({"name": "GatehouseSuspended"}, (422, "invalid")),
        ({"name": "gatehouse-mine"}, (422, "invalid")),
        ({"name": "with space"}, (422, "invalid")),
        ({"name": "n" * 129}, (422, "invalid")),
        ({"document": []}, (422, "invalid")),
        ({"document": "no JSON"}, (422, "policy_refused")),
        ({"document": {}}, (422, "policy_refused")),
        ({"document": policy("Permit")}, (422, "policy_refused")),
        ({"document": {**policy(), "Version": "2008-10-17"}}, (422, "policy_refused")),
        ({"document": policy(resource=[f"arn:aws:s3:::bucket-{n}" for n in range(100)])}, (422, "policy_refused")),
        ({"document": policy(resource="arn:aws:s3:::" + "b" * (1930 - KEPT_FREE))}, (422, "policy_too_large")),
        ({"user": "alice"}, (403, "not_for_others")),
    ],
)
def test_rule_20_what_cannot_be_is_refused_when_it_is_asked_for(
    shared: Lab, more: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refused(shared, "bob", "POST", ASK, wish(**more)) == expected


def test_a_refused_document_says_the_line_and_the_reason_of_each(shared: Lab) -> None:
    text = json.dumps(policy("Permit", resource=7), indent=2)
    answer = shared.call("bob", "POST", ASK, wish(document=text)).json()
    assert answer["code"] == "policy_refused"
    assert answer["detail"].startswith("AWS would refuse this document. Line 5: The Effect is 'Permit'.")
    assert [error["loc"] for error in answer["errors"]] == [["body", "change", "document"]] * 2
    assert "Line 7: Resource holds" in answer["errors"][1]["msg"]
    twice = '{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}'
    assert "twice" in shared.call("bob", "POST", ASK, wish(document=twice)).json()["detail"]
    shown = shared.post("bob", f"{ASK}/preview", wish(document=text))
    assert [refusal["code"] for refusal in shown["refusals"]] == ["policy_refused"]


def test_the_guides_example_warns_whoever_approves_and_offers_the_scoped_form(shared: Lab) -> None:
    wide = shared.post("bob", f"{ASK}/preview", wish(document=policy(resource="*")))
    [warning] = [reason for reason in wide["ruling"]["reasons"] if "serial console" in reason]
    assert "Line 7: " in warning
    assert "instance/<InstanceId>" in warning
    scoped = shared.post("bob", f"{ASK}/preview", wish())
    assert not any("serial console" in reason for reason in scoped["ruling"]["reasons"])


def test_rule_13_administrator_power_needs_two_and_the_users_real_boundary_caps_it(shared: Lab) -> None:
    name = newcomer(shared)

    def required() -> int:
        shown = shared.post(name, f"{ASK}/preview", wish("keys", policy(action="iam:CreateAccessKey", resource="*")))
        power = any("administrator power" in reason for reason in shown["ruling"]["reasons"])
        assert power is (shown["ruling"]["required_approvals"] == 2)
        return int(shown["ruling"]["required_approvals"])

    assert required() == 2, "nobody knows of a boundary, so nothing is capped"
    database = shared.running.database
    with database.write() as tx:
        cap = sightings.load(tx, "default", name, ()).boundary
        assert cap is not None
        sightings.save_user(tx, "default", name, SeenUser(name, "arn", (), cap.name))
    assert required() == 1, "the boundary leaves one's own keys only"
    with database.write() as tx:
        sightings.save_boundary(tx, "default", SeenPolicy(cap.name, "sha256:of-another-document"))
    assert required() == 2, "a boundary that nobody read caps nothing"
    with database.write() as tx:
        sightings.save_boundary(tx, "default", cap)


def test_rule_25_a_name_that_a_live_grant_of_the_user_has_is_taken(shared: Lab) -> None:
    name, other = newcomer(shared), newcomer(shared)
    asked = ask(shared, name)
    assert refused(shared, name, "POST", ASK, wish("CONSOLE", DENYING)) == (409, "already_pending")
    shared.approve("alice", asked["id"])
    shared.applied(asked["id"])
    taken = shared.post(name, ASK, wish("Console", DENYING), expect=409)
    held = shared.get("pi", f"{ASK}/{asked['id']}")["grant_id"]
    assert (taken["code"], taken["grant_id"]) == ("name_taken", held)
    assert ask(shared, other)["decision"] == "pending", "another user has names of their own"
    assert ask(shared, name, name="console-2")["decision"] == "pending"


def test_rule_25_what_gatehouse_did_not_give_is_not_overwritten(shared: Lab) -> None:
    name = newcomer(shared)
    asked = ask(shared, name)
    shared.iam.put_user_policy(UserName=name, PolicyName="console", PolicyDocument=json.dumps(EVERYTHING))
    shared.approve("alice", asked["id"])
    row = shared.get("pi", f"{ASK}/{asked['id']}?wait=60")
    assert (row["provisioning"], row["failure"]["code"]) == ("failed", "name_taken")
    assert inline(shared, name) == {"console": EVERYTHING}
    assert shared.get("pi", f"/v1/grants/{row['grant_id']}")["state"] == "revoked"
    give(shared, name, name="other")
    assert refused(shared, name, "POST", ASK, wish()) == (409, "name_taken"), "by what was seen meanwhile"


def test_rule_23_a_longer_end_overlaps_and_only_the_last_one_takes_it_away(shared: Lab) -> None:
    name = newcomer(shared)
    grant = give(shared, name, duration="PT1H")
    longer = shared.post(name, f"/v1/grants/{grant['id']}/extend", {"duration": "PT2H", "reason": "still"}, expect=201)
    assert (longer["kind"], longer["extends"], longer["plan"]["operations"]) == ("policy.inline", grant["id"], [])
    shared.approve("alice", longer["id"])
    second = shared.applied(longer["id"])["grant_id"]
    shared.fall_due(grant["id"])
    first = shared.grant_until(grant["id"], "revoked")
    assert (first["end_reason"], first["continued_by"]) == ("expired", second)
    assert shared.get("pi", f"/v1/grants/{second}")["state"] == "active"
    assert inline(shared, name) == {"console": policy()}
    shared.fall_due(second)
    assert shared.grant_until(second, "revoked")["continued_by"] is None
    assert inline(shared, name) == {}
    again = shared.call(name, "POST", f"/v1/grants/{second}/extend", {"duration": "PT4H", "reason": "still"})
    assert (again.status_code, again.json()["code"]) == (409, "grant_ended")


def test_rule_22_a_revoke_ends_every_grant_of_it_and_what_is_asked(shared: Lab) -> None:
    name = newcomer(shared)
    grant, other = give(shared, name), give(shared, name, name="other")
    longer = shared.post(name, f"/v1/grants/{grant['id']}/extend", {"duration": "P2D", "reason": "still"}, expect=201)
    bystander = newcomer(shared)
    assert refused(shared, bystander, "POST", f"/v1/grants/{grant['id']}/revoke", {"reason": "mine"})[0] == 404
    shared.post(name, f"/v1/grants/{grant['id']}/revoke", {"reason": "done"}, expect=202)
    ended = shared.grant_until(grant["id"], "revoked")
    assert (ended["end_reason"], ended["ended_by"]) == ("revoked", name)
    assert shared.get("pi", f"{ASK}/{longer['id']}")["decision"] == "cancelled"
    assert list(inline(shared, name)) == ["other"], "the other policy stays"
    assert shared.get("pi", f"/v1/grants/{other['id']}")["state"] == "active"


def test_rule_3_what_forbids_things_is_not_ended_early_by_whom_it_binds(shared: Lab) -> None:
    name = newcomer(shared)
    grant = give(shared, name, document=DENYING)
    path, body = f"/v1/grants/{grant['id']}/revoke", {"reason": "in the way"}
    assert refused(shared, name, "POST", path, body) == (403, "not_less_access")
    shared.iam.create_user(UserName="pi", Path="/lab/")
    own = give(shared, "pi", document=DENYING)
    path_of_pi = f"/v1/grants/{own['id']}/revoke"
    assert refused(shared, "pi", "POST", path_of_pi, body) == (403, "not_less_access"), "rule 4: with any role"
    for one in (path, path_of_pi):
        shared.post("alice", one, body, expect=202)
    assert shared.grant_until(grant["id"], "revoked")["ended_by"] == "alice"
    shared.grant_until(own["id"], "revoked")
    shared.iam.delete_user(UserName="pi")


def test_rule_24_a_suspension_fits_beside_the_largest_and_grants_keep_running_out(shared: Lab) -> None:
    name = newcomer(shared)
    room = 2048 - KEPT_FREE - len(json.dumps(policy(resource=""), separators=(",", ":")))
    grant = give(shared, name, document=policy(resource="arn:aws:s3:::".ljust(room, "b")), duration="PT1H")
    assert refused(shared, name, "POST", ASK, wish("one-more")) == (422, "policy_too_large")
    shared.applied(shared.post("pi", f"/v1/users/{name}/suspend", expect=202)["id"])
    assert DENY_NAME in inline(shared, name)
    shared.fall_due(grant["id"])
    shared.grant_until(grant["id"], "revoked")
    assert list(inline(shared, name)) == [DENY_NAME]


def test_rule_24_a_deletion_takes_it_along(shared: Lab) -> None:
    name = newcomer(shared)
    grant = give(shared, name)
    asked = shared.call("pi", "DELETE", f"/v1/users/{name}").json()
    shared.approve("alice", asked["id"])
    shared.applied(asked["id"])
    found = shared.get("pi", f"/v1/grants/{grant['id']}")
    assert (found["state"], found["end_reason"]) == ("revoked", "user_deleted")


def test_why_shows_the_policy_with_grant_request_approvers_end_and_what_would_remain(shared: Lab) -> None:
    name = newcomer(shared)
    shared.iam.put_user_policy(UserName=name, PolicyName="by-hand", PolicyDocument=json.dumps(policy()))
    grant = give(shared, name, reason="kernel")
    found = {held["name"]: held for held in shared.get(name, f"/v1/users/{name}/access")["policies"]}
    assert set(found) == {"by-hand", "console"}
    held = found["console"]
    assert (held["given_by_gatehouse"], held["seen"], held["as_approved"]) == (True, True, True)
    assert held["document"] == policy()
    [why] = held["grants"]
    assert (why["grant_id"], why["ends_at"]) == (grant["id"], grant["ends_at"])
    assert (why["access_request"]["kind"], why["access_request"]["reason"]) == ("policy.inline", "kernel")
    assert [approval["approver"] for approval in why["approvals"]] == ["alice"]
    assert why["without_it"] == {"still_there": False, "by_grants": [], "until": None}
    by_hand = found["by-hand"]
    assert (by_hand["given_by_gatehouse"], by_hand["seen"], by_hand["grants"]) == (False, True, [])
    longer = shared.post(name, f"/v1/grants/{grant['id']}/extend", {"duration": "P2D", "reason": "on"}, expect=201)
    shared.approve("alice", longer["id"])
    second = shared.get("pi", f"/v1/grants/{shared.applied(longer['id'])['grant_id']}")
    [held] = [h for h in shared.get("pi", f"/v1/users/{name}/access")["policies"] if h["name"] == "console"]
    first = next(why for why in held["grants"] if why["grant_id"] == grant["id"])
    assert first["without_it"] == {"still_there": True, "by_grants": [second["id"]], "until": second["ends_at"]}
    assert INSTANCE in json.dumps(held["document"])


@pytest.mark.parametrize(
    ("by_group", "approvals"),
    [
        (policy(action="s3:GetObject", resource="*"), 1),
        (policy(action="iam:PassRole", resource="*"), 2),  # the other half of a known way
        (policy(action="iam:*", resource="*"), 1),  # power that they have anyway
        (None, 2),  # nobody has read it
    ],
)
def test_rule_13_what_makes_administrator_power_of_what_groups_give_needs_two(
    databases: Databases, by_group: dict[str, Any] | None, approvals: int
) -> None:
    halves = policy(action=["lambda:CreateFunction", "lambda:InvokeFunction"], resource="*")
    with databases.lab("sqlite", with_worker=False) as lab:
        seen = SeenPolicy("inline:half", None if by_group is None else "of-the-half", document=by_group)
        with lab.running.database.write() as tx:
            sightings.save_group(tx, "default", "LabGuest", SeenGroup("LabGuest", (seen,)))
            user = SeenUser("bob", "arn:aws:iam::123456789012:user/lab/bob", groups=("LabGuest",))
            sightings.save_user(tx, "default", "bob", user)
        ruling = ask(lab, name="halves", document=halves)["ruling"]
        assert ruling["required_approvals"] == approvals
        assert any("administrator power" in reason for reason in ruling["reasons"]) is (approvals == 2)
