"""Suspending, resuming and deleting on the strict fake, while every call in turn goes wrong."""

import datetime as dt
import os
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select
from typing_extensions import override

from app import migrate
from app.changes.user_suspend import NothingBody
from app.clients import aws
from app.db import Database, Tx
from app.delivery.due import due
from app.domain.actors import SYSTEM_ACTOR, Caller
from app.domain.leaving import DENY_NAME
from app.domain.plans import Operation
from app.domain.rules import Catalogue, CatalogueGroup
from app.domain.states import GrantState, Provisioning
from app.domain.words import Channel, Kind, Scope, UserState, Verdict
from app.models import AccessRequest, Account, Grant, Suspension, User
from app.services import decisions, directory, owner, people, requests, suspensions
from app.services.backoff import Backoff
from app.services.reconcile import Reconciler
from tests.support.fake_iam import ACCOUNT, Died, FakeIam, Fault
from tests.support.fake_iam import Account as IamUser
from tests.support.fake_users import Key, Login, virtual_device

BEGIN = dt.datetime(2026, 1, 5, 8, tzinfo=dt.UTC)
DOCUMENT = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
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


class Sticky(FakeIam):
    """Deleting the user conflicts for a while."""

    conflicts = 0

    @override
    def call(self, operation: Operation, secret: str | None = None) -> Any:
        if operation.action == "DeleteUser" and self.conflicts:
            self.conflicts -= 1
            raise aws.NeedsPerson("DeleteUser", "DeleteConflict", "must delete something first")
        return super().call(operation, secret)


def prepare(path: Path) -> None:
    """A database with pi and alice as admins, and bob."""
    database = Database(f"sqlite:///{path}", audit_key=bytes(32), clock=lambda: BEGIN)
    migrate.upgrade(database.engine)
    with database.write() as tx:
        catalogue = Catalogue(group=(CatalogueGroup(name="Reading"),))
        owner.begin(tx, catalogue, name="pi", email="pi@lab.example")
        tx.session.get_one(Account, "default").aws_account_id = ACCOUNT
        for name in ("alice", "bob"):
            user = directory.register(tx, SYSTEM_ACTOR, directory.new_user(tx, name=name, email=f"{name}@x.example"))
            user.verified, user.roles = True, ["admin", "member"] if name == "alice" else ["member"]
    database.close()


class Place:
    """One lab with bob in IAM, who has one of everything."""

    def __init__(self, path: Path) -> None:
        self.now = BEGIN
        self.database = Database(f"sqlite:///{path}", audit_key=bytes(32), clock=lambda: self.now)
        self.iam = Sticky()
        self.iam.groups["Reading"] = {}
        serial = virtual_device("bob")
        self.iam.virtual_devices.add(serial)
        self.iam.users["bob"] = IamUser(
            groups={"Reading"},
            login=Login("a password"),
            keys={"AKIAUSED": Key("s1"), "AKIAUNUSED": Key("s2", active=False)},
            devices=[serial, "GAHT12345678"],
            certificates=["CERT1"],
            ssh_keys=["APKA1"],
            service_credentials=["ACCA1"],
            inline={"own": DOCUMENT},
            attached=["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
        )
        self.reconcile = Reconciler(self.database, lambda _account: self.iam, Backoff(jitter=lambda: 0.5))

    def as_admin(self, name: str, do: Callable[[Tx, Caller], AccessRequest]) -> str:
        with self.database.write() as tx:
            person = people.get(tx, name).person
            return do(tx, Caller(name, Channel.API, "test", person=person, scopes=frozenset(Scope))).id

    def ask(self, kind: Kind) -> str:
        """pi asks it of bob, and alice approves where no rule does."""
        draft = requests.Draft(kind=kind, body=NothingBody(), reason="a test", user="bob")
        asked = self.as_admin("pi", lambda tx, caller: requests.ask(tx, caller, draft))
        if self.row(asked).decision == "pending":
            approve = {"verdict": Verdict.APPROVE, "comment": None}
            self.as_admin("alice", lambda tx, caller: decisions.decide(tx, caller, asked, **approve))
        return asked

    def work(self, times: int = 12) -> None:
        """Let the worker do what is due, from one pause to the next; a crash is a new process."""
        for _ in range(times):
            with self.database.read() as tx:
                found = due(tx)
            for work in found:
                try:
                    self.reconcile(work)
                except Died:
                    self.reconcile = Reconciler(self.database, lambda _account: self.iam, Backoff(jitter=lambda: 0.5))
            self.now += dt.timedelta(minutes=3)

    def row(self, request_id: str) -> AccessRequest:
        with self.database.read() as tx:
            row = tx.session.get_one(AccessRequest, request_id)
            tx.session.expunge(row)
            return row

    def state(self) -> str:
        with self.database.read() as tx:
            return str(tx.session.get_one(User, "bob").state)

    @property
    def bob(self) -> IamUser:
        return self.iam.users["bob"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("teardown") / "prepared.db"
    prepare(path)
    return path


@pytest.fixture
def place(template: Path, tmp_path: Path) -> Iterator[Place]:
    path = tmp_path / "lab.db"
    path.write_bytes(template.read_bytes())
    found = Place(path)
    yield found
    found.database.close()


def test_rule_24_a_user_with_one_of_everything_is_deleted_in_the_only_order_that_works(place: Place) -> None:
    asked = place.ask(Kind.USER_DELETE)
    assert place.state() == "suspended", "from the approval on they can do nothing"
    place.work(1)
    assert place.iam.calls == DELETION
    assert "bob" not in place.iam.users
    assert place.iam.virtual_devices == set()
    assert place.row(asked).provisioning == "applied"
    assert place.state() == "deleted"
    with place.database.read() as tx:
        assert tx.session.scalars(select(Suspension)).all() == []


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("number", range(len(DELETION)), ids=DELETION)
def test_a_deletion_gets_to_its_end_whatever_goes_wrong_with_one_call(place: Place, number: int, fault: Fault) -> None:
    asked = place.ask(Kind.USER_DELETE)
    place.iam.faults = deque([*[Fault.NONE] * number, fault])
    place.work()
    assert place.iam.faults == deque()
    assert "bob" not in place.iam.users
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
    assert place.bob.login is None
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
    assert place.bob.login is None
    assert [key.active for key in place.bob.keys.values()] == [False, False]
    assert set(place.bob.inline) == {"own", DENY_NAME}
    place.iam.faults = deque([*[Fault.NONE] * min(number, 1), fault])
    back = place.ask(Kind.USER_RESUME)
    assert place.state() == "suspended", "until IAM shows it"
    place.work()
    assert place.row(back).provisioning == "applied"
    assert {name: key.active for name, key in place.bob.keys.items()} == {"AKIAUSED": True, "AKIAUNUSED": False}
    assert set(place.bob.inline) == {"own"}
    assert place.bob.login is None
    assert place.state() == "active"


def test_rule_28_what_aws_refuses_is_failed_and_nothing_that_was_taken_is_given_back(place: Place) -> None:
    asked = place.ask(Kind.USER_SUSPEND)
    place.iam.faults = deque([Fault.NONE, Fault.NONE, Fault.REFUSED])
    place.work(2)
    row = place.row(asked)
    assert (row.provisioning, (row.failure or {})["code"]) == ("failed", "access_denied")
    assert place.bob.login is None
    assert not any(key.active for key in place.bob.keys.values())
    assert place.state() == "suspended"
    again = place.ask(Kind.USER_SUSPEND)  # one that did not get all the way may be asked for again
    place.work(2)
    assert place.row(again).provisioning == "applied"
    with place.database.read() as tx:
        taken = suspensions.taken(tx, "default", "bob")
    assert taken is not None
    assert (taken.keys, taken.login, taken.complete) == (("AKIAUSED",), True, True)


def test_rule_24_a_resume_that_aws_refuses_is_taken_back(place: Place) -> None:
    place.ask(Kind.USER_SUSPEND)
    place.work(1)
    back = place.ask(Kind.USER_RESUME)
    place.iam.faults = deque([Fault.NONE, Fault.REFUSED])
    place.work(3)
    assert place.row(back).provisioning == "failed"
    assert not any(key.active for key in place.bob.keys.values())
    assert DENY_NAME in place.bob.inline
    assert place.state() == "suspended"


def test_a_policy_that_only_bears_our_name_is_replaced(place: Place) -> None:
    place.bob.inline[DENY_NAME] = DOCUMENT
    asked = place.ask(Kind.USER_SUSPEND)
    place.work(1)
    assert place.row(asked).provisioning == "applied"
    assert "aws:TokenIssueTime" in place.bob.inline[DENY_NAME]


def test_rule_24_keys_made_while_they_are_switched_off_are_switched_off_too(place: Place) -> None:
    place.iam.during = lambda: place.bob.keys.update(AKIALATE=Key("s3"))
    del place.bob.keys["AKIAUNUSED"]
    asked = place.ask(Kind.USER_SUSPEND)
    place.work(3)
    assert place.row(asked).provisioning == "applied"
    assert {name: key.active for name, key in place.bob.keys.items()} == {"AKIAUSED": False, "AKIALATE": False}


def test_rules_6_and_24_a_pending_suspension_does_nothing_until_it_is_approved(place: Place) -> None:
    draft = requests.Draft(kind=Kind.USER_SUSPEND, body=NothingBody(), reason="a test")
    asked = place.as_admin("bob", lambda tx, caller: requests.ask(tx, caller, draft))
    place.work(1)
    assert (place.iam.calls, place.state(), place.row(asked).decision) == ([], "active", "pending")


def test_rule_32_a_user_made_a_moment_ago_whom_iam_does_not_show_is_waited_for(place: Place) -> None:
    with place.database.write() as tx:
        made = {"kind": "user.create", "user": "bob", "requester": "pi", "account": "default", "change": {}}
        shape = {"ruling": {}, "rules_asked": {}, "plan": {}, "plan_digest": "", "reason": "x"}
        times = {"created_at": tx.now, "lapses_at": tx.now, "applied_at": tx.now}
        tx.session.add(AccessRequest(**made, **shape, **times, decision="approved", provisioning="applied"))
    hidden = place.iam.users.pop("bob")
    asked = place.ask(Kind.USER_DELETE)
    place.work(1)
    assert place.row(asked).provisioning == "queued"
    place.iam.users["bob"] = hidden
    place.work(3)
    assert place.row(asked).provisioning == "applied"
    assert place.iam.users == {}


def test_grants_in_every_state_are_revoked_when_their_user_is_gone(place: Place) -> None:
    with place.database.write() as tx:
        request = tx.session.scalars(select(AccessRequest)).first()
        assert request is None
    asked = place.ask(Kind.USER_DELETE)
    with place.database.write() as tx:
        for state in GrantState:
            tx.session.add(
                Grant(
                    access_request_id=asked,
                    account="default",
                    user="bob",
                    group="Reading",
                    state=state,
                    duration_seconds=60,
                    created_at=tx.now,
                )
            )
    place.work(1)
    with place.database.read() as tx:
        assert set(tx.session.scalars(select(col(Grant.state)))) == {GrantState.REVOKED}
        assert tx.session.get_one(AccessRequest, asked).provisioning == Provisioning.APPLIED
        assert tx.session.get_one(User, "bob").state == UserState.DELETED
