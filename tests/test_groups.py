"""`group.create` and `group.delete` over HTTP on both databases: the whole life of a group, and who must agree."""

import datetime as dt
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Databases
from tests.support.lab import Lab
from tests.test_group_update import ASK, AWS, EC2, FORCE_MFA, S3, attached, calls, parts
from tests.test_lifecycle import new_lab, newcomer, refused, until, wish  # noqa: F401 - a fixture

_numbers = itertools.count(1)
SHORT = "AmazonS3ReadOnlyAccess"
READ = f"{AWS}{SHORT}"
DEFAULT = {"required_approvals": 1, "approvers": ["role:admin"], "max_duration": "P30D", "requires_mfa": False}
DEFAULT |= {"self_service": None, "break_glass": [], "slack": "notify"}
DENY = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Lab]:
    """One running lab for the whole module, on each database; carol is the third admin."""
    with databases.lab(request.param) as found:
        found.register("carol", ("admin",), vouched_by="alice")
        found.post("carol", "/v1/users/alice/vouch")
        yield found


def name_of(lab: Lab) -> str:
    """A name that no other test and no other database's lab uses: all share one IAM."""
    return f"Team{lab.running.url[-5:]}-{next(_numbers)}"


def create(lab: Lab, name: str, *, who: str = "pi", **more: Any) -> Any:
    """Ask for a group; its request."""
    return lab.post(who, "/v1/groups", {"name": name, **more}, expect=202)


def made(lab: Lab, *, by: tuple[str, ...] = ("alice",), **more: Any) -> str:
    """A group that was asked for, approved and carried out."""
    asked = create(lab, name := name_of(lab), **more)
    for approver in by:
        lab.approve(approver, asked["id"])
    lab.applied(asked["id"])
    return name


def delete(lab: Lab, name: str, who: str = "pi") -> Any:
    """Ask for a group's deletion; its request."""
    answer = lab.call(who, "DELETE", f"/v1/groups/{name}?reason=done")
    assert answer.status_code == 202, answer.text
    return answer.json()


def in_iam(lab: Lab, name: str) -> bool:
    """What IAM itself says."""
    return name in {g["GroupName"] for g in lab.iam.list_groups()["Groups"]}


def test_a_group_is_asked_for_approved_made_joined_and_deleted(lab: Lab) -> None:
    name = name_of(lab)
    asked = create(lab, name, description="the pipeline", policies=[SHORT], reason="a new project")
    assert (asked["kind"], asked["user"], asked["reason"]) == ("group.create", "pi", "a new project")
    assert (asked["decision"], parts(asked)) == ("pending", [("group.create", 1)])
    assert calls(asked) == [("CreateGroup", ""), ("AttachGroupPolicy", READ)]
    assert asked["plan"]["operations"][0]["parameters"] == {"GroupName": name, "Path": "/lab/"}
    # Nothing is there before: not to be seen, not to be joined.
    assert refused(lab, "pi", "GET", f"/v1/groups/{name}") == (404, "group_not_found")
    assert refused(lab, "pi", "POST", ASK, wish("group.join", {"group": name}, user="bob")) == (404, "group_not_found")
    assert refused(lab, "pi", "POST", f"{ASK}/{asked['id']}/approve") == (403, "own_request")

    lab.approve("alice", asked["id"])
    lab.applied(asked["id"])
    group = lab.get("bob", f"/v1/groups/{name}")
    assert (group["description"], group["path"], group["policies"]) == (
        "the pipeline",
        "/lab/",
        ["AmazonS3ReadOnlyAccess"],
    )
    assert {key: group["rule"][key] for key in DEFAULT} == DEFAULT
    assert attached(lab, name) == [READ]
    assert [r["id"] for r in lab.get("pi", f"{ASK}?group={name}")["items"]] == [asked["id"]]

    user = newcomer(lab)
    grant = lab.join(user, name, duration="PT1H")
    assert lab.get("pi", f"/v1/groups/{name}/members")["items"][0]["user"] == user

    asked = delete(lab, name)
    assert (asked["kind"], asked["reason"], parts(asked)) == ("group.delete", "done", [("group.delete", 1)])
    assert [c[0] for c in calls(asked)] == ["RemoveUserFromGroup", "DetachGroupPolicy", "DeleteGroup"]
    assert lab.groups_in_iam(user) == [name], "it waits for an approval like every other"
    lab.approve("alice", asked["id"])
    lab.applied(asked["id"])
    assert (in_iam(lab, name), lab.groups_in_iam(user)) == (False, [])
    assert lab.get(user, f"/v1/grants/{grant['id']}")["end_reason"] == "group_deleted"
    assert lab.get(user, f"/v1/grants/{grant['id']}")["state"] == "revoked"
    assert refused(lab, "pi", "GET", f"/v1/groups/{name}") == (404, "group_not_found")
    assert name not in [g["name"] for g in lab.get("pi", "/v1/groups?limit=200")["items"]]
    assert len(lab.get("pi", f"{ASK}?group={name}")["items"]) == 3, "history stays"
    assert refused(lab, "pi", "DELETE", f"/v1/groups/{name}") == (404, "group_not_found")
    assert refused(lab, "pi", "POST", "/v1/groups", {"name": name.upper()}) == (409, "name_taken")
    assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True


def test_rule_24_deleting_ends_all_grants_and_closes_all_requests_within_its_own_plan(lab: Lab) -> None:
    name = made(lab, policies=[SHORT])
    holder, later, waiting, stranger = (newcomer(lab) for _ in range(4))
    held = lab.join(holder, name)
    starts_at = (dt.datetime.now(dt.UTC) + dt.timedelta(days=2)).isoformat()
    scheduled = lab.ask(later, name, starts_at=starts_at)
    lab.approve("alice", scheduled["id"])
    [planned] = lab.get("pi", f"/v1/grants?user={later}")["items"]
    assert planned["state"] == "scheduled"
    pending = lab.ask(waiting, name)
    body = wish("user.create", {"groups": [name]}, user=newcomer(lab, iam=False, token=False))
    with_a_user = lab.post("pi", ASK, body, expect=201)
    update = lab.call("pi", "PATCH", f"/v1/groups/{name}", {"description": "soon gone"}).json()
    lab.iam.add_user_to_group(GroupName=name, UserName=stranger)  # nobody here knows of that
    lab.iam.put_group_policy(GroupName=name, PolicyName="by-hand", PolicyDocument=json.dumps(DENY))

    asked = delete(lab, name)
    lab.approve("alice", asked["id"])
    lab.applied(asked["id"])
    assert not in_iam(lab, name)
    assert [g["state"] for g in lab.get("pi", f"/v1/grants?group={name}")["items"]] == ["revoked", "revoked"]
    assert {g["end_reason"] for g in lab.get("pi", f"/v1/grants?group={name}")["items"]} == {"group_deleted"}
    assert lab.get("pi", f"/v1/grants/{held['id']}")["ended_by"] == "pi"
    for request in (scheduled, pending, with_a_user, update):
        assert lab.get("pi", f"{ASK}/{request['id']}")["decision"] == "cancelled"
        last = lab.get("pi", f"{ASK}/{request['id']}/events")["items"][-1]
        assert (last["event"], last["actor"]) == ("access_request.cancelled", "system")
        assert last["data"]["reason"] == f"the group {name} is deleted, by access request {asked['id']}"


def test_rule_24_what_others_rules_name_is_not_deleted(lab: Lab) -> None:
    named = made(lab)
    other = made(lab, rule={"approvers": ["role:admin"], "escalate_to": [f"group:{named}"]})
    answer = lab.call("pi", "DELETE", f"/v1/groups/{named}")
    assert (answer.status_code, answer.json()["code"], answer.json()["groups"]) == (409, "group_in_use", other)
    # Asked for before, and the rule approved first: the deletion is not approved any more.
    second = made(lab)
    going = delete(lab, second)
    lab.approve(
        "alice", lab.call("pi", "PUT", f"/v1/groups/{other}/rule", {"break_glass": [f"group:{second}"]}).json()["id"]
    )
    assert refused(lab, "alice", "POST", f"{ASK}/{going['id']}/approve") == (409, "group_in_use")


def test_rule_4_a_group_that_forbids_something_is_not_deleted_without_its_own_approvers(lab: Lab) -> None:
    arn = lab.iam.create_policy(PolicyName=name_of(lab), PolicyDocument=json.dumps(DENY))["Policy"]["Arn"]
    name = made(lab, by=("alice", "carol"), policies=[arn], rule={"approvers": ["bob"]})
    assert parts(delete(lab, name)) == [("group.delete", 1), (name, 1)]


def test_rule_13_administrator_power_needs_two_to_be_made_and_two_to_be_deleted(lab: Lab) -> None:
    asked = create(lab, name := name_of(lab), policies=["AmazonEC2FullAccess"])
    assert parts(asked) == [("group.create", 2)]
    assert lab.approve("alice", asked["id"])["decision"] == "pending"
    assert refused(lab, "pi", "POST", f"{ASK}/{asked['id']}/approve") == (403, "own_request")
    lab.approve("carol", asked["id"])
    lab.applied(asked["id"])
    assert attached(lab, name) == [EC2]
    asked = delete(lab, name)
    assert parts(asked) == [("group.delete", 2)]
    lab.approve("alice", asked["id"])
    lab.approve("carol", asked["id"])
    lab.applied(asked["id"])


def test_rule_26_a_group_that_allows_everything_is_made_under_lab_admin(lab: Lab) -> None:
    name = made(lab, by=("alice", "carol"), policies=["AdministratorAccess"])
    assert lab.get("pi", f"/v1/groups/{name}")["path"] == "/lab-admin/"
    assert lab.iam.get_group(GroupName=name)["Group"]["Path"] == "/lab-admin/"


def test_rule_26_a_document_of_the_labs_own_that_allows_everything_is_put_before_people_again(lab: Lab) -> None:
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    arn = lab.iam.create_policy(PolicyName=name_of(lab), PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    asked = create(lab, name := name_of(lab), policies=[arn])
    for approver in ("alice", "carol"):
        lab.approve(approver, asked["id"])
    row = until(lab, asked["id"], "decision", "pending")
    assert row["plan"]["operations"][0]["parameters"]["Path"] == "/lab-admin/"
    assert not in_iam(lab, name)


def test_rule_27_a_rule_that_needs_mfa_brings_the_policy_that_forces_it(lab: Lab) -> None:
    asked = create(lab, name := name_of(lab), policies=["AmazonS3FullAccess"], rule={"requires_mfa": True})
    assert calls(asked) == [("CreateGroup", ""), ("AttachGroupPolicy", FORCE_MFA), ("AttachGroupPolicy", S3)]
    lab.approve("alice", asked["id"])
    lab.applied(asked["id"])
    assert attached(lab, name) == sorted([FORCE_MFA, S3])
    assert lab.get("pi", f"/v1/groups/{name}")["policies"] == ["AmazonS3FullAccess"]
    ten = [p["Arn"] for p in lab.iam.list_policies(Scope="AWS", MaxItems=10)["Policies"]]
    body = {"name": name_of(lab), "policies": ten, "rule": {"requires_mfa": True}}
    assert refused(lab, "pi", "POST", "/v1/groups", body) == (409, "limit_exceeded")


def test_a_group_that_iam_has_already_is_refused_and_left_alone(lab: Lab) -> None:
    asked = create(lab, name := name_of(lab), policies=["AmazonS3FullAccess"])
    lab.iam.create_group(GroupName=name)
    lab.approve("alice", asked["id"])
    row = until(lab, asked["id"], "provisioning", "failed")
    assert row["failure"]["code"] == "group_exists"
    assert (in_iam(lab, name), attached(lab, name)) == (True, [])
    assert refused(lab, "pi", "GET", f"/v1/groups/{name}") == (404, "group_not_found")


def test_a_policy_that_iam_does_not_have_leaves_no_group_behind(lab: Lab) -> None:
    missing = "arn:aws:iam::123456789012:policy/lab/NotThere"
    asked = create(lab, name := name_of(lab), policies=[missing])
    lab.approve("alice", asked["id"])
    lab.approve("carol", asked["id"])
    assert until(lab, asked["id"], "provisioning", "failed")["failure"]["code"] == "no_such_policy"
    assert not in_iam(lab, name)


def test_one_name_is_asked_for_once_whoever_asks_and_whatever_the_case(lab: Lab) -> None:
    asked = create(lab, name := name_of(lab))
    answer = lab.call("carol", "POST", "/v1/groups", {"name": name.lower(), "description": "another"})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_pending")
    assert answer.json()["access_request_id"] == asked["id"]
    lab.post("pi", f"{ASK}/{asked['id']}/cancel")
    create(lab, name, who="carol")


def test_nothing_is_asked_for_a_group_that_is_being_deleted(lab: Lab) -> None:
    name = made(lab)
    asked = delete(lab, name)
    pending = lab.ask("bob", name)
    again = lab.call("carol", "DELETE", f"/v1/groups/{name}")
    assert (again.status_code, again.json()["access_request_id"]) == (409, asked["id"])
    lab.approve("alice", asked["id"])
    answer = lab.call("bob", "POST", f"{ASK}/preview", wish("group.join", {"group": name}))
    codes = [r["code"] for r in answer.json().get("refusals", [])] + [answer.json().get("code")]
    assert {"group_being_deleted", "group_not_found"} & set(codes), "whichever of the two was first"
    lab.applied(asked["id"])
    assert lab.get("bob", f"{ASK}/{pending['id']}")["decision"] == "cancelled"


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ({"name": "no spaces"}, (422, "invalid")),
        ({"name": "x" * 129}, (422, "invalid")),
        ({"path": "/lab-admin/"}, (422, "invalid")),
        ({"policies": ["a", "a"]}, (422, "invalid")),
        ({"policies": [FORCE_MFA]}, (422, "invalid")),
        ({"policies": [f"P{n}" for n in range(11)]}, (422, "invalid")),
        ({"rule": {"max_duration": "a while"}}, (422, "invalid")),
        ({"rule": {"requires_mfa": 1}}, (422, "invalid")),
        ({"rule": {"required_approvals": True}}, (422, "invalid")),
        ({"rule": {"self_service": {"max_duration": "P1D", "held_before": 0}}}, (422, "invalid")),
        ({"name": "labuser"}, (409, "name_taken")),
        ({"rule": {"approvers": ["nobody"]}}, (422, "unknown_approver")),
        ({"rule": {"approvers": ["group:Nothing"]}}, (422, "unknown_approver")),
        ({"rule": {"break_glass": ["nobody"]}}, (422, "unknown_name")),
        ({"rule": {"escalate_to": ["group:Nothing"]}}, (422, "unknown_name")),
        (
            {"rule": {"approvers": ["bob", "group:LabUser"], "break_glass": ["bob"], "escalate_to": ["role:admin"]}},
            None,
        ),
    ],
)
def test_what_cannot_be_a_group_is_refused(lab: Lab, more: dict[str, Any], answer: tuple[int, str] | None) -> None:
    body = {"name": name_of(lab), **more}
    if answer is None:
        create(lab, **body)
        return
    assert refused(lab, "pi", "POST", "/v1/groups", body) == answer
    if "rule" in more and answer[1] != "invalid":
        assert refused(lab, "pi", "PUT", "/v1/groups/LabGuest/rule", more["rule"]) == answer


def test_a_member_may_ask_and_it_is_for_no_user(lab: Lab) -> None:
    asked = create(lab, name := name_of(lab), who="bob")
    assert asked["ruling"]["eligible_approvers"] == ["alice", "carol", "pi"]
    body = {**wish("group.create", {"name": f"{name}x"}), "user": "bob"}
    assert refused(lab, "pi", "POST", ASK, body) == (422, "user_not_used")
    assert refused(lab, None, "POST", "/v1/groups", {"name": name}) == (401, "no_token")


def test_rule_7_while_only_one_admin_has_ever_been_groups_without_power_are_made_and_deleted_by_rule(
    new_lab: Lab,  # noqa: F811
) -> None:
    name = name_of(new_lab)
    asked = create(new_lab, name)
    assert [d["approver"] for d in asked["decisions"]] == ["rule:sole_admin"]
    new_lab.applied(asked["id"])
    body = {"name": f"{name}x", "policies": ["AmazonEC2FullAccess"]}
    assert refused(new_lab, "pi", "POST", "/v1/groups", body) == (409, "no_eligible_approver")
    asked = delete(new_lab, name)
    assert [d["approver"] for d in asked["decisions"]] == ["rule:sole_admin"]
    new_lab.applied(asked["id"])
