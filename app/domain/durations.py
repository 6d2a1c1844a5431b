"""Durations as ISO 8601 text: days and smaller, whole seconds, at least one second; and as people type them."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

PATTERN = r"^P(?=\d|T\d)(?:\d{1,5}D)?(?:T(?=\d)(?:\d{1,7}H)?(?:\d{1,7}M)?(?:\d{1,9}S)?)?$"
_FORM = re.compile(r"P(?=\d|T\d)(?:(\d{1,5})D)?(?:T(?=\d)(?:(\d{1,7})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?")
LONGEST = timedelta(days=36_500)
"""A hundred years: far past every rule, and well inside what a date can hold."""


def parse(text: str) -> timedelta:
    """Read `P7D`, `PT4H`, `P1DT12H30M`.

    Raises:
        ValueError: It is not of that form, is zero, or is longer than a hundred years.
    """
    found = _FORM.fullmatch(text) if text.isascii() else None
    if found is None:
        raise ValueError("write a duration like P7D or PT4H: days, hours, minutes, whole seconds")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    # Plain numbers first: a timedelta overflows long before these do.
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if total < 1:
        raise ValueError("the shortest duration is PT1S")
    if total > LONGEST.total_seconds():
        raise ValueError("the longest duration is P36500D")
    return timedelta(seconds=total)


def to_text(value: timedelta) -> str:
    """Write a duration in its shortest form: `timedelta(days=7)` is `P7D`, 90 minutes are `PT1H30M`."""
    minutes, seconds = divmod(int(value.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    day = f"{days}D" if days else ""
    time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    return f"P{day}T{time}" if time else f"P{day or 'T0S'}"


def in_words(value: timedelta) -> str:
    """Write a duration for a sentence: `7 days`, `1 hour 30 minutes`."""
    minutes, seconds = divmod(int(value.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "day"), (hours, "hour"), (minutes, "minute"), (seconds, "second"))
    return " ".join(f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in parts if n) or "no time"


_TYPED = re.compile(
    r"(?:(\d{1,4}) ?w(?:eeks?)?)? ?(?:(\d{1,5}) ?d(?:ays?)?)? ?(?:(\d{1,7}) ?h(?:ours?)?)? ?"
    r"(?:(\d{1,7}) ?m(?:in(?:ute)?s?)?)? ?(?:(\d{1,9}) ?s(?:ec(?:ond)?s?)?)?",
    re.ASCII,
)


def typed(text: str) -> timedelta:
    """Read a duration as people type it: `7d`, `4h`, `90m`, `1d12h`, `2 weeks`, or `P7D`.

    Raises:
        ValueError: It is none of these, is zero, or is longer than a hundred years.
    """
    text = " ".join(text.lower().split())
    if text.startswith("p"):
        return parse(text.upper())
    found = _TYPED.fullmatch(text)
    if found is None or not any(found.groups()):
        raise ValueError("write a duration like 7d, 4h or 90m")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return parse(f"P{weeks * 7 + days}DT{hours}H{minutes}M{seconds}S")


def _validate(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError("a duration is text like P7D")  # noqa: TRY004 - pydantic turns ValueError into 422
    return parse(value)


Duration = Annotated[
    timedelta,
    BeforeValidator(_validate),
    PlainSerializer(to_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": PATTERN, "examples": ["P7D"]}),
]
"""A `timedelta` that is read and written as ISO 8601 text (pydantic's own takes `5` and `2 days` too)."""
