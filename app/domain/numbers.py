"""Numbers as JSON has them. Pure."""

from typing import Annotated

from pydantic import BeforeValidator


def _a_number(value: object) -> object:
    if isinstance(value, bool | str):
        raise ValueError("write a whole number")  # noqa: TRY004 - pydantic turns a ValueError into its answer
    return value


WHOLE = BeforeValidator(_a_number)
"""To stand after limits: before them, the schema would not show them as limits."""
Whole = Annotated[int, WHOLE]
"""A whole number, also as 1.0, which JSON does not tell from 1. pydantic's own reader takes true and "1" as well."""
