"""Whole lives against the second emulator, which keeps permissions boundaries and moto does not."""

import datetime as dt
import json
import time
from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest

from app import migrate
from app.clients.iam import BotoIam
from app.domain import guardrails
from app.domain.actors import SYSTEM_ACTOR
from app.domain.leaving import DENY_NAME
from app.main import make_database
from app.services import catalogue, owner, setup
from tests.conftest import Databases
from tests.support import one_off
from tests.support.lab import STEP, Lab, serving
from tests.test_lifecycle import until

ACCOUNT = "000000000000"
ASK = "/v1/access-requests"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/governance/LabBoundary"


@pytest.fixture(scope="module")
def lab(ministack_url: str, databases: Databases) -> Iterator[Lab]:
    """A lab whose AWS is ministack, just after init and setup, with a second admin."""
    settings, _ = databases.prepared("sqlite")
    settings = settings.model_copy(update={"database_url": databases.empty("sqlite")})
    database = make_database(settings)
    migrate.upgrade(database.engine)
    with database.write() as tx:
        tokens = {"pi": owner.begin(tx, catalogue.read(None), name="pi", email="pi@lab.example")}
    outcome = setup.run(database, BotoIam(endpoint_url=ministack_url), SYSTEM_ACTOR, "default")
    assert (outcome.aws_account_id, outcome.differences) == (ACCOUNT, ())
    assert "make the policy LabBoundary" in outcome.done
    again = setup.run(database, BotoIam(endpoint_url=ministack_url), SYSTEM_ACTOR, "default")
    assert (again.done, again.differences) == ((), ())
    database.close()
    with serving(settings, tokens, ministack_url) as found:
        found.register("alice", ("admin",))
        yield found


def test_a_whole_life_with_the_boundary_really_kept(lab: Lab) -> None:
    body = {"name": "bob", "email": "bob@lab.example", "iam": True}
    [create] = lab.post("pi", "/v1/users", body, expect=201)["access_requests"]
    lab.applied(create["id"])
    user = lab.iam.get_user(UserName="bob")["User"]
    assert user["Path"] == "/lab/"
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY

    code = lab.post("pi", "/v1/users/bob/enrolment", expect=201)["code"]
    lab.tokens["bob"] = lab.post(None, "/v1/enrolments/redeem", {"code": code})["token"]
    grant = lab.join("bob", "LabUser", duration="PT1H")
    assert lab.groups_in_iam("bob") == ["LabUser"]
    for request_id in (create["id"], grant["access_request_id"]):
        query = f"event=access_request.applied&access_request_id={request_id}"
        [applied] = lab.get("pi", f"/v1/audit-events?{query}")["items"]
        assert applied["data"]["findings"] == []

    lab.fall_due(grant["id"])
    assert lab.grant_until(grant["id"], "revoked")["end_reason"] == "expired"
    assert lab.groups_in_iam("bob") == []
    assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True


def test_rule_26_an_administrators_boundary_comes_and_goes_with_the_membership(lab: Lab) -> None:
    body = {"name": "dora", "email": "dora@lab.example", "iam": True}
    [create] = lab.post("pi", "/v1/users", body, expect=201)["access_requests"]
    lab.applied(create["id"])
    grant = lab.join("pi", "LabAdmin", by="alice", user="dora", duration="PT1H")
    assert lab.groups_in_iam("dora") == ["LabAdmin"]
    above = lab.iam.get_user(UserName="dora")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    assert above == BOUNDARY.replace("LabBoundary", "LabAdminBoundary")
    query = f"event=access_request.applied&access_request_id={grant['access_request_id']}"
    [applied] = lab.get("pi", f"/v1/audit-events?{query}")["items"]
    assert applied["data"]["findings"] == ["UpdateUser: this endpoint does not offer it"]

    lab.post("pi", f"/v1/grants/{grant['id']}/revoke", {"reason": "done"}, expect=202)
    lab.grant_until(grant["id"], "revoked")
    below = lab.iam.get_user(UserName="dora")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    assert (below, lab.groups_in_iam("dora")) == (BOUNDARY, [])


def test_rule_24_somebody_is_suspended_comes_back_and_is_deleted_with_what_it_knows(lab: Lab) -> None:
    body = {"name": "carol", "email": "carol@lab.example", "iam": True}
    [create] = lab.post("pi", "/v1/users", body, expect=201)["access_requests"]
    lab.applied(create["id"])
    key = lab.iam.create_access_key(UserName="carol")["AccessKey"]["AccessKeyId"]
    lab.iam.create_login_profile(UserName="carol", Password="Correct-horse-7-battery")  # noqa: S106 - emulated
    document = json.dumps(guardrails.boundary("aws", ACCOUNT))
    lab.iam.put_user_policy(UserName="carol", PolicyName="own", PolicyDocument=document)
    lab.iam.attach_user_policy(UserName="carol", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    serial = lab.iam.create_virtual_mfa_device(VirtualMFADeviceName="carol")["VirtualMFADevice"]["SerialNumber"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    lab.iam.enable_mfa_device(UserName="carol", SerialNumber=serial, **codes)
    lab.join("pi", by="alice", user="carol")

    lab.applied(lab.post("pi", "/v1/users/carol/suspend", expect=202)["id"])
    assert lab.iam.list_access_keys(UserName="carol")["AccessKeyMetadata"][0]["Status"] == "Inactive"
    assert set(lab.iam.list_user_policies(UserName="carol")["PolicyNames"]) == {"own", DENY_NAME}

    back = lab.post("alice", "/v1/users/carol/resume", expect=202)
    lab.approve("pi", back["id"])
    lab.applied(back["id"])
    [found] = lab.iam.list_access_keys(UserName="carol")["AccessKeyMetadata"]
    assert (found["AccessKeyId"], found["Status"]) == (key, "Active")

    gone = lab.call("alice", "DELETE", "/v1/users/carol").json()
    lab.approve("pi", gone["id"])
    lab.applied(gone["id"])
    assert "carol" not in {u["UserName"] for u in lab.iam.list_users()["Users"]}
    assert serial not in {d["SerialNumber"] for d in lab.iam.list_virtual_mfa_devices()["VirtualMFADevices"]}
    query = f"event=access_request.applied&access_request_id={gone['id']}"
    [applied] = lab.get("pi", f"/v1/audit-events?{query}")["items"]
    assert applied["data"]["findings"] == [
        f"List{what}: this endpoint does not offer it"
        for what in ("SigningCertificates", "SSHPublicKeys", "ServiceSpecificCredentials")
    ]


def test_what_stands_there_already_is_imported_and_adopted(lab: Lab) -> None:
    lab.iam.create_group(GroupName="Microscopy", Path="/lab/")
    lab.iam.create_user(UserName="dana", Path="/lab/", Tags=[{"Key": "email", "Value": "dana@lab.example"}])
    lab.iam.add_user_to_group(UserName="dana", GroupName="Microscopy")
    found = lab.post("pi", "/v1/accounts/default/import")
    assert (found["first"], found["differences"]) == (True, [])
    assert (found["users"], found["groups"], found["memberships"]) == (1, 1, 1)
    # Boundaries are kept here, but the endpoint is not AWS's: none being there says nothing.
    assert "no_boundary" not in [f["kind"] for f in found["findings"]]
    [standing] = lab.get("pi", "/v1/grants?user=dana")["items"]
    wish = {"kind": "grant.adopt", "change": {"grant_id": standing["id"]}, "reason": "still needed", "duration": "P2D"}
    asked = lab.post("pi", "/v1/access-requests", wish, expect=201)
    lab.approve("alice", asked["id"])
    lab.applied(asked["id"])
    assert lab.get("pi", f"/v1/grants/{standing['id']}")["end_reason"] == "adopted"
    assert lab.groups_in_iam("dana") == ["Microscopy"]
    again = lab.post("pi", "/v1/accounts/default/import")
    assert (again["first"], again["differences"]) == (False, [])


def test_a_policy_of_the_labs_own_is_made_changed_and_deleted_with_everything_that_has_it(lab: Lab) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/lab/Results"
    reading, writing = (
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
        for action in ("s3:GetObject", "s3:PutObject")
    )

    def done(method: str, path: str, body: object = None) -> None:
        asked = lab.call("pi", method, path, body)
        assert asked.status_code == 202, asked.text
        lab.approve("alice", asked.json()["id"])
        lab.applied(asked.json()["id"])

    done("POST", "/v1/policies", {"name": "Results", "document": reading})
    done("PATCH", "/v1/groups/LabGuest", {"policies": ["AmazonS3ReadOnlyAccess", "Results"]})
    done("PUT", "/v1/policies/Results", {"document": writing})
    shown = lab.get("pi", "/v1/policies/Results")
    assert (shown["arn"], shown["document"], shown["groups"], shown["version"]) == (arn, writing, ["LabGuest"], 2)
    lab.iam.create_user(UserName="capped", PermissionsBoundary=arn)
    gone = lab.call("pi", "DELETE", "/v1/policies/Results").json()
    lab.approve("alice", gone["id"])
    until(lab, gone["id"], "decision", "pending")  # that it caps somebody was not known when it was asked
    lab.approve("alice", gone["id"])
    lab.applied(gone["id"])
    boundary = lab.iam.get_user(UserName="capped")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    assert boundary == BOUNDARY
    assert arn not in {p["Arn"] for p in lab.iam.list_policies(Scope="Local")["Policies"]}


def test_rule_13_a_one_off_permission_is_judged_within_the_boundary_that_is_really_kept(lab: Lab) -> None:
    body = {"name": "fay", "email": "fay@lab.example", "iam": True}
    [create] = lab.post("pi", "/v1/users", body, expect=201)["access_requests"]
    lab.applied(create["id"])
    code = lab.post("pi", "/v1/users/fay/enrolment", expect=201)["code"]
    lab.tokens["fay"] = lab.post(None, "/v1/enrolments/redeem", {"code": code})["token"]
    keys = one_off.policy(action="iam:CreateAccessKey", resource="*")
    assert one_off.ask(lab, "fay", name="keys", document=keys)["ruling"]["required_approvals"] == 1
    passing = one_off.policy(action=["iam:PassRole", "ec2:RunInstances"], resource="*")
    assert one_off.ask(lab, "fay", name="passing", document=passing)["ruling"]["required_approvals"] == 1
    grant = one_off.give(lab, "fay", duration="PT1H")
    [applied] = lab.get("pi", f"/v1/audit-events?event=grant.started&access_request_id={grant['access_request_id']}")[
        "items"
    ]
    assert (applied["subject"], applied["data"]["policy"]) == ("fay", "console")
    assert one_off.inline(lab, "fay") == {"console": one_off.policy()}
    lab.fall_due(grant["id"])
    assert lab.grant_until(grant["id"], "revoked")["end_reason"] == "expired"
    assert one_off.inline(lab, "fay") == {}


def test_somebody_starts_with_a_login_and_a_key_in_one_request(lab: Lab) -> None:
    lab.register("erin")
    change = {"groups": ["LabGuest"], "console": True, "access_key": True}
    asked = {"kind": "user.create", "user": "erin", "change": change, "reason": "a test"}
    create = lab.post("pi", "/v1/access-requests", asked, expect=201)
    lab.approve("alice", create["id"])
    lab.applied(create["id"])
    user = lab.iam.get_user(UserName="erin")["User"]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    assert lab.groups_in_iam("erin") == ["LabGuest"]
    assert lab.iam.get_login_profile(UserName="erin")["LoginProfile"]["PasswordResetRequired"] is True
    [key] = lab.iam.list_access_keys(UserName="erin")["AccessKeyMetadata"]
    items = lab.get("erin", "/v1/secrets")["items"]
    found = [lab.post("erin", f"/v1/secrets/{item['id']}/collect") for item in items]
    assert {f["kind"]: f.get("access_key_id") for f in found} == {
        "console_password": None,
        "access_key": key["AccessKeyId"],
    }


def test_a_key_is_rotated_to_the_end_where_last_use_is_never_known(lab: Lab) -> None:
    database = lab.running.database
    database.terms = replace(database.terms, key_overlap=dt.timedelta(), key_idle=dt.timedelta())
    [old] = lab.iam.list_access_keys(UserName="erin")["AccessKeyMetadata"]
    change = {"key_id": old["AccessKeyId"]}
    wish = {"kind": "access_key.rotate", "change": change, "reason": "a test"}
    asked = lab.post("erin", "/v1/access-requests", wish, expect=201)
    assert asked["ruling"]["by_rule"] == "own_key"
    lab.applied(asked["id"])
    [item] = lab.get("erin", "/v1/secrets")["items"]
    new = lab.post("erin", f"/v1/secrets/{item['id']}/collect")["access_key_id"]
    deadline = time.monotonic() + 60
    while [k["AccessKeyId"] for k in lab.iam.list_access_keys(UserName="erin")["AccessKeyMetadata"]] != [new]:
        assert time.monotonic() < deadline
        time.sleep(STEP)


def test_a_device_is_enrolled_activated_and_reset(lab: Lab) -> None:
    body = {"name": "mona", "email": "mona@lab.example", "iam": True}
    [create] = lab.post("pi", "/v1/users", body, expect=201)["access_requests"]
    lab.applied(create["id"])
    code = lab.post("pi", "/v1/users/mona/enrolment", expect=201)["code"]
    lab.tokens["mona"] = lab.post(None, "/v1/enrolments/redeem", {"code": code})["token"]
    serial = f"arn:aws:iam::{ACCOUNT}:mfa/lab/mona"

    lab.applied(lab.post("mona", ASK, {"kind": "mfa.enrol", "change": {}, "reason": "a test"}, expect=201)["id"])
    [item] = lab.get("mona", "/v1/secrets")["items"]
    seed = lab.post("mona", f"/v1/secrets/{item['id']}/collect")
    assert (seed["serial_number"], len(seed["base32_seed"])) == (serial, 32)
    active = lab.post("mona", "/v1/users/mona/mfa/activate", {"code1": "123456", "code2": "654321"})
    assert [d["serial_number"] for d in active["devices"]] == [serial]

    reset = lab.post("mona", ASK, {"kind": "mfa.reset", "change": {}, "reason": "lost"}, expect=201)
    lab.approve("alice", reset["id"])
    lab.applied(reset["id"])
    assert lab.iam.list_mfa_devices(UserName="mona")["MFADevices"] == []
    assert serial not in BotoIam(endpoint_url=lab.iam.meta.endpoint_url).spare_devices()


def test_what_happens_in_the_account_is_watched(lab: Lab) -> None:
    url = lab.iam.meta.endpoint_url
    logs, cloudtrail = (boto3.client(s, endpoint_url=url, region_name="us-east-1") for s in ("logs", "cloudtrail"))
    group = "trail-of-all-regions"
    logs.create_log_group(logGroupName=group)
    boto3.client("s3", endpoint_url=url, region_name="us-east-1").create_bucket(Bucket="trails-of-the-lab")
    cloudtrail.create_trail(Name="all", S3BucketName="trails-of-the-lab", IsMultiRegionTrail=True)
    cloudtrail.update_trail(  # create_trail does not keep these two here
        Name="all",
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}:*",
        CloudWatchLogsRoleArn=f"arn:aws:iam::{ACCOUNT}:role/trail",
    )
    change = {"log_group": group, "email": "watch@lab.example"}
    asked = lab.post("pi", ASK, {"kind": "monitoring.enable", "change": change, "reason": "a test"}, expect=201)
    lab.approve("alice", asked["id"])
    lab.applied(asked["id"])
    assert len(logs.describe_metric_filters(logGroupName=group)["metricFilters"]) == 5
    query = f"event=access_request.applied&access_request_id={asked['id']}"
    [applied] = lab.get("pi", f"/v1/audit-events?{query}")["items"]
    assert applied["data"]["findings"] == [], "the trail was found"


def test_rule_24_a_group_is_made_joined_and_deleted_with_everything_in_it(lab: Lab) -> None:
    asked = lab.post("pi", "/v1/groups", {"name": "Pipeline", "policies": ["AmazonS3ReadOnlyAccess"]}, expect=202)
    lab.approve("alice", asked["id"])
    lab.applied(asked["id"])
    [create] = lab.post("pi", "/v1/users", {"name": "dave", "email": "dave@lab.example", "iam": True}, expect=201)[
        "access_requests"
    ]
    lab.applied(create["id"])
    grant = lab.join("pi", "Pipeline", by="alice", user="dave")
    document = json.dumps(guardrails.boundary("aws", ACCOUNT))
    lab.iam.put_group_policy(GroupName="Pipeline", PolicyName="by-hand", PolicyDocument=document)

    deleted = lab.call("pi", "DELETE", "/v1/groups/Pipeline").json()
    for approver in {p["eligible_approvers"][0] for p in deleted["ruling"]["parts"]}:
        lab.approve(approver, deleted["id"])
    lab.applied(deleted["id"])
    assert lab.get("pi", f"/v1/grants/{grant['id']}")["end_reason"] == "group_deleted"
    assert lab.groups_in_iam("dave") == []
    assert "Pipeline" not in {g["GroupName"] for g in lab.iam.list_groups()["Groups"]}
