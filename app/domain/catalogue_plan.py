"""The catalogue as code: what a file says against what Gatehouse has, and the requests that lead from one to the other.

Pure. Names are the same whatever the case, policies are a set, and so are the people and groups that a rule names.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.domain import names
from app.domain.rules import Catalogue, CatalogueGroup, Rule
from app.domain.words import Kind

_OF_AWS = re.compile(r"arn:[\w-]+:iam::aws:policy/(?P<name>[^/]+)")
_SETS = frozenset({"approvers", "break_glass", "escalate_to"})
_SIGNS = {Kind.GROUP_CREATE: "+ create", Kind.GROUP_UPDATE: "~ change", Kind.GROUP_DELETE: "- delete"}


@dataclass(frozen=True)
class Found:
    """A group as Gatehouse has it."""

    name: str
    description: str
    path: str
    policies: tuple[str, ...]
    rule: Rule

    @classmethod
    def from_json(cls, shown: Mapping[str, Any]) -> "Found":
        """As `GET /v1/groups` shows it."""
        rule = Rule.model_validate({k: v for k, v in shown["rule"].items() if k in Rule.model_fields})
        return cls(shown["name"], shown["description"], shown["path"], tuple(shown["policies"]), rule)


@dataclass(frozen=True)
class Difference:
    """One field that is to be different. `old` is None where the group is new."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Step:
    """One request to be filed, with what it comes to.

    Attributes:
        change: The request's `change`.
    """

    kind: Kind
    group: str
    change: Mapping[str, Any]
    differences: tuple[Difference, ...] = ()

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{_SIGNS[self.kind]} {self.group}"
        for one in self.differences:
            yield from _written(one, is_new=self.kind == Kind.GROUP_CREATE)


@dataclass(frozen=True)
class CataloguePlan:
    """Everything that differs.

    Attributes:
        steps: What is made first, then what is changed, then what is deleted.
        left_alone: Groups that the file does not name and that stay.
        fixed: What differs and cannot be changed, in words.
    """

    steps: tuple[Step, ...] = ()
    left_alone: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()

    def count(self, kind: Kind) -> int:
        """How many requests of a kind it has."""
        return sum(step.kind == kind for step in self.steps)


def make(wanted: Catalogue, found: Iterable[Found], *, delete: bool = False) -> CataloguePlan:
    """Compare.

    Args:
        delete: Groups that the file does not name are to be deleted; otherwise they are left alone.
    """
    there = {names.key(group.name): group for group in found}
    named = {names.key(group.name) for group in wanted.group}
    known = [(group, there.get(names.key(group.name))) for group in wanted.group]
    more = sorted(group.name for key, group in there.items() if key not in named)
    steps = [
        *(_create(group) for group, has in known if has is None),
        *(step for group, has in known if has is not None and (step := _update(group, has)) is not None),
        *(Step(Kind.GROUP_DELETE, name, {"name": name}) for name in more if delete),
    ]
    fixed = [
        f"{has.name} is under {has.path} and the file says {group.path}; a group does not move"
        for group, has in known
        if has is not None and has.path != group.path
    ]
    return CataloguePlan(tuple(steps), () if delete else tuple(more), tuple(fixed))


def _create(group: CatalogueGroup) -> Step:
    rule = group.rule.model_dump(mode="json")
    change = {
        "name": group.name,
        "description": group.description,
        "policies": list(group.policies),
        "rule": rule,
    }
    shown = {"description": group.description, "policies": list(group.policies)}
    whole = {**shown, **{f"rule.{name}": value for name, value in rule.items()}}
    return Step(
        Kind.GROUP_CREATE,
        group.name,
        change,
        tuple(Difference(name, None, value) for name, value in whole.items() if value not in ("", [], None)),
    )


def _update(group: CatalogueGroup, has: Found) -> Step | None:
    change: dict[str, Any] = {}
    differences: list[Difference] = []
    if group.description != has.description:
        change["description"] = group.description
        differences.append(Difference("description", has.description, group.description))
    if {_short(p) for p in group.policies} != {_short(p) for p in has.policies}:
        change["policies"] = list(group.policies)
        differences.append(Difference("policies", list(has.policies), list(group.policies)))
    if rules := _of_rules(has.rule, group.rule):
        change["rule"] = group.rule.model_dump(mode="json")
        differences += rules
    if not change:
        return None
    return Step(Kind.GROUP_UPDATE, has.name, {"name": has.name, **change}, tuple(differences))


def _of_rules(old: Rule, new: Rule) -> list[Difference]:
    was, becomes = old.model_dump(mode="json"), new.model_dump(mode="json")
    return [
        Difference(f"rule.{name}", was[name], value)
        for name, value in becomes.items()
        if (sorted(was[name]) != sorted(value) if name in _SETS else was[name] != value)
    ]


def _short(policy: str) -> str:
    """AWS's own is named by its ARN or in short; both are the same."""
    found = _OF_AWS.fullmatch(policy)
    return found["name"] if found else policy


def _written(one: Difference, *, is_new: bool) -> Iterator[str]:
    if one.field == "policies":
        old = {_short(p) for p in one.old or ()}
        yield from (f"    + policy {p}" for p in one.new if _short(p) not in old)
        new = {_short(p) for p in one.new}
        yield from (f"    - policy {p}" for p in one.old or () if _short(p) not in new)
    elif is_new:
        yield f"    {one.field}: {_say(one.new)}"
    else:
        yield f"    {one.field}: {_say(one.old)} -> {_say(one.new)}"


def _say(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "nobody"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_say(inner)}" for name, inner in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and (" " in value or not value):
        return f'"{value}"'
    return "none" if value is None else str(value)
