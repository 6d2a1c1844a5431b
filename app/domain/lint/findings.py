"""What the lint has to say: one finding, and how many of them are worth saying."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.words import Severity

MOST = 100
"""More than this nobody reads, and a document of 256 KiB could earn tens of thousands."""

_QUOTED = 120
_ORDER = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a document that somebody should know.

    Attributes:
        code: Stable, snake_case.
        subject: A statement's Sid or `statement 2`, otherwise `document`.
        line: In the document's text, from 1.
        evidence: What was found there.
        reason: Why it matters, in plain words.
        remedy: What to do about it.
        scoped_form: A statement to put in its place, with <…> for what only the writer knows.
    """

    severity: Severity
    code: str
    subject: str
    line: int
    evidence: str
    reason: str
    remedy: str | None = None
    scoped_form: Mapping[str, Any] | None = field(default=None, hash=False)


def of_document(severity: Severity, code: str, line: int, evidence: str, reason: str, remedy: str) -> Finding:
    """A finding about the document as a whole."""
    return Finding(severity, code, "document", line, evidence, reason, remedy)


def quote(text: object) -> str:
    """Somebody else's text, short, visible and able to be written as UTF-8."""
    shown = ascii(text) if not isinstance(text, str) or not text.isprintable() else f"'{text}'"
    return shown if len(shown) <= _QUOTED else f"{shown[: _QUOTED - 1]}…"


def several(texts: Iterable[str], most: int = 5) -> str:
    """A few of many, and how many more there are."""
    all_of_them = list(texts)
    said = ", ".join(all_of_them[:most])
    return said if len(all_of_them) <= most else f"{said} and {len(all_of_them) - most} more"


def worst_first(found: Iterable[Finding]) -> list[Finding]:
    """In the order in which to read them, at most `MOST`, each once, and a word about those left out."""
    ordered = sorted(dict.fromkeys(found), key=lambda one: (_ORDER.index(one.severity), one.line))
    kept = ordered[:MOST]
    if len(ordered) > MOST:
        left = f"{len(ordered) - MOST} more findings are left out."
        kept.append(Finding(Severity.INFO, "more_findings", "document", 1, left, "The worst are shown first."))
    return kept
