"""Whole lives against the second emulator, which keeps permissions boundaries and moto does not."""

import json
from collections.abc import Iterator

import pytest

from app import migrate
from app.clients.iam import BotoIam
from app.domain import guardrails
from app.domain.actors import SYSTEM_ACTOR
from app.domain.leaving import DENY_NAME
from app.main import make_database
from app.services import catalogue, owner, setup
from tests.conftest import Databases
from tests.support.lab import Lab, serving

ACCOUNT = "000000000000"
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
    grant = lab.join("bob", "LabUser", duration="PT2S")
    assert lab.groups_in_iam("bob") == ["LabUser"]
    for request_id in (create["id"], grant["access_request_id"]):
        query = f"event=access_request.applied&access_request_id={request_id}"
        [applied] = lab.get("pi", f"/v1/audit-events?{query}")["items"]
        assert applied["data"]["findings"] == []

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
    assert [f["kind"] for f in found["findings"]] == []
    [standing] = lab.get("pi", "/v1/grants?user=dana")["items"]
    wish = {"kind": "grant.adopt", "change": {"grant_id": standing["id"]}, "reason": "still needed", "duration": "P2D"}
    asked = lab.post("pi", "/v1/access-requests", wish, expect=201)
    lab.approve("alice", asked["id"])
    lab.applied(asked["id"])
    assert lab.get("pi", f"/v1/grants/{standing['id']}")["end_reason"] == "adopted"
    assert lab.groups_in_iam("dana") == ["Microscopy"]
    again = lab.post("pi", "/v1/accounts/default/import")
    assert (again["first"], again["differences"]) == (False, [])
