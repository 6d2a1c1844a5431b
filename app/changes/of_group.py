"""What making, changing and deleting a group have in common: the group's own lane, who agrees, what a rule may name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from app.changes.base import Change, Wish, group_needs
from app.domain.rulings import Case, Need, Refusal
from app.domain.sightings import Seen, SeenPolicy, SeenUser

GROUP_LANE = "group:"
"""What the lane of a group begins with, beside those of users (rule 32)."""
GROUPS = 300
"""IAM quota "Groups in an account"; no emulator enforces it."""


@dataclass(frozen=True)
class SeenWholeGroup(Seen):
    """What was just seen, with who is in the group.

    Attributes:
        members: Their names.
        others: The names of every group that IAM has.
        ours: The group is of this request's own making.
        users: Of an admin group, its members whole: they get back what every lab user has (rule 26).
    """

    members: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    ours: bool = False
    users: Mapping[str, SeenUser] = field(default_factory=dict)


class OfGroup(Change):
    """What makes, changes or deletes a group. Its body has the group's `name`."""

    of_group = True

    @override
    def lane(self, user: str, change: Mapping[str, Any]) -> str:
        """The group's own. No user is called so: a user's name has no colon."""
        return f"{GROUP_LANE}{change['name']}"

    @override
    def needs(self, case: Case) -> list[Need]:
        """One admin, two where there is administrator power (rule 13); the group's rule where members gain (rule 4)."""
        admins = Need(self.kind, 2 if case.power else 1, (("role:admin",),))
        return [admins, *(group_needs(case) if case.gain else ())]

    @override
    def by_rule(self, case: Case) -> tuple[str, str] | None:
        """While only one admin has ever been, and that admin asks, without administrator power (rule 7)."""
        if case.power or case.only_admin is None or not case.asker.is_admin:
            return None
        return (
            "sole_admin",
            "there has never been another admin, so nobody else could approve: said loudly in the audit",
        )

    @override
    def refusals(self, wish: Wish, case: Case, seen: Seen) -> list[Refusal]:
        """It is for no user, and a new rule names only what is there."""
        refused = []
        if case.asker.name != case.subject.name:
            text = f"{wish.kind} is for a group and not for a user; leave user out."
            refused.append(Refusal(422, "user_not_used", text))
        for rule in self.rules(wish.body):
            refused += [_unknown(*found) for found in wish.groups.unknown_in(rule, case.roster)]
        return refused


def inline_of(seen: Seen, name: str) -> list[SeenPolicy]:
    """The inline policies of a group, which have no ARN."""
    group = seen.groups.get(name)
    return [p for p in group.policies if not p.name.startswith("arn:")] if group is not None else []


def _unknown(field: str, entry: str) -> Refusal:
    what = "group that Gatehouse manages" if entry.startswith("group:") else "person"
    text = f"{entry} cannot stand in {field}: there is no {what} of that name."
    return Refusal(422, "unknown_approver" if field == "approvers" else "unknown_name", text)
