"""How long to wait before trying again, and whether to: the pure decision with chance added."""

import random
from collections.abc import Callable
from datetime import timedelta

from app.domain.retries import Decision, Failure, Pauses, Standing, decide


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
        self._pauses, self._jitter = Pauses(first, longest), jitter

    def __call__(self, attempts: int) -> timedelta:
        """The pause after that many attempts, between half of the full pause and all of it."""
        return self._pauses.after(attempts, self._jitter())

    def decide(self, failure: Failure, standing: Standing) -> Decision:
        """What follows a try that did not succeed."""
        return decide(failure, standing, self._pauses, self._jitter())
