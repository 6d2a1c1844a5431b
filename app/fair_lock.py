"""A turn for each writer, in the order of asking."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import Unavailable


class FairLock:
    """A lock that is handed on in the order of asking.

    SQLite's own busy handler sleeps and starves writers (measured: p99 1.25 s with 8 clients against
    0.15-0.25 s with this in front of it).
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._queue: deque[threading.Event] = deque()

    @contextmanager
    def held(self, timeout: float) -> Iterator[None]:
        """Hold it, or raise Unavailable after `timeout` seconds."""
        turn = threading.Event()
        with self._guard:
            if self._held:
                self._queue.append(turn)
            else:
                self._held = True
                turn.set()
        if not turn.wait(timeout) and not self._gave_up_in_time(turn):
            raise Unavailable("The database is busy; try again in a moment.", code="busy")
        try:
            yield
        finally:
            with self._guard:
                if self._queue:
                    self._queue.popleft().set()
                else:
                    self._held = False

    def _gave_up_in_time(self, turn: threading.Event) -> bool:
        """Leave the queue after the wait. True when the turn came in the same instant and is ours after all."""
        with self._guard:
            if turn.is_set():
                return True
            self._queue.remove(turn)
            return False
