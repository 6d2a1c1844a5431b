"""Webhooks after Standard Webhooks: their secrets, signatures and pauses. Pure but for drawing a secret.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from standardwebhooks import Webhook

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
_SECRET_BYTES = 32
ROTATION = timedelta(days=1)
"""How long the secret before signs as well."""
GIVEN_UP_AFTER = timedelta(days=1)
DISABLED_AFTER = timedelta(days=5)
"""After that long without one delivery that worked an endpoint is left alone, once one more was given up."""
PAUSES = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 28800.0, 28800.0)
"""Seconds after each failure: a little less than a day in all."""
_JITTER = 0.2
LONGEST_ASKED = 28800.0
"""Seconds that a receiver may ask us to wait at most, so that there are further tries in the day."""


class DeliveryState(StrEnum):
    """What became of one event for one webhook."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Disabled(StrEnum):
    """Why a webhook is off."""

    GONE = "gone"
    """It answered 410."""
    FAILING = "failing"
    OWNER = "owner"
    """Whose it is cannot act any more, or is no admin."""
    BY_HAND = "by_hand"


SAID: Mapping[str, str] = {
    Disabled.GONE: "it answered 410",
    Disabled.FAILING: "nothing arrived there for five days",
    Disabled.OWNER: "you are no admin any more",
    Disabled.BY_HAND: "another admin did it",
}
"""The same for its owner."""


def new_secret() -> str:
    """A fresh secret, as receivers' libraries take it."""
    return SECRET_PREFIX + base64.b64encode(os.urandom(_SECRET_BYTES)).decode()


def headers(secrets: Sequence[str], message_id: str, at: datetime, body: str) -> dict[str, str]:
    """What proves where a message comes from.

    Args:
        secrets: Each signs: the receiver may know only the one before.
        message_id: The same at every try.
        at: When it is sent, in UTC.
        body: Exactly what is sent.
    """
    signed = [Webhook(secret).sign(message_id, at, body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signed),
    }


def body(type_: str, at: datetime, data: Mapping[str, Any]) -> str:
    """The message. Its text is kept, so that every try sends and signs the same."""
    said = {"type": type_, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": dict(data)}
    return json.dumps(said, separators=(",", ":"))


def pause(
    failures: int, jitter: float, retry_after: float | None = None, pauses: Sequence[float] = PAUSES
) -> timedelta | None:
    """How long to wait before the next try; None when there is none.

    Args:
        failures: How often it failed, at least once.
        jitter: From 0 to 1.
        retry_after: Seconds that the receiver asked for: never less than ours.
    """
    if failures > len(pauses):
        return None
    seconds = pauses[failures - 1] * (1 + _JITTER * (2 * jitter - 1))
    if retry_after is not None:
        seconds = max(seconds, min(retry_after, LONGEST_ASKED))
    return timedelta(seconds=seconds)
