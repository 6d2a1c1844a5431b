"""Why somebody holds what they hold, and what would remain without each grant. Pure: rows in, an explanation out."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from app.domain.states import ENDING_GRANTS, HOLDING_GRANTS, GrantState
from app.domain.words import Origin

EXPLAINED = HOLDING_GRANTS | ENDING_GRANTS
"""A grant in one of these states may be why IAM shows the access: scheduled ones give nothing yet, revoked no more."""


class Place(NamedTuple):
    """A group in an account."""

    account: str
    group: str


@dataclass(frozen=True)
class Approval:
    """One approval that counted. `by_rule` is true when no person gave it."""

    approver: str
    by_rule: bool
    channel: str
    at: datetime
    comment: str | None


@dataclass(frozen=True)
class Asked:
    """The access request behind a grant."""

    id: str
    kind: str
    change: Mapping[str, Any]
    requester: str
    reason: str
    extends: str | None
    created_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True)
class Given:
    """A grant with what stands behind it.

    Attributes:
        policy: The name of a policy of the user's own; the place then has no group.
        ends_at: None before it has begun, and where it has no end.
        request: None where nobody asked, as for access that was there before Gatehouse.
    """

    id: str
    place: Place
    state: GrantState
    duration_seconds: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    request: Asked | None
    approvals: tuple[Approval, ...]
    policy: str | None = None
    origin: Origin = Origin.REQUEST

    @property
    def note(self) -> str | None:
        """Where nobody asked: what there is to say instead."""
        if self.origin != Origin.IMPORTED or self.starts_at is None:
            return None
        return f"imported on {self.starts_at:%Y-%m-%d}: it stood in the account before Gatehouse, and has no end"


@dataclass(frozen=True)
class Membership:
    """The groups that an account was last seen to have the user in, and when that was."""

    groups: frozenset[str]
    seen_at: datetime


@dataclass(frozen=True)
class Kept:
    """A policy that would still apply, and the groups through which."""

    policy: str
    through: tuple[str, ...]


@dataclass(frozen=True)
class Remains:
    """What would be left without one grant, or without the whole membership.

    Attributes:
        in_group: Another grant still gives the membership.
        by_grants: Ids of those grants.
        until: When the last of them ends; None where none is left, or one has no end (see `in_group`).
        policies_kept: Policies of the group that would still apply.
        policies_lost: Those that would not.
    """

    in_group: bool
    by_grants: tuple[str, ...]
    until: datetime | None
    policies_kept: tuple[Kept, ...]
    policies_lost: tuple[str, ...]


@dataclass(frozen=True)
class WhyGranted:
    """One grant, with what would remain without it."""

    grant: Given
    remains: Remains


@dataclass(frozen=True)
class Held:
    """One group somebody holds, and why.

    Attributes:
        given_by_gatehouse: False where IAM was seen to have the membership and no grant stands for it.
        seen: Whether IAM was last seen to have it; None where the account was never looked at for this user.
        policies: What the group gives, as far as is known.
    """

    place: Place
    given_by_gatehouse: bool
    seen: bool | None
    seen_at: datetime | None
    policies: tuple[str, ...]
    grants: tuple[WhyGranted, ...]
    remains: Remains


def explain(
    given: Iterable[Given],
    memberships: Mapping[str, Membership],
    policies: Mapping[Place, tuple[str, ...]],
) -> tuple[Held, ...]:
    """Say why somebody holds what they hold, group by group.

    Args:
        given: The user's grants; those that give nothing (any more), or no membership, are left out here.
        memberships: By account, what was last seen; without an entry the account was never looked at.
        policies: What each group gives.
    """
    grants: dict[Place, list[Given]] = {}
    for grant in given:
        if grant.state in EXPLAINED and grant.policy is None:
            grants.setdefault(grant.place, []).append(grant)
    seen = {Place(account, group) for account, found in memberships.items() for group in found.groups}
    # What is being taken away holds nothing up; what nobody here gave does, until somebody takes it.
    standing = {
        place
        for place in seen | grants.keys()
        if place not in grants or any(g.state in HOLDING_GRANTS for g in grants[place])
    }
    return tuple(
        _held(place, grants.get(place, []), memberships.get(place.account), standing, policies)
        for place in sorted(seen | grants.keys())
    )


def _held(
    place: Place,
    grants: list[Given],
    membership: Membership | None,
    standing: AbstractSet[Place],
    policies: Mapping[Place, tuple[str, ...]],
) -> Held:
    return Held(
        place=place,
        given_by_gatehouse=bool(grants),
        seen=None if membership is None else place.group in membership.groups,
        seen_at=None if membership is None else membership.seen_at,
        policies=policies.get(place, ()),
        grants=tuple(
            WhyGranted(grant, _remains(place, [g for g in grants if g.id != grant.id], standing, policies))
            for grant in grants
        ),
        remains=_remains(place, [], standing, policies),
    )


def _remains(
    place: Place, others: list[Given], standing: AbstractSet[Place], policies: Mapping[Place, tuple[str, ...]]
) -> Remains:
    holding = [g for g in others if g.state in HOLDING_GRANTS]
    left = {other for other in standing if other.account == place.account and other != place}
    if holding:
        left.add(place)
    kept = {
        policy: tuple(sorted(other.group for other in left if policy in policies.get(other, ())))
        for policy in policies.get(place, ())
    }
    ends = [g.ends_at for g in holding]
    known = [end for end in ends if end is not None]
    return Remains(
        in_group=bool(holding),
        by_grants=tuple(g.id for g in holding),
        until=max(known) if known and len(known) == len(ends) else None,
        policies_kept=tuple(Kept(policy, through) for policy, through in kept.items() if through),
        policies_lost=tuple(policy for policy, through in kept.items() if not through),
    )
