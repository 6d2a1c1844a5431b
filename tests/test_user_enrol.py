"""`user.enrol`: a new code for somebody who lost their token, on both databases."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.models import AccessRequest
from tests.conftest import BOTH, Databases
from tests.support.lab import Lab

BOB = "/v1/users/bob/enrolment"
REDEEM = "/v1/enrolments/redeem"


def approved(lab: Lab, path: str = BOB) -> str:
    """pi asks for a new code, alice approves; the request's id."""
    asked = lab.post("pi", path, {"reason": "lost the laptop"}, expect=202)
    lab.approve("alice", asked["id"])
    return str(asked["id"])


@BOTH
def test_a_second_admin_lets_the_first_hand_out_one_new_code(fresh_on: Lab) -> None:
    lab = fresh_on
    asked = lab.post("pi", BOB, {"reason": "lost the laptop"}, expect=202)
    assert (asked["kind"], asked["user"], asked["reason"]) == ("user.enrol", "bob", "lost the laptop")
    assert asked["ruling"]["eligible_approvers"] == ["alice"]
    assert "code" not in asked
    assert lab.post("pi", BOB, expect=409)["access_request_id"] == asked["id"], "pending"
    assert lab.approve("pi", asked["id"], expect=403)["code"] == "own_request"
    assert lab.approve("alice", asked["id"])["provisioning"] == "applied"

    code = lab.post("pi", BOB, expect=201)["code"]
    assert lab.post("pi", BOB, expect=202)["id"] != asked["id"], "one code for one approval"
    assert lab.get("bob", "/v1/me")["name"] == "bob", "what bob has works until the code is used"
    new = lab.post(None, REDEEM, {"code": code})
    assert lab.call("bob", "GET", "/v1/me").status_code == 401, "whoever has the old token has nothing any more"
    lab.tokens["bob"] = new["token"]
    assert lab.get("bob", "/v1/me")["roles"] == ["member"]
    events = lab.get("pi", f"/v1/audit-events?access_request_id={asked['id']}")["items"]
    assert events[0]["event"] == "enrolment.code_handed_out"
    assert code not in str(lab.get("pi", "/v1/audit-events?limit=200"))


@BOTH
def test_rule_8_who_was_enrolled_anew_is_unverified_until_another_admin_vouches(fresh_on: Lab) -> None:
    lab = fresh_on
    assert lab.get("pi", "/v1/users/bob")["verified"] is True
    approved(lab)
    lab.post(None, REDEEM, {"code": lab.post("pi", BOB, expect=201)["code"]})
    assert lab.get("pi", "/v1/users/bob")["verified"] is False
    assert lab.post("pi", "/v1/users/bob/vouch", expect=403)["code"] == "one_hand"
    assert lab.post("alice", "/v1/users/bob/vouch")["verified"] is True


@pytest.mark.parametrize("kind", ["sqlite"])
def test_the_code_is_for_who_asked_and_for_a_day(fresh_on: Lab) -> None:
    lab = fresh_on
    request_id = approved(lab)
    assert lab.post("alice", BOB, expect=202)["requester"] == "alice", "her own wish, not pi's code"
    with lab.running.database.write() as tx:
        late = sa.update(AccessRequest).where(col(AccessRequest.id) == request_id)
        tx.session.execute(late.values(applied_at=tx.now - timedelta(hours=25)))
    assert lab.call("pi", "POST", BOB).status_code != 201


def test_rule_17_a_code_is_never_stored_for_idempotency_and_a_request_is(databases: Databases) -> None:
    with databases.lab("sqlite", with_worker=False) as lab:
        key = {"Idempotency-Key": "one"}
        asked = lab.post("pi", BOB, expect=202, headers=key)
        assert lab.post("pi", BOB, expect=202, headers=key)["id"] == asked["id"]
        lab.approve("alice", asked["id"])
        lab.post("pi", BOB, expect=201, headers={"Idempotency-Key": "two"})
        again = lab.post("pi", BOB, expect=409, headers={"Idempotency-Key": "two"})
        assert again["code"] == "already_delivered"


def test_rule_7_it_is_not_for_oneself_not_for_the_owner_and_not_without_a_second_admin(still: Lab) -> None:
    assert still.post("alice", "/v1/users/alice/enrolment", expect=409)["code"] == "not_for_yourself"
    assert still.post("alice", "/v1/users/pi/enrolment", expect=409)["code"] == "recover_instead"
    refused = still.post("pi", "/v1/users/alice/enrolment", expect=409)
    assert refused["code"] == "no_eligible_approver"
    assert "gatehouse recover" in refused["detail"]
    assert still.post("bob", "/v1/users/alice/enrolment", expect=403)["code"] == "admin_only"
