"""Couriers: threads that carry what must be told, apart from the worker, so that a slow mail server delays no end."""

import threading
import time
from collections.abc import Callable

import sqlalchemy as sa

from app import log, metrics
from app.db import Database, Tx
from app.errors import Unavailable

_log = log.get("courier")
LONGEST_SLEEP = 1.0
"""Seconds: commits of other processes wake nobody here."""
GATHERING = 0.05
"""Seconds between being woken and looking: under load one look serves many commits."""
AFTER_A_FAILURE = 5.0

Round = Callable[[], float | None]
"""Does what is due and answers the seconds until there may be more; 0 asks to be called again at once.

None says that nobody listens: then commits do not wake it either, and cost nothing.
"""


class Courier:
    """One thread that calls a round for ever.

    Args:
        database: Its commits wake the thread.
        name: For the log; one of ours.
        round_: Must leave what it could not do as a row that comes due again.
        after_failure: Seconds to rest after a round that raised; what is due stays due.
    """

    def __init__(self, database: Database, name: str, round_: Round, *, after_failure: float = AFTER_A_FAILURE) -> None:
        self._database, self._name, self._round, self._rest = database, name, round_, after_failure
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._nobody_listens = False
        self._thread = threading.Thread(target=self._loop, name=f"gatehouse-{name}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._database.after_commit.append(self._woken_by)
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """Let the round under way finish. False: it did not within `timeout` seconds, and its rows come due again."""
        self._stopping.set()
        self._wake.set()
        if self._thread.ident is None:
            return True
        self._thread.join(timeout)
        if self._woken_by in self._database.after_commit:
            self._database.after_commit.remove(self._woken_by)
        return not self._thread.is_alive()

    def _woken_by(self, tx: Tx) -> None:
        if tx.drafts and not self._nobody_listens:
            self._wake.set()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                wanted = self._round()
                self._nobody_listens = wanted is None
                pause = LONGEST_SLEEP if wanted is None else min(wanted, LONGEST_SLEEP)
            except (sa.exc.SQLAlchemyError, Unavailable) as problem:
                metrics.COURIER_FAILURES.inc()
                _log.error("database_away", courier=self._name, problem=type(problem).__name__)
                pause = LONGEST_SLEEP
            except Exception:  # noqa: BLE001 - were this thread to die, nobody would be told anything any more
                metrics.COURIER_FAILURES.inc()
                _log.exception("round_failed", courier=self._name)
                self._stopping.wait(self._rest)
                continue
            if pause > 0 and self._wake.wait(pause):
                self._stopping.wait(GATHERING)


def stop_all(couriers: list[Courier], timeout: float) -> bool:
    """Stop several within `timeout` seconds in all; False where one did not."""
    deadline = time.monotonic() + timeout
    stopped = [courier.stop(max(0.1, deadline - time.monotonic())) for courier in couriers]
    return all(stopped)
