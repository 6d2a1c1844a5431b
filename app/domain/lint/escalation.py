"""Which known ways to more power some documents open, after a boundary. Pure; what rule 13 calls administrator power.

How it decides: a step is open where an Allow of the documents and an Allow of the boundary meet on something that the
step is about, and no Deny without a condition takes all of that away. Where it cannot know it says open: a condition on
an Allow counts as met, one on a Deny as not met, an Allow with NotResource as everything, and a Deny only where its
pattern surely covers the Allow's.

What it does not decide: what the roles, policies, groups and instances that can be reached give; whether they exist;
who else a role trusts (`sts:AssumeRole`); resource policies, service and resource control policies, session policies;
conditions; variables other than `${aws:username}` at the end of a user's ARN; ways that nobody has written down.
A single instance, function or the like that is named in full, and roles under the lab's own path, are taken for what
whoever named or made them meant to give. What cannot be read as JSON opens nothing, since AWS does not take it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.lint import patterns, statements
from app.domain.lint.methods import METHODS, Method, Step
from app.domain.lint.statements import DENY, At, Statement

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_UNBOUNDED = ("*",)


@dataclass(frozen=True, slots=True)
class Opening:
    """One way that is open.

    Attributes:
        statements: For each step the statement of the documents that allows it.
        resources: For each step the resource there.
    """

    method: Method
    statements: tuple[Statement, ...]
    resources: tuple[At, ...]


def has_administrator_power(documents: Iterable[Mapping[str, Any]], boundary: Mapping[str, Any] | None = None) -> bool:
    """Say whether any way is open (rule 13).

    Args:
        documents: All that one user, or one group, has.
        boundary: The one that the user really has; None is unbounded.
    """
    return next(_openings(_all(documents), _bounds(boundary)), None) is not None


def open_methods(documents: Iterable[Mapping[str, Any]], boundary: Mapping[str, Any] | None = None) -> list[Opening]:
    """Every way that is open, in the order of `METHODS`. Arguments as above."""
    return list(_openings(_all(documents), _bounds(boundary)))


def openings(given: list[Statement], boundary: Mapping[str, Any] | None = None) -> list[Opening]:
    """The same for statements that were read already."""
    return list(_openings(given, _bounds(boundary)))


def _all(documents: Iterable[Mapping[str, Any]]) -> list[Statement]:
    return [statement for document in documents for statement in statements.of_document(document)]


def _bounds(boundary: Mapping[str, Any] | None) -> list[Statement] | None:
    return None if boundary is None else statements.of_document(boundary)


def _openings(given: list[Statement], bounds: list[Statement] | None) -> Iterator[Opening]:
    known: dict[Step, tuple[Statement, At] | None] = {}
    for method in METHODS:
        found = []
        for step in method.steps:
            if step not in known:
                known[step] = _open(step, given, bounds)
            via = known[step]
            if via is None:
                break
            found.append(via)
        else:
            yield Opening(method, tuple(s for s, _ in found), tuple(r for _, r in found))


def _open(step: Step, given: list[Statement], bounds: list[Statement] | None) -> tuple[Statement, At] | None:
    """Where a step is allowed, or None."""
    denied = [_denied(statement) for statement in (*given, *(bounds or ())) if _denies(statement, step)]
    limits = _UNBOUNDED if bounds is None else tuple(resource.text for _, resource in _allowed(bounds, step))
    for statement, resource in _allowed(given, step):
        for limit in limits:
            meeting = (resource.text, limit, step.on)
            if _meet(*meeting) and not _spared(step, meeting) and not any(_taken(deny, meeting) for deny in denied):
                return statement, resource
    return None


def _allowed(given: list[Statement], step: Step) -> Iterator[tuple[Statement, At]]:
    for statement in given:
        if statement.allows and _names(statement, step.action):
            for resource in statement.resources:
                yield statement, resource
            if statement.not_resources and not any(_within(step.on, r.text) for r in statement.not_resources):
                yield statement, At("*", statement.not_resources[0].line)


def _names(statement: Statement, action: str) -> bool:
    action = action.lower()
    if statement.actions:
        return any(patterns.matches(pattern.text.lower(), action) for pattern in statement.actions)
    return bool(statement.not_actions) and not any(
        patterns.matches(pattern.text.lower(), action) for pattern in statement.not_actions
    )


def _denies(statement: Statement, step: Step) -> bool:
    return statement.effect == DENY and not statement.conditional and _names(statement, step.action)


def _denied(statement: Statement) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(r.text for r in statement.resources), tuple(r.text for r in statement.not_resources)


def _taken(deny: tuple[tuple[str, ...], tuple[str, ...]], meeting: tuple[str, ...]) -> bool:
    these, all_but = deny
    if any(_within(part, pattern) for pattern in these for part in meeting):
        return True
    return bool(all_but) and any(not any(_touch(part, pattern) for pattern in all_but) for part in meeting)


def _within(part: str, pattern: str) -> bool:
    # Whatever stands for a variable of the pattern is not known, so such a pattern covers only what is written alike.
    return patterns.arn_covers(pattern, part)


def _meet(one: str, other: str, third: str) -> bool:
    return _touch(one, other) and _touch(one, third) and _touch(other, third)


def _touch(one: str, other: str) -> bool:
    return patterns.arn_overlap(_VARIABLE.sub("*", one), _VARIABLE.sub("*", other))


def _spared(step: Step, meeting: tuple[str, ...]) -> bool:
    if step.spares_named and any(_is_single(part) for part in meeting):
        return True
    return any(patterns.arn_covers(spared, part) for spared in step.spared for part in meeting)


def _is_single(resource: str) -> bool:
    name = resource.split(":", 5)[-1]
    return resource.startswith("arn:") and not patterns.has_wildcard(name) and not _VARIABLE.search(name)
