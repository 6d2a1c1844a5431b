"""A lab over each backend: served with its worker over an emulator; over the strict fake its work is done here."""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from app import migrate
from app.delivery.due import due
from app.domain.actors import SYSTEM_ACTOR
from app.domain.guardrails import BOUNDARY_NAME, policy_arn
from app.domain.words import Role
from app.main import make_database
from app.models import User
from app.services import catalogue, directory, owner, setup, tokens
from app.services.backoff import Backoff
from app.services.reconcile import Reconciler
from tests.conftest import Databases
from tests.support.fake_iam import ADMIN_BOUNDARY_ARN, BOUNDARY_ARN
from tests.support.iam_ports import FakePort, MinistackPort, MotoPort, Port, ministack_account, moto_account
from tests.support.lab import Lab, serving

ASK = "/v1/access-requests"
ACCOUNT = "444444444444"
"""An account of the emulators' that no other test uses."""
_numbers = itertools.count(1)


@dataclass
class World:
    """A lab of pi and alice (admins), and its AWS.

    Attributes:
        port: IAM itself, past Gatehouse.
        dismiss: To be done when the test is over.
    """

    lab: Lab
    port: Port
    dismiss: list[Callable[[], object]] = field(default_factory=list)

    @property
    def backend(self) -> str:
        """Its name."""
        return self.port.backend

    def person(self, *, iam: bool = True, service_of: str | None = None) -> str:
        """Somebody new with a token, vouched for; in IAM as Gatehouse makes them."""
        name = f"ann{next(_numbers)}"
        with self.lab.running.database.write() as tx:
            self.lab.tokens[name] = enrol(tx, name, service_of=service_of)
        if iam:
            boundary = policy_arn("aws", self.port.account, BOUNDARY_NAME)
            self.port.do("CreateUser", UserName=name, Path="/lab/", PermissionsBoundary=boundary)
        return name

    def ask(self, kind: str, wish: "Wish", expect: int = 201) -> Any:
        """Ask for a change."""
        body: dict[str, Any] = {"kind": kind, "change": wish.change, "reason": "a test", **wish.more}
        return self.lab.post(wish.by, ASK, body | ({"user": wish.user} if wish.user else {}), expect=expect)

    def approve(self, asked: Any) -> None:
        """By as many others as it takes."""
        if asked["decision"] == "pending":
            for who in asked["ruling"]["eligible_approvers"][: asked["ruling"]["required_approvals"]]:
                self.lab.approve(who, asked["id"], {"plan_digest": asked["plan"]["digest"]})

    def settled(self, request_id: str) -> Any:
        """The request, once it is carried out or failed."""
        if not isinstance(self.port, FakePort):
            return self.lab.get("pi", f"{ASK}/{request_id}?wait=60&until=applied")
        row: Any = None
        for _ in range(20):
            row = self.lab.get("pi", f"{ASK}/{request_id}")
            if row["provisioning"] in {"applied", "failed"}:
                break
            self.work()
        return row

    def work(self) -> None:
        """Over the fake: do what is due."""
        assert isinstance(self.port, FakePort)
        database, iam = self.lab.running.database, self.port.fake
        with database.read() as tx:
            batch = due(tx)
        reconcile = Reconciler(database, lambda _account: iam, Backoff(first=0.001, longest=0.001))
        for one in batch:
            reconcile(one)

    def done(self, kind: str, wish: "Wish") -> Any:
        """A whole life that must go well; the request."""
        asked = self.ask(kind, wish)
        self.approve(asked)
        row = self.settled(asked["id"])
        assert row["provisioning"] == "applied", row
        return row

    def event(self, request_id: str, name: str) -> Any:
        """What the audit says of one event of a request; None: there was none."""
        found = self.lab.get("pi", f"/v1/audit-events?event={name}&access_request_id={request_id}")["items"]
        return found[0]["data"] if found else None


@dataclass(frozen=True)
class Wish:
    """What somebody asks for.

    Attributes:
        user: For whom; None: the asker.
        by: Who asks.
        of: What the looking is at, where it is no user: a group, a policy's ARN, a key.
    """

    change: dict[str, Any] = field(default_factory=dict)
    user: str | None = None
    by: str = "pi"
    more: dict[str, Any] = field(default_factory=dict)
    of: str = ""

    @property
    def subject(self) -> str:
        """Whose access it is about."""
        return self.user or self.by


def enrol(tx: Any, name: str, roles: Sequence[Role] = (), *, service_of: str | None = None) -> str:
    """Register somebody, as after enrolling and vouching; their token."""
    new = directory.new_user(tx, name=name, email=f"{name}@lab.example", service_owner=service_of)
    user: User = directory.register(tx, SYSTEM_ACTOR, new)
    user.verified, user.enrolled_at = True, tx.now
    user.roles = sorted({*user.roles, *roles})
    tx.session.flush()
    return tokens.issue(tx, user, name="test", by=SYSTEM_ACTOR, origin="test")[1]


def credentials(backend: str, url: str) -> AbstractContextManager[None]:
    """Those of an account of our own."""
    if backend == "moto":
        return moto_account(url, ACCOUNT)
    return ministack_account(ACCOUNT) if backend == "ministack" else contextlib.nullcontext()


@contextlib.contextmanager
def world(backend: str, databases: Databases, url: str) -> Iterator[World]:
    """A lab just after init and setup.

    Args:
        url: The emulator; of the fake one that is never asked.
    """
    settings, _ = databases.prepared("sqlite")
    settings = settings.model_copy(update={"database_url": databases.empty("sqlite")})
    with credentials(backend, url):
        database = make_database(settings)
        migrate.upgrade(database.engine)
        port = open_port(backend, url)
        with database.write() as tx:
            found = {"pi": owner.begin(tx, catalogue.read(None), name="pi", email="pi@lab.example")}
            found["alice"] = enrol(tx, "alice", [Role.ADMIN])
        outcome = setup.run(database, port.iam, SYSTEM_ACTOR, "default")
        assert (outcome.aws_account_id, outcome.differences) == (port.account, ())
        database.close()
        with serving(settings, found, url, with_worker=backend != "fake") as lab:
            yield World(lab, port)


def open_port(backend: str, url: str) -> Port:
    """IAM itself, in our account."""
    if backend != "fake":
        return {"moto": MotoPort, "ministack": MinistackPort}[backend](backend, url, ACCOUNT)
    port = FakePort()
    for arn in (BOUNDARY_ARN, ADMIN_BOUNDARY_ARN):
        del port.fake.policies[arn]  # setup makes them
    return port
