"""Text of people, made harmless for Slack. Pure.

Slack reads `&`, `<` and `>` in every text, `*_~` and backquotes in mrkdwn, and names after `@` and addresses where
asked to (docs.slack.dev, "Formatting message text"). What people write is shown and never read.
"""

import re
import unicodedata

from slack_sdk.models.blocks.basic_components import MarkdownTextObject, PlainTextObject

MORE = "…"
"""Stands where something was left out."""

_JOINER = "\u2060"
"""Word joiner: takes no room, and what it stands in is no name and no address any more."""

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_PINGS = re.compile(r"@(?=\w)")
_ADDRESS = re.compile(r"(?<=\w):(?=//)|(?<=\bmailto):", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_ALSO_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800")
"""Characters that are letters or marks by their category and show nothing."""

_MARKS = 3
"""Marks on one letter that are shown: more of them grow into the lines above and below."""


def one_line(text: str) -> str:
    """The text without what nobody sees: control, zero width and turning characters; any white space is one space."""
    spaced = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFC", text))
    seen, marks = [], 0
    for c in spaced:
        category = unicodedata.category(c)
        if category in _UNSEEN or c in _ALSO_UNSEEN:
            continue
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks <= _MARKS:
            seen.append(c)
    return _SPACES.sub(" ", "".join(seen)).strip()


def written(text: str) -> str:
    """What somebody typed, as it is kept: no control characters but line breaks and tabs, no lone surrogates."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"}).strip()


def safe(text: str, limit: int) -> str:
    """One line for any text of Slack's: it pings nobody, links nowhere, is no longer than it may be, and never empty.

    Args:
        limit: Characters at most, as Slack counts them: after escaping.
    """
    broken = _ADDRESS.sub(f":{_JOINER}", _PINGS.sub(f"@{_JOINER}", one_line(text)))
    return _cut([_ESCAPES.get(c, c) for c in broken], limit) or MORE


def code(text: str, limit: int = 160) -> str:
    """A name for mrkdwn, as code: nothing in it is read as formatting, and it can be copied."""
    plain = one_line(text).replace("`", "'")
    return f"`{_cut([_ESCAPES.get(c, c) for c in plain], limit) or ' '}`"


def plain(text: str) -> PlainTextObject:
    """A plain text of Slack's, of text that is `safe` already or our own."""
    return PlainTextObject(text=text, emoji=False)


def marked(text: str) -> MarkdownTextObject:
    """A mrkdwn text of Slack's, in which it looks for no names and addresses of its own accord."""
    return MarkdownTextObject(text=text, verbatim=True)


def lines(entries: list[str] | tuple[str, ...], *, most: int, each: int) -> str:
    """A list in plain text, one line each, with a last one that says how many are left out.

    Args:
        entries: Text of people.
        most: Entries shown.
        each: Characters of one.
    """
    shown = [f"• {safe(entry, each)}" for entry in entries[:most]]
    left = len(entries) - most
    return "\n".join([*shown, *([f"{MORE} and {left} more"] if left > 0 else [])])


def names(entries: list[str] | tuple[str, ...], *, most: int = 10) -> str:
    """Names in a row, for mrkdwn."""
    shown = ", ".join(code(entry, 64) for entry in entries[:most])
    left = len(entries) - most
    return f"{shown} and {left} more" if left > 0 else shown


def _cut(pieces: list[str], limit: int) -> str:
    """As many whole pieces as fit, so that no entity is cut in two."""
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    kept, room = [], limit - len(MORE)
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept) + MORE
