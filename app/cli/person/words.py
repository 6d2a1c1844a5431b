"""Requests and grants in words. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from app.domain import durations

_SHORTEST = 8
OPEN = frozenset({"scheduled", "applying", "active"})
"""States of a grant that can still be ended or extended."""
_VERBS = {"group.join": "join {group}", "group.leave": "leave {group}"}


def moment(text: str) -> datetime:
    """A time as the API writes it."""
    return datetime.fromisoformat(text)


def when(text: str | None) -> str:
    """A time as the clock on this wall has it."""
    return "" if text is None else f"{moment(text).astimezone():%Y-%m-%d %H:%M}"


def left(text: str | None, now: datetime) -> str:
    """How much time is left until then, in the two largest units."""
    if text is None:
        return "no end"
    span = moment(text) - now
    return roughly(span) if span > timedelta() else "over"


def time_left(grant: dict[str, Any], at: datetime) -> str:
    """How long a grant still holds; how long it will where it has not begun."""
    if grant["ends_at"] is None and grant["duration"] is not None:
        return f"{lasts(grant['duration'])} once it begins"
    return left(grant["ends_at"], at)


def roughly(span: timedelta) -> str:
    """A duration in its two largest units: `6 days 23 hours`."""
    words = durations.in_words(span).split(" ")
    return " ".join(words[:4])


def lasts(text: str | None) -> str:
    """A duration as the API writes it, in words."""
    return "" if text is None else durations.in_words(durations.parse(text))


def wish(row: dict[str, Any]) -> str:
    """What a request asks for."""
    change = row["change"]
    if row["kind"] in _VERBS and "group" in change:
        return _VERBS[row["kind"]].format(group=change["group"])
    name = next((change[key] for key in ("name", "group", "key_id") if change.get(key)), "")
    return f"{row['kind']} {name}".strip()


def said_in_a_line(row: dict[str, Any]) -> bool:
    """Whether `wish` says all that a request asks for."""
    return row["kind"] in _VERBS and set(row["change"]) <= {"group"}


def held(grant: dict[str, Any]) -> str:
    """What a grant gives."""
    return str(grant["group"]) if grant["group"] else f"policy {grant['policy']}"


def standing(row: dict[str, Any]) -> str:
    """Where a request is, in one line."""
    if row["decision"] == "pending":
        given = sum(d["verdict"] == "approve" and d["void"] is None for d in row["decisions"])
        return f"waits for approval ({given} of {row['ruling']['required_approvals']})"
    if row["decision"] != "approved" or row["provisioning"] == "none":
        return str(row["decision"])
    failure = row["failure"]
    return f"{row['provisioning']}: {failure['detail']}" if failure else str(row["provisioning"])


def over(row: dict[str, Any]) -> bool:
    """Whether nothing more will happen to a request by itself."""
    return row["decision"] not in {"pending", "approved"} or row["provisioning"] in {"applied", "failed"}


def given(row: dict[str, Any]) -> bool:
    """Whether it was carried out."""
    return bool(row["decision"] == "approved" and row["provisioning"] == "applied")


def shortened(ids: Iterable[str]) -> dict[str, str]:
    """Each id by as much of its beginning as tells it from the others: at least 8 characters."""
    ordered = sorted(set(ids))
    needs = dict.fromkeys(ordered, _SHORTEST)
    for one, following in pairwise(ordered):
        apart = next((n for n, (a, b) in enumerate(zip(one, following, strict=False), 1) if a != b), len(one))
        needs[one], needs[following] = max(needs[one], apart), max(needs[following], apart)
    return {one: one[:length] for one, length in needs.items()}


def now() -> datetime:
    """The time by this machine's clock: what is left is shown by it, and decided by nobody with it."""
    return datetime.now(UTC)
