"""Transactions that only read: they change nothing, and a connection of PostgreSQL keeps what it has prepared."""

from contextlib import suppress

import pytest
import sqlalchemy as sa

from app.db import Database
from app.models import User, columns
from tests.conftest import BOTH
from tests.support.lab import Lab

_users = columns(User)
_BOB = sa.select(_users.c.email).where(_users.c.name == sa.bindparam("name"))


def email(database: Database) -> str:
    with database.read() as tx:
        found: str = tx.session.connection().execute(_BOB, {"name": "bob"}).scalar_one()
        return found


@BOTH
def test_what_is_written_by_mistake_does_not_stay(fresh_on: Lab) -> None:
    database = fresh_on.running.database
    before, change = email(database), sa.update(_users).where(_users.c.name == "bob")
    with suppress(sa.exc.DBAPIError), database.read() as tx:
        tx.session.execute(change.values(email="x@y.example"))
    with database.read() as tx:
        tx.session.get_one(User, "bob").email = "x@y.example"
    assert email(database) == before
    with database.write() as tx:  # the same connection writes again
        tx.session.execute(change.values(email="z@y.example"))
    assert email(database) == "z@y.example"


@pytest.mark.parametrize("kind", ["postgresql"])
def test_statements_stay_prepared(fresh_on: Lab) -> None:
    database = fresh_on.running.database
    prepared = sa.text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%lab_user.email%'")
    for _ in range(3):
        email(database)
    with database.look() as tx:
        assert tx.session.connection().execute(prepared).scalar_one() == 1
