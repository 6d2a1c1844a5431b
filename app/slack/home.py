"""The home tab: what I hold, and what waits for me. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, ConfirmObject, DividerBlock, SectionBlock
from slack_sdk.models.views import View

from app.slack.cards import EXTEND, RequestFacts
from app.slack.pages import Held, held_line, request_lines
from app.slack.text import MORE, code, marked, plain, safe

HELD = 15
"""Pieces of access in the tab, two blocks each; with `pages.SHOWN` requests of three that is within Slack's 100."""

RETURN = "return"
ASK = "ask"
"""How the `action_id` of buttons begins that stand only here."""


@dataclass(frozen=True)
class HomeFacts:
    """What somebody's home tab shows.

    Attributes:
        may_decide: Their link may.
        more_held: Pieces of access that are left out.
        more_waiting: Some requests are left out.
    """

    held: Sequence[Held] = ()
    waiting: Sequence[RequestFacts] = ()
    may_decide: bool = True
    more_held: int = 0
    more_waiting: bool = False


def view(facts: HomeFacts, note: str | None = None) -> View:
    """The tab of somebody who is linked.

    Args:
        note: What came of the button they pressed here.
    """
    blocks = [*_note(note), SectionBlock(text=marked("*What you hold*"))]
    blocks.append(ActionsBlock(elements=[ButtonElement(text=plain("Ask for access…"), action_id=ASK)]))
    for held in facts.held:
        blocks += _held(held)
    if not facts.held:
        blocks.append(SectionBlock(text=plain("Nothing.")))
    if facts.more_held:
        blocks.append(SectionBlock(text=plain(f"{MORE} and {facts.more_held} more")))
    blocks += [DividerBlock(), SectionBlock(text=marked("*What waits for you*"))]
    for request in facts.waiting:
        blocks += request_lines(request, may_decide=facts.may_decide)
    if not facts.waiting:
        blocks.append(SectionBlock(text=plain("Nothing.")))
    if facts.more_waiting:
        blocks.append(SectionBlock(text=plain(f"{MORE} and more; decide some of these first, or look in Gatehouse.")))
    return View(type="home", blocks=blocks)


def refused(why: str, *, link: bool) -> View:
    """The tab of somebody who is not linked, or while it cannot be made.

    Args:
        link: A link would help.
    """
    blocks = [SectionBlock(text=plain(safe(why, 500)))]
    if link:
        how = f"To link your Slack account, type {code('/access link')} in any channel, and confirm the code it gives."
        blocks.append(SectionBlock(text=marked(how)))
    return View(type="home", blocks=blocks)


def _note(note: str | None) -> list[Block]:
    return [SectionBlock(text=plain(safe(note, 1000))), DividerBlock()] if note else []


def _held(held: Held) -> list[Block]:
    back = ButtonElement(
        text=plain("Give back…"),
        action_id=f"{RETURN}:{held.grant_id}",
        value=held.grant_id,
        confirm=ConfirmObject(
            title="Give it back?",
            text=plain(f"{safe(held.name, 128)} is taken away at once."),
            confirm="Give back",
            deny="Keep",
        ),
    )
    extend = ButtonElement(text=plain("Extend…"), action_id=f"{EXTEND}:{held.grant_id}", value=held.grant_id)
    later = [extend] if held.may_extend else []
    return [SectionBlock(text=plain(safe(held_line(held), 300))), ActionsBlock(elements=[back, *later])]
