"""Sites on both databases, each a copy of one that was prepared once."""

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL

from tests.support.site import Site, new_site

LEASE = "PT2S"
_numbers = itertools.count(1)


def addresses(postgres: URL, database: str) -> dict[str, str]:
    """Two roles for one database: its owner's, and the application's own (rule 37)."""
    owner = postgres.set(database=database)
    app = owner.set(username="gatehouse_app", password="app")  # noqa: S106 - of a server that this test made
    return {
        "GATEHOUSE_MIGRATE_URL": owner.render_as_string(hide_password=False),
        "GATEHOUSE_DATABASE_URL": app.render_as_string(hide_password=False),
    }


def admin(postgres: URL, statement: str) -> None:
    """Run one statement as the owner of a PostgreSQL server."""
    address = postgres.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement.encode())


@dataclasses.dataclass
class Sites:
    """Sites of both kinds, each a copy of one that was prepared once."""

    folder: Path
    moto: str
    postgres: Callable[[], URL]
    prepared: dict[str, tuple[Site, str]] = dataclasses.field(default_factory=dict)

    def new(self, kind: str, aws: str) -> Site:
        """bob's Gatehouse with two admins, towards that AWS."""
        if kind not in self.prepared:
            self.prepared[kind] = self._prepare(kind)
        site, template = self.prepared[kind]
        name = f"site{next(_numbers)}"
        env = {"AWS_ENDPOINT_URL": aws, "GATEHOUSE_LEASE": LEASE, "GATEHOUSE_AWS_TIMEOUT": "PT1S"}
        if kind == "postgresql":
            admin(self.postgres(), f"CREATE DATABASE {name} TEMPLATE {template}")
            env |= addresses(self.postgres(), name)
        return site.copied(self.folder / name, **env)

    def _prepare(self, kind: str) -> tuple[Site, str]:
        name = f"site{next(_numbers)}"
        folder = self.folder / name
        folder.mkdir()
        site = new_site(folder, self.moto)
        if kind == "postgresql":
            admin(self.postgres(), f"CREATE DATABASE {name}")
            site = site.but(**addresses(self.postgres(), name))
        site.enrol()
        return site, name
