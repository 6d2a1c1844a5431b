"""The same thing told twice is done once, and answered as it was the first time.

Slack tells again what it believes nobody heard, and so may a listener on the line.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")
LASTS = 600.0
"""Seconds: twice as long as a signature is good for. Slack tries an event a last time after five minutes."""
MOST = 5_000
WAIT = 30.0


class Once(Generic[T]):
    """Does a thing once a key, in this process. Services themselves bear the rest: other processes, later days.

    Args:
        keep: Whether an answer stands; what failed may be tried again.
        lasts: Seconds.
        most: Keys at most; the oldest go first.
    """

    def __init__(self, keep: Callable[[T], bool], *, lasts: float = LASTS, most: int = MOST) -> None:
        self._keep, self._lasts, self._most = keep, lasts, most
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[float, Future[T]]] = OrderedDict()

    def __call__(self, key: Hashable, do: Callable[[], T]) -> tuple[T, bool]:
        """The answer, and whether it was given before. Whoever comes while it is being done waits for it.

        Raises:
            TimeoutError: It is being done for half a minute already.
        """
        now = time.monotonic()
        with self._lock:
            while self._kept and (len(self._kept) > self._most or next(iter(self._kept.values()))[0] < now):
                self._kept.popitem(last=False)
            before = self._kept.get(key)
            answer: Future[T] = Future() if before is None else before[1]
            if before is None:
                self._kept[key] = now + self._lasts, answer
        if before is not None:
            return answer.result(WAIT), True
        try:
            done = do()
        except BaseException as problem:
            self._forget(key)
            answer.set_exception(problem)
            raise
        if not self._keep(done):
            self._forget(key)
        answer.set_result(done)
        return done, False

    def _forget(self, key: Hashable) -> None:
        with self._lock:
            self._kept.pop(key, None)
