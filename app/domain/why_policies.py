"""Why somebody has inline policies of their own, and what would remain without each grant. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain import documents
from app.domain.states import HOLDING_GRANTS
from app.domain.why import EXPLAINED, Given


@dataclass(frozen=True)
class SeenOwn:
    """The inline policies that an account was last seen to have of somebody, with their hashes, and when that was."""

    policies: Mapping[str, str | None]
    seen_at: datetime


@dataclass(frozen=True)
class HeldPolicy:
    """One inline policy somebody has, and why.

    Attributes:
        grants: Those that give it, or whose end has not taken it away yet; none where nobody here gave it.
        seen: Whether IAM was last seen to have it; None where nobody looked.
        as_approved: Whether it was seen with the document that was approved; None where that is not known.
        document: What was approved, as it was sent; None where nobody asked.
    """

    account: str
    name: str
    grants: tuple[Given, ...]
    seen: bool | None
    seen_at: datetime | None
    as_approved: bool | None
    document: Any

    def without(self, grant_id: str) -> list[Given]:
        """The other grants that would still give it."""
        return [grant for grant in self.grants if grant.id != grant_id and grant.state in HOLDING_GRANTS]


def explain_policies(given: Iterable[Given], seen: Mapping[str, SeenOwn]) -> tuple[HeldPolicy, ...]:
    """Say why somebody has the inline policies that they have.

    Args:
        given: The user's grants; those that give nothing (any more), or a membership, are left out here.
        seen: By account; without an entry nobody ever looked.
    """
    grants: dict[tuple[str, str], list[Given]] = {}
    for grant in given:
        if grant.state in EXPLAINED and grant.policy is not None:
            grants.setdefault((grant.place.account, grant.policy), []).append(grant)
    found = {(account, name) for account, own in seen.items() for name in own.policies}
    return tuple(
        _held(account, name, grants.get((account, name), []), seen.get(account))
        for account, name in sorted(found | grants.keys())
    )


def _held(account: str, name: str, grants: list[Given], own: SeenOwn | None) -> HeldPolicy:
    there = None if own is None else name in own.policies
    document = next((g.request.change.get("document") for g in grants if g.request is not None), None)
    approved = _hash(document)
    return HeldPolicy(
        account=account,
        name=name,
        grants=tuple(grants),
        seen=there,
        seen_at=None if own is None else own.seen_at,
        as_approved=own.policies[name] == approved if own is not None and there and approved is not None else None,
        document=document,
    )


def _hash(document: Any) -> str | None:
    try:
        return None if document is None else documents.fingerprint(documents.read(document))
    except (RecursionError, TypeError, ValueError):
        return None
