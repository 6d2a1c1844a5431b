"""Documents spoilt in one way each. A case must notice every one, or the cases say less than the documents."""

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

Document = dict[str, Any]
Statement = dict[str, Any]

_LISTS = ("Action", "NotAction", "Resource", "NotResource")
_DEFAULT = re.compile(r", '[^']*'}")


@dataclass(frozen=True)
class Mutant:
    """A spoilt document.

    Attributes:
        name: Which document it stands for.
        spoilt: What was done to it, for people.
        touched: An Action or NotAction as in a statement: only what it speaks of can come out otherwise.
    """

    name: str
    spoilt: str
    document: Document
    touched: Statement

    def concerns(self, action: str) -> bool:
        """Whether a request for the action can come out otherwise."""
        if "NotAction" in self.touched:
            return not _matches(action, self.touched["NotAction"])
        return _matches(action, self.touched["Action"])


def of(name: str, document: Document) -> Iterator[Mutant]:
    """Every mutant of a document."""
    statements = document["Statement"]
    for index, statement in enumerate(statements):
        rest = [s for s in statements if s is not statement]
        if rest:
            yield Mutant(name, f"{statement['Sid']} dropped", {**document, "Statement": rest}, statement)
        for spoilt, changed, touched in _of_statement(statement, rest):
            replaced = [changed if at == index else s for at, s in enumerate(statements)]
            yield Mutant(name, f"{statement['Sid']}: {spoilt}", {**document, "Statement": replaced}, touched)


def _of_statement(statement: Statement, others: list[Statement]) -> Iterator[tuple[str, Statement, Statement]]:
    if statement["Effect"] == "Deny":
        yield "deny turned off", {**statement, "Effect": "Allow"}, statement
    for key in _LISTS:
        for left_out, rest in _one_less(statement.get(key)):
            if not (key == "Action" and _said_elsewhere(statement, left_out, others)):
                touched = {"Action": left_out} if key.endswith("Action") else statement
                yield f"{key} without {left_out}", {**statement, key: rest}, touched
    if statement.get("Resource", "*") != "*":
        yield "any resource", {**statement, "Resource": "*"}, statement
    for key in ("Resource", "NotResource"):
        values = list(_many(statement.get(key, ())))
        plain = [_DEFAULT.sub("}", value) for value in values]
        if plain != values:
            yield f"{key} without the variable's default", {**statement, key: plain}, statement
    for spoilt, changed in _of_condition(statement):
        yield spoilt, changed, statement


def _of_condition(statement: Statement) -> Iterator[tuple[str, Statement]]:
    if "Condition" not in statement:
        return
    yield "condition removed", {k: v for k, v in statement.items() if k != "Condition"}
    for operator, tests in statement["Condition"].items():
        rest = {o: t for o, t in statement["Condition"].items() if o != operator}
        if rest:
            yield f"{operator} removed", {**statement, "Condition": rest}
        if operator.endswith("IfExists"):
            plain = operator.removesuffix("IfExists")
            yield f"{operator} made {plain}", {**statement, "Condition": {**rest, plain: tests}}
        for key, values in tests.items():
            for left_out, fewer in _one_less(values):
                changed = deepcopy(statement)
                changed["Condition"][operator][key] = fewer
                yield f"{key} without {left_out}", changed


def _one_less(values: Any) -> Iterator[tuple[str, list[str]]]:
    if isinstance(values, list) and len(values) > 1:
        for value in values:
            yield value, [v for v in values if v != value]


def _said_elsewhere(statement: Statement, action: str, others: list[Statement]) -> bool:
    """Whether another statement allows the action on everything: without it here, the document says the same."""
    return statement["Effect"] == "Allow" and any(
        _matches(action, other.get("Action", ()))
        for other in others
        if other["Effect"] == "Allow" and other.get("Resource") == "*" and "Condition" not in other
    )


def _matches(action: str, patterns: str | Sequence[str]) -> bool:
    return any(fnmatchcase(action, pattern) for pattern in _many(patterns))


def _many(values: str | Sequence[str]) -> Sequence[str]:
    return [values] if isinstance(values, str) else values
