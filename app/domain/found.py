"""A whole account as one reading shows it: users, groups, and what they have."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain import canonical
from app.domain.sightings import SeenPolicy, SeenUser


@dataclass(frozen=True)
class FoundUser:
    """An IAM user.

    Attributes:
        seen: As the account is kept in mind: groups, boundary and tags.
        inline: Names of the policies written into the user.
        attached: ARNs of the policies attached to the user.
    """

    seen: SeenUser
    inline: tuple[str, ...] = ()
    attached: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The user's name."""
        return self.seen.name


@dataclass(frozen=True)
class FoundGroup:
    """An IAM group.

    Attributes:
        attached: ARNs of its attached policies.
        inline: Policies written into it, named `inline:NAME`.
    """

    name: str
    path: str
    attached: tuple[str, ...] = ()
    inline: tuple[SeenPolicy, ...] = ()


@dataclass(frozen=True)
class FoundAccount:
    """Everything that one reading found.

    Attributes:
        policies: The account's own managed policies that a group has attached, and our guardrails, by ARN.
        calls: Calls that the reading took.
    """

    users: tuple[FoundUser, ...] = ()
    groups: tuple[FoundGroup, ...] = ()
    policies: Mapping[str, SeenPolicy] = field(default_factory=dict)
    calls: int = 0


def digest(account: FoundAccount) -> str:
    """One hash over who has what: it changes with any membership, boundary, attachment or document that was read."""
    users = {u.name: [u.seen.boundary, *u.seen.groups, *u.inline, *u.attached] for u in account.users}
    groups = {g.name: [g.path, *g.attached, *([p.name, p.sha256] for p in g.inline)] for g in account.groups}
    return canonical.digest([users, groups, {arn: policy.sha256 for arn, policy in account.policies.items()}])
