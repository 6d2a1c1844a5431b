"""Modals: what they look like, and what comes back. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from slack_sdk.models.blocks import InputBlock, Option, PlainTextInputElement, SectionBlock, StaticSelectElement
from slack_sdk.models.blocks.block_elements import InputInteractiveElement
from slack_sdk.models.views import View

from app.slack import command
from app.slack.cards import Card
from app.slack.text import plain, safe, written

ASK, DENY, WITH_NOTE, EXTEND = "ask", "deny", "note_approve", "extend"
"""The `callback_id` of each modal."""

OPTIONS = 100
"""As many as Slack's list takes."""

_REASON = 1000


@dataclass(frozen=True)
class Sent:
    """What came back from a modal.

    Attributes:
        about: What the modal was opened for: `request`, `digest`, `grant`, `home`.
        values: What was filled in, by block; "" where nothing was.
    """

    about: Mapping[str, str]
    values: Mapping[str, str]


class Wrong(Exception):
    """Something filled in is not right: in which block, and why."""

    def __init__(self, block: str, why: str) -> None:
        super().__init__(why)
        self.block, self.why = block, why


def ask(groups: Sequence[str]) -> View:
    """The form behind `/access` without a word.

    Args:
        groups: Names of the groups; past Slack's longest list the name is typed.
    """
    element: InputInteractiveElement = PlainTextInputElement(action_id="group", max_length=128)
    if 0 < len(groups) <= OPTIONS:
        options = [Option(text=plain(safe(name, 75)), value=name) for name in groups]
        element = StaticSelectElement(action_id="group", placeholder=plain("Choose one"), options=options)
    blocks = [
        InputBlock(block_id="group", label=plain("Group"), element=element),
        _duration("The longest that the rule allows, where nothing is written", optional=True),
        _reason("reason", "Why"),
    ]
    return _modal(ASK, "Ask for access", "Ask", blocks)


def deny(said: str, request_id: str, digest: str, *, home: bool) -> View:
    """A denial says why.

    Args:
        said: The request, in a sentence.
        home: The button stood in the home tab.
    """
    about = {"request": request_id, "digest": digest, "home": _flag(home)}
    return _modal(DENY, "Deny a request", "Deny", [_said(said), _reason("comment", "Why not")], about)


def with_note(said: str, request_id: str, digest: str, *, home: bool) -> View:
    """An approval may say why."""
    about = {"request": request_id, "digest": digest, "home": _flag(home)}
    blocks = [_said(said), _reason("comment", "Note", optional=True)]
    return _modal(WITH_NOTE, "Approve a request", "Approve", blocks, about)


def extend(said: str, grant_id: str, *, home: bool) -> View:
    """A later end for a grant: how long from the moment it is carried out, and why."""
    about = {"grant": grant_id, "home": _flag(home)}
    blocks = [_said(said), _duration("From when it is approved", optional=False), _reason("reason", "Why")]
    return _modal(EXTEND, "Ask for a later end", "Ask", blocks, about)


def done(card: Card) -> View:
    """What stands in place of a modal that was sent."""
    return View(type="modal", title=plain("Gatehouse"), close=plain("Close"), blocks=card.blocks)


def read(view: Mapping[str, Any]) -> Sent:
    """What was filled in."""
    values: dict[str, str] = {}
    for block, elements in (view.get("state") or {}).get("values", {}).items():
        for element in elements.values():
            chosen = (element.get("selected_option") or {}).get("value") or element.get("value") or ""
            values[block] = written(str(chosen))
    try:
        about = json.loads(view.get("private_metadata") or "{}")
    except ValueError:
        about = {}
    return Sent({str(k): str(v) for k, v in about.items()} if isinstance(about, dict) else {}, values)


def asked(sent: Sent) -> command.Ask:
    """The wish that was filled in.

    Raises:
        Wrong: A field is not right.
    """
    if not sent.values.get("group"):
        raise Wrong("group", "Say which group.")
    long = None
    if sent.values.get("duration"):
        try:
            long = command.duration(sent.values["duration"])
        except ValueError as wrong:
            raise Wrong("duration", str(wrong)) from wrong
    return command.Ask(sent.values["group"], words(sent, "reason"), long)


def asked_longer(sent: Sent) -> timedelta:
    """The duration of a later end.

    Raises:
        Wrong: It is none.
    """
    try:
        return command.duration(sent.values.get("duration", ""))
    except ValueError as wrong:
        raise Wrong("duration", str(wrong)) from wrong


def words(sent: Sent, block: str) -> str:
    """A reason that was filled in.

    Raises:
        Wrong: There is none, or it is too long.
    """
    text = sent.values.get(block, "")
    if not text:
        raise Wrong(block, "Say why.")
    if len(text) > _REASON:
        raise Wrong(block, f"At most {_REASON} characters.")
    return text


def _modal(callback: str, title: str, submit: str, blocks: Sequence[Any], about: Mapping[str, str] = {}) -> View:
    return View(
        type="modal",
        callback_id=callback,
        title=plain(title),
        submit=plain(submit),
        close=plain("Cancel"),
        blocks=list(blocks),
        private_metadata=json.dumps(dict(about)),
    )


def _said(text: str) -> SectionBlock:
    return SectionBlock(text=plain(safe(text, 2000)))


def _duration(hint: str, *, optional: bool) -> InputBlock:
    element = PlainTextInputElement(action_id="duration", placeholder=plain("7d, 4h or P7D"), max_length=32)
    return InputBlock(
        block_id="duration", label=plain("For how long"), hint=plain(hint), element=element, optional=optional
    )


def _reason(block: str, label: str, *, optional: bool = False) -> InputBlock:
    element = PlainTextInputElement(action_id=block, multiline=True, max_length=_REASON)
    return InputBlock(block_id=block, label=plain(label), element=element, optional=optional)


def _flag(holds: bool) -> str:  # noqa: FBT001 - of what holds
    return "1" if holds else ""
