"""Suspending, resuming and deleting on the strict fake, while every call in turn goes wrong."""

from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import col, select

from app.changes.credentials import NoBody
from app.db import Database
from app.domain.leaving import DENY_NAME
from app.domain.states import DecisionState, GrantState, Provisioning
from app.domain.words import Kind, UserState
from app.models import AccessRequest, Grant, Secret, Suspension, User
from app.services import requests, suspensions
from tests.support.fake_iam import Fault
from tests.support.fake_users import Key, virtual_device
from tests.support.leaving import DOCUMENT, Clock, Place, prepare

DELETION = [
    "DeleteLoginProfile",
    "UpdateAccessKey",
    "DeleteAccessKey",
    "DeleteAccessKey",
    "DeleteSigningCertificate",
    "DeleteSSHPublicKey",
    "DeleteServiceSpecificCredential",
    "DeactivateMFADevice",
    "DeactivateMFADevice",
    "DeleteVirtualMFADevice",
    "DeleteUserPolicy",
    "DetachUserPolicy",
    "RemoveUserFromGroup",
    "DeleteUser",
]
"""In the only order that works: what lets somebody in first, so that access stops even if the rest fails."""
SUSPENSION = ["DeleteLoginProfile", "UpdateAccessKey", "PutUserPolicy"]
PASSING = (Fault.BUSY, Fault.DROPPED, Fault.LOST, Fault.CRASH, Fault.CRASH_AFTER)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Database]:
    found = prepare(tmp_path_factory.mktemp("teardown") / "lab.db", clock)
    yield found
    found.close()


@pytest.fixture
def place(database: Database, clock: Clock) -> Place:
    return Place(database, clock)


def test_rule_24_a_user_with_one_of_everything_is_deleted_in_the_only_order_that_works(place: Place) -> None:
    asked = place.ask(Kind.USER_DELETE)
    assert place.state() == "suspended", "from the approval on they can do nothing"
    place.work(1)
    assert place.iam.calls == DELETION
    assert place.iam.users == {}
    assert place.iam.virtual_devices == set()
    assert place.row(asked).provisioning == "applied"
    assert place.state() == "deleted"
    with place.database.read() as tx:
        assert tx.session.get(Suspension, ("default", place.name)) is None


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.BUSY, Fault.DROPPED, Fault.CRASH, Fault.CRASH_AFTER])
def test_rule_24_a_device_that_was_never_activated_goes_with_its_user(place: Place, fault: Fault) -> None:
    mine, other = virtual_device(f"lab/{place.name}"), virtual_device("lab/somebody")
    place.iam.virtual_devices |= {mine, other}
    asked = place.ask(Kind.USER_DELETE)
    first = DELETION.index("DeleteVirtualMFADevice")
    place.iam.faults = deque([*[Fault.NONE] * first, fault, fault])
    place.work()
    assert place.row(asked).provisioning == "applied"
    assert place.iam.virtual_devices == {other}


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        pytest.param(number, fault, id=f"{number}-{action}-{fault.value}")
        for number, action in enumerate(DELETION)
        for fault in PASSING
        # That one no reading shows: a device without a user is on no list of anybody's, and lets nobody in.
        if (action, fault) != ("DeleteVirtualMFADevice", Fault.LOST)
    ],
)
def test_a_deletion_gets_to_its_end_whatever_goes_wrong_with_one_call(place: Place, number: int, fault: Fault) -> None:
    asked = place.ask(Kind.USER_DELETE)
    place.iam.faults = deque([*[Fault.NONE] * number, fault])
    place.work()
    assert place.iam.faults == deque()
    assert place.iam.users == {}
    assert place.iam.virtual_devices == set(), "also where it was on no list of the user's any more"
    assert place.row(asked).provisioning == "applied"
    assert place.state() == "deleted"


def test_a_conflict_starts_the_whole_sequence_again(place: Place) -> None:
    asked = place.ask(Kind.USER_DELETE)
    place.iam.conflicts = 3
    place.work()
    assert place.row(asked).provisioning == "applied"
    assert place.state() == "deleted"


def test_rule_28_a_conflict_that_stays_fails_after_three_repeats_and_can_be_retried(place: Place) -> None:
    asked = place.ask(Kind.USER_DELETE)
    place.iam.conflicts = 4
    place.work()
    row = place.row(asked)
    assert (row.provisioning, (row.failure or {})["code"]) == ("failed", "delete_conflict")
    assert place.iam.conflicts == 0, "once and three times again"
    assert place.bob.keys == {}
    assert place.password() is None
    assert place.state() == "suspended"
    place.as_admin("pi", lambda tx, caller: requests.retry(tx, caller, asked))
    place.work()
    assert place.row(asked).provisioning == "applied"
    assert place.state() == "deleted"


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("number", range(len(SUSPENSION)), ids=SUSPENSION)
def test_rule_24_a_suspension_knows_what_it_took_whatever_goes_wrong(place: Place, number: int, fault: Fault) -> None:
    place.iam.faults = deque([*[Fault.NONE] * number, fault])
    asked = place.ask(Kind.USER_SUSPEND)
    place.work()
    assert place.row(asked).provisioning == "applied"
    assert place.password() is None
    assert [key.active for key in place.bob.keys.values()] == [False, False]
    assert set(place.bob.inline) == {"own", DENY_NAME}
    place.iam.faults = deque([*[Fault.NONE] * number, fault])
    back = place.ask(Kind.USER_RESUME)
    assert place.state() == "suspended", "until IAM shows it"
    place.work()
    assert place.row(back).provisioning == "applied"
    assert {name: key.active for name, key in place.bob.keys.items()} == {"AKIAUSED": True, "AKIAUNUSED": False}
    assert set(place.bob.inline) == {"own"}
    with place.database.read() as tx:
        [secret] = tx.session.scalars(select(Secret).where(col(Secret.user) == place.name))
        assert secret.sealed is not None
        assert secret.ready_at is not None
        assert tx.terms.vault.open(secret.id, secret.sealed) == place.password(), "the one that IAM has"
    assert place.state() == "active"


def test_rule_28_what_aws_refuses_is_failed_and_nothing_that_was_taken_is_given_back(place: Place) -> None:
    asked = place.ask(Kind.USER_SUSPEND)
    place.iam.faults = deque([Fault.NONE, Fault.NONE, Fault.REFUSED])
    place.work(2)
    row = place.row(asked)
    assert (row.provisioning, (row.failure or {})["code"]) == ("failed", "access_denied")
    assert place.password() is None
    assert not any(key.active for key in place.bob.keys.values())
    assert place.state() == "suspended"
    again = place.ask(Kind.USER_SUSPEND)  # one that did not get all the way may be asked for again
    place.work(2)
    assert place.row(again).provisioning == "applied"
    with place.database.read() as tx:
        taken = suspensions.taken(tx, "default", place.name)
    assert taken is not None
    assert (taken.keys, taken.login, taken.complete) == (("AKIAUSED",), True, True)


def test_rule_24_a_resume_that_aws_refuses_is_taken_back(place: Place) -> None:
    place.ask(Kind.USER_SUSPEND)
    place.work(1)
    back = place.ask(Kind.USER_RESUME)
    place.iam.faults = deque([Fault.NONE, Fault.NONE, Fault.REFUSED])
    place.work(3)
    assert place.row(back).provisioning == "failed"
    assert not any(key.active for key in place.bob.keys.values())
    assert place.password() is None
    assert DENY_NAME in place.bob.inline
    assert place.state() == "suspended"


def test_a_policy_that_only_bears_our_name_is_replaced(place: Place) -> None:
    place.bob.inline[DENY_NAME] = DOCUMENT
    asked = place.ask(Kind.USER_SUSPEND)
    place.work(1)
    assert place.row(asked).provisioning == "applied"
    assert "aws:TokenIssueTime" in place.bob.inline[DENY_NAME]


def test_rule_24_keys_made_while_they_are_switched_off_are_switched_off_too(place: Place) -> None:
    del place.bob.keys["AKIAUNUSED"]
    place.iam.meanwhile = lambda: place.bob.keys.update(AKIALATE=Key("s3"))
    asked = place.ask(Kind.USER_SUSPEND)
    place.work(3)
    assert place.row(asked).provisioning == "applied"
    assert {name: key.active for name, key in place.bob.keys.items()} == {"AKIAUSED": False, "AKIALATE": False}


def test_rules_6_and_24_a_pending_suspension_does_nothing_until_it_is_approved(place: Place) -> None:
    draft = requests.Draft(kind=Kind.USER_SUSPEND, body=NoBody(), reason="a test")
    asked = place.as_admin(place.name, lambda tx, caller: requests.ask(tx, caller, draft))
    place.work(1)
    assert (place.iam.calls, place.state(), place.row(asked).decision) == ([], "active", "pending")


def test_rule_32_a_user_made_a_moment_ago_whom_iam_does_not_show_is_waited_for(place: Place) -> None:
    with place.database.write() as tx:
        made: dict[str, Any] = {
            "kind": "user.create",
            "user": place.name,
            "requester": "pi",
            "account": "default",
            "reason": "x",
            "change": {},
            "ruling": {},
            "rules_asked": {},
            "plan": {},
            "plan_digest": "",
            "decision": DecisionState.APPROVED,
            "provisioning": Provisioning.APPLIED,
            **dict.fromkeys(("created_at", "lapses_at", "applied_at"), tx.now),
        }
        tx.session.add(AccessRequest(**made))
    hidden = place.iam.users.pop(place.name)
    asked = place.ask(Kind.USER_DELETE)
    place.work(1)
    assert place.row(asked).provisioning == "queued"
    place.iam.users[place.name] = hidden
    place.work(3)
    assert place.row(asked).provisioning == "applied"
    assert place.iam.users == {}


def test_grants_in_every_state_are_revoked_when_their_user_is_gone(place: Place) -> None:
    asked = place.ask(Kind.USER_DELETE)
    with place.database.write() as tx:
        for state in GrantState:
            tx.session.add(
                Grant(
                    access_request_id=asked,
                    account="default",
                    user=place.name,
                    group="Reading",
                    state=state,
                    duration_seconds=60,
                    created_at=tx.now,
                )
            )
    place.work(1)
    with place.database.read() as tx:
        assert set(tx.session.scalars(select(col(Grant.state)).where(col(Grant.user) == place.name))) == {
            GrantState.REVOKED
        }
        assert tx.session.get_one(AccessRequest, asked).provisioning == Provisioning.APPLIED
        assert tx.session.get_one(User, place.name).state == UserState.DELETED
