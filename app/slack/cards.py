"""What people see in Slack: cards from plain facts, within Slack's limits. Pure.

Text of people stands in plain text or in code, and goes through `text.safe` or `text.code`, both of which cut visibly.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, ContextBlock, SectionBlock

from app.domain.durations import in_words
from app.domain.states import DecisionState, Provisioning
from app.domain.words import Verdict
from app.slack.text import code, lines, marked, names, plain, safe

APPROVE, DENY, WITH_NOTE, EXTEND, LINK = "approve", "deny", "note_approve", "extend", "open_link"
"""The `action_id` of each button."""

_LINE = 2800
"""Characters of a section's text; Slack takes 3000."""

_OPERATIONS = 8
_DECISIONS = 10
_FALLBACK = 300
"""Characters of the text that notifications show."""


@dataclass(frozen=True)
class Card:
    """A message: its blocks, and the text for notifications and for those who hear it read."""

    text: str
    blocks: list[Block]

    def as_json(self) -> list[dict[str, Any]]:
        """The blocks as Slack takes them; each has checked its own limits."""
        return [block.to_dict() for block in self.blocks]


@dataclass(frozen=True)
class DecisionFacts:
    """One decision on a request. `void` says why it does not count any more."""

    approver: str
    verdict: Verdict
    comment: str | None = None
    void: str | None = None


@dataclass(frozen=True)
class RequestFacts:
    """A request as a card shows it.

    Attributes:
        what: As a sentence goes on after "asks": `to join LabGuest`.
        plan: What will be done, one sentence each.
        required_approvals: How many must agree, of `eligible`.
        failure: Why it failed or waits, in words.
        decides_here: The rules of its groups let it be decided in Slack.
        url: Its page for people; None where Gatehouse has no address of its own.
    """

    id: str
    user: str
    requester: str
    what: str
    account: str
    reason: str
    plan_digest: str
    decision: DecisionState
    provisioning: Provisioning
    lapses_at: datetime
    duration: timedelta | None = None
    starts_at: datetime | None = None
    plan: tuple[str, ...] = ()
    required_approvals: int = 1
    eligible: tuple[str, ...] = ()
    decisions: tuple[DecisionFacts, ...] = ()
    failure: str | None = None
    decides_here: bool = False
    url: str | None = None

    @property
    def given(self) -> int:
        """Approvals that count."""
        return sum(d.verdict == Verdict.APPROVE and d.void is None for d in self.decisions)


@dataclass(frozen=True)
class EndingFacts:
    """A grant that ends soon. `what` is the name of the group or of the one-off permission."""

    grant_id: str
    user: str
    what: str
    account: str
    ends_at: datetime
    url: str | None = None
    may_extend: bool = field(default=True)


def request_card(facts: RequestFacts, *, title: str | None = None, asker: bool = False) -> Card:
    """A request for those who may decide on it; once it is decided, its outcome in place of the buttons.

    Args:
        asker: For who asked: nothing to decide.
        title: What stands above it in place of "Access request", such as "Reminder"; words of ours.
    """
    blocks: list[Block] = [
        SectionBlock(text=marked(f"*{safe(title or 'Access request', 80)}*")),
        SectionBlock(text=plain(_said(facts))),
        SectionBlock(fields=[marked(f"*{label}*\n{value}") for label, value in _fields(facts)]),
        SectionBlock(text=plain(f"Why: {safe(facts.reason, _LINE)}")),
        SectionBlock(text=plain(f"What will be done:\n{_plan(facts)}")),
    ]
    made = _decisions(facts)
    if made:
        blocks.append(SectionBlock(text=plain(made)))
    if facts.decision == DecisionState.PENDING:
        blocks += [_ruling(facts), *([] if asker else request_buttons(facts))]
    else:
        blocks.append(SectionBlock(text=marked(f"*{outcome(facts)}*")))
        if facts.failure and facts.provisioning != Provisioning.APPLIED:
            blocks.append(SectionBlock(text=plain(safe(facts.failure, _LINE))))
    return Card(safe(f"{_said(facts)} {_state(facts)}", _FALLBACK), blocks)


def request_buttons(facts: RequestFacts) -> list[Block]:
    """The buttons of one that is pending, where it may be decided in Slack; elsewhere where to decide it."""
    if not facts.decides_here:
        return [elsewhere(facts)]
    value = button_value(facts.id, facts.plan_digest)
    return [
        ActionsBlock(
            elements=[
                ButtonElement(text=plain("Approve"), action_id=APPROVE, value=value, style="primary"),
                ButtonElement(text=plain("Approve with a note…"), action_id=WITH_NOTE, value=value),
                ButtonElement(text=plain("Deny…"), action_id=DENY, value=value, style="danger"),
            ]
        )
    ]


def elsewhere(facts: RequestFacts) -> Block:
    """Where a request is decided that is not decided in Slack: its page, or a line for the terminal."""
    if facts.url:
        return ActionsBlock(elements=[ButtonElement(text=plain("Open in Gatehouse"), action_id=LINK, url=facts.url)])
    return SectionBlock(text=marked(f"Decide it at the terminal: {code(f'gatehouse show {facts.id}')}"))


def button_value(request_id: str, plan_digest: str) -> str:
    """What a button carries: which request, and which plan its presser saw."""
    return f"{request_id} {plan_digest}"


def ending_card(facts: EndingFacts, now: datetime) -> Card:
    """Access that ends soon, with a button that asks for a later end."""
    left = in_words(timedelta(minutes=max(1, int((facts.ends_at - now).total_seconds() // 60))))
    text = f"Your access to {facts.what} ends in {left}, at {at(facts.ends_at)}."
    blocks: list[Block] = [
        SectionBlock(text=marked("*Ending soon*")),
        SectionBlock(text=plain(safe(text, _LINE))),
    ]
    if facts.may_extend:
        extend = ButtonElement(text=plain("Extend…"), action_id=EXTEND, value=facts.grant_id)
        blocks.append(ActionsBlock(elements=[extend]))
    blocks.append(ContextBlock(elements=[marked(f"Grant {code(facts.grant_id)} in {code(facts.account)}")]))
    return Card(safe(text, _FALLBACK), blocks)


def notice_card(text: str, *, title: str | None = None, url: str | None = None) -> Card:
    """A plain line, for whatever needs no more.

    Args:
        text: May hold text of people.
        title: What stands above it; words of ours.
        url: A page to go on with; one of ours.
    """
    blocks: list[Block] = [SectionBlock(text=marked(f"*{safe(title, 150)}*"))] if title else []
    blocks.append(SectionBlock(text=plain(safe(text, _LINE))))
    if url:
        blocks.append(ActionsBlock(elements=[ButtonElement(text=plain("Open in Gatehouse"), action_id=LINK, url=url)]))
    return Card(safe(text, _FALLBACK), blocks)


def at(moment: datetime) -> str:
    """A time for people: UTC, to the minute. Slack's own date form would open a `<` in our text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def outcome(facts: RequestFacts) -> str:
    """What became of a decided request, in a few words of ours."""
    if facts.decision != DecisionState.APPROVED:
        words = {
            DecisionState.DENIED: "Denied",
            DecisionState.CANCELLED: "Cancelled",
            DecisionState.LAPSED: "Lapsed: nobody decided in time, or it could not be carried out in time",
        }
        return words.get(facts.decision, "Pending")
    return {
        Provisioning.NONE: "Approved; it begins when it was asked to",
        Provisioning.QUEUED: "Approved; it waits to be carried out",
        Provisioning.APPLYING: "Approved; it is being carried out",
        Provisioning.APPLIED: "Approved and carried out",
        Provisioning.FAILED: "Approved, and could not be carried out",
    }[facts.provisioning]


def _state(facts: RequestFacts) -> str:
    return "It waits for a decision." if facts.decision == DecisionState.PENDING else f"{outcome(facts)}."


def sentence(facts: RequestFacts) -> str:
    """Who asks for what, and for how long: text of people, as they wrote it."""
    long = f" for {in_words(facts.duration)}" if facts.duration else ""
    if facts.user != facts.requester:
        return f"{facts.requester} asks for {facts.user} {facts.what}{long}."
    return f"{facts.requester} asks {facts.what}{long}."


def given(facts: RequestFacts) -> str:
    """How many approvals there are, of how many."""
    plural = "" if facts.required_approvals == 1 else "s"
    return f"{facts.given} of {facts.required_approvals} approval{plural} given"


def _said(facts: RequestFacts) -> str:
    return safe(sentence(facts), 600)


def _fields(facts: RequestFacts) -> list[tuple[str, str]]:
    found = [
        ("Asked by", code(facts.requester, 64)),
        ("For", code(facts.user, 64)),
        ("Account", code(facts.account, 64)),
        ("Request", code(facts.id)),
    ]
    if facts.duration:
        found.append(("How long", in_words(facts.duration)))
    if facts.starts_at:
        found.append(("Begins", at(facts.starts_at)))
    return found


def _plan(facts: RequestFacts) -> str:
    return lines(facts.plan, most=_OPERATIONS, each=300) if facts.plan else "Nothing: it is so already."


def _decisions(facts: RequestFacts) -> str:
    said = []
    for made in facts.decisions:
        verb = "approved" if made.verdict == Verdict.APPROVE else "denied"
        note = f": {made.comment}" if made.comment else ""
        void = f" (does not count any more: {made.void})" if made.void else ""
        said.append(f"{made.approver} {verb}{void}{note}")
    return lines(said, most=_DECISIONS, each=270) if said else ""


def _ruling(facts: RequestFacts) -> Block:
    who = names(facts.eligible) if facts.eligible else "nobody now"
    return ContextBlock(elements=[marked(f"{given(facts)}. Who can approve: {who}. Lapses {at(facts.lapses_at)}.")])
