"""A lab with an IAM in memory, for people who leave while calls go wrong: services driven directly, on SQLite."""

import datetime as dt
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typing_extensions import override

from app import migrate
from app.changes.credentials import NoBody
from app.clients import aws
from app.db import Database, Tx
from app.delivery.due import due, next_due
from app.domain.actors import SYSTEM_ACTOR, Caller
from app.domain.plans import Operation
from app.domain.rules import Catalogue, CatalogueGroup
from app.domain.words import Channel, Kind, Scope, Verdict
from app.models import AccessRequest, Account, User
from app.services import decisions, directory, owner, people, requests
from app.services.backoff import Backoff
from app.services.reconcile import Reconciler
from tests.support.fake_iam import ACCOUNT, Died, FakeIam
from tests.support.fake_iam import Account as IamUser
from tests.support.fake_users import Key, Login, virtual_device

BEGIN = dt.datetime(2026, 1, 5, 8, tzinfo=dt.UTC)
DOCUMENT = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
_numbers = itertools.count(1)


class Sticky(FakeIam):
    """Deleting the user conflicts for a while; somebody else may come in while keys are switched off.

    Attributes:
        meanwhile: Done once, before the last call of a suspension.
    """

    conflicts = 0
    meanwhile: Callable[[], None] | None = None

    @override
    def call(self, operation: Operation, secret: str | None = None) -> Any:
        if operation.action == "DeleteUser" and self.conflicts:
            self.conflicts -= 1
            raise aws.NeedsPerson("DeleteUser", "DeleteConflict", "must delete something first")
        if operation.action == "PutUserPolicy" and self.meanwhile is not None:
            self.meanwhile()
            self.meanwhile = None
        return super().call(operation, secret)


class Clock:
    """The time of all tests here: it only goes on, since they share a database."""

    now = BEGIN


def prepare(path: Path, clock: Clock) -> Database:
    """A database with pi and alice as admins."""
    database = Database(f"sqlite:///{path}", audit_key=bytes(32), clock=lambda: clock.now)
    migrate.upgrade(database.engine)
    with database.write() as tx:
        catalogue = Catalogue(group=(CatalogueGroup(name="Reading"),))
        owner.begin(tx, catalogue, name="pi", email="pi@lab.example")
        tx.session.get_one(Account, "default").aws_account_id = ACCOUNT
        alice = directory.register(tx, SYSTEM_ACTOR, directory.new_user(tx, name="alice", email="alice@x.example"))
        alice.verified, alice.roles = True, ["admin", "member"]
    return database


class Place:
    """One lab with somebody new in IAM, who has one of everything."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database, self.clock, self.name = database, clock, f"bob{next(_numbers)}"
        with database.write() as tx:
            new = directory.new_user(tx, name=self.name, email=f"{self.name}@x.example")
            directory.register(tx, SYSTEM_ACTOR, new).verified = True
        self.iam = Sticky()
        self.iam.groups["Reading"] = {}
        serial = virtual_device(self.name)
        self.iam.virtual_devices.add(serial)
        self.iam.users[self.name] = IamUser(
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
        """pi asks it of them, and alice approves where no rule does."""
        draft = requests.Draft(kind=kind, body=NoBody(), reason="a test", user=self.name)
        asked = self.as_admin("pi", lambda tx, caller: requests.ask(tx, caller, draft))
        if self.row(asked).decision == "pending":
            yes = Verdict.APPROVE
            self.as_admin("alice", lambda tx, caller: decisions.decide(tx, caller, asked, yes, comment=None))
        return asked

    def work(self, times: int = 12) -> None:
        """Let the worker do what is due, from one pause to the next; a crash is a new process."""
        for _ in range(times):
            with self.database.read() as tx:
                found, later = due(tx), next_due(tx)
            if not found and later is None:
                return
            for work in found:
                try:
                    self.reconcile(work)
                except Died:
                    self.reconcile = Reconciler(self.database, lambda _account: self.iam, Backoff(jitter=lambda: 0.5))
            self.clock.now += dt.timedelta(minutes=3)

    def row(self, request_id: str) -> AccessRequest:
        with self.database.read() as tx:
            row = tx.session.get_one(AccessRequest, request_id)
            tx.session.expunge(row)
            return row

    def state(self) -> str:
        with self.database.read() as tx:
            return str(tx.session.get_one(User, self.name).state)

    def password(self) -> str | None:
        """What opens the console for them."""
        return self.bob.login.password if self.bob.login else None

    @property
    def bob(self) -> IamUser:
        return self.iam.users[self.name]
