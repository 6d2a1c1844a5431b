"""The fake's CloudTrail: events with state, a page at a time, as LookupEvents has them."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.clients import aws
from app.clients.trail import Snapshot
from app.domain import trail
from app.domain.trail import Page

A_PAGE = 50


class FakeTrail:
    """What was done in an account.

    Args:
        read: Called before each answer: what goes wrong with it.

    Attributes:
        events: The oldest first.
        refused: Raised instead of every answer.
    """

    def __init__(self, read: Callable[[str], None]) -> None:
        self._read = read
        self.events: list[dict[str, Any]] = []
        self.refused: aws.AwsError | None = None
        self.asked: list[tuple[str, datetime, datetime, str | None]] = []

    def did(self, user: str, name: str, at: datetime, *, source: str = trail.SOURCE, **more: Any) -> None:
        """Something happened. `more` goes into the event's own JSON."""
        reads = str(name.startswith(("Get", "List"))).lower()
        whole = {"eventSource": source, "sourceIPAddress": "192.0.2.1", "userIdentity": {"type": "IAMUser"}, **more}
        self.events.append(
            {
                "EventName": name,
                "EventTime": at,
                "EventSource": source,
                "Username": user,
                "ReadOnly": reads,
                "CloudTrailEvent": json.dumps(whole),
            }
        )

    def changes(self, user: str, since: datetime, until: datetime, token: str | None = None) -> Page:
        self._read("LookupEvents")
        self.asked.append((user, since, until, token))
        if self.refused is not None:
            raise self.refused
        found = [e for e in reversed(self.events) if e["Username"] == user and since <= e["EventTime"] <= until]
        start = int(token or 0)
        more = str(start + A_PAGE) if len(found) > start + A_PAGE else None
        return trail.page(found[start : start + A_PAGE], more)

    def snapshot(self) -> Snapshot:
        self._read("GetAccountSummary")
        return {"Users": 1, "Groups": 3, "digest": "sha256:0"}
