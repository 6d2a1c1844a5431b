"""Durations as the API has them."""

from datetime import timedelta


def iso(duration: str | timedelta) -> str:
    """`PT36H` for a timedelta of a day and a half; a text stays as it is.

    Raises:
        ValueError: It is no whole number of seconds, or none at all.
    """
    if isinstance(duration, str):
        return duration
    seconds = duration.total_seconds()
    if seconds < 1 or seconds != int(seconds):
        raise ValueError("A duration is a whole number of seconds, at least one.")
    days, rest = divmod(int(seconds), 86_400)
    text = f"P{days}D" if days else "P"
    if rest:
        hours, rest = divmod(rest, 3600)
        minutes, rest = divmod(rest, 60)
        text += "T" + "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if n)
    return text
