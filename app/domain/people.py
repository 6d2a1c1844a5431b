"""People as rulings see them: who counts as whom, and who may ask for whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.domain.words import Role


@dataclass(frozen=True)
class Person:
    """A user, reduced to what separation and eligibility need.

    Attributes:
        owner: For a service, the person it belongs to; None for a person.
        verified: False while only one hand stands behind the enrolment (rule 8).
        enrolled_by: Who handed out the enrolment code, if an admin did.
        is_owner: Made by `gatehouse init`.
    """

    name: str
    roles: frozenset[str] = frozenset({Role.MEMBER})
    active: bool = True
    verified: bool = True
    enrolled_by: str | None = None
    owner: str | None = None
    is_owner: bool = False

    @property
    def counts_as(self) -> str:
        """The person behind: a service counts as its owner (rule 1)."""
        return self.owner or self.name

    @property
    def is_admin(self) -> bool:
        """Whether this is a person who administers Gatehouse. A service never is."""
        return Role.ADMIN in self.roles and self.owner is None


@dataclass(frozen=True)
class Roster:
    """Everyone a ruling may need to know.

    Attributes:
        people: By name. Deleted users are left out; suspended ones are in it, `active` False.
        members: For each group that an approval rule names: who holds it now.
    """

    people: Mapping[str, Person] = field(default_factory=dict)
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def admins(self) -> frozenset[str]:
        """Every admin, suspended ones too: suspending never makes anyone the only admin (rule 6)."""
        return frozenset(p.name for p in self.people.values() if p.is_admin)

    def other_active_admins(self, name: str) -> frozenset[str]:
        """The admins besides that one who can act."""
        return frozenset(n for n in self.admins - {name} if self.people[n].active)

    def named_by(self, approvers: Iterable[str]) -> frozenset[str]:
        """The persons an approvers list stands for: names, `role:admin`, `group:NAME`. Never a service."""
        found: set[str] = set()
        for entry in approvers:
            if entry == "role:admin":
                found |= self.admins
            elif entry.startswith("group:"):
                found |= self.members.get(entry.removeprefix("group:"), frozenset())
            else:
                found.add(entry)
        return frozenset(n for n in found if (p := self.people.get(n)) is not None and not p.owner)


def one_hand(roster: Roster, approver: Person, party: Person) -> bool:
    """Say whether approver and party are one hand: one enrolled the other, unvouched, and a third admin exists.

    Rule 8. While there is no third admin nobody else could vouch, so the pair counts.
    """
    if party.name == approver.name:
        return False
    pairs = ((approver, party), (party, approver))
    if not any(not new.verified and new.enrolled_by == by.name for by, new in pairs):
        return False
    return bool(roster.admins - {approver.name, party.name})
