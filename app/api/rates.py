"""How often somebody may call."""

import threading
import time
from collections import OrderedDict

from app.errors import TooMany


class Rates:
    """A token bucket for each caller: `rate` a second, four times that at once. None is no limit."""

    _KEPT = 10_000

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, who: str) -> None:
        """Count one request.

        Raises:
            TooMany: The bucket is empty.
        """
        if self._rate is None:
            return
        now, burst = time.monotonic(), max(self._rate * 4, 1.0)
        with self._lock:
            level, at = self._levels.pop(who, (burst, now))
            level = min(burst, level + (now - at) * self._rate) - 1
            self._levels[who] = (max(level, 0.0), now)
            if len(self._levels) > self._KEPT:
                self._levels.popitem(last=False)
        if level < 0:
            raise TooMany(f"At most {self._rate:g} requests a second; wait a moment.")
