"""What a shell may complete: names and ids, asked for quickly, and nothing at all where that does not work."""

import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from app.cli.client import Api
from app.cli.person.finding import REQUESTS, SECRETS
from app.cli.person.words import OPEN, held, wish
from app.errors import GatehouseError, StartError

_SECONDS = 2.0
_MOST = 200
_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,128}")
"""A shell runs nothing of what this lets through."""


def _offered(look: Callable[[Api], Iterable[tuple[Any, str]]], typed: str) -> list[tuple[str, str]]:
    try:
        with Api(hurry=_SECONDS) as api:
            found = list(islice(look(api), _MOST))
        named = [(str(name), re.sub(r"[^\w .()@-]", "", about)[:60]) for name, about in found]
    except (GatehouseError, StartError, LookupError, TypeError, AttributeError, ValueError):
        return []
    return [(name, about) for name, about in named if _NAME.fullmatch(name) and name.startswith(typed)]


def groups(incomplete: str) -> list[tuple[str, str]]:
    """Names of groups."""
    return _listed("/v1/groups", lambda one: (one["name"], one["description"]), incomplete)


def to_decide(incomplete: str) -> list[tuple[str, str]]:
    """Ids of what waits for me."""
    return _requests(incomplete, to_approve=True)


def asked(incomplete: str) -> list[tuple[str, str]]:
    """Ids of what I asked."""
    return _requests(incomplete, mine=True)


def open_requests(incomplete: str) -> list[tuple[str, str]]:
    """Ids of what I asked and nobody decided."""
    return _requests(incomplete, mine=True, decision="pending")


def mine(incomplete: str) -> list[tuple[str, str]]:
    """What I hold, by name."""
    return _offered(
        lambda api: ((g["group"] or g["policy"], held(g)) for g in api.get("/v1/me")["grants"] if g["state"] in OPEN),
        incomplete,
    )


def secrets(incomplete: str) -> list[tuple[str, str]]:
    """Ids of what waits to be collected."""
    return _listed(SECRETS, lambda one: (one["id"], one["kind"]), incomplete)


def _requests(incomplete: str, **filters: Any) -> list[tuple[str, str]]:
    return _listed(REQUESTS, lambda row: (row["id"], f"{row['user']} {wish(row)}"), incomplete, **filters)


def _listed(
    path: str, named: Callable[[dict[str, Any]], tuple[Any, str]], incomplete: str, **filters: Any
) -> list[tuple[str, str]]:
    return _offered(lambda api: map(named, api.get(path, limit=_MOST, **filters)["items"]), incomplete)
