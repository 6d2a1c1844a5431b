"""Text from elsewhere, made harmless for a terminal: none of it moves the cursor, colours, hides or turns letters."""

_SHOWN = 4000
"""Characters of one text at most."""


def clean(text: object) -> str:
    r"""One line of it, with what cannot be seen written as `\x1b` is.

    Controls, what turns the direction of text or joins it unseen, surrogates and letters of nobody's are none of
    Unicode's printable characters.

    Args:
        text: Anything; None is nothing.
    """
    if text is None:
        return ""
    joined = " ".join(str(text)[: 2 * _SHOWN].split())
    shown = visible(joined[:_SHOWN])
    return shown + "…" if len(joined) > _SHOWN else shown


def visible(text: str) -> str:
    """All of it, its spaces as they are."""
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
