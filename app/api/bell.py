"""Waiting for a request to change without holding a thread or a connection (rule 35)."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from app.db import Tx

WAITS_EACH = 10
"""Long polls of one caller at a time; a further one answers at once."""


class Bell:
    """Rung after commits, from any thread; heard on the event loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._each: defaultdict[str, int] = defaultdict(int)
        self.waits = 0
        """Long polls under way."""

    def bind(self) -> None:
        """Remember the loop that listens. Called when the server starts."""
        self._loop = asyncio.get_running_loop()

    def ring(self, tx: Tx) -> None:
        """Wake those who wait for what this transaction touched."""
        if self._loop is not None and not self._loop.is_closed() and tx.touched:
            self._loop.call_soon_threadsafe(self._ring, frozenset(tx.touched))

    def _ring(self, ids: Iterable[str]) -> None:
        for row_id in ids:
            for event in self._waiting.get(row_id, ()):
                event.set()

    @asynccontextmanager
    async def listening(self, row_id: str, caller: str) -> AsyncIterator[asyncio.Event | None]:
        """An event that is set when the row changes; None when the caller waits too often already."""
        if self._each[caller] >= WAITS_EACH:
            yield None
            return
        event = asyncio.Event()
        self._each[caller] += 1
        self.waits += 1
        self._waiting[row_id].add(event)
        try:
            yield event
        finally:
            self._waiting[row_id].discard(event)
            if not self._waiting[row_id]:
                del self._waiting[row_id]
            self._each[caller] -= 1
            self.waits -= 1
            if not self._each[caller]:
                del self._each[caller]
