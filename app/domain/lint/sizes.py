"""How large a document is, and which characters it may have. No emulator asks, so Gatehouse does.

IAM User Guide, "IAM and AWS STS quotas" (white space is not counted); the pattern of `policyDocumentType` in botocore's
IAM model.
"""

import re
from collections.abc import Iterator
from enum import Enum

from app.domain.lint.findings import Finding, of_document, quote
from app.domain.words import Severity

_SPACE = re.compile(r"[ \t\n\r]+")
_NOT_ALLOWED = re.compile("[^\t\n\r\u0020-\u00ff]")


class Use(Enum):
    """Where a document goes: how it is called, and how many characters it may have there, white space aside."""

    USER = ("a user's inline policies together", 2048)
    GROUP = ("a group's inline policies together", 5120)
    MANAGED = ("a managed policy", 6144)

    @property
    def words(self) -> str:
        """For people."""
        return self.value[0]

    @property
    def limit(self) -> int:
        """Characters, white space not counted."""
        return self.value[1]


LARGEST = max(use.limit for use in Use)


def size(text: str) -> int:
    """The characters that AWS counts: all but white space."""
    return len(_SPACE.sub("", text))


def check(text: str, use: Use | None) -> Iterator[Finding]:
    """Whether it is too large for its use, or for one of them where that is not known."""
    counted = size(text)
    over = [one for one in ([use] if use else Use) if counted > one.limit]
    if over:
        nowhere = use is not None or counted > LARGEST
        yield of_document(
            Severity.HIGH if nowhere else Severity.LOW,
            "too_large",
            1,
            f"It has {counted} characters without white space.",
            "The most for " + ", for ".join(f"{one.words} is {one.limit}" for one in over) + ".",
            "Split it, or use wildcards where they give nothing more."
            if nowhere
            else "Use it elsewhere, or shorten it.",
        )


def characters(text: str) -> Iterator[Finding]:
    """Whether there are any that AWS does not take; the first of them."""
    odd = _NOT_ALLOWED.search(text)
    if odd:
        yield of_document(
            Severity.HIGH,
            "character",
            text.count("\n", 0, odd.start()) + 1,
            f"The character {quote(odd.group())} stands there.",
            "AWS takes tab, line feed, carriage return and U+0020 to U+00FF only.",
            "Replace it.",
        )
