"""A new person with groups, a login and a key in one request: over HTTP, and on the fake while calls go wrong."""

import itertools
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import sqlalchemy as sa

from app.domain.sightings import SeenGroup
from app.models import Secret, columns
from tests.conftest import BOTH, Databases
from tests.support.fake_iam import BOUNDARY_ARN, FakeIam, Fault
from tests.support.fake_users import Login
from tests.support.lab import Lab
from tests.test_lifecycle import boto_iam, wish
from tests.test_secret_faults import Place
from tests.test_secrets import ASK, SECRETS, refused, waiting

ACTIONS = ["CreateUser", "AddUserToGroup", "CreateLoginProfile", "CreateAccessKey"]
READS = 6
"""The readings of one try: group, user, boundary; the policy for passwords; then user and belongings."""
_numbers = itertools.count(1)


def newcomer(lab: Lab) -> str:
    """Somebody registered, with a token and without an IAM user."""
    name = f"carol{next(_numbers)}"
    lab.register(name)
    return name


def start(lab: Lab, name: str, *groups: str, who: str = "pi", expect: int = 201, **more: Any) -> Any:
    change = {"groups": groups, "console": True, "access_key": True, **more}
    return lab.post(who, ASK, wish("user.create", change, user=name), expect=expect)


def collected(lab: Lab, name: str) -> dict[str, Any]:
    """Everything that waits for somebody, by kind; it can be had once."""
    found = {}
    for item in waiting(lab, name):
        path = f"{SECRETS}/{item['id']}/collect"
        found[item["kind"]] = lab.post(name, path)
        assert refused(lab, name, path) == (410, "gone")
    assert waiting(lab, name) == []
    return found


@BOTH
def test_one_request_makes_user_membership_login_and_key(lab_on: Lab) -> None:
    lab, name = lab_on, newcomer(lab_on)
    asked = start(lab, name, "LabGuest", tags={"project": "rna"})
    assert (asked["decision"], asked["ruling"]["required_approvals"]) == ("pending", 1)
    assert [o["action"] for o in asked["plan"]["operations"]] == ACTIONS
    lab.approve("alice", asked["id"])
    row = lab.applied(asked["id"])
    assert lab.groups_in_iam(name) == ["LabGuest"]
    assert lab.get("pi", f"/v1/grants/{row['grant_id']}")["state"] == "active"

    assert waiting(lab, "pi") == waiting(lab, "alice") == []
    found = collected(lab, name)
    assert sorted(found) == ["access_key", "console_password"]
    assert found["console_password"]["user_name"] == name
    assert lab.iam.get_login_profile(UserName=name)["LoginProfile"]["UserName"] == name
    [key] = lab.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    given = found["access_key"]
    assert (key["AccessKeyId"], key["Status"]) == (given["access_key_id"], "Active")
    opened = boto3.Session(given["access_key_id"], given["secret_access_key"], region_name="us-east-1")
    sts = opened.client("sts", endpoint_url=lab.iam.meta.endpoint_url)
    assert sts.get_caller_identity()["Arn"].endswith(f"/{name}")

    written = lab.call("pi", "GET", f"{ASK}/{asked['id']}").text + lab.call("pi", "GET", "/v1/audit-events").text
    for secret in (found["console_password"]["password"], given["secret_access_key"]):
        assert secret not in written


@pytest.mark.parametrize("change", [{"console": True}, {"access_key": True}])
def test_a_login_or_a_key_needs_a_second_person_as_by_itself(still: Lab, change: dict[str, bool]) -> None:
    name = newcomer(still)
    asked = still.post("pi", ASK, wish("user.create", change, user=name), expect=201)
    assert (asked["decision"], asked["ruling"]["eligible_approvers"]) == ("pending", ["alice"])
    assert still.approve("pi", asked["id"], expect=403)["code"] == "own_request"


def test_rule_4_a_groups_own_approver_does_not_hand_out_a_login(still: Lab) -> None:
    """Who decides for a group alone gives its access, not a login or a key."""
    name = newcomer(still)
    asked = start(still, name, "LabGuest")
    assert [p["rule"] for p in asked["ruling"]["parts"]] == ["LabGuest", "user.create"]


def test_a_service_starts_with_a_key_and_without_the_console(still: Lab) -> None:
    robot = {"name": "robot", "email": "r@lab.example", "roles": ["service"], "owner": "bob"}
    still.post("pi", "/v1/users", robot, expect=201)
    assert start(still, "robot", expect=409)["code"] == "not_for_services"
    asked = start(still, "robot", console=False)
    assert [o["action"] for o in asked["plan"]["operations"]] == ["CreateUser", "CreateAccessKey"]


@pytest.mark.parametrize(
    "change",
    [
        {"console": 1},
        {"access_key": "yes"},
        {"tags": {f"t{n}": "" for n in range(49)}},
        {"tags": {"Lab": "a", "lab": "b"}},
        {"tags": {"aws:lab": "a"}},
        {"tags": {"a,b": "c"}},
        {"tags": {"t" * 129: "c"}},
    ],
    ids=str,
)
def test_what_is_checked_before_any_call(still: Lab, change: dict[str, Any]) -> None:
    assert refused(still, "pi", ASK, body=wish("user.create", change, user="bob"))[0] == 422


@pytest.fixture(scope="module")
def lab(databases: Databases) -> Iterator[Lab]:
    with databases.lab("sqlite", with_worker=False) as found:
        yield found


@pytest.fixture
def place(lab: Lab) -> Iterator[Place]:
    iam, real = FakeIam(), boto_iam(lab)
    boundary, group = real.policy(BOUNDARY_ARN), real.group("LabGuest")
    assert boundary is not None
    assert isinstance(group, SeenGroup)
    iam.policies[BOUNDARY_ARN] = boundary  # as it was when the lab was set up
    iam.groups["LabGuest"] = {p.name: str(p.sha256) for p in group.policies}
    yield Place(lab, iam)
    with lab.running.database.write() as tx:
        tx.session.execute(sa.delete(columns(Secret)))


def begun(place: Place) -> tuple[str, str]:
    name = newcomer(place.lab)
    asked = start(place.lab, name, "LabGuest")
    place.lab.approve("alice", asked["id"])
    return name, asked["id"]


def holds(place: Place, name: str) -> None:
    """Everything is there once, and what is collected opens it."""
    user, found = place.iam.users[name], collected(place.lab, name)
    assert user.groups == {"LabGuest"}
    assert user.boundary == BOUNDARY_ARN
    assert user.login == Login(found["console_password"]["password"], must_change=True)
    key = found["access_key"]
    assert {i: k.secret for i, k in user.keys.items()} == {key["access_key_id"]: key["secret_access_key"]}


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.DROPPED, Fault.LOST, Fault.CRASH, Fault.CRASH_AFTER])
@pytest.mark.parametrize("position", range(len(ACTIONS)), ids=ACTIONS)
def test_a_call_goes_wrong_and_nothing_is_handed_out_twice(place: Place, position: int, fault: Fault) -> None:
    name, request_id = begun(place)
    place.iam.faults.extend([*[Fault.NONE] * position, fault])
    place.work(request_id)
    assert not place.iam.faults
    holds(place, name)


@pytest.mark.parametrize("position", range(READS))
def test_a_reading_dies(place: Place, position: int) -> None:
    name, request_id = begun(place)
    place.iam.read_faults.extend([*[Fault.NONE] * position, Fault.CRASH])
    place.work(request_id)
    assert not place.iam.read_faults, "it was met"
    holds(place, name)


@pytest.mark.parametrize("position", range(len(ACTIONS)), ids=ACTIONS)
def test_rule_19_what_was_begun_is_taken_back_with_login_and_key(place: Place, position: int) -> None:
    name, request_id = begun(place)
    place.iam.faults.extend([*[Fault.NONE] * position, Fault.DROPPED, Fault.REFUSED])
    place.work(request_id, "failed")
    assert place.iam.users == {}
    assert waiting(place.lab, name) == []
    place.lab.post("pi", f"{ASK}/{request_id}/retry")
    place.work(request_id)
    holds(place, name)


def test_rule_28_nobody_gets_a_login_or_a_key_where_there_is_no_boundary(place: Place) -> None:
    _, request_id = begun(place)
    del place.iam.policies[BOUNDARY_ARN]
    assert place.work(request_id, "failed")["failure"]["code"] == "guardrails_missing"
    assert place.iam.calls == []
