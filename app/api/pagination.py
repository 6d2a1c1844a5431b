"""Keyset pages, newest first, with signed cursors. Nothing is lost or repeated while rows are added."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query

from app.errors import BadRequest

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
CursorText = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")]
_MAC = 16


def write(key: bytes, last: str | int, filters: Mapping[str, Any]) -> str:
    """The cursor behind a row. It holds only under the same filters."""
    body = json.dumps([last, _filters(filters)]).encode()
    return _text(_mac(key, body) + body)


def read(key: bytes, cursor: str | None, filters: Mapping[str, Any]) -> Any:
    """The row a cursor stands behind; None without a cursor.

    Raises:
        BadRequest: `bad_cursor`, it was changed or belongs to another list.
    """
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if _text(raw) != cursor:
        raise _bad()  # the same bytes, written in another way
    mac, body = raw[:_MAC], raw[_MAC:]
    if not hmac.compare_digest(mac, _mac(key, body)):
        raise _bad()
    last, belongs_to = json.loads(body)
    if belongs_to != _filters(filters):
        raise _bad()
    return last


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bad() -> BadRequest:
    return BadRequest("This cursor is not one of ours for this list; begin without it.", code="bad_cursor")


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:_MAC]


def _filters(filters: Mapping[str, Any]) -> str:
    text = json.dumps({k: str(v) for k, v in filters.items() if v is not None}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
