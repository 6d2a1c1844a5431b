"""The audit chain: each event's MAC covers the one before it, over the bytes that are stored. Pure.

HMAC-SHA256 (RFC 2104) with `GATEHOUSE_AUDIT_KEY`: whoever can write the table but has no key can
neither change, drop, add nor reorder an event unseen.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass

GENESIS = "0" * 64
"""What stands where the first event's predecessor would."""


@dataclass(frozen=True)
class Link:
    """A stored event as the check needs it: its columns, its bytes, its MAC."""

    seq: int
    event: str
    actor: str
    subject: str | None
    access_request_id: str | None
    at: str
    body: str
    mac: str


@dataclass(frozen=True)
class Verification:
    """The outcome: how many events hold, the MAC of the last, and where it breaks if it does."""

    valid: bool
    events: int
    head: str
    broken_at: int | None = None
    problem: str | None = None


def mac(key: bytes, before: str, body: str) -> str:
    """The MAC of one event, 64 hex digits, given the one before it and its own bytes."""
    return hmac.new(key, f"{before}\n{body}".encode(), hashlib.sha256).hexdigest()


def verify(key: bytes, links: Iterable[Link], head_seq: int, head_mac: str) -> Verification:
    """Walk the whole chain, oldest first, and compare its end with the head row."""
    before, count = GENESIS, 0
    for link in links:
        problem = _fault(key, before, count + 1, link)
        if problem:
            return Verification(False, count, before, count + 1, problem)
        before, count = link.mac, count + 1
    if (head_seq, head_mac) != (count, before):
        return Verification(False, count, before, count + 1, "the chain does not end where its head says")
    return Verification(True, count, before)


def _fault(key: bytes, before: str, expected_seq: int, link: Link) -> str | None:
    if link.seq != expected_seq:
        return f"event {expected_seq} is missing"
    if not hmac.compare_digest(link.mac, mac(key, before, link.body)):
        return f"event {link.seq} was changed, or the audit key is another one"
    body = json.loads(link.body)
    columns = (link.seq, link.event, link.actor, link.subject, link.access_request_id, link.at)
    if columns != tuple(body.get(k) for k in ("seq", "event", "actor", "subject", "access_request_id", "at")):
        return f"the columns of event {link.seq} say something else than its body"
    return None
