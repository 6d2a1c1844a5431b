"""`group.update` over HTTP on both databases: description, policies and rule of a managed group, and who must agree."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.models import Lane
from tests.conftest import Databases
from tests.support.lab import Lab
from tests.test_lifecycle import new_group, newcomer, refused, until, wish

ASK = "/v1/access-requests"
AWS = "arn:aws:iam::aws:policy/"
READ_ONLY, VIEW_ONLY = f"{AWS}ReadOnlyAccess", f"{AWS}job-function/ViewOnlyAccess"
S3, GLACIER, IAM_FULL = f"{AWS}AmazonS3FullAccess", f"{AWS}AmazonGlacierFullAccess", f"{AWS}IAMFullAccess"
EC2 = f"{AWS}AmazonEC2FullAccess"
FORCE_MFA = "arn:aws:iam::123456789012:policy/governance/LabForceMFA"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Lab]:
    """One running lab for the whole module, on each database; carol is the third admin."""
    with databases.lab(request.param) as found:
        found.register("carol", ("admin",), vouched_by="alice")
        found.post("carol", "/v1/users/alice/vouch")  # rule 8: with a third admin, pi's newcomer wants another's word
        yield found


def update(name: str, **changes: Any) -> dict[str, Any]:
    return wish("group.update", {"name": name, **changes})


def attached(lab: Lab, group: str) -> list[str]:
    """What IAM itself says."""
    return sorted(p["PolicyArn"] for p in lab.iam.list_attached_group_policies(GroupName=group)["AttachedPolicies"])


def change(lab: Lab, path: str, body: Any, *, method: str = "PATCH", who: str = "pi") -> Any:
    """File a change of a group; its request."""
    answer = lab.call(who, method, f"/v1/groups/{path}", body)
    assert answer.status_code == 202, answer.text
    return answer.json()


def calls(request: dict[str, Any]) -> list[tuple[str, str]]:
    """Each call of the plan: what, and with which policy."""
    found = request["plan"]["operations"]
    return [(o["action"], o["parameters"].get("PolicyArn", "")) for o in found if o["service"] == "iam"]


def parts(request: dict[str, Any]) -> list[tuple[str, int]]:
    return [(p["rule"], p["required_approvals"]) for p in request["ruling"]["parts"]]


def test_a_rule_is_changed_by_another_admins_approval_and_not_in_iam(lab: Lab) -> None:
    name = new_group(lab, policies=(READ_ONLY,))
    new = {"required_approvals": 1, "approvers": ["bob"], "max_duration": "P1D"}
    asked = change(lab, f"{name}/rule", {**new, "reason": "bob knows best"}, method="PUT")
    assert (asked["kind"], asked["user"], asked["requester"]) == ("group.update", "pi", "pi")
    assert (asked["reason"], asked["decision"], calls(asked)) == ("bob knows best", "pending", [])
    assert [o["service"] for o in asked["plan"]["operations"]] == ["gatehouse"]
    assert (parts(asked), asked["ruling"]["eligible_approvers"]) == ([("group.update", 1)], ["alice", "carol"])
    assert lab.get("pi", f"/v1/groups/{name}/rule")["approvers"] == ["role:admin"]

    assert refused(lab, "pi", "POST", f"{ASK}/{asked['id']}/approve") == (403, "own_request")
    decided = lab.approve("alice", asked["id"])
    assert (decided["decision"], decided["provisioning"]) == ("approved", "applied")
    rule = lab.get("pi", f"/v1/groups/{name}/rule")
    assert {key: rule[key] for key in new} == new
    group = lab.get("pi", f"/v1/groups/{name}")
    assert (group["version"], group["policies"], attached(lab, name)) == (2, [READ_ONLY], [READ_ONLY])
    asked = lab.ask(newcomer(lab), name)
    assert (asked["ruling"]["eligible_approvers"], asked["duration"]) == (["bob"], "P1D")


def test_what_is_left_out_stays(lab: Lab) -> None:
    name = new_group(lab, policies=(READ_ONLY,), max_duration="P3D")
    lab.approve("alice", change(lab, name, {"description": "for the pipeline"})["id"])
    group = lab.get("pi", f"/v1/groups/{name}")
    assert (group["description"], group["policies"]) == ("for the pipeline", [READ_ONLY])
    assert group["rule"]["max_duration"] == "P3D"


def test_policies_are_attached_before_others_are_detached(lab: Lab) -> None:
    name = new_group(lab, policies=(READ_ONLY, VIEW_ONLY))
    asked = change(lab, name, {"policies": [VIEW_ONLY, "AmazonS3FullAccess", GLACIER]})
    assert calls(asked) == [("AttachGroupPolicy", S3), ("AttachGroupPolicy", GLACIER), ("DetachGroupPolicy", READ_ONLY)]
    lab.approve("alice", asked["id"])
    lab.applied(asked["id"])
    assert attached(lab, name) == sorted([VIEW_ONLY, S3, GLACIER])
    assert lab.get("pi", f"/v1/groups/{name}")["policies"] == [VIEW_ONLY, "AmazonS3FullAccess", GLACIER]
    # What was seen is what asking goes by: the next joining is carried out on its first approval.
    lab.join(newcomer(lab), name)
    events = [e["event"] for e in lab.get("pi", f"{ASK}/{asked['id']}/events")["items"]]
    assert events[-2:] == ["access_request.applying", "access_request.applied"]


def test_rule_4_where_members_gain_the_groups_own_rule_is_met_too(lab: Lab) -> None:
    name = new_group(lab, policies=(READ_ONLY,), approvers=["bob"])
    more = change(lab, name, {"policies": [READ_ONLY, S3]})
    assert parts(more) == [("group.update", 1), (name, 1)]
    assert lab.approve("alice", more["id"])["decision"] == "pending"
    assert lab.approve("bob", more["id"])["decision"] == "approved"
    lab.applied(more["id"])
    less = change(lab, name, {"policies": [S3]})
    assert parts(less) == [("group.update", 1)]
    lab.approve("alice", less["id"])
    lab.applied(less["id"])
    assert attached(lab, name) == [S3]


def test_rule_4_members_gain_by_a_policy_less_where_it_forbids(lab: Lab) -> None:
    deny = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}
    arn = lab.iam.create_policy(PolicyName=f"NoS3{lab.running.url[-5:]}", PolicyDocument=json.dumps(deny))
    name = new_group(lab, policies=(READ_ONLY, arn["Policy"]["Arn"]), approvers=["bob"])
    assert parts(change(lab, name, {"policies": [READ_ONLY]})) == [("group.update", 1), (name, 1)]


def test_rule_13_administrator_power_needs_two_who_are_not_the_asker(lab: Lab) -> None:
    name = new_group(lab, policies=(READ_ONLY,))
    # The boundary of whoever joins keeps this one from being power.
    assert parts(change(lab, name, {"policies": [READ_ONLY, IAM_FULL]})) == [("group.update", 1), (name, 1)]
    asked = change(lab, name, {"policies": [READ_ONLY, EC2]})
    assert parts(asked) == [("group.update", 2), (name, 1)]
    assert lab.approve("alice", asked["id"])["decision"] == "pending"
    assert refused(lab, "pi", "POST", f"{ASK}/{asked['id']}/approve") == (403, "own_request")
    assert lab.approve("carol", asked["id"])["decision"] == "approved"
    lab.applied(asked["id"])
    # Also to take it away, and to change anything else of such a group.
    assert parts(change(lab, name, {"policies": [READ_ONLY]})) == [("group.update", 2)]
    assert parts(change(lab, "LabAdmin", {"description": "everything"})) == [("group.update", 2)]


def test_rule_26_a_group_that_allows_everything_lives_under_lab_admin(lab: Lab) -> None:
    name = new_group(lab)
    body = {"policies": ["AdministratorAccess"]}
    assert refused(lab, "pi", "PATCH", f"/v1/groups/{name}", body) == (409, "needs_lab_admin")


def test_rule_27_a_rule_that_needs_mfa_brings_the_policy_that_forces_it_and_takes_it_along(lab: Lab) -> None:
    name = new_group(lab, policies=(READ_ONLY,), approvers=["bob"])
    on = change(lab, f"{name}/rule", {"requires_mfa": True, "approvers": ["bob"]}, method="PUT")
    assert (calls(on), parts(on)) == ([("AttachGroupPolicy", FORCE_MFA)], [("group.update", 1)])
    lab.approve("alice", on["id"])
    lab.applied(on["id"])
    assert attached(lab, name) == sorted([READ_ONLY, FORCE_MFA])
    assert lab.get("pi", f"/v1/groups/{name}/rule")["requires_mfa"] is True
    # Other policies leave it alone.
    other = change(lab, name, {"policies": [S3]})
    assert calls(other) == [("AttachGroupPolicy", S3), ("DetachGroupPolicy", READ_ONLY)]
    lab.approve("alice", other["id"])
    lab.approve("bob", other["id"])
    lab.applied(other["id"])
    assert attached(lab, name) == sorted([S3, FORCE_MFA])
    assert parts(change(lab, name, {"policies": []})) == [("group.update", 1)], "nobody gains by less"
    # Without it members can do more with a stolen key, so the group's own rule is met (rule 4).
    off = change(lab, f"{name}/rule", {"approvers": ["bob"]}, method="PUT")
    assert (calls(off), parts(off)) == ([("DetachGroupPolicy", FORCE_MFA)], [("group.update", 1), (name, 1)])
    lab.approve("alice", off["id"])
    lab.approve("bob", off["id"])
    lab.applied(off["id"])
    assert attached(lab, name) == [S3]


def test_rule_27_the_policy_that_forces_mfa_counts_in_the_ten(lab: Lab) -> None:
    ten = [p["Arn"] for p in lab.iam.list_policies(Scope="AWS", MaxItems=30)["Policies"]]
    ten = [arn for arn in ten if "Admin" not in arn and "IAMFull" not in arn][:10]
    name = new_group(lab, policies=tuple(ten))
    rule = {"requires_mfa": True}
    assert refused(lab, "pi", "PUT", f"/v1/groups/{name}/rule", rule) == (409, "limit_exceeded")
    assert refused(lab, "pi", "PATCH", f"/v1/groups/{name}", {"policies": [*ten, S3]})[0] == 422
    asked = change(lab, name, {"policies": [*ten[1:], S3]})
    for who in ("alice", "carol"):  # whatever AWS's first ten open
        lab.call(who, "POST", f"{ASK}/{asked['id']}/approve")
    assert calls(asked) == [("DetachGroupPolicy", ten[0]), ("AttachGroupPolicy", S3)]
    lab.applied(asked["id"])
    assert attached(lab, name) == sorted([*ten[1:], S3])


def test_rule_5_an_approval_of_joining_is_void_once_the_group_gives_something_else(lab: Lab) -> None:
    name, group = newcomer(lab), new_group(lab, policies=(READ_ONLY,))
    joining = lab.ask(name, group)
    asked = change(lab, group, {"policies": [S3]})
    lab.approve("alice", asked["id"])
    lab.applied(asked["id"])
    lab.approve("alice", joining["id"])
    row = until(lab, joining["id"], "decision", "pending")
    assert ([d["void"] is None for d in row["decisions"]], lab.groups_in_iam(name)) == ([False], [])
    lab.approve("alice", joining["id"])
    lab.applied(joining["id"])


def test_two_changes_of_one_group_do_not_take_each_other_for_done(lab: Lab) -> None:
    name = new_group(lab, policies=(READ_ONLY,))
    rule = change(lab, f"{name}/rule", {"requires_mfa": True}, method="PUT")
    policies = change(lab, name, {"policies": [S3]})
    lab.approve("alice", policies["id"])
    lab.applied(policies["id"])
    # The policies that would stay are not those that were shown, so this is put before people again.
    lab.approve("alice", rule["id"])
    until(lab, rule["id"], "decision", "pending")
    lab.approve("alice", rule["id"])
    lab.applied(rule["id"])
    assert attached(lab, name) == sorted([S3, FORCE_MFA])


def test_an_etag_that_is_no_longer_the_groups_is_refused(lab: Lab) -> None:
    name = new_group(lab)
    answer = lab.call("pi", "GET", f"/v1/groups/{name}")
    tag = answer.headers["ETag"]
    first = lab.call("pi", "PATCH", f"/v1/groups/{name}", {"description": "one"}, headers={"If-Match": tag})
    assert first.status_code == 202
    lab.approve("alice", first.json()["id"])
    for method, path, body in (("PATCH", name, {"description": "two"}), ("PUT", f"{name}/rule", {})):
        answer = lab.call("pi", method, f"/v1/groups/{path}", body, headers={"If-Match": tag})
        assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, (422, "invalid")),
        ({"policies": ["not a name"]}, (422, "invalid")),
        ({"policies": [S3, S3]}, (422, "invalid")),
        ({"policies": [FORCE_MFA]}, (422, "invalid")),
        ({"policies": [READ_ONLY]}, (409, "nothing_to_change")),
        ({"policies": ["ReadOnlyAccess"]}, (409, "nothing_to_change")),
        ({"description": "", "rule": {}}, (409, "nothing_to_change")),
        ({"rule": {"approvers": ["nobody"]}}, (422, "unknown_approver")),
        ({"rule": {"max_duration": "a while"}}, (422, "invalid")),
    ],
)
def test_what_is_no_change_or_cannot_be_is_refused(lab: Lab, changes: dict[str, Any], answer: tuple[int, str]) -> None:
    name = new_group(lab, policies=(READ_ONLY,))
    assert refused(lab, "pi", "PATCH", f"/v1/groups/{name}", changes) == answer
    assert refused(lab, "pi", "POST", ASK, update(name, **changes)) == answer
    assert refused(lab, "pi", "PATCH", "/v1/groups/Nothing", {"description": "x"}) == (404, "group_not_found")


def test_a_change_of_a_group_is_for_no_user(lab: Lab) -> None:
    body = {**update(new_group(lab), description="x"), "user": "bob"}
    assert refused(lab, "pi", "POST", ASK, body) == (422, "user_not_used")
    # Whoever is named could not approve: naming the one who would refuse must not keep them out.
    assert refused(lab, "bob", "POST", ASK, {**body, "user": "alice"}) == (403, "not_for_others")


def test_a_policy_that_iam_does_not_have_is_not_attached(lab: Lab) -> None:
    name = new_group(lab, policies=(READ_ONLY,))
    missing = "arn:aws:iam::123456789012:policy/lab/NotThere"
    asked = change(lab, name, {"policies": [missing]})
    assert parts(asked) == [("group.update", 2), (name, 1)], "nobody has read it, so it may be anything"
    lab.approve("alice", asked["id"])
    lab.approve("carol", asked["id"])
    row = until(lab, asked["id"], "provisioning", "failed")
    assert (row["failure"]["code"], attached(lab, name)) == ("no_such_policy", [READ_ONLY])


def test_a_member_may_ask_and_an_approver_of_the_group_sees_it(lab: Lab) -> None:
    name = new_group(lab, approvers=["bob"])
    asked = change(lab, name, {"description": "wish of a member"}, who=newcomer(lab))
    assert lab.get("bob", f"{ASK}/{asked['id']}")["id"] == asked["id"]
    assert refused(lab, "bob", "POST", f"{ASK}/{asked['id']}/approve") == (403, "not_eligible")
    assert lab.approve("pi", asked["id"])["provisioning"] == "applied"


def test_rule_32_a_change_of_a_group_takes_the_lane_of_the_group(lab: Lab) -> None:
    name = new_group(lab)
    asked = change(lab, name, {"policies": [S3]})
    lab.approve("alice", asked["id"])
    lab.applied(asked["id"])
    with lab.running.database.read() as tx:
        lanes = set(tx.session.execute(sa.select(col(Lane.principal))).scalars())
    if lab.settings.database_url.startswith("postgresql"):
        assert f"group:{name}" in lanes
    else:
        assert lanes == set(), "one process, one piece after the other: nothing is claimed"
