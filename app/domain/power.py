"""Administrator power: whether policies make whoever has them master of the account. Pure.

A coarse answer that errs on the safe side (rule 13), until the lint of documents finds methods of escalation and
applies each user's boundary: AWS's own AdministratorAccess and IAMFullAccess, any document that allows every action on
everything, and any document of the lab's own that was never seen.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from app.domain.lint import escalation
from app.domain.sightings import SeenPolicy

Document = Mapping[str, Any]
_OF_AWS = re.compile(r"arn:[\w-]+:iam::aws:policy/(?:[\w./-]+/)?(?P<name>[^/]+)")
_EVERYTHING = frozenset({"AdministratorAccess"})
_POWER = _EVERYTHING | {"IAMFullAccess"}


def holds_power(policies: Iterable[SeenPolicy]) -> bool:
    """Whether any of these policies is administrator power, or could be, since nobody has read it."""
    return any(_name_of_aws(p) in _POWER or p.allows_all or _is_unread(p) for p in policies)


def allows_everything(policies: Iterable[SeenPolicy]) -> bool:
    """Whether any of these by itself allows `*` on `*`, so that its group lives under `/lab-admin/` (rule 26)."""
    return any(_name_of_aws(p) in _EVERYTHING or p.allows_all for p in policies)


def of_documents(documents: Iterable[Document | None], boundaries: Iterable[Document | None] = ()) -> bool:
    """Whether documents together are administrator power for anybody of whom they are asked (rule 13).

    Args:
        documents: All that one user gets. None: nobody has read it, so it counts as power.
        boundaries: The one of each user who is affected. None: that user has none, or nobody has read it.
    """
    given = list(documents)
    read = [one for one in given if one is not None]
    caps = list(boundaries) or [None]
    return len(read) < len(given) or any(escalation.has_administrator_power(read, cap) for cap in caps)


def _name_of_aws(policy: SeenPolicy) -> str | None:
    found = _OF_AWS.fullmatch(policy.name)
    return found["name"] if found else None


def _is_unread(policy: SeenPolicy) -> bool:
    return policy.sha256 is None and _name_of_aws(policy) is None
