"""A policy as the rules look at it: statements whose every text knows its line. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.lint.findings import Finding, quote
from app.domain.lint.reading import Node, node_of
from app.domain.words import Severity

ALLOW, DENY = "Allow", "Deny"


@dataclass(frozen=True, slots=True)
class At:
    """A text and its line."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key.

    Attributes:
        values: As text; what is no text, number or truth value is left out.
    """

    operator: At
    key: At
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. What is not there, or not of the right type, is empty."""

    name: str
    line: int
    effect: str
    actions: tuple[At, ...]
    not_actions: tuple[At, ...]
    resources: tuple[At, ...]
    not_resources: tuple[At, ...]
    conditions: tuple[Condition, ...]
    conditional: bool

    @property
    def allows(self) -> bool:
        """Whether it gives something."""
        return self.effect == ALLOW

    @property
    def on_everything(self) -> bool:
        """Whether one of its resources is the bare star."""
        return any(resource.text == "*" for resource in self.resources)

    def finding(
        self,
        severity: Severity,
        code: str,
        line: int,
        evidence: str,
        reason: str,
        remedy: str | None = None,
        scoped_form: Mapping[str, Any] | None = None,
    ) -> Finding:
        """A finding about this statement."""
        return Finding(severity, code, self.name, line, evidence, reason, remedy, scoped_form)


def of(document: Node | None) -> list[Statement]:
    """The statements of a document, as far as they are any."""
    found = document.get("Statement") if document else None
    nodes = found.listed() if found else []
    return [_statement(node, name_of(node, number)) for number, node in enumerate(nodes, 1) if node.members is not None]


def of_document(document: Mapping[str, Any]) -> list[Statement]:
    """The same for a document from elsewhere, such as what IAM answered."""
    return of(node_of(document))


def name_of(node: Node, number: int) -> str:
    """How findings call a statement: by its Sid, otherwise by its place."""
    sid = node.get("Sid")
    return quote(sid.value).strip("'") if sid and isinstance(sid.value, str) and sid.value else f"statement {number}"


def _statement(node: Node, name: str) -> Statement:
    effect = node.get("Effect")
    conditions = node.get("Condition")
    return Statement(
        name=name,
        line=node.line,
        effect=_effect(effect),
        actions=_texts(node.get("Action")),
        not_actions=_texts(node.get("NotAction")),
        resources=_texts(node.get("Resource")),
        not_resources=_texts(node.get("NotResource")),
        conditions=tuple(_conditions(conditions)),
        conditional=conditions is not None and conditions.members != [],
    )


def _effect(node: Node | None) -> str:
    said = node.value if node and isinstance(node.value, str) else ""
    # Should AWS take "allow" after all, nothing that it gives may be overlooked; a Deny has to be one.
    return ALLOW if said.lower() == ALLOW.lower() else said


def _texts(node: Node | None) -> tuple[At, ...]:
    if node is None:
        return ()
    return tuple(At(below.value, below.line) for below in node.listed() if isinstance(below.value, str))


def _conditions(node: Node | None) -> Iterator[Condition]:
    for operator, operator_line, keys in node.members or () if node else ():
        for key, line, values in keys.members or ():
            texts = tuple(_text(value.value) for value in values.listed() if value.value is not None)
            yield Condition(At(operator, operator_line), At(key, line), texts)


def _text(value: str | float | bool) -> str:  # noqa: FBT001 - a JSON scalar
    return str(value).lower() if isinstance(value, bool) else str(value)
