"""Administrator power (rule 13): what documents open by the escalation function, after boundaries. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from app.domain import canonical
from app.domain.lint import escalation
from app.domain.sightings import SeenPolicy

Document = Mapping[str, Any]

_OF_AWS = re.compile(r"arn:[\w-]+:iam::aws:policy/(?:[\w./-]+/)?(?P<name>[^/]+)")
_EVERYTHING = "AdministratorAccess"


def of_documents(documents: Iterable[Document | None], boundaries: Iterable[Document | None] = ()) -> bool:
    """Say whether documents together are administrator power for anybody of whom they are asked (rule 13).

    Some milliseconds the first time; AWS's largest documents take some hundred. Asked again, next to nothing.

    Args:
        documents: All that one group, or one user by one policy, gets. None: nobody has read it, so it counts as power.
        boundaries: The one of each user who is affected. None: that user has none, or nobody has read it. No boundary
            at all is the same as one user who has none.
    """
    given = list(documents)
    if any(one is None for one in given):
        return True
    texts = tuple(sorted(canonical.digest(one) for one in given))
    caps = {None if one is None else canonical.digest(one): one for one in boundaries} or {None: None}
    read = tuple(one for one in given if one is not None)
    return any(_opens(_Question(texts, digest, read, cap)) for digest, cap in caps.items())


def holds_power(policies: Iterable[SeenPolicy], boundaries: Iterable[Document | None] = ()) -> bool:
    """The same for policies with what is known of their documents."""
    return of_documents((policy.document for policy in policies), boundaries)


def allows_everything(policies: Iterable[SeenPolicy]) -> bool:
    """Whether any of these by itself allows `*` on `*`, so that its group lives under `/lab-admin/` (rule 26)."""
    return any(_name_of_aws(p) == _EVERYTHING or p.allows_all for p in policies)


def _name_of_aws(policy: SeenPolicy) -> str | None:
    found = _OF_AWS.fullmatch(policy.name)
    return found["name"] if found else None


@dataclass(frozen=True)
class _Question:
    """Documents under one boundary; the hashes tell two questions apart."""

    texts: tuple[str, ...]
    cap: str | None
    documents: tuple[Document, ...] = field(compare=False)
    boundary: Document | None = field(compare=False)


@lru_cache(maxsize=128)
def _opens(question: _Question) -> bool:
    return escalation.has_administrator_power(question.documents, question.boundary)
