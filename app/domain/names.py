"""What IAM accepts as a name (IAM User Guide, "IAM and AWS STS quotas"; botocore's iam service model)."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

NAME_PATTERN = r"^[A-Za-z0-9_+=,.@-]+$"
_RESERVED = frozenset({"system", "anonymous", "rule"})


def key(name: str) -> str:
    """The form under which a name or an e-mail is unique: without regard to case (rule 2)."""
    return name.casefold()


def _free(name: str) -> str:
    if key(name) in _RESERVED or not name.strip("."):
        raise ValueError("this name is kept for Gatehouse itself; choose another")
    return name


UserName = Annotated[str, Field(min_length=1, max_length=64, pattern=NAME_PATTERN), AfterValidator(_free)]
GroupName = Annotated[str, Field(min_length=1, max_length=128, pattern=NAME_PATTERN)]

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError("write an e-mail address like name@example.org")
    return text


Email = Annotated[
    str,
    Field(min_length=3, max_length=254, json_schema_extra={"format": "email"}),
    AfterValidator(_email),
]

Reason = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]
"""Why: 1 to 1000 characters, not blank."""

_USER_NAME: TypeAdapter[str] = TypeAdapter(UserName)
_GROUP_NAME: TypeAdapter[str] = TypeAdapter(GroupName)
_ADDRESS: TypeAdapter[str] = TypeAdapter(Email)


def is_user_name(text: str) -> bool:
    """Whether somebody can be registered under it."""
    return _is(_USER_NAME, text)


def is_group_name(text: str) -> bool:
    """Whether a group can have it."""
    return _is(_GROUP_NAME, text)


def is_email(text: str) -> bool:
    """Whether it is written like an e-mail address."""
    return _is(_ADDRESS, text)


def _is(kind: TypeAdapter[str], text: str) -> bool:
    try:
        kind.validate_python(text)
    except ValidationError:
        return False
    return True
