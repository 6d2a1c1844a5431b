"""Delivery in the one process that SQLite allows: a thread that sleeps until a row is due, or is woken by a commit."""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from app import log
from app.db import Database, Tx
from app.delivery.due import due, next_due
from app.delivery.protocol import Runner
from app.domain.work import Work
from app.errors import StartError, Unavailable

_log = log.get("worker")
LONGEST_SLEEP = 5.0
"""Seconds. Short enough that a jump of the wall clock delays nothing by more."""
STUCK_AFTER = 120.0
"""Seconds on one piece of work after which `/readyz` no longer calls the worker fresh."""
TIDY_EVERY = 3600.0
"""Seconds between two rounds of tidying up."""


class EmbeddedDelivery:
    """One worker thread.

    Args:
        database: Asked what is due; its commits wake the thread.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._beat = time.monotonic()
        self._tidied = -TIDY_EVERY
        database.after_commit.append(self._woken_by)

    def start(self, runner: Runner) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._loop, args=(runner,), name="gatehouse-worker", daemon=True)
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

    def workers(self) -> int:
        """One: there is no other on SQLite."""
        return 1

    def _woken_by(self, tx: Tx) -> None:
        if tx.due or tx.later:
            self._wake.set()

    def _loop(self, runner: Runner) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                pause = self._round(runner)
            except (sa.exc.SQLAlchemyError, Unavailable) as problem:
                # What is due stays due; look again soon.
                _log.error("database_away", problem=type(problem).__name__)
                runner.without_database()
                pause = 1.0
            except Exception:  # noqa: BLE001 - were this thread to die, no access would end any more
                _log.exception("round_failed")
                pause = 1.0
            self._beat = time.monotonic()
            if pause > 0:
                self._wake.wait(pause)

    def _round(self, runner: Runner) -> float:
        """Do what is due; the seconds until there is more."""
        with self._database.read() as tx:
            batch = due(tx)
            upcoming = None if batch else next_due(tx)
        runner.remember()
        for work in batch:
            if self._stopping.is_set():
                return 0.0
            self._beat = time.monotonic()
            runner(work)
        if batch:
            return 0.0
        if time.monotonic() - self._tidied > TIDY_EVERY:
            self._tidied = time.monotonic()
            runner(Work("tidy"))
        if upcoming is None:
            return LONGEST_SLEEP
        return min(LONGEST_SLEEP, max(0.0, (upcoming - self._database.clock()).total_seconds()))


@contextlib.contextmanager
def only_one(database: Database) -> Iterator[None]:
    """Hold the right to be the one process that writes to an SQLite database (rule 34).

    Raises:
        StartError: Another process holds it.
    """
    with _file_lock(Path(f"{database.engine.url.database}.lock")):
        yield


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
