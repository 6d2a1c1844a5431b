"""Lines that are kept outside the database: JSON with an HMAC-SHA256 of it, so that a changed one is seen. Pure."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from app.domain import canonical

_SEAL = "hmac"


def seal(key: bytes, record: Mapping[str, Any]) -> bytes:
    """One line without its end.

    Args:
        key: For this kind of line alone.
        record: Plain JSON values. None of them is named `hmac`.
    """
    return canonical.dumps({**record, _SEAL: _mac(key, record)}).encode()


def unseal(key: bytes, line: bytes) -> dict[str, Any] | None:
    """What a line says; None where it is not a line of ours, or not as it was written."""
    try:
        record = json.loads(line)
        given = record.pop(_SEAL)
        holds = hmac.compare_digest(str(given).encode(), _mac(key, record).encode())
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return None
    return record if holds else None


def _mac(key: bytes, record: Mapping[str, Any]) -> str:
    return hmac.new(key, canonical.dumps(record).encode(), hashlib.sha256).hexdigest()
