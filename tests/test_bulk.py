"""Many rows at once are the rows that one at a time would be, on both databases."""

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import col

from app import bulk, upserts
from app.domain.canonical import dumps
from app.domain.states import GrantState
from app.models import Grant, Sighting, columns
from tests.conftest import BOTH, Databases
from tests.support.lab import Lab

AT = dt.datetime(2026, 11, 26, 12, 30, 0, 123456, tzinfo=dt.UTC)
_numbers = itertools.count(1)


@pytest.fixture
def connection(kind: str, databases: Databases) -> Iterator[Connection]:
    with databases.lab(kind, with_worker=False) as lab:
        yield from _writing(lab)


def _writing(lab: Lab) -> Iterator[Connection]:
    with lab.running.database.write() as tx:
        yield tx.session.connection()


def grant(user: str, number: int) -> dict[str, Any]:
    return {
        "id": f"g{number}",
        "account": 'a\t"quoted"\\N\nline',
        "user": user,
        "group": "LabGuest",
        "origin": "request",
        "state": GrantState.ACTIVE,
        "failure": {"code": "x", "detail": "ünïcode\\"} if number % 2 else None,
        "starts_at": AT if number % 3 else None,
        "attempts": number,
        "created_at": AT,
        "version": 1,
    }


@BOTH
def test_what_is_stored_is_what_was_given(connection: Connection) -> None:
    rows = [grant("bob", n) for n in range(250)]
    bulk.insert(connection, columns(Grant), rows)
    found = connection.execute(sa.select(columns(Grant)).where(col(Grant.user) == "bob").order_by(col(Grant.attempts)))
    for row, stored in zip(rows, found.mappings(), strict=True):
        assert row == {name: stored[name] for name in row}
        assert stored["ends_at"] is None
    bulk.insert(connection, columns(Grant), [])


@BOTH
def test_what_is_there_already_is_refused_as_by_any_statement(connection: Connection) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        bulk.insert(connection, columns(Grant), [grant("bob", 1), grant("bob", 1)])


@BOTH
def test_an_unknown_user_is_refused_as_well(connection: Connection) -> None:
    bulk.insert(connection, columns(Sighting), [{"account": "x", "what": "user", "name": "y", "seen_at": AT}])
    with pytest.raises(sa.exc.IntegrityError):
        bulk.insert(connection, columns(Grant), [grant("nobody", 1)])


def test_the_writer_of_json_made_once_writes_as_before() -> None:
    assert dumps({"b": ["ü", None, True], "a": 1.5}) == '{"a":1.5,"b":["\\u00fc",null,true]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps(float("nan"))


@BOTH
def test_a_row_that_is_there_is_left_alone_or_written_over(connection: Connection) -> None:
    table, by = columns(Sighting), ("account", "what", "name")

    def seen(name: str, state: Any) -> dict[str, Any]:
        return {"account": "default", "what": "test", "name": name, "state": state, "seen_at": AT}

    def found() -> dict[str, Any]:
        query = sa.select(table.c.name, table.c.state).where(table.c.what == "test")
        return {row.name: row.state for row in connection.execute(query)}

    assert upserts.is_new(connection, table, seen("a", 1), by=by)
    assert not upserts.is_new(connection, table, seen("a", 2), by=by)
    upserts.insert_new(connection, table, [seen("a", 2), seen("b", 2)], by=by)
    assert found() == {"a": 1, "b": 2}
    upserts.put(connection, table, [seen("a", 3), seen("c", 3)])
    assert found() == {"a": 3, "b": 2, "c": 3}
