"""Durations as ISO 8601 text: days and smaller, whole seconds, at least one second."""

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from app.domain.spans import LONGEST, PATTERN, in_words, parse, to_text

__all__ = ["LONGEST", "PATTERN", "Duration", "in_words", "parse", "to_text"]


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
