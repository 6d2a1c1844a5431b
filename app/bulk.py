"""Many new rows at once, in a third of the time that SQLAlchemy takes for one parameter set after the other.

Values are written as their columns' types write them; COPY on PostgreSQL, the driver's own executemany on SQLite.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects import postgresql

_MANY = 100


def insert(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]], *, few: sa.Insert | None = None
) -> None:
    """Store rows that name the same columns; the others are left to the database.

    Args:
        few: A statement that is compiled already, which is faster for a few rows.

    Raises:
        sa.exc.DBAPIError: As for any statement.
    """
    if not rows:
        return
    if few is not None and len(rows) < _MANY:
        connection.execute(few, list(rows))
        return
    columns = [table.c[name] for name in rows[0]]
    values = (_written(column, [row[column.name] for row in rows], connection.dialect) for column in columns)
    written = zip(*values, strict=True)
    driver = connection.connection.driver_connection
    if isinstance(driver, psycopg.Connection):
        _copy(driver, table, columns, written, connection.dialect)
        return
    quote = connection.dialect.identifier_preparer.quote
    into = ", ".join(quote(column.name) for column in columns)
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {quote(table.name)} ({into}) VALUES ({marks})"  # noqa: S608 - names of our own tables
    connection.exec_driver_sql(statement, list(written))


class Among:
    """A query over very many values, which reach the database as one parameter: an array, or JSON on SQLite.

    With an `IN` of a thousand parameters writing the statement takes longer than carrying it out.

    Args:
        query: What to select.
        column: Whose value is to be one of them.
    """

    def __init__(self, query: sa.Select[Any], column: sa.Column[Any]) -> None:
        rows = sa.func.json_each(sa.bindparam("values", type_=sa.JSON))
        values: sa.Select[Any] = sa.select(sa.column("value")).select_from(rows)
        array: sa.BindParameter[Any] = sa.bindparam("values", type_=postgresql.ARRAY(sa.String))
        self._sqlite, self._postgresql = query.where(column.in_(values)), query.where(column == sa.any_(array))

    def __call__(self, connection: sa.Connection, values: Sequence[str], **given: Any) -> sa.CursorResult[Any]:
        """Carry it out, with the query's own parameters."""
        query = self._postgresql if connection.dialect.name == "postgresql" else self._sqlite
        return connection.execute(query, {"values": list(values), **given})


def _written(column: sa.Column[Any], values: Sequence[Any], dialect: sa.Dialect) -> Iterator[Any]:
    """The values as the driver takes them. What is the same in every row is written once."""
    write = column.type.dialect_impl(dialect).bind_processor(dialect)
    first = values[0]
    if all(value is first for value in values):
        return repeat(write(first) if write else first, len(values))
    return map(write, values) if write else iter(values)


def _copy(
    driver: "psycopg.Connection[Any]",
    table: sa.Table,
    columns: Sequence[sa.Column[Any]],
    rows: Iterator[tuple[Any, ...]],
    dialect: sa.Dialect,
) -> None:
    into = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), into)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as problem:
        text = f"COPY {table.name}"
        raise sa.exc.DBAPIError.instance(text, None, problem, psycopg.Error, dialect=dialect) from problem
