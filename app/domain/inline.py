"""Inline policies of users: what is seen of them, how large they are, which names are Gatehouse's own. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field

from app.domain import documents, names
from app.domain.leaving import deny_document
from app.domain.lint import Use, sizes

_OURS = "gatehouse"


@dataclass(frozen=True)
class InlinePolicy:
    """An inline policy of a user's, as IAM shows it.

    Attributes:
        sha256: Over its canonical JSON; None where the document was not read.
        size: Characters as IAM counts them.
    """

    name: str
    sha256: str | None = None
    size: int = 0
    has_deny: bool = False

    @classmethod
    def of(cls, name: str, document: Mapping[str, Any]) -> Self:
        """From a document that was read."""
        return cls(name, documents.fingerprint(document), size(document), documents.has_deny(document))

    def as_json(self) -> dict[str, Any]:
        """For the database."""
        return asdict(self)


@dataclass(frozen=True)
class OneOff:
    """A one-off permission that somebody has, is about to have, or is losing.

    Attributes:
        document: Empty where the request's cannot be read.
    """

    grant_id: str
    name: str
    document: Mapping[str, Any]


def _free(name: str) -> str:
    if names.key(name).startswith(_OURS):
        raise ValueError("names that begin with Gatehouse are kept for Gatehouse itself; choose another")
    return name


InlineName = Annotated[str, Field(min_length=1, max_length=128, pattern=names.NAME_PATTERN), AfterValidator(_free)]
"""IAM API Reference, PutUserPolicy. What suspends people is an inline policy as well, under a name of ours."""


def written(document: Mapping[str, Any]) -> str:
    """The text that IAM is given."""
    return json.dumps(document, separators=(",", ":"))


def size(document: Mapping[str, Any]) -> int:
    """Characters as IAM counts them."""
    return sizes.size(written(document))


KEPT_FREE = size(deny_document())
"""So much stays free of a user's quota, so that suspending them never fails for want of room."""
MOST = Use.USER.limit - KEPT_FREE
"""Characters of all one-off permissions of a user together (IAM quota, less what is kept free)."""


def total(seen: Iterable[InlinePolicy], own: Iterable[OneOff], *, but: str) -> int:
    """Characters of everything a user has or is about to have, the policies of Gatehouse's own names aside.

    Args:
        seen: What IAM was seen to have.
        own: What grants give; where both name one, the grant's counts.
        but: The name of the policy that is asked for.
    """
    found = {p.name: p.size for p in seen} | {o.name: size(o.document) for o in own}
    return sum(many for name, many in found.items() if name != but and not names.key(name).startswith(_OURS))
