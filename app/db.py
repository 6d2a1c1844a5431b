"""The database: one engine, reading and writing transactions, and the sealing of the audit chain.

One request is one transaction. A writing transaction ends with its audit events, or not at all (rule 36).
"""

import datetime as dt
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.orm import Session
from sqlmodel import SQLModel
from typing_extensions import override

from app import bulk, pinging
from app.domain import canonical, chain
from app.domain.work import Work
from app.errors import StartError, Unavailable
from app.fair_lock import FairLock
from app.models import AuditEvent, AuditHead, columns, new_id
from app.terms import Terms

WRITE_WAIT = 30.0
"""Seconds a writer waits for its turn before it gives up with 503."""

_OPTIONS = "-c statement_timeout=60000 -c idle_in_transaction_session_timeout=15000 -c timezone=UTC -c datestyle=ISO"
"""A process that stands still inside a transaction would keep its locks for ever: the timer's, a user's, the audit's.

No transaction of ours waits for anything but the database. Times as the writers of long lists expect their text.
"""

_POOL = 48
"""Connections: FastAPI runs sync handlers on 40 threads, the worker and health checks come on top."""

_PREPARE_AFTER = 1
"""Executions of a statement before a connection prepares it. Ours are few and come again; psycopg's own 5 is paid for
on each connection, and again after each rollback, which makes it forget (a tenth of a life, `docs/performance.md`)."""

_ASK_TIME_AFTER = 5.0
"""Seconds for which a reading of the server's time is counted on."""

_head = columns(AuditHead)
_events = columns(AuditEvent)
_READ_HEAD = sa.select(_head.c.seq, _head.c.mac).where(_head.c.id == 1).with_for_update()
_WRITE_HEAD = sa.update(_head).where(_head.c.id == 1)
_WRITE_EVENTS = sa.insert(_events)
_READ_ONLY = sa.text("SET TRANSACTION READ ONLY")
_SERVER_TIME = sa.select(sa.func.clock_timestamp())

Clock = Callable[[], dt.datetime]


def utcnow() -> dt.datetime:
    """The time of this machine, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


class People(dict[str, Any]):
    """Users that were read in a transaction, by name.

    Attributes:
        admins_too: Every admin is among them.
    """

    admins_too: bool = False

    @override
    def clear(self) -> None:
        """Forget them."""
        super().clear()
        self.admins_too = False


@dataclass
class Tx:
    """A transaction under way.

    Attributes:
        terms: The settings that services go by.
        now: One moment for everything that happens in it.
        drafts: Audit events to be sealed when it commits.
        touched: Ids of requests and grants that changed, for those who wait on them.
        locks_rows: Several transactions write at once, so rows must be locked. Never so on SQLite.
        people: Users that were read, by name; `services/people.py` fills it.
        decisions: Decisions that were read or made, by request; `services/approvals.py` fills it.
        due: What came due by it, for the worker to do now.
        later: True when something will be due at a time that the worker may not know yet.
    """

    session: Session
    now: dt.datetime
    terms: Terms
    drafts: list[dict[str, Any]] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    due: set[Work] = field(default_factory=set)
    later: bool = False
    locks_rows: bool = False
    people: People = field(default_factory=People)
    decisions: dict[str, list[Any]] = field(default_factory=dict)


class Transactions(Protocol):
    """What opens transactions: a database, or one whose writing is guarded."""

    def read(self) -> AbstractContextManager[Tx]:
        """A transaction that changes nothing."""

    def look(self) -> AbstractContextManager[Tx]:
        """The same for statements that only select."""

    def write(self) -> AbstractContextManager[Tx]:
        """A transaction that commits at the end of the block."""


class Database:
    """Opens transactions.

    Args:
        url: SQLAlchemy's form; `sqlite:///file` or `postgresql+psycopg://…`.
        audit_key: 32 bytes that seal the audit chain.
        terms: The settings that services go by.
        clock: The time on SQLite; on PostgreSQL the server's decides.
    """

    def __init__(self, url: str, *, audit_key: bytes, terms: Terms | None = None, clock: Clock = utcnow) -> None:
        self.url = url
        self.terms = terms or Terms()
        self.clock = clock
        self.audit_key = audit_key
        self.before_commit: list[Callable[[Tx], None]] = []
        self.after_commit: list[Callable[[Tx], None]] = []
        self.engine = make_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._immediate = self.engine.execution_options(gatehouse_writes=True)
        alone = {} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._looking = self.engine.execution_options(**alone)
        self._turn = FairLock()
        self._asked = (-_ASK_TIME_AFTER, dt.datetime.min.replace(tzinfo=dt.UTC))

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A transaction that changes nothing."""
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            if self.is_sqlite:
                yield Tx(session, self.clock(), self.terms)
                session.rollback()
                return
            session.connection().execute(_READ_ONLY)
            yield Tx(session, self._server_time(session), self.terms)
            session.expunge_all()
            session.commit()  # a rollback makes psycopg forget what it has prepared on this connection

    @contextmanager
    def look(self) -> Iterator[Tx]:
        """The same for statements that only select: on PostgreSQL each by itself, without round trips around them.

        What they see is what they would see in `read`, where each has a snapshot of its own as well.
        """
        with Session(self._looking, expire_on_commit=False, autoflush=False) as session:
            yield Tx(session, self.clock() if self.is_sqlite else self._server_time(session), self.terms)

    @contextmanager
    def write(self, begin: Callable[[Session], dt.datetime] | None = None) -> Iterator[Tx]:
        """A transaction that commits at the end of the block with its audit events, or changes nothing.

        Args:
            begin: The first statement of it, which answers the server's time with whatever else it does.
        """
        if self.is_sqlite:
            with self._turn.held(WRITE_WAIT):
                tx = yield from self._written(self._now)
        else:
            tx = yield from self._written(begin or self._now)
        for listener in self.after_commit:
            listener(tx)

    def _written(self, begin: Callable[[Session], dt.datetime]) -> Generator[Tx, None, Tx]:
        with Session(self._immediate, expire_on_commit=False) as session:
            tx = Tx(session, begin(session), self.terms, locks_rows=not self.is_sqlite)
            yield tx
            session.flush()
            for listener in self.before_commit:
                listener(tx)
            try:
                _seal(tx, self.audit_key)
            except sa.exc.DBAPIError as problem:
                # Rule 36: without its audit the change does not happen.
                text = "The audit cannot be written, so nothing was changed; tell whoever runs Gatehouse."
                raise Unavailable(text, code="audit_unavailable") from problem
            session.commit()
            return tx

    def _now(self, session: Session) -> dt.datetime:
        if self.is_sqlite:
            return self.clock()
        now: dt.datetime = session.connection().execute(_SERVER_TIME).scalar_one()
        return now.astimezone(dt.UTC)

    def _server_time(self, session: Session) -> dt.datetime:
        """The server's time for reading: asked for now and then, and counted on from there.

        Counted by the monotonic clock, so that a jump of this machine's time changes nothing (design, Delivery).
        """
        asked, then = self._asked
        if time.monotonic() - asked > _ASK_TIME_AFTER:
            asked, then = self._asked = time.monotonic(), self._now(session)
        return then + dt.timedelta(seconds=time.monotonic() - asked)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def _seal(tx: Tx, key: bytes) -> None:
    """Append the drafts to the chain. The head is the last lock a transaction takes."""
    if not tx.drafts:
        return
    connection = tx.session.connection()
    seq, before = connection.execute(_READ_HEAD).one()
    rows = []
    for draft in tx.drafts:
        seq += 1
        body = canonical.dumps({"id": new_id(), "seq": seq, "at": tx.now.isoformat(), **draft})
        before = chain.mac(key, before, body)
        filters = {k: draft[k] for k in ("event", "actor", "subject", "access_request_id")}
        rows.append({"seq": seq, "at": tx.now, "body": body, "mac": before, **filters})
    bulk.insert(connection, _events, rows, few=_WRITE_EVENTS)
    connection.execute(_WRITE_HEAD, {"seq": seq, "mac": before})


@cache
def _inserting(table: sa.Table) -> sa.Insert:
    return sa.insert(table)


def insert(tx: Tx, row: SQLModel) -> None:
    """Store a new row at once, and not with the unit of work, whose bookkeeping costs more than the statement.

    The row is not followed by the session: `services/moves.py` changes it, and reading it again gives another object.
    """
    table = columns(type(row))
    tx.session.flush()
    tx.session.connection().execute(_inserting(table), {c.name: getattr(row, c.name) for c in table.columns})


def make_engine(url: str) -> Engine:
    """Make an engine with what each database needs.

    Raises:
        StartError: The address is of no known form.
    """
    try:
        parsed = make_url(url)
        parsed.get_dialect().import_dbapi()
    except (sa.exc.ArgumentError, ValueError, ImportError):
        raise StartError(
            "GATEHOUSE_DATABASE_URL is no database address; write sqlite:///file.db or postgresql+psycopg://…"
        ) from None
    pool: dict[str, Any] = {
        "pool_size": _POOL,
        "max_overflow": 16,
        "pool_timeout": WRITE_WAIT,
        "pool_use_lifo": True,  # few connections that are used all the time: warm caches, statements that are prepared
    }
    if parsed.get_backend_name() == "postgresql":
        engine = sa.create_engine(
            parsed,
            connect_args={"connect_timeout": 5, "options": _OPTIONS, "prepare_threshold": _PREPARE_AFTER},
            hide_parameters=True,
            **pool,
        )
        pinging.install(engine)
    elif parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
        engine = sa.create_engine(parsed, connect_args={"timeout": WRITE_WAIT}, hide_parameters=True, **pool)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    else:
        raise StartError("GATEHOUSE_DATABASE_URL must be sqlite:///file.db or postgresql+psycopg://…")
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("gatehouse_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def metadata() -> sa.MetaData:
    """Every table, for migrations and their checks."""
    return SQLModel.metadata
