"""What IAM refuses whatever the action: a name that is not there or taken, a limit, a value, a document."""

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

from app.clients import aws
from app.domain import documents
from app.domain.names import NAME_PATTERN
from app.domain.sightings import SeenPolicy

TAGS, USER_NAME, OTHER_NAME = 50, 64, 128
"""Tags of a user; the longest names."""


def there(action: str, name: str, known: Container[str]) -> None:
    if name not in known:
        raise aws.Gone(action, "NoSuchEntity", f"{name} is not there")


def free(action: str, name: str, taken: Iterable[str]) -> None:
    if name.casefold() in {t.casefold() for t in taken}:
        raise aws.Exists(action, "EntityAlreadyExists", f"{name} is there, whatever the case")


def within(action: str, wanted: int, quota: int) -> None:
    if wanted > quota:
        raise aws.NeedsPerson(action, "LimitExceeded", f"cannot exceed {quota}")


def valid(action: str, name: str, path: str = "/", *, longest: int = OTHER_NAME, tags: int = 0) -> None:
    fits = re.fullmatch(NAME_PATTERN, name) and len(name) <= longest and tags <= TAGS
    if not fits or not re.fullmatch(r"/|/[!-~]{1,510}/", path):
        raise aws.NeedsPerson(action, "ValidationError", "a value does not satisfy its constraint")


def document(action: str, text: str, *, longest: int) -> dict[str, Any]:
    """A policy document.

    Args:
        longest: Characters without white space.
    """
    malformed = aws.NeedsPerson(action, "MalformedPolicyDocument", "this is no policy")
    try:
        content = documents.read(text)
    except ValueError:
        raise malformed from None
    statements = content.get("Statement")
    statements = [statements] if isinstance(statements, Mapping) else statements
    if not isinstance(statements, list) or not statements:
        raise malformed
    for statement in statements:
        if statement.get("Effect") not in {"Allow", "Deny"} or not statement.keys() & {"Action", "NotAction"}:
            raise malformed
    within(action, len(re.sub(r"\s", "", text)), longest)
    return content


def policy(name: str, document: Mapping[str, Any]) -> SeenPolicy:
    """A policy as it is seen."""
    return SeenPolicy(
        name,
        documents.fingerprint(document),
        documents.has_deny(document),
        documents.allows_all(document),
        document,
    )


def password(action: str, text: str, at_least: int) -> None:
    """Length, and what an account without a policy of its own asks for (IAM User Guide, "Default password policy")."""
    kinds = (r"[A-Z]", r"[a-z]", r"[0-9]", r"[!@#$%^&*()_+\-=\[\]{}|']")
    if not at_least <= len(text) <= 128 or sum(bool(re.search(kind, text)) for kind in kinds) < 3:
        raise aws.NeedsPerson(action, "PasswordPolicyViolation", "the password does not do")
