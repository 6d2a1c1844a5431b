"""Answers of IAM's query protocol: an error's body, a list cut into pages, and answers of the past."""

import itertools
import threading
import xml.etree.ElementTree as ET
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tests.support.faults import Answer, Call

_XMLNS = "https://iam.amazonaws.com/doc/2010-05-08/"
_KEPT = 10_000
_PAST = 3
ET.register_namespace("", _XMLNS)

LISTS = {
    "GetGroup": "Users",
    "ListAttachedGroupPolicies": "AttachedPolicies",
    "ListGroupPolicies": "PolicyNames",
    "ListGroups": "Groups",
    "ListGroupsForUser": "Groups",
    "ListUsers": "Users",
}
"""The calls whose answers can be cut into pages, and where their members are."""


@dataclass(frozen=True)
class Reply:
    """What the backend answered, or what we say in its place."""

    status: int
    content_type: str
    body: bytes

    @property
    def done(self) -> bool:
        return 200 <= self.status < 300


def error(fault: Answer) -> Reply:
    """An error in IAM's own form."""
    kind = "Sender" if fault.status < 500 else "Receiver"
    text = (
        f'<ErrorResponse xmlns="{_XMLNS}"><Error><Type>{kind}</Type><Code>{fault.code}</Code>'
        f"<Message>{escape(fault.message)}</Message></Error><RequestId>fault-proxy</RequestId></ErrorResponse>"
    )
    return Reply(fault.status, "text/xml", text.encode())


def done(action: str) -> Reply:
    """What says that a write was made."""
    text = f'<{action}Response xmlns="{_XMLNS}"><ResponseMetadata><RequestId>fault-proxy</RequestId></ResponseMetadata>'
    return Reply(200, "text/xml", f"{text}</{action}Response>".encode())


def split(action: str, reply: Reply, size: int) -> list[tuple[str, bytes]]:
    """The pages of a list, each with the marker of the next one, which is empty for the last."""
    root = ET.fromstring(reply.body)  # noqa: S314 - from the emulator that the test itself started
    xmlns = root.tag.partition("}")[0] + "}"
    result = root.find(f"{xmlns}{action}Result")
    assert result is not None, reply.body
    members = result.find(f"{xmlns}{LISTS[action]}")
    assert members is not None, reply.body
    everything = list(members)
    for name in ("IsTruncated", "Marker"):
        for old in result.findall(f"{xmlns}{name}"):
            result.remove(old)
    truncated, marker = ET.SubElement(result, f"{xmlns}IsTruncated"), ET.Element(f"{xmlns}Marker")
    pages: list[tuple[str, bytes]] = []
    for start in range(0, max(len(everything), 1), size):
        for old in list(members):
            members.remove(old)
        members.extend(everything[start : start + size])
        more = start + size < len(everything)
        truncated.text = str(more).lower()
        if more and not pages:
            result.append(marker)
        elif not more and pages:
            result.remove(marker)
        marker.text = f"page-{next(_markers)}" if more else ""
        pages.append((marker.text, ET.tostring(root)))
    return pages


_markers = itertools.count(1)


class Pages:
    """The pages that wait for their Marker."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Reply] = OrderedDict()
        self._lock = threading.Lock()

    def first(self, action: str, reply: Reply, size: int) -> Reply:
        """Cut an answer; the first page of it. What is no list stays as it is."""
        if action not in LISTS or not reply.done:
            return reply
        pages = split(action, reply, size)
        made = [Reply(reply.status, reply.content_type, body) for _, body in pages]
        with self._lock:
            for (marker, _), following in zip(pages, made[1:], strict=False):
                self._kept[marker] = following
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made[0]

    def kept(self, call: Call) -> Reply | None:
        """The page that a call asks for by a Marker of ours. It stays: a lost page is asked for again."""
        with self._lock:
            return self._kept.get(call.parameters.get("Marker", ""))


class Past:
    """A short history of answers to reads, by what was asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._writes: Counter[str] = Counter()
        self._made: set[str] = set()
        self._answers: OrderedDict[str, deque[tuple[tuple[int, ...], Reply]]] = OrderedDict()

    def age(self, call: Call) -> tuple[int, ...]:
        """How many writes its subjects have seen."""
        with self._lock:
            return self._age(call)

    def keep(self, call: Call, age: tuple[int, ...], reply: Reply) -> None:
        """Remember the answer to a read that was passed on at that age."""
        with self._lock:
            past = self._answers.setdefault(call.canonical, deque(maxlen=_PAST))
            self._answers.move_to_end(call.canonical)
            if past and past[-1][0] == age:
                past.pop()
            past.append((age, reply))
            if len(self._answers) > _KEPT:
                self._answers.popitem(last=False)

    def writing(self, call: Call) -> None:
        """A write is passed on: from here answers to earlier reads are of the past."""
        with self._lock:
            self._writes.update(call.subjects)

    def wrote(self, call: Call, *, done: bool) -> None:
        """A write was answered; one that was refused changed nothing."""
        with self._lock:
            if not done:
                self._writes.subtract(call.subjects)
            elif call.action.startswith("Create"):
                self._made.update(call.subjects[:1])

    def before(self, call: Call) -> Reply | None:
        """The newest answer from before the last write, if one is known."""
        with self._lock:
            now = self._age(call)
            older = [reply for age, reply in self._answers.get(call.canonical, ()) if age != now]
            if older:
                return older[-1]
            if self._made.intersection(call.subjects):
                return error(Answer(404, "NoSuchEntity", "it was made a moment ago"))
            return None

    def _age(self, call: Call) -> tuple[int, ...]:
        return tuple(self._writes[s] for s in call.subjects)
