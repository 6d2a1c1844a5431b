"""Rotating an access key over HTTP, with moto behind it: who may, what is refused, and the whole way to the end."""

import datetime as dt
import time
from typing import Any

import boto3
import pytest
import sqlalchemy as sa

from app.models import KeyRotation, Secret, columns
from tests.conftest import BOTH
from tests.support.lab import STEP, Lab
from tests.test_secrets import ASK, collect, done, refused, waiting, wish

ROTATE = "access_key.rotate"


def with_key(lab: Lab) -> Any:
    """bob's first key, collected."""
    done(lab, "access_key.create")
    return collect(lab)


def keys(lab: Lab) -> dict[str, str]:
    """What IAM itself says."""
    return {k["AccessKeyId"]: k["Status"] for k in lab.iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]}


def until(lab: Lab, expected: dict[str, str]) -> None:
    deadline = time.monotonic() + 60
    while (now := keys(lab)) != expected:
        assert time.monotonic() < deadline, now
        time.sleep(STEP)


def history(lab: Lab, request_id: str) -> list[Any]:
    items = lab.get("bob", f"{ASK}/{request_id}/events")["items"]
    return [e for e in items if e["event"].startswith("access_key.")]


def happened(lab: Lab, request_id: str, what: str) -> Any:
    """Wait for something in its history."""
    deadline = time.monotonic() + 60
    while not (found := [e for e in history(lab, request_id) if e["event"] == f"access_key.{what}"]):
        assert time.monotonic() < deadline, history(lab, request_id)
        time.sleep(STEP)
    return found[0]["data"]


def outcome(lab: Lab, request_id: str) -> str:
    """Wait for its end, and say what that was."""
    return str(happened(lab, request_id, "rotation_ended")["outcome"])


def make_due(lab: Lab, request_id: str) -> None:
    """As if its time had come; that of a secret that waits, too."""
    rotation, secret, past = columns(KeyRotation), columns(Secret), dt.timedelta(hours=73)
    with lab.running.database.write() as tx:
        connection = tx.session.connection()
        connection.execute(
            sa.update(secret).where(secret.c.access_request_id == request_id).values(expires_at=tx.now - past)
        )
        connection.execute(
            sa.update(rotation)
            .where(rotation.c.access_request_id == request_id)
            .values(due_at=tx.now, created_at=tx.now - past)
        )
        tx.later = True


@BOTH
def test_the_old_key_works_until_the_new_one_is_there_and_goes_when_it_is_unused(lab_on: Lab) -> None:
    lab = lab_on
    old = with_key(lab)
    row = done(lab, ROTATE, {"key_id": old["access_key_id"]})
    assert row["decisions"][0]["approver"] == "rule:own_key"
    assert [o["action"] for o in row["plan"]["operations"]] == [
        "CreateAccessKey",
        "UpdateAccessKey",
        "DeleteAccessKey",
    ]
    assert set(keys(lab).values()) == {"Active"}, "nothing happens before it is collected"
    assert len(keys(lab)) == 2
    new = collect(lab)
    before, after = old["access_key_id"], new["access_key_id"]
    assert keys(lab) == {before: "Active", after: "Active"}, "and then they overlap"
    make_due(lab, row["id"])
    happened(lab, row["id"], "deactivated")
    assert keys(lab) == {before: "Inactive", after: "Active"}
    # moto lets an inactive key sign, which AWS does not; it stands for one that was switched on for a while.
    late = boto3.Session(before, old["secret_access_key"], region_name="us-east-1")
    late.client("sts", endpoint_url=lab.iam.meta.endpoint_url).get_caller_identity()
    make_due(lab, row["id"])
    happened(lab, row["id"], "still_used")
    assert keys(lab) == {before: "Inactive", after: "Active"}
    make_due(lab, row["id"])
    until(lab, {after: "Active"})
    assert outcome(lab, row["id"]) == "rotated"
    events = history(lab, row["id"])
    assert [(e["event"].removeprefix("access_key."), e["actor"]) for e in events] == [
        ("rotation_begun", "system"),
        ("overlap_begun", "bob"),
        ("deactivated", "system"),
        ("still_used", "system"),
        ("rotation_ended", "system"),
    ]
    assert all((e["data"]["old_key_id"], e["data"]["new_key_id"]) == (before, after) for e in events)
    assert lab.get("bob", f"{ASK}/{row['id']}")["failure"] is None
    assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True


@BOTH
def test_a_new_key_that_nobody_collects_is_deleted_and_the_old_one_stays(lab_on: Lab) -> None:
    lab = lab_on
    old = with_key(lab)["access_key_id"]
    row = done(lab, ROTATE, {"key_id": old})
    [item] = waiting(lab)
    make_due(lab, row["id"])
    until(lab, {old: "Active"})
    assert outcome(lab, row["id"]) == "never_collected"
    assert waiting(lab) == []
    assert refused(lab, "bob", f"/v1/secrets/{item['id']}/collect") == (410, "gone")
    told = lab.get("bob", f"{ASK}/{row['id']}")
    assert (told["provisioning"], told["failure"]["code"]) == ("applied", "never_collected")
    done(lab, ROTATE, {"key_id": old})
    assert collect(lab)["access_key_id"] != old, "asking again is all there is to do"


def test_whose_key_it_is_decides_who_must_approve(lab: Lab) -> None:
    old = with_key(lab)["access_key_id"]
    assert refused(lab, "bob", ASK, body=wish(ROTATE, {"key_id": old}, user="alice")) == (403, "not_for_others")
    asked = lab.post("pi", ASK, wish(ROTATE, {"key_id": old}, user="bob"), expect=201)
    assert (asked["decision"], asked["ruling"]["eligible_approvers"]) == ("pending", ["alice"])
    again = lab.call("bob", "POST", ASK, wish(ROTATE, {"key_id": "A" * 20}))
    assert (again.status_code, again.json()["code"]) == (409, "already_pending"), "one at a time for each user"
    assert again.json()["access_request_id"] == asked["id"]
    lab.approve("alice", asked["id"])
    lab.applied(asked["id"])
    assert waiting(lab, "pi") == waiting(lab, "alice") == []

    for who in ("bob", "alice"):
        more = {} if who == "bob" else {"user": "bob"}
        answer = lab.call(who, "POST", ASK, wish(ROTATE, {"key_id": old}, **more))
        assert (answer.status_code, answer.json()["code"]) == (409, "rotation_under_way")
        assert answer.json()["access_request_id"] == asked["id"]


def test_with_two_keys_there_is_no_room_and_the_answer_says_what_to_do(lab: Lab) -> None:
    first = with_key(lab)["access_key_id"]
    second = with_key(lab)["access_key_id"]
    answer = lab.call("bob", "POST", ASK, wish(ROTATE, {"key_id": first}))
    assert (answer.status_code, answer.json()["code"]) == (409, "key_limit")
    assert f"Delete {second} first (access_key.delete)" in answer.json()["detail"]
    done(lab, "access_key.delete", {"key_id": second})
    done(lab, ROTATE, {"key_id": first})


def not_done(lab: Lab, key_id: str) -> str:
    asked = lab.post("bob", ASK, wish(ROTATE, {"key_id": key_id}), expect=201)
    row = lab.get("pi", f"{ASK}/{asked['id']}?wait=60&until=applied")
    assert row["provisioning"] == "failed", row
    return str(row["failure"]["code"])


def test_what_nobody_had_seen_is_found_before_any_call(lab: Lab) -> None:
    made = [lab.iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"] for _ in range(2)]
    assert not_done(lab, made[0]) == "key_limit"
    assert set(keys(lab)) == set(made)
    lab.iam.delete_access_key(UserName="bob", AccessKeyId=made[1])
    done(lab, "access_key.delete", {"key_id": made[1]})  # it looks again
    assert not_done(lab, made[1]) == "no_such_key"
    assert keys(lab) == {made[0]: "Active"}


@pytest.mark.parametrize(("which", "how"), [("old", "rotated"), ("new", "new_key_gone")])
def test_a_key_deleted_by_hand_meanwhile_is_the_end_of_it(lab: Lab, which: str, how: str) -> None:
    old = with_key(lab)["access_key_id"]
    row = done(lab, ROTATE, {"key_id": old})
    [new] = set(keys(lab)) - {old}
    done(lab, "access_key.delete", {"key_id": {"old": old, "new": new}[which]})
    assert outcome(lab, row["id"]) == how
    assert keys(lab) == {{"old": new, "new": old}[which]: "Active"}
    assert len(waiting(lab)) == (which == "old"), "only what opens something can be collected"
    left = {"old": new, "new": old}[which]
    done(lab, ROTATE, {"key_id": left})


def test_rule_24_the_rotation_of_somebody_who_is_deleted_ends_with_them(lab: Lab) -> None:
    row = done(lab, ROTATE, {"key_id": with_key(lab)["access_key_id"]})
    gone = lab.call("pi", "DELETE", "/v1/users/bob").json()
    lab.approve("alice", gone["id"])
    lab.applied(gone["id"])
    items = lab.get("pi", f"{ASK}/{row['id']}/events")["items"]
    assert [e["data"]["outcome"] for e in items if e["event"] == "access_key.rotation_ended"] == ["user_deleted"]
    with lab.running.database.read() as tx:
        assert tx.session.execute(sa.select(columns(KeyRotation).c.due_at)).scalar_one() is None
