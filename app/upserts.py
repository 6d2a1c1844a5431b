"""Rows that may be there already: left as they are, or written over. One way to say it for both databases."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]
_MAKE: Mapping[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def insert_new(connection: sa.Connection, table: sa.Table, rows: Row | Sequence[Row], *, by: tuple[str, ...]) -> None:
    """Store rows, and leave alone what is there already. Whoever else inserts one of them is waited for.

    Args:
        rows: One, or several that name the same columns.
        by: The columns of the key that says that a row is there.
    """
    connection.execute(_new(connection.dialect.name, table, by), rows)


def is_new(connection: sa.Connection, table: sa.Table, row: Row, *, by: tuple[str, ...]) -> bool:
    """The same for one row: whether it was stored, and not there already."""
    return connection.execute(_new(connection.dialect.name, table, by), row).rowcount == 1


def put(connection: sa.Connection, table: sa.Table, rows: Row | Sequence[Row]) -> None:
    """Store rows, and write over everything but the primary key of what is there already.

    Args:
        rows: One, or several, with every column of the table.
    """
    connection.execute(_over(connection.dialect.name, table), rows)


# Built once: building a statement takes longer than carrying it out.


@cache
def _new(dialect: str, table: sa.Table, by: tuple[str, ...]) -> Any:
    return _MAKE[dialect](table).on_conflict_do_nothing(index_elements=by).execution_options(preserve_rowcount=True)


@cache
def _over(dialect: str, table: sa.Table) -> Any:
    new = _MAKE[dialect](table)
    values = {column.name: new.excluded[column.name] for column in table.columns if not column.primary_key}
    return new.on_conflict_do_update(index_elements=table.primary_key, set_=values)
