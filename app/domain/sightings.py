"""What was seen of an AWS account: the same shape whether it comes from the database or from IAM now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from app.domain.devices import Device
from app.domain.guardrails import FORCE_MFA_NAME, GOVERNANCE_PATH
from app.domain.inline import InlinePolicy
from app.domain.password_policy import PasswordPolicy


@dataclass(frozen=True)
class SeenPolicy:
    """A policy document that is attached or inline.

    Attributes:
        sha256: Over its canonical JSON; None: not readable.
        allows_all: A statement of it allows every action on everything.
        document: Where it was read or looked up; the hash stands for it in comparisons.
    """

    name: str
    sha256: str | None
    has_deny: bool = False
    allows_all: bool = False
    document: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        """For the database, where the document stands by itself, under its hash."""
        return {"name": self.name, "sha256": self.sha256, "has_deny": self.has_deny, "allows_all": self.allows_all}


@dataclass(frozen=True)
class SeenGroup:
    """A group with its policies, sorted by name (attached ones are named by ARN)."""

    name: str
    policies: tuple[SeenPolicy, ...] = ()

    @property
    def has_deny(self) -> bool:
        """Whether leaving could give access, because a document here takes some away (rule 3).

        Our own force-MFA policy is left out: every group that needs it has it itself (rule 27), so leaving
        one group never frees what the others give.
        """
        ours = f":policy{GOVERNANCE_PATH}{FORCE_MFA_NAME}"
        return any(p.has_deny and not p.name.endswith(ours) for p in self.policies)

    def as_json(self) -> dict[str, Any]:
        """For the database."""
        return {"name": self.name, "policies": [p.as_json() for p in self.policies]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """From the database."""
        return cls(stored["name"], tuple(SeenPolicy(**p) for p in stored["policies"]))


@dataclass(frozen=True)
class SeenUser:
    """An IAM user.

    Attributes:
        boundary: ARN of the permissions boundary, None without one.
        has_mfa: None when it was not looked at.
        belongings: What else the user has (keys, policies, login); filled only where adopting is decided.
    """

    name: str
    arn: str
    groups: tuple[str, ...] = ()
    boundary: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    has_mfa: bool | None = None
    belongings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For the database; what ages at once (MFA, belongings) is left out."""
        return {
            "name": self.name,
            "arn": self.arn,
            "groups": list(self.groups),
            "boundary": self.boundary,
            "tags": dict(self.tags),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """From the database."""
        return cls(
            name=stored["name"],
            arn=stored["arn"],
            groups=tuple(stored["groups"]),
            boundary=stored["boundary"],
            tags=stored["tags"],
        )


@dataclass(frozen=True)
class Seen:
    """The part of an account that one request touches.

    Attributes:
        user: None when IAM has no such user, or when none was seen.
        groups: By name; a group that IAM does not have is missing here.
        boundary: The boundary policy of the account, None when it is not there.
        password_policy: The account's; None: it has none, or it was not looked at.
        devices: The user's MFA devices as last seen; None where they were never looked at. Not in what is read now.
        policies: Managed policies by ARN that the change names and that were seen.
        caps: By group, the distinct boundaries of its members; None is a member without one. When asked only.
        key_ids: The user's access keys as last seen; None: nobody looked. What is fresh has them elsewhere.
        fresh: True when it was read from IAM just now.
        emulated: The endpoint is not AWS's, so what it cannot do is a finding and no failure (rule 28).
        inline: The user's inline policies; None where they were not looked at.
        of_groups: What the user's groups give them, with the documents. Where a one-off permission is asked for only.
    """

    user: SeenUser | None = None
    groups: Mapping[str, SeenGroup] = field(default_factory=dict)
    boundary: SeenPolicy | None = None
    policies: Mapping[str, SeenPolicy] = field(default_factory=dict)
    caps: Mapping[str, tuple[Mapping[str, Any] | None, ...]] = field(default_factory=dict)
    key_ids: tuple[str, ...] | None = None
    fresh: bool = False
    emulated: bool = False
    devices: tuple[Device, ...] | None = None
    password_policy: PasswordPolicy | None = None
    inline: tuple[InlinePolicy, ...] | None = None
    of_groups: tuple[SeenPolicy, ...] = ()

    def is_member(self, group: str) -> bool:
        """Whether the user was seen in the group."""
        return self.user is not None and group in self.user.groups
