"""What `mine`, `pending` and `why` show: short lists, which say what they leave out. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import Block, ContextBlock, SectionBlock

from app.slack.cards import Card, RequestFacts, at, given, notice_card, request_buttons, sentence
from app.slack.text import MORE, code, lines, marked, plain, safe

SHOWN = 20
"""Things of one kind in a list; Slack takes 50 blocks in a message and 100 in a home tab."""

WITH_BUTTONS = 15
"""Requests with their buttons in one message: three blocks each."""


@dataclass(frozen=True)
class Held:
    """A piece of access that somebody holds."""

    grant_id: str
    name: str
    account: str
    state: str
    is_group: bool
    ends_at: datetime | None
    may_extend: bool


@dataclass(frozen=True)
class Reason:
    """Why somebody holds something."""

    name: str
    given: str


USAGE = (
    ("/access request GROUP for 7d because …", "ask for a group; 7d, 4h and P7D are durations"),
    ("/access mine", "what you hold, and what you asked for"),
    ("/access pending", "what waits for your decision"),
    ("/access return GROUP", "give a group back at once"),
    ("/access why", "why you hold what you hold"),
    ("/access link", "link your Slack account to Gatehouse"),
    ("/access", "a form to ask with"),
)


def usage(why: str | None = None) -> Card:
    """What can be typed; and what was wrong with what was typed."""
    text = "\n".join(f"{code(words)} {says}" for words, says in USAGE)
    card = notice_card(f"{why} This is how to use /access:" if why else "This is how to use /access:")
    return Card(card.text, [*card.blocks, SectionBlock(text=marked(text))])


def held_line(held: Held) -> str:
    """One piece of access in a line: text of people, as they wrote it."""
    end = f"until {at(held.ends_at)}" if held.ends_at else "without an end"
    if held.state == "active":
        return f"{held.name} in {held.account}, {end}"
    return f"{held.name} in {held.account}: {held.state.replace('_', ' ')}"


def mine(held: Sequence[Held], asked: Sequence[RequestFacts], *, more_held: int, more_asked: bool) -> Card:
    """What somebody holds, and what of theirs waits."""
    blocks: list[Block] = [
        SectionBlock(text=marked("*What you hold*")),
        SectionBlock(text=plain(_list([held_line(one) for one in held], "Nothing.", left=more_held))),
        SectionBlock(text=marked("*What you asked for, and is not decided*")),
        SectionBlock(text=plain(_list([_asked(one) for one in asked], "Nothing.", more=more_asked))),
    ]
    if held:
        blocks.append(ContextBlock(elements=[marked(f"Give a group back with {code('/access return GROUP')}.")]))
    return Card(f"You hold {len(held) + more_held}; {len(asked)} of your requests are not decided.", blocks)


def pending(waiting: Sequence[RequestFacts], *, may_decide: bool, more: bool) -> Card:
    """What waits for somebody's decision, with its buttons."""
    if not waiting:
        return notice_card("Nothing waits for your decision.")
    blocks: list[Block] = []
    for facts in waiting:
        blocks += request_lines(facts, may_decide=may_decide)
    if more:
        blocks.append(SectionBlock(text=plain(f"{MORE} and more; decide some of these first, or look in Gatehouse.")))
    return Card(f"{len(waiting)}{'+' if more else ''} requests wait for your decision.", blocks)


def request_lines(facts: RequestFacts, *, may_decide: bool) -> list[Block]:
    """A request in few lines, with its buttons."""
    text = f"{sentence(facts)} Why: {facts.reason}"
    blocks: list[Block] = [SectionBlock(text=plain(safe(text, 1200)))]
    about = f"Request {code(facts.id)}, {given(facts)}"
    if not may_decide:
        about += f". Your link may not decide; {code('/access link')} again with a token that may"
    blocks.append(ContextBlock(elements=[marked(about)]))
    return [*blocks, *(request_buttons(facts) if may_decide else [])]


def why(reasons: Sequence[Reason], *, more: int) -> Card:
    """Why somebody holds what they hold."""
    if not reasons:
        return notice_card("You hold nothing.")
    text = _list([f"{one.name}: {one.given}" for one in reasons], "", left=more, each=250)
    title = SectionBlock(text=marked("*Why you hold what you hold*"))
    return Card(f"You hold {len(reasons) + more}.", [title, SectionBlock(text=plain(text))])


def _asked(facts: RequestFacts) -> str:
    return f"{sentence(facts)} {given(facts)}. {facts.id}"


def _list(entries: list[str], none: str, *, left: int = 0, more: bool = False, each: int = 130) -> str:
    if not entries:
        return none
    shown = lines(entries[: SHOWN // 2], most=SHOWN // 2, each=each)
    left += max(0, len(entries) - SHOWN // 2)
    if more:
        return f"{shown}\n{MORE} and more"
    return f"{shown}\n{MORE} and {left} more" if left else shown
