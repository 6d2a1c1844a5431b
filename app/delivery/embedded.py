"""Delivery inside the one process: a thread that sleeps until the next row is due, or is woken by a commit."""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa

from app import log
from app.db import Database, Tx
from app.delivery.due import due, next_due
from app.delivery.protocol import Run, Work
from app.errors import StartError

_log = log.get("worker")
LONGEST_SLEEP = 5.0
"""Seconds. Short enough that a jump of the wall clock delays nothing by more."""
STUCK_AFTER = 120.0
"""Seconds on one piece of work after which `/readyz` no longer calls the worker fresh."""
TIDY_EVERY = 3600.0
"""Seconds between two rounds of tidying up."""
_PG_LOCK = 0x6761746568  # "gateh": the advisory lock of the embedded worker


class EmbeddedDelivery:
    """One worker thread.

    Args:
        database: Asked what is due; its commits wake the thread.
        may_work: Asked before each round whether this process is still the only worker.
    """

    def __init__(self, database: Database, may_work: Callable[[], bool] = lambda: True) -> None:
        self._database = database
        self._may_work = may_work
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._beat = time.monotonic()
        self._tidied = -TIDY_EVERY
        database.after_commit.append(self._woken_by)

    def start(self, run: Run) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._loop, args=(run,), name="gatehouse-worker", daemon=True)
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """Let the work under way finish."""
        self._stopping.set()
        self._wake.set()
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def is_fresh(self) -> bool:
        """Whether the thread lives and its last sign of life is recent."""
        alive = self._thread is not None and self._thread.is_alive()
        return alive and time.monotonic() - self._beat < STUCK_AFTER

    def _woken_by(self, tx: Tx) -> None:
        if tx.due:
            self._wake.set()

    def _loop(self, run: Run) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                pause = self._round(run)
            except sa.exc.SQLAlchemyError as problem:
                # The database is away. What is due stays due; look again soon.
                _log.error("database_away", problem=type(problem).__name__)
                pause = 1.0
            except Exception:  # noqa: BLE001 - were this thread to die, no access would end any more
                _log.exception("round_failed")
                pause = 1.0
            self._beat = time.monotonic()
            if pause > 0:
                self._wake.wait(pause)

    def _round(self, run: Run) -> float:
        """Do what is due; the seconds until there is more."""
        if not self._may_work():
            _log.error("another_worker", note="this process lost the right to work on the database; it asks again")
            return 1.0
        with self._database.read() as tx:
            batch = due(tx)
            upcoming = None if batch else next_due(tx)
        for work in batch:
            if self._stopping.is_set():
                return 0.0
            self._beat = time.monotonic()
            run(work)
            if self._wake.is_set():
                return 0.0  # something came in meanwhile: look again what is due first
        if batch:
            return 0.0
        if time.monotonic() - self._tidied > TIDY_EVERY:
            self._tidied = time.monotonic()
            run(Work("tidy"))
        if upcoming is None:
            return LONGEST_SLEEP
        return min(LONGEST_SLEEP, max(0.0, (upcoming - self._database.clock()).total_seconds()))


class Right:
    """The right to be the one that works on a PostgreSQL database: an advisory lock on a connection of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: sa.Connection | None = None

    def held(self) -> bool:
        """Whether it is ours now. It is lost with its connection, and then asked for again."""
        try:
            if self._connection is None:
                self._connection = self._database.engine.connect()
                query = sa.text("SELECT pg_try_advisory_lock(:key)")
                got = bool(self._connection.execute(query, {"key": _PG_LOCK}).scalar_one())
            else:
                got = bool(self._connection.execute(sa.text("SELECT true")).scalar_one())
            self._connection.commit()
        except sa.exc.DBAPIError:
            got = False
        if not got:
            self.give_up()
        return got

    def give_up(self) -> None:
        """Let go of it."""
        if self._connection is not None:
            self._connection.invalidate()  # not back to the pool: whoever took it from there would hold the lock
            self._connection.close()
            self._connection = None


@contextlib.contextmanager
def only_one(database: Database) -> Iterator[Callable[[], bool]]:
    """Hold the right to be the one process that writes (SQLite) or works (PostgreSQL).

    Gives what says whether it is still held.

    Raises:
        StartError: Another process holds it.
    """
    if database.is_sqlite:
        with _file_lock(Path(f"{database.engine.url.database}.lock")):
            yield lambda: True
        return
    right = Right(database)
    if not right.held():
        raise StartError("Another Gatehouse already works on this database; start this one with --no-worker")
    try:
        yield right.held
    finally:
        right.give_up()


@contextlib.contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise StartError(f"{path} cannot be opened: {problem.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise StartError(
            f"Another Gatehouse is using this database ({path} is locked); stop it first, or go through its API"
        ) from None
    try:
        yield
    finally:
        os.close(handle)  # closing lets go of the lock
