"""The account's password policy over HTTP and on the strict fake: whole, judged by one admin, told where it is weak."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from app.domain.password_policy import PasswordPolicy
from app.models import Lane, columns
from app.services.lanes import Claim, FencedDatabase, Lanes
from app.services.late_account import LookAtAccount
from tests.conftest import BOTH, Databases
from tests.support.fake_iam import Fault
from tests.support.lab import Lab
from tests.test_lifecycle import new_lab  # noqa: F401 - a fixture
from tests.test_secret_faults import Place, place  # noqa: F401 - place is a fixture
from tests.test_secrets import ASK, wish

KIND = "account.password_policy"
BASELINE = {
    "minimum_length": 14,
    "require_symbols": True,
    "require_numbers": True,
    "require_uppercase": True,
    "require_lowercase": True,
    "max_age_days": 90,
    "reuse_prevention": 12,
    "hard_expiry": False,
    "allow_users_to_change_password": True,
}


@pytest.fixture(scope="module")
def lab(databases: Databases) -> Iterator[Lab]:
    with databases.lab("sqlite", with_worker=False) as found:
        yield found


def ask(lab: Lab, who: str = "pi", expect: int = 201, **change: Any) -> Any:
    return lab.post(who, ASK, wish(KIND, change), expect=expect)


def forget(lab: Lab) -> None:
    with contextlib.suppress(lab.iam.exceptions.NoSuchEntityException):
        lab.iam.delete_account_password_policy()


@BOTH
def test_a_policy_is_replaced_whole_once_another_admin_agrees(lab_on: Lab) -> None:
    lab = lab_on
    forget(lab)
    asked = ask(lab)
    assert (asked["decision"], asked["change"]) == ("pending", BASELINE)
    assert asked["ruling"]["eligible_approvers"] == ["alice"]
    (call,) = asked["plan"]["operations"]
    assert (call["action"], len(call["parameters"])) == ("UpdateAccountPasswordPolicy", 9)
    assert lab.approve("pi", asked["id"], expect=403)["code"] == "own_request"
    lab.approve("alice", asked["id"])
    lab.applied(asked["id"])
    found = lab.iam.get_account_password_policy()["PasswordPolicy"]
    assert (found["MinimumPasswordLength"], found["MaxPasswordAge"], found["PasswordReusePrevention"]) == (14, 90, 12)
    assert (found["RequireSymbols"], found["AllowUsersToChangePassword"]) == (True, True)

    again = ask(lab, "alice")
    assert again["plan"]["operations"] == [], "what is so already needs no call"
    lab.approve("pi", again["id"])
    lab.applied(again["id"])
    more = ask(lab, minimum_length=40)
    lab.approve("alice", more["id"])
    lab.applied(more["id"])
    enable = lab.post("bob", ASK, wish("console.enable"), expect=201)
    lab.approve("alice", enable["id"])
    lab.applied(enable["id"])
    (item,) = lab.get("bob", "/v1/secrets")["items"]
    assert len(lab.post("bob", f"/v1/secrets/{item['id']}/collect")["password"]) == 40
    forget(lab)


def test_what_is_below_the_baseline_is_said_and_not_refused(lab: Lab) -> None:
    weak = {**BASELINE, "minimum_length": 8, "require_symbols": False, "max_age_days": None}
    shown = lab.post("pi", f"{ASK}/preview", wish(KIND, weak))
    assert shown["refusals"] == []
    assert [r for r in shown["ruling"]["reasons"] if "baseline" in r] == [
        "below the baseline: 8 characters are enough, the baseline asks for 14",
        "below the baseline: symbols are not asked for",
        "below the baseline: passwords do not expire",
    ]
    assert "MaxPasswordAge" not in shown["plan"]["operations"][0]["parameters"]
    strong = lab.post("pi", f"{ASK}/preview", wish(KIND, {"minimum_length": 20, "reuse_prevention": 24}))
    assert not [r for r in strong["ruling"]["reasons"] if "baseline" in r]


@pytest.mark.parametrize(
    "change",
    [
        {"minimum_length": 5},
        {"minimum_length": 129},
        {"max_age_days": 0},
        {"max_age_days": 1096},
        {"reuse_prevention": 11},
        {"reuse_prevention": 25},
        {"hard_expiry": True, "max_age_days": None},
        {"minimum_length": "14"},
        {"require_symbols": 1},
        {"length": 14},
    ],
    ids=str,
)
def test_what_aws_would_not_take_is_refused_when_asked(lab: Lab, change: dict[str, Any]) -> None:
    assert lab.call("pi", "POST", ASK, wish(KIND, change)).status_code == 422


def test_it_is_for_no_user(lab: Lab) -> None:
    answer = lab.call("pi", "POST", ASK, wish(KIND, user="bob"))
    assert (answer.status_code, answer.json()["code"]) == (422, "user_not_used")


def agreed(place: Place, **change: Any) -> str:  # noqa: F811
    asked = ask(place.lab, **change)
    place.lab.approve("alice", asked["id"])
    return str(asked["id"])


@pytest.fixture(autouse=True)
def _pi(request: pytest.FixtureRequest) -> None:
    """The fake has whoever asks."""
    if "place" in request.fixturenames:
        found: Place = request.getfixturevalue("place")
        found.iam.users["pi"] = type(found.bob)()


@pytest.mark.parametrize(
    "faults",
    [[Fault.BUSY], [Fault.DROPPED], [Fault.CRASH], [Fault.CRASH_AFTER], [Fault.LOST]],
    ids=lambda faults: faults[0].value,
)
def test_a_call_goes_wrong(place: Place, faults: list[Fault]) -> None:  # noqa: F811
    request_id = agreed(place)
    place.iam.faults.extend(faults)
    place.work(request_id)
    assert not place.iam.faults, "it was met"
    assert place.iam.account_policy == PasswordPolicy()


def test_rule_19_what_was_begun_is_put_back(place: Place) -> None:  # noqa: F811
    before = place.iam.account_policy = PasswordPolicy(minimum_length=30, max_age_days=10)
    request_id = agreed(place)
    place.iam.faults.append(Fault.CRASH_AFTER)
    place.once()
    assert place.iam.account_policy == PasswordPolicy()
    with place.lab.running.database.write() as tx:  # who asked is gone meanwhile
        tx.session.execute(sa.text("UPDATE lab_user SET state = 'suspended' WHERE name = 'pi'"))
    try:
        with place.lab.running.database.read() as tx:
            state = "SELECT provisioning FROM access_request WHERE id = :id"
            for _ in range(5):
                place.once()
            assert tx.session.execute(sa.text(state), {"id": request_id}).scalar_one() == "failed"
    finally:
        with place.lab.running.database.write() as tx:
            tx.session.execute(sa.text("UPDATE lab_user SET state = 'active' WHERE name = 'pi'"))
    assert place.iam.account_policy == before


def test_rule_19_a_refusal_changes_nothing(place: Place) -> None:  # noqa: F811
    before = place.iam.account_policy = PasswordPolicy(minimum_length=30)
    request_id = agreed(place)
    place.iam.faults.append(Fault.REFUSED)
    assert place.work(request_id, "failed")["failure"]["code"] == "access_denied"
    assert place.iam.account_policy == before


def test_rule_32_a_late_write_is_put_right(place: Place) -> None:  # noqa: F811
    place.work(agreed(place, minimum_length=20))
    place.work(agreed(place, minimum_length=24))
    place.iam.account_policy = PasswordPolicy(minimum_length=20)  # as a worker that stood still would write it
    database, lanes = place.lab.running.database, Lanes(place.lab.running.database)
    lane = columns(Lane)
    with database.write() as tx:
        row = {"account": "default", "principal": "account:", "fence": 0, "look_again_at": tx.now}
        tx.session.connection().execute(sa.insert(lane), row)
    place.once()
    assert place.iam.account_policy == PasswordPolicy(minimum_length=24)
    with database.read() as tx:
        assert tx.session.execute(sa.select(lane.c.look_again_at)).scalars().all() == [None]
    fenced = FencedDatabase(database, lanes, Claim("default", frozenset({"account:"}), 0))
    calls = len(place.iam.calls)
    LookAtAccount(fenced, place.iam)("default", "account:")
    assert len(place.iam.calls) == calls, "nothing to put right"


def test_rule_7_the_only_admin_there_ever_was_changes_it_and_resets_devices_alone(new_lab: Lab) -> None:  # noqa: F811
    policy = ask(new_lab)
    reset = new_lab.post("pi", ASK, wish("mfa.reset"), expect=201)
    for row in (policy, reset):
        assert [d["approver"] for d in row["decisions"]] == ["rule:sole_admin"]
        events = [e["event"] for e in new_lab.get("pi", f"{ASK}/{row['id']}/events")["items"]]
        assert "access_request.approved_by_rule" in events
