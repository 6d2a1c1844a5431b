"""Every group there is or was, as far as asking for, changing and deleting one has to know. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.domain import names
from app.domain.people import Roster
from app.domain.rules import Rule

_GROUP = "group:"


@dataclass(frozen=True)
class Groups:
    """The groups that Gatehouse manages.

    Attributes:
        rules: Of each of them, by name.
        deleted: The names of those that were; none is used again.
        going: Those of `rules` whose deletion is approved and not finished.
    """

    rules: Mapping[str, Rule] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    going: frozenset[str] = frozenset()

    def of_key(self, name: str) -> str | None:
        """The group of that name, whatever the case, deleted ones too: names are unique so in IAM."""
        wanted = names.key(name)
        return next((known for known in (*self.rules, *self.deleted) if names.key(known) == wanted), None)

    def named_by(self, group: str) -> tuple[str, ...]:
        """The other groups whose rules name this one: nobody would stand behind that entry without it."""
        entry = f"{_GROUP}{group}"
        return tuple(sorted(name for name, rule in self.rules.items() if name != group and entry in named_in(rule)))

    def unknown_in(self, rule: Rule, roster: Roster) -> Iterator[tuple[str, str]]:
        """What a rule names and is not there, each with the field that names it. Services are nobody here.

        Args:
            roster: With everybody whom the rule names, see `people_in`.
        """
        for field_name, entries in _fields(rule):
            for entry in entries:
                if entry.startswith(_GROUP):
                    known = entry.removeprefix(_GROUP) in self.rules.keys() - self.going
                else:
                    person = roster.people.get(entry)
                    known = entry == "role:admin" or (person is not None and person.owner is None)
                if not known:
                    yield field_name, entry


def named_in(rule: Rule) -> frozenset[str]:
    """Everything that a rule names, in whatever field."""
    return frozenset(entry for _, entries in _fields(rule) for entry in entries)


def people_in(rule: Rule) -> frozenset[str]:
    """The people among them."""
    return frozenset(entry for entry in named_in(rule) if ":" not in entry)


def _fields(rule: Rule) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (("approvers", rule.approvers), ("break_glass", rule.break_glass), ("escalate_to", rule.escalate_to))
