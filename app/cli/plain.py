"""Text from elsewhere, made harmless for a terminal: none of it moves the cursor, colours, hides or turns letters."""

import unicodedata

_SHOWN = 4000
"""Characters of one text at most."""
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode's controls, formats (which turn the direction of text, or are not seen at all), surrogates, private letters,
and separators of lines."""


def clean(text: object) -> str:
    r"""One line of it, with what cannot be seen written as `\x1b` is.

    Args:
        text: Anything; None is nothing.
    """
    if text is None:
        return ""
    joined = " ".join(str(text)[: _SHOWN + 1].split())
    shown = "".join(_escaped(c) if unicodedata.category(c) in _HIDDEN else c for c in joined[:_SHOWN])
    return shown + "…" if len(joined) > _SHOWN else shown


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
