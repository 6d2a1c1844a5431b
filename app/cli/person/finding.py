"""What somebody means by an id, the beginning of one, or the name of a group."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from app.cli.client import Api, segment
from app.cli.exits import Missing, Mistake
from app.cli.person.words import OPEN, held

REQUESTS, GRANTS, SECRETS = "/v1/access-requests", "/v1/grants", "/v1/secrets"
MINE, TO_APPROVE = {"mine": True}, {"to_approve": True}
_WHOLE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BEGINNING = re.compile(r"[0-9a-f-]{4,36}")
_MOST = 2000
"""Things to look through at most."""


def request(api: Api, text: str, *first: Mapping[str, bool]) -> dict[str, Any]:
    """The access request that is meant.

    Args:
        text: Its id, or the beginning of it where that is unique.
        first: Filters for where to look before looking through everything: what was shown last came from there.

    Raises:
        Missing: There is none that the caller may see.
        Mistake: It is no id, or the beginning of several.
    """
    text = _form(text)
    if not _WHOLE.fullmatch(text):
        # What was shown last may come from any of the first, so the beginning has to be unique over all of them.
        for places in (first, ({},)):
            found = _unique(text, {one for filters in places for one in _newer(api, text, filters)})
            if found is not None:
                break
        else:
            raise Missing(f"There is no access request that begins with {text}, or none that you may see.")
        text = found
    return dict(api.get(f"{REQUESTS}/{segment(text)}"))


def secret_id(api: Api, text: str) -> str:
    """The id of the secret that is meant; raises as `request` does."""
    text = _form(text)
    found = text if _WHOLE.fullmatch(text) else _unique(text, (row["id"] for row in api.every(SECRETS)))
    if found is None:
        raise Missing("Nothing that waits for you begins with that; look with gatehouse secrets.")
    return found


def grant(api: Api, text: str, user: str | None) -> dict[str, Any]:
    """The grant that is meant: by a group's or a policy's name the one that holds longest, or by its id.

    Args:
        user: Whose; the caller's where it is left out.

    Raises:
        Missing: There is none.
        Mistake: It is the beginning of several ids.
    """
    name = user or api.get("/v1/me")["name"]
    rows = [row for row in islice(api.every(GRANTS, user=name), _MOST) if row["state"] in OPEN]
    named = [row for row in rows if text in {row["group"], row["policy"]}]
    if named:
        return dict(max(named, key=lambda row: (row["state"] == "active", row["ends_at"] or "9", row["id"])))
    found = text.lower() if _WHOLE.fullmatch(text.lower()) else None
    if found is None and _BEGINNING.fullmatch(text.lower()):
        found = _unique(text.lower(), (row["id"] for row in rows))
    if found is None:
        has = ", ".join(sorted({held(row) for row in rows})) or "nothing"
        raise Missing(f"{name} holds no {text}. What {name} holds: {has}.", code="grant_not_found")
    return dict(api.get(f"{GRANTS}/{segment(found)}"))


def _form(text: str) -> str:
    text = text.strip().lower()
    if not _BEGINNING.fullmatch(text):
        raise Mistake("An id, or its first four characters or more, has digits and the letters a to f")
    return text


def _newer(api: Api, text: str, filters: Mapping[str, bool]) -> Iterator[str]:
    """Ids, newest first. They begin with the time, so what is older than the beginning is not looked at."""
    for row in islice(api.every(REQUESTS, **filters), _MOST):
        if row["id"] < text:
            return
        yield row["id"]


def _unique(beginning: str, ids: Iterable[str]) -> str | None:
    found = [one for one in ids if one.startswith(beginning)]
    if len(found) > 1:
        shown = ", ".join(sorted(found)[:5])
        raise Mistake(f"{beginning} begins {len(found)} ids: {shown}. Give more of it")
    return found[0] if found else None
