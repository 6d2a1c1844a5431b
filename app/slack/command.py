"""What people type after `/access`, read. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from app.domain import durations
from app.slack.text import written

_VERB = re.compile(r"(\S+)\s*(.*)", re.DOTALL)
_BECAUSE = re.compile(r"\s*\b(?:because|since|reason:)\s*(.*)", re.IGNORECASE | re.DOTALL)
_FOR = re.compile(r"\s*\bfor\s+(.*)", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"(\S+)(.*)", re.DOTALL)
_NAMED = re.compile(r"<([@#])[A-Z0-9]{2,32}\|([^<>|]+)>", re.ASCII)
_ADDRESS = re.compile(r"<((?:https?://|mailto:)[^<>|\s]+)(?:\|[^<>]*)?>", re.ASCII)
_MENTION = re.compile(r"<@(?P<id>[A-Z0-9]{2,32})(?:\|[^>]*)?>", re.ASCII)
_REASON = 1000

Page = Literal["mine", "pending", "why", "link", "help", "form"]
_PAGES: dict[str, Page] = {
    "mine": "mine",
    "pending": "pending",
    "why": "why",
    "link": "link",
    "help": "help",
    "form": "form",
}


@dataclass(frozen=True)
class Ask:
    """`request GROUP for 7d because …`. Without a duration it is the longest that the rule allows.

    Attributes:
        user: For whom, by name; None is whoever asks.
        slack_user_id: For whom, where Slack made a mention of it.
    """

    group: str
    reason: str
    duration: timedelta | None = None
    user: str | None = None
    slack_user_id: str | None = None


@dataclass(frozen=True)
class Return:
    """`return GROUP`."""

    group: str
    reason: str | None = None


@dataclass(frozen=True)
class Show:
    """A word that shows something."""

    page: Page


@dataclass(frozen=True)
class Unknown:
    """It cannot be read; `why` says what is wrong with it, in words of ours."""

    why: str


Command = Ask | Return | Show | Unknown


class _Unread(Exception):
    """What is wrong with what was typed."""


def parse(text: str) -> Command:
    """Read what stands behind the command; never fails."""
    found = _VERB.fullmatch(written(text))
    if found is None:
        return Show("form")
    verb, rest = found[1].casefold(), found[2].strip()
    if verb in _READS:
        try:
            return _READS[verb](rest)
        except _Unread as wrong:
            return Unknown(str(wrong))
    if verb in _PAGES:
        return Show(_PAGES[verb]) if not rest else Unknown(f"Nothing goes behind {_PAGES[verb]}.")
    return Unknown("That is no word of this command.")


def duration(text: str) -> timedelta:
    """A duration as people write it: `7d`, `4h`, `1d12h`, `2 weeks`, `P7D`.

    Raises:
        ValueError: It is none; the text is a sentence that says what one looks like.
    """
    try:
        return durations.typed(text)
    except ValueError as wrong:
        said = str(wrong)
        raise ValueError(f"{said[0].upper()}{said[1:]}.") from None


def _ask(rest: str) -> Ask:
    head, reason = _split(rest)
    found = _WORD.fullmatch(head)
    if found is None:
        raise _Unread("Say which group.")
    long, whom = _clauses(found[2])
    if not reason:
        raise _Unread("Say why, with because.")
    if len(reason) > _REASON:
        raise _Unread(f"The reason is longer than {_REASON} characters.")
    return Ask(_name(found[1]), reason, long, **whom)


def _clauses(text: str) -> tuple[timedelta | None, dict[str, str]]:
    """For how long, and for whom: each behind a `for`, in any order."""
    long: timedelta | None = None
    whom: dict[str, str] = {}
    while text.strip():
        clause, text = _clause(text)
        person = _person(clause)
        if (person and whom) or (not person and long is not None):
            raise _Unread("Say for how long, and for whom, once.")
        if person:
            whom = person
            continue
        try:
            long = duration(clause)
        except ValueError as wrong:
            raise _Unread(str(wrong)) from None
    return long, whom


def _return(rest: str) -> Return:
    head, reason = _split(rest)
    words = head.split()
    if len(words) != 1:
        raise _Unread("Say which group, and nothing else.")
    return Return(_name(words[0]), reason[:_REASON] or None)


def _split(rest: str) -> tuple[str, str]:
    """What stands before `because`, and the reason behind it."""
    found = _BECAUSE.search(rest)
    if found is None:
        return rest, ""
    return rest[: found.start()].strip(), _as_typed(found[1])


def _as_typed(text: str) -> str:
    """A reason as it was typed, where Slack wrote mentions, addresses and `&` in its own form (`should_escape`)."""
    whole = _ADDRESS.sub(r"\1", _NAMED.sub(r"\1\2", text))
    return whole.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _clause(clauses: str) -> tuple[str, str]:
    """What stands between one `for` and the next."""
    found = _FOR.match(clauses)
    if found is None:
        raise _Unread("Say for how long with for, and why with because.")
    after = _FOR.search(found[1])
    return (found[1].strip(), "") if after is None else (found[1][: after.start()].strip(), found[1][after.start() :])


def _person(clause: str) -> dict[str, str]:
    mentioned = _MENTION.fullmatch(clause)
    if mentioned is not None:
        return {"slack_user_id": mentioned["id"]}
    if clause.startswith("@") and len(clause.split()) == 1:
        return {"user": clause[1:]}
    return {}


def _name(word: str) -> str:
    return word.strip("`*_'\"") or word


_READS: dict[str, Callable[[str], Ask | Return]] = {"request": _ask, "ask": _ask, "return": _return, "leave": _return}
