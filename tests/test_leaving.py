"""Suspending, resuming and deleting people over HTTP, on both databases and moto."""

import datetime as dt
import json
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.domain.leaving import DENY_NAME
from app.models import AccessRequest, Secret, User
from tests.conftest import BOTH
from tests.support.lab import Lab

ASK = "/v1/access-requests"
PASSWORD = "Correct-horse-7-battery"  # noqa: S105 - of an emulated user
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


def refused(lab: Lab, who: str, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = lab.call(who, method, path, body)
    return answer.status_code, answer.json()["code"]


def leave(lab: Lab, who: str, user: str, how: str) -> Any:
    """Ask for it over the route that is made for it."""
    method, path = ("DELETE", f"/v1/users/{user}") if how == "delete" else ("POST", f"/v1/users/{user}/{how}")
    answer = lab.call(who, method, path)
    assert answer.status_code == 202, answer.text
    return answer.json()


def keys(lab: Lab, user: str) -> dict[str, str]:
    found = lab.iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    return {key["AccessKeyId"]: key["Status"] for key in found}


def has_login(lab: Lab, user: str) -> bool:
    try:
        lab.iam.get_login_profile(UserName=user)
    except lab.iam.exceptions.NoSuchEntityException:
        return False
    return True


def inline(lab: Lab, user: str) -> list[str]:
    return list(lab.iam.list_user_policies(UserName=user)["PolicyNames"])


def is_in_iam(lab: Lab, user: str) -> bool:
    try:
        lab.iam.get_user(UserName=user)
    except lab.iam.exceptions.NoSuchEntityException:
        return False
    return True


def state(lab: Lab, user: str) -> str:
    return str(lab.get("pi", f"/v1/users/{user}")["state"])


def findings(lab: Lab, request_id: str) -> list[str]:
    [event] = lab.get("pi", f"/v1/audit-events?event=access_request.applied&access_request_id={request_id}")["items"]
    return list(event["data"]["findings"])


@BOTH
def test_rule_24_a_suspension_takes_everything_and_a_resume_gives_back_only_that(lab_on: Lab) -> None:
    lab = lab_on
    lab.register("carol")
    lab.iam.create_user(UserName="carol", Path="/lab/")
    used, unused = (lab.iam.create_access_key(UserName="carol")["AccessKey"]["AccessKeyId"] for _ in range(2))
    lab.iam.update_access_key(UserName="carol", AccessKeyId=unused, Status="Inactive")
    lab.iam.create_login_profile(UserName="carol", Password=PASSWORD)
    asked = lab.ask("carol")

    suspended = leave(lab, "pi", "carol", "suspend")
    assert [d["approver"] for d in suspended["decisions"]] == ["rule:less_access"]
    assert refused(lab, "carol", "GET", "/v1/me") == (401, "bad_token"), "from the answer on, not when AWS is done"
    lab.applied(suspended["id"])
    assert keys(lab, "carol") == {used: "Inactive", unused: "Inactive"}
    assert not has_login(lab, "carol")
    document = lab.iam.get_user_policy(UserName="carol", PolicyName=DENY_NAME)["PolicyDocument"]
    assert "aws:TokenIssueTime" in json.dumps(document)
    assert {s["Effect"] for s in document["Statement"]} == {"Deny"}
    assert state(lab, "carol") == "suspended"
    assert lab.get("pi", f"{ASK}/{asked['id']}")["decision"] == "pending"
    assert refused(lab, "pi", "POST", "/v1/users/carol/suspend") == (409, "already_suspended")

    resumed = leave(lab, "pi", "carol", "resume")
    assert (resumed["decision"], resumed["ruling"]["eligible_approvers"]) == ("pending", ["alice"])
    assert [o["action"] for o in resumed["plan"]["operations"]] == [
        "CreateLoginProfile",
        "UpdateAccessKey",
        "DeleteUserPolicy",
    ]
    assert refused(lab, "pi", "POST", f"{ASK}/{resumed['id']}/approve") == (403, "own_request")
    assert state(lab, "carol") == "suspended"
    lab.approve("alice", resumed["id"], {"plan_digest": resumed["plan"]["digest"]})
    lab.applied(resumed["id"])
    assert keys(lab, "carol") == {used: "Active", unused: "Inactive"}
    assert inline(lab, "carol") == []
    assert has_login(lab, "carol")
    [waiting] = lab.get("carol", "/v1/secrets")["items"]
    collected = lab.post("carol", f"/v1/secrets/{waiting['id']}/collect")
    assert (collected["kind"], len(collected["password"]) >= 20) == ("console_password", True), "a new one"
    assert lab.get("carol", "/v1/me")["name"] == "carol"
    assert refused(lab, "pi", "POST", "/v1/users/carol/resume") == (409, "not_suspended")
    assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True
    lab.iam.delete_access_key(UserName="carol", AccessKeyId=used)
    lab.iam.delete_access_key(UserName="carol", AccessKeyId=unused)


@BOTH
def test_rules_2_and_24_a_deletion_takes_everything_apart_and_closes_what_is_open(lab_on: Lab) -> None:
    lab = lab_on
    grant = lab.join("bob")
    robot = {"name": "robot", "email": "robot@lab.example", "roles": ["service"], "owner": "bob"}
    lab.post("pi", "/v1/users", robot, expect=201)
    lab.iam.create_access_key(UserName="bob")
    wish = {"kind": "access_key.create", "user": "bob", "change": {}, "reason": "a test"}
    lab.applied(lab.approve("alice", lab.post("pi", ASK, wish, expect=201)["id"])["id"])
    assert [s["kind"] for s in lab.get("bob", "/v1/secrets")["items"]] == ["access_key"]
    lab.iam.create_login_profile(UserName="bob", Password=PASSWORD)
    lab.iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=DOCUMENT)
    lab.iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    lab.iam.create_virtual_mfa_device(VirtualMFADeviceName="bob")
    serial = "arn:aws:iam::123456789012:mfa/bob"
    lab.iam.enable_mfa_device(
        UserName="bob", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
    asked = lab.ask("bob", "LabUser")

    assert refused(lab, "pi", "DELETE", "/v1/users/bob") == (409, "has_services")
    gone = leave(lab, "pi", "robot", "delete")
    lab.approve("alice", gone["id"])
    lab.applied(gone["id"])

    deletion = leave(lab, "pi", "bob", "delete")
    assert (deletion["decision"], deletion["ruling"]["eligible_approvers"]) == ("pending", ["alice"])
    said = [o["summary"] for o in deletion["plan"]["operations"]]
    assert "remove every access key of bob" in said
    assert said[-1] == "delete the IAM user bob"
    assert refused(lab, "bob", "POST", f"{ASK}/{deletion['id']}/approve") == (403, "own_request")
    assert refused(lab, "bob", "POST", f"{ASK}/{deletion['id']}/cancel") == (403, "not_yours_to_cancel")
    assert refused(lab, "pi", "DELETE", "/v1/users/bob") == (409, "already_pending")
    lab.approve("alice", deletion["id"], {"plan_digest": deletion["plan"]["digest"]})
    assert refused(lab, "bob", "GET", "/v1/me") == (401, "bad_token")
    lab.applied(deletion["id"])

    assert not is_in_iam(lab, "bob")
    assert serial not in {d["SerialNumber"] for d in lab.iam.list_virtual_mfa_devices()["VirtualMFADevices"]}
    with lab.running.database.read() as tx:
        assert [sealed for sealed in tx.session.scalars(sa.select(col(Secret.sealed))) if sealed is not None] == []
    ended = lab.get("pi", f"/v1/grants/{grant['id']}")
    assert (ended["state"], ended["end_reason"]) == ("revoked", "user_deleted")
    assert lab.get("pi", f"{ASK}/{asked['id']}")["decision"] == "cancelled"
    events = lab.get("pi", f"{ASK}/{asked['id']}/events")["items"]
    assert (events[-1]["event"], events[-1]["data"]["reason"]) == ("access_request.cancelled", "bob was deleted")
    assert lab.call("pi", "GET", "/v1/users/bob").status_code == 404
    assert [u["name"] for u in lab.get("pi", "/v1/users?state=deleted")["items"]] == ["robot", "bob"]
    assert refused(lab, "pi", "DELETE", "/v1/users/bob") == (404, "user_not_found")
    body = {"name": "Bob", "email": "another@lab.example"}
    assert refused(lab, "pi", "POST", "/v1/users", body) == (409, "name_taken")
    assert refused(lab, "bob", "GET", "/v1/me") == (401, "bad_token")
    assert lab.get("pi", f"{ASK}?to_approve=true")["items"] == []
    assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True


def test_rule_24_somebody_without_an_iam_side_is_suspended_and_deleted_too(lab: Lab) -> None:
    lab.register("dora", vouched_by="alice")
    lab.applied(leave(lab, "pi", "dora", "suspend")["id"])
    assert refused(lab, "dora", "GET", "/v1/me")[0] == 401
    back = leave(lab, "pi", "dora", "resume")
    lab.approve("alice", back["id"])
    lab.applied(back["id"])
    assert lab.get("dora", "/v1/me")["user"]["state"] == "active"
    code = lab.post("pi", "/v1/users", {"name": "eve", "email": "eve@lab.example"}, expect=201)["user"]["name"]
    code = lab.post("pi", f"/v1/users/{code}/enrolment", expect=201)["code"]
    for name in ("dora", "eve"):
        gone = leave(lab, "alice", name, "delete")
        lab.approve("pi", gone["id"])
        assert lab.applied(gone["id"])["plan"]["operations"] == []
    assert lab.call(None, "POST", "/v1/enrolments/redeem", {"code": code}).json()["code"] == "invalid_code"


def test_rules_1_and_3_who_may_ask_for_it(lab: Lab) -> None:
    for path in ("/v1/users/alice/suspend", "/v1/users/alice/resume"):
        assert refused(lab, "bob", "POST", path)[0] == 403
    assert refused(lab, "bob", "DELETE", "/v1/users/alice") == (403, "not_for_others")
    assert refused(lab, "bob", "DELETE", "/v1/users/nobody") == (404, "user_not_found")
    mine = leave(lab, "bob", "bob", "suspend")
    assert (mine["decision"], mine["ruling"]["eligible_approvers"]) == ("pending", ["alice", "pi"])
    assert refused(lab, "bob", "POST", f"{ASK}/{mine['id']}/approve") == (403, "own_request")
    lab.approve("alice", mine["id"])
    assert refused(lab, "bob", "GET", "/v1/me")[0] == 401
    lab.applied(mine["id"])


def test_rule_2_an_admin_who_suspends_themselves_needs_another(lab: Lab) -> None:
    mine = lab.post("pi", ASK, {"kind": "user.suspend", "change": {}, "reason": "left the name out"}, expect=201)
    assert (mine["user"], mine["decision"], mine["ruling"]["eligible_approvers"]) == ("pi", "pending", ["alice"])
    assert refused(lab, "pi", "POST", f"{ASK}/{mine['id']}/approve") == (403, "own_request")
    assert lab.post("pi", f"{ASK}/{mine['id']}/cancel")["decision"] == "cancelled"


def test_rule_6_suspending_an_admin_takes_their_approval_and_leaves_the_quorum(lab: Lab) -> None:
    lab.register("zoe", ("admin",), vouched_by="alice")
    asked = lab.ask("bob", "LabAdmin")
    assert asked["ruling"]["required_approvals"] == 2
    lab.approve("zoe", asked["id"])
    lab.applied(leave(lab, "alice", "zoe", "suspend")["id"])
    assert lab.approve("alice", asked["id"])["decision"] == "pending", "one that counts, of two"
    assert lab.approve("pi", asked["id"])["decision"] == "approved"
    lab.applied(asked["id"])


def test_rule_6_the_last_admin_who_can_act_is_neither_suspended_nor_deleted(lab: Lab) -> None:
    assert refused(lab, "alice", "DELETE", "/v1/users/pi") == (409, "owner_stays")
    suspended = leave(lab, "pi", "alice", "suspend")
    assert any("pi is then the only admin who can act" in reason for reason in suspended["ruling"]["reasons"])
    lab.applied(suspended["id"])
    assert refused(lab, "pi", "POST", "/v1/users/pi/suspend") == (409, "last_admin")
    assert refused(lab, "pi", "POST", "/v1/users/alice/resume") == (409, "no_eligible_approver")
    assert refused(lab, "pi", "DELETE", "/v1/users/alice") == (409, "no_eligible_approver")


def test_rule_7_a_deletion_is_approved_for_the_only_admin_there_has_ever_been(lab: Lab) -> None:
    with lab.running.database.write() as tx:
        tx.session.execute(sa.update(User).where(col(User.name) == "alice").values(roles=["member"]))
    assert refused(lab, "pi", "DELETE", "/v1/users/bob") == (409, "no_eligible_approver"), "alice was admin once"
    with lab.running.database.write() as tx:
        never = sa.update(AccessRequest).where(col(AccessRequest.kind) == "user.roles")
        tx.session.execute(never.values(change={"roles": ["member"]}))
    gone = leave(lab, "pi", "bob", "delete")
    assert [d["approver"] for d in gone["decisions"]] == ["rule:sole_admin"]
    lab.applied(gone["id"])
    assert not is_in_iam(lab, "bob")


@pytest.mark.parametrize("how", ["suspend", "delete"])
def test_rule_24_what_was_approved_for_them_is_not_carried_out(lab: Lab, how: str) -> None:
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    asked = lab.ask("bob", starts_at=tomorrow.isoformat())
    assert lab.approve("pi", asked["id"])["decision"] == "approved"
    request = leave(lab, "alice", "bob", how)
    if how == "delete":
        lab.approve("pi", request["id"])
    lab.applied(request["id"])
    wish = {"kind": "group.join", "user": "bob", "change": {"group": "LabGuest"}, "reason": "a test"}
    expected = (409, "user_suspended") if how == "suspend" else (404, "user_not_found")
    assert refused(lab, "pi", "POST", ASK, wish) == expected
    row = lab.get("pi", f"{ASK}/{asked['id']}")
    assert row["decision"] == ("approved" if how == "suspend" else "cancelled")
    assert lab.get("pi", f"/v1/grants/{row['grant_id']}")["state"] == ("scheduled" if how == "suspend" else "revoked")


def test_rule_1_the_services_of_somebody_suspended_stop_with_them(lab: Lab) -> None:
    robot = {"name": "robot", "email": "robot@lab.example", "roles": ["service"], "owner": "bob"}
    lab.post("pi", "/v1/users", robot, expect=201)
    code = lab.post("pi", "/v1/users/robot/enrolment", expect=201)["code"]
    lab.tokens["robot"] = lab.post(None, "/v1/enrolments/redeem", {"code": code})["token"]
    assert lab.get("robot", "/v1/me")["name"] == "robot"
    asked = leave(lab, "pi", "bob", "suspend")
    assert refused(lab, "robot", "GET", "/v1/me") == (401, "bad_token")
    lab.applied(asked["id"])
    assert any("robot is a service of bob" in finding for finding in findings(lab, asked["id"]))
