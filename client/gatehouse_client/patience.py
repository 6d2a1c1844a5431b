"""How often and how long something is tried again."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True)
class Patience:
    """Tries and pauses. A pause grows with each try and is spread by chance, so that many callers do not come at once.

    Attributes:
        tries: At most so many in all.
        first: Seconds of the first pause, before it is spread.
        longest: Seconds of any pause. Whoever says to come back later than that is not waited for.
    """

    tries: int = 5
    first: float = 0.5
    longest: float = 20.0
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def pause(self, tried: int, retry_after: str | None) -> float | None:
        """Seconds until the next try, None when there is none.

        Args:
            tried: So often until now.
            retry_after: The header of that name, seconds or a date.
        """
        if tried >= self.tries:
            return None
        grown = min(self.longest, self.first * 2.0 ** (tried - 1))
        spread = grown * (0.5 + self.chance() / 2)
        asked = _seconds(retry_after)
        if asked is None:
            return spread
        return None if asked > self.longest else asked + spread / 2


def _seconds(header: str | None) -> float | None:
    if header is None:
        return None
    if header.isascii() and header.isdigit():
        return float(header[:9])
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
