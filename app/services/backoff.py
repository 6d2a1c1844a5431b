"""How long to wait before trying again."""

import random
from collections.abc import Callable
from datetime import timedelta


class Backoff:
    """Growing pauses with jitter: about 1, 2, 4 … seconds, never more than `longest`.

    Args:
        first: Seconds of the first pause, before jitter.
        longest: Seconds of the longest pause.
        jitter: A number from 0 to 1 each time; injected for tests.
    """

    def __init__(
        self,
        first: float = 1.0,
        longest: float = 120.0,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._first, self._longest, self._jitter = first, longest, jitter

    def __call__(self, attempts: int) -> timedelta:
        """The pause after that many attempts, between half of the full pause and all of it."""
        full = min(self._longest, self._first * 2 ** min(attempts, 20))
        return timedelta(seconds=full * (0.5 + self._jitter() / 2))
