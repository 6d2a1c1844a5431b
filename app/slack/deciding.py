"""Deciding in Slack: the same service calls as the API's, so the same refusals."""

from collections.abc import Mapping
from typing import Any

from app.db import Tx
from app.domain.actors import Caller
from app.domain.states import DecisionState
from app.domain.words import Scope, Verdict
from app.errors import Invalid
from app.services import decisions, visibility
from app.slack import facts
from app.slack.cards import Card, RequestFacts, given, notice_card, outcome, sentence
from app.slack.entering import Visit, visitor
from app.slack.house import SlackHouse

_VALUE = 160
_ID = 64
_VERBS = {Verdict.APPROVE: "approved", Verdict.DENY: "denied"}


def pressed(body: Mapping[str, Any]) -> tuple[str, str]:
    """The request and the plan of the button that was pressed: what its presser saw.

    Raises:
        Invalid: It is no button of ours.
    """
    request_id, _, digest = value(body).partition(" ")
    if not request_id or len(request_id) > _ID or not digest:
        raise Invalid("This button says nothing that can be read; look at the request in Gatehouse.")
    return request_id, digest


def value(body: Mapping[str, Any]) -> str:
    """What the button that was pressed carries."""
    actions: Any = body.get("actions") or [{}]
    return str(actions[0].get("value") or "")[:_VALUE]


def decide(
    house: SlackHouse,
    body: Mapping[str, Any],
    request_id: str,
    digest: str,
    verdict: Verdict,
    *,
    comment: str | None = None,
) -> Card:
    """Give a verdict; it is committed when this returns.

    Raises:
        NotDone: It is refused, as the API refuses it.
    """

    def change(tx: Tx, caller: Caller) -> Card:
        row = decisions.decide(tx, caller, request_id, verdict, comment=comment, plan_digest=digest)
        return _decided(facts.of_request(tx, row, house.settings), verdict)

    return _visit(house, body, request_id, verdict).write(change, scope=Scope.REQUESTS_DECIDE)


def before(house: SlackHouse, body: Mapping[str, Any], request_id: str, digest: str, verdict: Verdict) -> RequestFacts:
    """The request, for somebody who is about to write down why: refused now rather than after the writing.

    Raises:
        NotDone: It would be refused.
    """

    def look(tx: Tx, caller: Caller) -> RequestFacts:
        row = visibility.get_visible(tx, caller, request_id)
        decisions.check(tx, caller, row, verdict, plan_digest=digest)
        return facts.of_request(tx, row, house.settings)

    return _visit(house, body, request_id, verdict).read(look, scope=Scope.REQUESTS_DECIDE)


def _visit(house: SlackHouse, body: Mapping[str, Any], request_id: str, verdict: Verdict) -> Visit:
    return Visit(house, visitor(body), f"button {verdict}", request_id)


def _decided(found: RequestFacts, verdict: Verdict) -> Card:
    state = f"It waits: {given(found)}." if found.decision == DecisionState.PENDING else f"{outcome(found)}."
    text = f"You {_VERBS[verdict]} access request {found.id}: {sentence(found)} {state}"
    return notice_card(text, url=found.url)
