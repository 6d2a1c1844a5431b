"""Policy documents: reading them, and the few questions asked of them so far. Pure."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from app.domain import canonical


def read(document: str | Mapping[str, Any]) -> dict[str, Any]:
    """Read a document as IAM answers it: URL-encoded JSON (botocore mostly decodes it already).

    Raises:
        ValueError: It is not a JSON object.
    """
    if isinstance(document, str):
        text = document if document.lstrip().startswith("{") else unquote(document)
        document = json.loads(text)
    if not isinstance(document, Mapping):
        raise ValueError("a policy document is a JSON object")  # noqa: TRY004 - outside data, not a bug
    return dict(document)


def fingerprint(document: Mapping[str, Any]) -> str:
    """The hash that a plan's digest covers."""
    return canonical.digest(document)


def has_deny(document: Mapping[str, Any]) -> bool:
    """Say whether any statement denies."""
    return any(s.get("Effect") == "Deny" for s in _statements(document))


def allows_all(document: Mapping[str, Any]) -> bool:
    """Say whether a statement allows every action on everything, under whatever condition."""
    return any(
        s.get("Effect") == "Allow" and _has(s, "Action", _EVERY_ACTION) and _has(s, "Resource", _EVERYTHING)
        for s in _statements(document)
    )


_EVERY_ACTION = frozenset({"*", "*:*"})
_EVERYTHING = frozenset({"*"})


def _has(statement: Mapping[str, Any], key: str, words: frozenset[str]) -> bool:
    value = statement.get(key, [])
    return any(one in words for one in ([value] if isinstance(value, str) else value))


def _statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    statements = document.get("Statement", [])
    if isinstance(statements, Mapping):
        statements = [statements]
    return [s for s in statements if isinstance(s, Mapping)]
