"""What was seen of one of the lab's own managed policies: its document, its versions, and what it is attached to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from app.domain.sightings import Seen, SeenPolicy

VERSIONS = 5
"""Versions of a managed policy ("IAM and AWS STS quotas")."""


@dataclass(frozen=True)
class Version:
    """One version."""

    id: str
    created: datetime
    default: bool


@dataclass(frozen=True)
class LabPolicy:
    """A managed policy under `/lab/`.

    Attributes:
        policy: Its ARN, and the document of its default version.
        versions: Oldest first.
        groups: The groups that it is attached to. Read only; what is stored of groups says it later on.
        users: Users that somebody attached it to by hand. Gatehouse attaches to groups only.
        roles: Roles that have it attached, or as their boundary.
        bounds: Users whose boundary it is.
    """

    policy: SeenPolicy
    description: str
    versions: tuple[Version, ...]
    groups: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    bounds: tuple[str, ...] = ()

    @property
    def default(self) -> str | None:
        """The id of the version that counts."""
        return next((v.id for v in self.versions if v.default), None)

    @property
    def oldest_spare(self) -> str | None:
        """The id of the version to drop where there is no room: the oldest that does not count."""
        return next((v.id for v in self.versions if not v.default), None)

    def others(self) -> list[str]:
        """What else than groups has it, in words."""
        return [
            *(f"user {name}" for name in self.users),
            *(f"role {name}" for name in self.roles),
            *(f"boundary of {name}" for name in self.bounds),
        ]

    def as_json(self) -> dict[str, Any]:
        """For the database, without the document."""
        return {
            "policy": self.policy.as_json(),
            "description": self.description,
            "versions": [{"id": v.id, "created": v.created.isoformat(), "default": v.default} for v in self.versions],
            "users": list(self.users),
            "roles": list(self.roles),
            "bounds": list(self.bounds),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """From the database."""
        return cls(
            policy=SeenPolicy(**stored["policy"]),
            description=stored["description"],
            versions=tuple(
                Version(v["id"], datetime.fromisoformat(v["created"]), v["default"]) for v in stored["versions"]
            ),
            **{what: tuple(stored[what]) for what in ("users", "roles", "bounds")},
        )


@dataclass(frozen=True)
class SeenLab(Seen):
    """What was read from IAM just now, with the policy; None where IAM has none of that name under `/lab/`."""

    lab: LabPolicy | None = None
