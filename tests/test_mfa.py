"""MFA over HTTP, with moto behind it: enrolled by oneself, activated with two codes, reset by another, waited for."""

import dataclasses
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import BOTH, Databases
from tests.support.lab import STEP, Lab
from tests.test_secrets import ASK, SECRETS, collect, done, refused, waiting, wish

ENROL, RESET = "mfa.enrol", "mfa.reset"
SERIAL = "arn:aws:iam::123456789012:mfa/lab/bob"
CODES = {"code1": "123456", "code2": "654321"}
ACTIVATE = "/v1/users/bob/mfa/activate"


def forget_devices(lab: Lab) -> None:
    """No device is left of the test before."""
    for user in ("alice", "bob"):
        for device in lab.iam.list_mfa_devices(UserName=user)["MFADevices"]:
            lab.iam.deactivate_mfa_device(UserName=user, SerialNumber=device["SerialNumber"])
    for device in lab.iam.list_virtual_mfa_devices()["VirtualMFADevices"]:
        lab.iam.delete_virtual_mfa_device(SerialNumber=device["SerialNumber"])


@pytest.fixture
def lab_on(databases: Databases, kind: str) -> Iterator[Lab]:
    with databases.lab(kind) as found:
        forget_devices(found)
        yield found
        forget_devices(found)


@pytest.fixture
def lab(databases: Databases) -> Iterator[Lab]:
    with databases.lab("sqlite") as found:
        forget_devices(found)
        yield found
        forget_devices(found)


def spare(lab: Lab) -> list[str]:
    found = lab.iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"]
    return [device["SerialNumber"] for device in found]


def status(lab: Lab, who: str = "bob", query: str = "") -> Any:
    return lab.get(who, f"/v1/users/bob/mfa{query}")


def enrolled(lab: Lab) -> Any:
    """Enrol, collect and activate; the answer."""
    done(lab, ENROL)
    collect(lab)
    return lab.post("bob", ACTIVATE, CODES)


@BOTH
def test_a_device_is_made_its_seed_collected_once_activated_and_reset(lab_on: Lab) -> None:
    lab = lab_on
    assert status(lab) == {"user": "bob", "account": "default", "seen_at": None, "devices": None, "enrolment": None}
    row = done(lab, ENROL)
    assert row["decisions"][0]["approver"] == "rule:own_mfa"
    assert [o["action"] for o in row["plan"]["operations"]] == ["CreateVirtualMFADevice"]
    assert spare(lab) == [SERIAL]

    (item,) = waiting(lab)
    assert (item["kind"], item["access_request_id"]) == ("mfa_seed", row["id"])
    seed = collect(lab)
    assert sorted(seed) == ["base32_seed", "kind", "qr_png_base64", "serial_number"]
    assert (seed["kind"], seed["serial_number"]) == ("mfa_seed", SERIAL)
    assert len(seed["base32_seed"]) == 64
    assert refused(lab, "bob", f"{SECRETS}/{item['id']}/collect") == (410, "gone")
    open_one = status(lab)
    assert open_one["devices"] == []
    assert (open_one["enrolment"]["access_request_id"], open_one["enrolment"]["collected"]) == (row["id"], True)

    active = lab.post("bob", ACTIVATE, CODES)
    assert [(d["serial_number"], d["kind"]) for d in active["devices"]] == [(SERIAL, "virtual")]
    assert active["enrolment"] is None
    assert lab.post("bob", ACTIVATE, CODES)["devices"] == active["devices"], "asking again is harmless"
    events = [e["event"] for e in lab.get("pi", f"{ASK}/{row['id']}/events")["items"]]
    assert events[-3:] == ["secret.collected", "mfa.activating", "mfa.activated"]
    assert refused(lab, "bob", ASK, body=wish(ENROL)) == (409, "mfa_device_there")

    reset = lab.post("bob", ASK, wish(RESET), expect=201)
    assert reset["decision"] == "pending", "a lost device always needs another person"
    assert [o["action"] for o in reset["plan"]["operations"]] == ["DeactivateMFADevice", "DeleteVirtualMFADevice"]
    assert refused(lab, "bob", f"{ASK}/{reset['id']}/approve") == (403, "own_request")
    lab.approve("alice", reset["id"])
    lab.applied(reset["id"])
    assert lab.iam.list_mfa_devices(UserName="bob")["MFADevices"] == []
    assert spare(lab) == []
    assert status(lab)["devices"] == []
    enrolled(lab)


def test_rule_1_nobody_enrols_or_activates_for_another(lab: Lab) -> None:
    assert refused(lab, "pi", ASK, body=wish(ENROL, user="bob")) == (403, "only_for_oneself")
    done(lab, ENROL)
    for who in ("pi", "alice"):
        assert waiting(lab, who) == []
        assert refused(lab, who, ACTIVATE, body=CODES) == (403, "only_for_oneself")
    lab.register("carol")
    assert refused(lab, "carol", ACTIVATE, body=CODES) == (403, "only_for_oneself")
    assert lab.call("carol", "GET", "/v1/users/bob/mfa").status_code == 403
    assert status(lab, "pi")["enrolment"]["collected"] is False
    assert lab.call("pi", "GET", "/v1/users/nobody/mfa").status_code == 404


def test_a_service_has_no_device(lab: Lab) -> None:
    robot = {"name": "robot", "email": "r@lab.example", "roles": ["service"], "owner": "bob"}
    lab.post("pi", "/v1/users", robot, expect=201)
    assert refused(lab, "pi", ASK, body=wish(RESET, user="robot")) == (409, "not_for_services")


def test_there_must_be_something_to_activate_and_codes_are_digits(lab: Lab) -> None:
    assert refused(lab, "bob", ACTIVATE, body=CODES) == (409, "no_enrolment")
    for wrong in ("12345", "1234567", "abcdef", "12345\n", "\uff11" * 6):
        answer = lab.call("bob", "POST", ACTIVATE, {**CODES, "code2": wrong})
        assert answer.status_code == 422
        assert wrong not in answer.text
    events = [e["data"]["code"] for e in lab.get("pi", "/v1/audit-events?event=attempt.refused")["items"]]
    assert events == ["no_enrolment"]


def test_an_enrolment_replaces_the_one_before(lab: Lab) -> None:
    first = done(lab, ENROL)
    seed = collect(lab)
    second = done(lab, ENROL)
    assert spare(lab) == [SERIAL]
    assert status(lab)["enrolment"]["access_request_id"] == second["id"] != first["id"]
    assert collect(lab)["base32_seed"] != seed["base32_seed"]
    assert lab.post("bob", ACTIVATE, CODES)["enrolment"] is None


def test_what_people_did_in_aws_themselves_is_found_by_looking(lab: Lab) -> None:
    enrolled(lab)
    lab.iam.deactivate_mfa_device(UserName="bob", SerialNumber=SERIAL)
    lab.iam.delete_virtual_mfa_device(SerialNumber=SERIAL)
    assert refused(lab, "bob", ASK, body=wish(ENROL)) == (409, "mfa_device_there")
    assert status(lab, "pi", "?refresh=true")["devices"] == []
    done(lab, ENROL)
    lab.iam.enable_mfa_device(
        UserName="bob", SerialNumber=SERIAL, AuthenticationCode1="111111", AuthenticationCode2="222222"
    )
    found = status(lab, query="?refresh=true")
    assert ([d["serial_number"] for d in found["devices"]], found["enrolment"]) == ([SERIAL], None)


@BOTH
def test_a_request_that_waits_for_a_device_goes_on_as_soon_as_it_is_active(lab_on: Lab) -> None:
    lab = lab_on
    database = lab.running.database
    database.terms = dataclasses.replace(database.terms, require_mfa=True)
    asked = lab.ask("bob", "LabUser", duration="P1D")
    lab.approve("alice", asked["id"])
    deadline = time.monotonic() + 60
    while not (row := lab.get("bob", f"{ASK}/{asked['id']}"))["failure"]:
        assert time.monotonic() < deadline, row
        time.sleep(STEP)
    assert (row["provisioning"], row["failure"]["code"]) == ("queued", "mfa_required")
    with database.write() as tx:  # as if it had waited for long: its next look would be far away
        from app.models import AccessRequest  # noqa: PLC0415
        from app.services.moves import note_request  # noqa: PLC0415

        note_request(tx, tx.session.get_one(AccessRequest, asked["id"]), attempts=30, due_at=tx.now.replace(year=2099))
    enrolled(lab)
    lab.applied(asked["id"])
    assert lab.groups_in_iam("bob") == ["LabUser"]
