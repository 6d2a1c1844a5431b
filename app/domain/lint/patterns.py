"""IAM's patterns: `*` is any text, `?` is one character. Pure, and never slower than the texts are long.

IAM User Guide, "IAM JSON policy elements: Resource", "Using wildcards in resource ARNs". Regular expressions with
several stars go back and forth for as long as somebody wants them to; each part here is looked for once, from the left,
which is enough since nothing but a star stands between parts.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

LONGEST = 2048
"""Nothing longer is compared: no ARN is as long."""

_COLONS = 5
_STARS = re.compile(r"\*{2,}")


def matches(pattern: str, text: str) -> bool:
    """Say whether a text without wildcards matches."""
    sure = pattern.partition("*")[0]
    if "?" not in sure and not text.startswith(sure):
        return False  # thousands of patterns end here: AWS's longest policies name every service
    return _runs(pattern, text, _exact)


def matching(pattern: str, texts: Iterable[str]) -> list[str]:
    """Those of many texts without wildcards that match."""
    pattern = _STARS.sub("*", pattern)
    if len(pattern) > LONGEST:
        return []
    parts, last = [_exact(part) for part in pattern.split("*")], len(pattern.rpartition("*")[2])
    sure = max(re.split(r"[*?]", pattern), key=len)  # a first look that costs next to nothing
    return [text for text in texts if sure in text and _run(parts, last, text)]


def covers(wide: str, narrow: str) -> bool:
    """Say whether everything that `narrow` matches, `wide` matches surely. A star is only covered by a star."""
    return wide in {"*", narrow} or _runs(wide, narrow, _covering)


def overlap(one: str, other: str) -> bool:
    """Say whether some text could match both."""
    if max(len(one), len(other)) > LONGEST:
        return True
    if not _agree(one.partition("*")[0], other.partition("*")[0]):
        return False
    if "*" not in one:
        one, other = other, one
    if "*" not in other:
        return _runs(one, other, _possible)
    # Each has room for all of the other's middle, so only the ends can be against it.
    return _agree(one.rpartition("*")[2][::-1], other.rpartition("*")[2][::-1])


def arn_covers(wide: str, narrow: str) -> bool:
    """The same for ARNs, part by part: a star does not reach past a colon, except in the last part."""
    if wide in {"*", narrow}:
        return True
    one, other = wide.split(":", _COLONS), narrow.split(":", _COLONS)
    return len(one) == len(other) == _COLONS + 1 and all(map(covers, one, other))


def arn_overlap(one: str, other: str) -> bool:
    """The same for ARNs, part by part. What is no whole ARN is compared as text."""
    parts, others = one.split(":", _COLONS), other.split(":", _COLONS)
    if len(parts) == len(others) == _COLONS + 1:
        return all(map(overlap, reversed(parts), reversed(others)))  # the last part differs most
    return overlap(one, other)


def has_wildcard(pattern: str) -> bool:
    """Say whether it is more than one name."""
    return "*" in pattern or "?" in pattern


def _agree(one: str, other: str) -> bool:
    """Whether one could be the beginning of the other."""
    if "?" in one or "?" in other:
        return all(a == b or "?" in {a, b} for a, b in zip(one, other, strict=False))
    return one.startswith(other) or other.startswith(one)


_Finder = Callable[[str], "re.Pattern[str]"]


def _runs(pattern: str, text: str, finder: _Finder) -> bool:
    pattern = _STARS.sub("*", pattern)
    if max(len(pattern), len(text)) > LONGEST:
        return pattern == text
    return _run([finder(part) for part in pattern.split("*")], len(pattern.rpartition("*")[2]), text)


def _run(parts: list[re.Pattern[str]], last: int, text: str) -> bool:
    begin = parts[0].match(text)
    if begin is None:
        return False
    position = begin.end()
    if len(parts) == 1:
        return position == len(text)
    for part in parts[1:-1]:
        found = part.search(text, position)
        if found is None:
            return False
        position = found.end()
    start = len(text) - last
    return start >= position and parts[-1].match(text, start) is not None


@lru_cache(maxsize=4096)
def _exact(part: str) -> re.Pattern[str]:
    return re.compile("".join("." if c == "?" else re.escape(c) for c in part), re.DOTALL)


@lru_cache(maxsize=4096)
def _covering(part: str) -> re.Pattern[str]:
    return re.compile("".join("[^*]" if c == "?" else re.escape(c) for c in part), re.DOTALL)


@lru_cache(maxsize=4096)
def _possible(part: str) -> re.Pattern[str]:
    return re.compile("".join("." if c == "?" else f"[{re.escape(c)}?]" for c in part), re.DOTALL)
