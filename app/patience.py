"""Asking what may not answer: with a deadline, one look at a time, and an answer that is kept for a moment."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Patient(Generic[T]):
    """Looks something up in a thread of its own, so that whoever asks can stop waiting.

    However many ask, at most one look is under way: one that hangs cannot use up threads or connections.

    Args:
        look: Called to find out.
        wait: Seconds that a caller waits for the answer.
        keep: Seconds, counted from its beginning, for which a look's answer (or failure) is given again.
    """

    def __init__(self, look: Callable[[], T], *, wait: float, keep: float) -> None:
        self._look, self._wait, self._keep = look, wait, keep
        self._lock = threading.Lock()
        self._answer: Future[T] | None = None
        self._began = 0.0

    def __call__(self) -> T:
        """The answer.

        Raises:
            TimeoutError: It did not come in time. The look goes on, and the next one to ask may get it.
            Exception: Whatever the look raised.
        """
        with self._lock:
            answer = self._answer
            if answer is None or (answer.done() and time.monotonic() - self._began >= self._keep):
                answer = self._answer = Future()
                self._began = time.monotonic()
                threading.Thread(target=_settle, args=(self._look, answer), name="gatehouse-look", daemon=True).start()
        return answer.result(self._wait)


def _settle(look: Callable[[], T], answer: "Future[T]") -> None:
    try:
        answer.set_result(look())
    except Exception as problem:  # noqa: BLE001 - it is raised again where the answer is asked for
        answer.set_exception(problem)
