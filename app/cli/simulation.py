"""A simulated AWS in this process, and a small lab in it: pi, alice and bob."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app import migrate
from app.clients.iam import BotoIam
from app.config import Settings
from app.db import Database, Tx
from app.delivery.due import due
from app.domain.actors import SYSTEM_ACTOR, Caller
from app.domain.words import Channel, Role
from app.errors import StartError
from app.main import make_database
from app.models import User
from app.services import catalogue, directory, onboarding, owner, setup, tokens
from app.services.reconcile import Reconciler

PEOPLE = ("pi", "alice", "bob")
_DOMAIN = "lab.example"
_ROUNDS = 50


@contextmanager
def simulated_aws() -> Iterator[str]:
    """A moto server on loopback with the AWS-managed policies; its address.

    Raises:
        StartError: moto is not installed.
    """
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # read when moto is imported
    try:
        from moto.server import ThreadedMotoServer  # noqa: PLC0415 - only where it is asked for
    except ImportError:
        raise StartError("--simulate needs moto; install gatehouse[simulate]") from None
    logging.getLogger("werkzeug").disabled = True
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "simulated")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "simulated")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def simulated_settings(settings: Settings) -> Iterator[Settings]:
    """Settings with a temporary database and fresh keys where none were given."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as folder:
        made: dict[str, object] = {"simulate": True}
        if "database_url" not in settings.model_fields_set:
            made["database_url"] = f"sqlite:///{Path(folder) / 'gatehouse.db'}"
        for name in ("secret_key", "audit_key"):
            if getattr(settings, name) is None:
                made[name] = os.urandom(32)
        for name in ("anchors", "spill"):
            if getattr(settings, name) is None:
                made[name] = Path(folder) / f"gatehouse.{name}"
        yield settings.model_copy(update=made)


def small_lab(settings: Settings, iam: BotoIam) -> dict[str, str]:
    """Run init and setup, and make pi (owner), alice (admin) and bob (member), with a token each.

    Everything but the tokens of a second start on the same database goes through the same doors as always.
    """
    database = make_database(settings)
    try:
        migrate.upgrade(database.engine)
        with database.read() as tx:
            known = directory.find_user(tx, "pi") is not None
        found = _again(database) if known else _first(settings, database, iam)
        _carry_out(database, iam)
        return found
    finally:
        database.close()


def _first(settings: Settings, database: Database, iam: BotoIam) -> dict[str, str]:
    groups = catalogue.read(settings.catalog)
    with database.write() as tx:
        made = {"pi": owner.begin(tx, groups, name="pi", email=f"pi@{_DOMAIN}")}
    setup.run(database, iam, SYSTEM_ACTOR, "default")
    with database.write() as tx:
        pi = _caller(tx, made["pi"])
        made["alice"] = _enrol(tx, pi, "alice", frozenset({Role.ADMIN}))
        made["bob"] = _enrol(tx, pi, "bob", frozenset())
    with database.write() as tx:
        directory.vouch(tx, _caller(tx, made["alice"]), "bob")
    return made


def _enrol(tx: Tx, pi: Caller, name: str, roles: frozenset[Role]) -> str:
    new = onboarding.Newcomer(
        name=name,
        email=f"{name}@{_DOMAIN}",
        roles=roles,
        iam=True,
        groups=(),
        owner=None,
        reason="the simulated lab",
    )
    onboarding.register(tx, pi, new)
    code, _ = tokens.hand_out(tx, pi, name)
    _, text = tokens.redeem(tx, code, channel=Channel.CLI, request_id="simulate")
    tx.session.flush()
    return text


def _again(database: Database) -> dict[str, str]:
    made = {}
    with database.write() as tx:
        for name in PEOPLE:
            user: User = directory.get_user(tx, name)
            _, made[name] = tokens.issue(tx, user, name="simulate", by=SYSTEM_ACTOR, origin="token")
    return made


def _caller(tx: Tx, token: str) -> Caller:
    return tokens.authenticate(tx, token, channel=Channel.CLI, request_id="simulate")


def _carry_out(database: Database, iam: BotoIam) -> None:
    reconcile = Reconciler(database, lambda _account: iam)
    for _ in range(_ROUNDS):
        with database.read() as tx:
            batch = due(tx)
        if not batch:
            return
        for work in batch:
            reconcile(work)
