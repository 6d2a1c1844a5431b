"""Strict JSON that remembers where everything stood. Pure.

Python's reader takes the last of two equal keys, NaN and 1e999, and says no line numbers. Here each of these is a
finding, and every value knows its line. RFC 8259, section 4, leaves equal keys to each reader: the document that an
approver sees is then not surely the one that AWS applies.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.lint.findings import Finding, of_document, quote
from app.domain.words import Severity

DEPTH = 32
"""A policy needs six; deeper ones are not read."""

_DIGITS = 64
_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r'["\-0-9tfn]')


@dataclass(slots=True)
class Node:
    """A JSON value and its line.

    Attributes:
        value: A scalar; for a list or an object None.
        items: Of a list, otherwise None.
        members: Of an object as (key, line of the key, value), equal keys each; otherwise None.
    """

    line: int
    value: str | float | bool | None = None
    items: list["Node"] | None = None
    members: list[tuple[str, int, "Node"]] | None = None

    def get(self, key: str) -> "Node | None":
        """The last member of that name, as most readers would take it; otherwise one in other letters, to be safe."""
        members = [(name, below) for name, _, below in self.members or () if name.lower() == key.lower()]
        exact = [below for name, below in members if name == key]
        return exact[-1] if exact else members[-1][1] if members else None

    def listed(self) -> list["Node"]:
        """The items of a list, or a value alone, since IAM takes either."""
        return [self] if self.items is None else self.items

    def is_null(self) -> bool:
        """Say whether it is JSON's null."""
        return self.value is None and self.items is None and self.members is None


@dataclass(slots=True)
class Read:
    """A document that was read, as far as that went."""

    text: str
    node: Node | None = None
    findings: list[Finding] = field(default_factory=list)


class _NotJsonError(ValueError):
    def __init__(self, why: str, position: int) -> None:
        super().__init__(why)
        self.position = position


def bare(document: str | Mapping[str, Any]) -> str:
    """The text whose size counts; empty where it is no JSON."""
    if isinstance(document, str):
        return document
    try:
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError, TypeError):
        return ""


def read(document: str | Mapping[str, Any]) -> Read:
    """Read a document. Whatever comes, this answers."""
    try:
        # As sent, or in the form whose lines are told where it was sent as an object.
        text = document if isinstance(document, str) else json.dumps(document, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError, TypeError):
        return Read("", None, [_refused("It cannot be written down as JSON.", 1)])
    reader = _Reader(text)
    try:
        node = reader.whole()
    except _NotJsonError as problem:
        line = text.count("\n", 0, problem.position) + 1
        return Read(text, None, [*reader.findings, _refused(str(problem), line)])
    return Read(text, node, reader.findings)


def node_of(document: Mapping[str, Any]) -> Node | None:
    """A document from elsewhere as nodes; None where it is no document."""
    return read(document).node


def _refused(why: str, line: int) -> Finding:
    reason = "AWS refuses what is not JSON, and nothing else could be checked."
    return of_document(Severity.HIGH, "not_json", line, why, reason, "Write one JSON object.")


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._counted = 0
        self._line = 1
        self.findings: list[Finding] = []
        self._scalars = json.JSONDecoder(parse_constant=_no_constant, parse_int=_integer)

    def whole(self) -> Node:
        start = self._skip(0)
        node, end = self._value(start, 0)
        end = self._skip(end)
        if end != len(self._text):
            raise _NotJsonError("Something stands behind the document.", end)
        return node

    def _skip(self, position: int) -> int:
        space = _SPACE.match(self._text, position)
        return space.end() if space else position

    def _at(self, position: int) -> int:
        # Positions only grow, so the text is counted through once.
        self._line += self._text.count("\n", self._counted, position)
        self._counted = max(self._counted, position)
        return self._line

    def _value(self, position: int, depth: int) -> tuple[Node, int]:
        if depth > DEPTH:
            raise _NotJsonError(f"It is nested deeper than {DEPTH}.", position)
        first = self._text[position : position + 1]
        if first == "{":
            return self._object(position, depth)
        if first == "[":
            return self._list(position, depth)
        node = Node(self._at(position))
        node.value, end = self._scalar(position)
        if isinstance(node.value, float) and not math.isfinite(node.value):
            raise _NotJsonError("A number is too large.", position)
        return node, end

    def _scalar(self, position: int) -> tuple[Any, int]:
        if not _SCALAR.match(self._text, position):
            what = quote(self._text[position]) if position < len(self._text) else "The end"
            raise _NotJsonError(f"{what} stands where a value should.", position)
        try:
            return self._scalars.raw_decode(self._text, position)
        except json.JSONDecodeError as problem:
            raise _NotJsonError(f"{problem.msg}.", min(problem.pos, len(self._text))) from None
        except ValueError as problem:
            raise _NotJsonError(f"{problem}.", position) from None

    def _list(self, position: int, depth: int) -> tuple[Node, int]:
        items: list[Node] = []
        node = Node(self._at(position), items=items)
        for at in self._parts(position, "]"):
            below, self._end = self._value(at, depth + 1)
            items.append(below)
        return node, self._end

    def _object(self, position: int, depth: int) -> tuple[Node, int]:
        members: list[tuple[str, int, Node]] = []
        node = Node(self._at(position), members=members)
        seen: set[str] = set()
        for at in self._parts(position, "}"):
            line = self._at(at)
            if self._text[at : at + 1] != '"':
                raise _NotJsonError("A name in quotes should stand here.", at)
            key, end = self._scalar(at)
            end = self._skip(end)
            if self._text[end : end + 1] != ":":
                raise _NotJsonError("A colon should stand here.", end)
            below, self._end = self._value(self._skip(end + 1), depth + 1)
            if key in seen:
                self._twice(key, line)
            seen.add(key)
            members.append((key, line, below))
        return node, self._end

    def _parts(self, position: int, closing: str) -> Iterator[int]:
        """Where each part between brackets begins. Whoever reads it leaves its end in `_end`."""
        at = self._skip(position + 1)
        if self._text[at : at + 1] == closing:
            self._end = at + 1
            return
        while True:
            yield at
            after = self._skip(self._end)
            mark = self._text[after : after + 1]
            if mark == closing:
                self._end = after + 1
                return
            if mark != ",":
                raise _NotJsonError(f"A comma or {closing} should stand here.", after)
            at = self._skip(after + 1)

    def _twice(self, key: str, line: int) -> None:
        reason = "Readers differ on which of the two counts, so what was approved may not be what AWS applies."
        self.findings.append(
            of_document(
                Severity.HIGH,
                "duplicate_key",
                line,
                f"{quote(key)} stands twice in one object.",
                reason,
                "Keep one; several actions or resources go into one list.",
            )
        )


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError("A number is too large")
    return int(digits)
