"""The way of a listener: who is it, in one transaction, and a card for every refusal."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from slack_sdk.models.blocks import Block

from app.db import Tx
from app.domain.actors import Caller
from app.domain.words import Scope
from app.errors import Conflict, Forbidden, GatehouseError
from app.models import new_id
from app.services import doors, idempotency, slack_links
from app.slack.cards import Card, notice_card
from app.slack.house import SlackHouse

T = TypeVar("T")
_LINK = "You are not linked to Gatehouse yet, so you can ask nothing and decide nothing here. Type /access link."
_MAY_NOT = {
    Scope.REQUESTS_DECIDE: "This link may ask, and not decide: type /access link and confirm it with a token that may"
    " decide.",
}


class NotDone(Exception):
    """It was refused; the card says why.

    Attributes:
        code: Of the refusal, stable.
    """

    def __init__(self, refusal: GatehouseError) -> None:
        super().__init__(refusal.code)
        self.detail, self.code = refusal.detail, refusal.code
        self.card = notice_card(refusal.detail, title="Not done")


@dataclass(frozen=True)
class Visitor:
    """Somebody in Slack.

    Attributes:
        id: Their id in Slack.
        name: What they are called there.
        once: Names what they did, the same when Slack tells it again; "" where nothing does.
    """

    id: str
    name: str
    team: str
    once: str = ""


def visitor(body: Mapping[str, Any]) -> Visitor:
    """Who did it: of a command, a button, a modal or an event."""
    user: Any = body.get("user") or {}
    if "event" in body:
        return Visitor(str(body["event"].get("user", "")), "", str(body.get("team_id", "")))
    if not user:
        team, name = str(body.get("team_id", "")), str(body.get("user_name", ""))
        return Visitor(str(body.get("user_id", "")), name, team, str(body.get("trigger_id", "")))
    team = str((body.get("team") or {}).get("id", ""))
    # A modal is sent once, however often its button is pressed.
    once = str((body.get("view") or {}).get("id", "")) if body.get("type") == "view_submission" else ""
    name = str(user.get("username") or user.get("name") or "")
    return Visitor(str(user.get("id", "")), name, team, once or str(body.get("trigger_id", "")))


def known(tx: Tx, who: Visitor, request_id: str) -> Caller:
    """Who that is here.

    Raises:
        Forbidden: `not_linked`.
    """
    caller = slack_links.caller(tx, who.id, request_id=request_id)
    if caller is None:
        raise Forbidden(_LINK, code="not_linked")
    return caller


@dataclass
class Visit:
    """One thing somebody does in Slack.

    Attributes:
        what: Said in the audit where it is refused.
        request_id: The access request that it is about.
    """

    house: SlackHouse
    who: Visitor
    what: str
    request_id: str | None = None

    def read(self, look: Callable[[Tx, Caller], T], *, scope: Scope = Scope.REQUESTS_READ) -> T:
        """Look at something.

        Raises:
            NotDone: It is refused.
        """

        def looked(found: list[Caller]) -> T:
            with doors.database_errors(), self.house.database.look() as tx:
                found.append(known(tx, self.who, new_id()))
                _require(found[0], scope)
                return look(tx, found[0])

        return self._or_refused(looked)

    def write(self, change: Callable[[Tx, Caller], Card], *, scope: Scope = Scope.REQUESTS_WRITE) -> Card:
        """Change something, once: told again, Slack gets the same card again. It is committed when this returns.

        Raises:
            NotDone: It is refused.
        """

        def changed(found: list[Caller]) -> Card:
            with doors.database_errors(), self.house.database.write() as tx:
                found.append(known(tx, self.who, new_id()))
                _require(found[0], scope)
                key = f"slack:{self.what}:{self.who.once}"[:255] if self.who.once else None
                if key is not None:
                    before = idempotency.claim(tx, found[0].name, key, self.what)
                    if before is not None:
                        return _from_text(before[1])
                card = change(tx, found[0])
                if key is not None:
                    idempotency.store(tx, found[0].name, key, 200, _as_text(card))
                return card

        return self._or_refused(changed)

    def _or_refused(self, work: Callable[[list[Caller]], T]) -> T:
        found: list[Caller] = []
        try:
            return work(found)
        except GatehouseError as refusal:
            if found and isinstance(refusal, Forbidden | Conflict):
                self._note(found[0], refusal)
            raise NotDone(refusal) from refusal

    def _note(self, caller: Caller, refusal: GatehouseError) -> None:
        try:
            doors.note_refusal(
                self.house.database,
                caller,
                refusal,
                method="SLACK",
                path=self.what,
                access_request_id=self.request_id,
            )
        except GatehouseError as away:
            raise NotDone(away) from away


def _require(caller: Caller, scope: Scope) -> None:
    try:
        doors.require_scopes(caller, (scope,))
    except Forbidden as refusal:
        raise Forbidden(_MAY_NOT.get(scope, refusal.detail), code=refusal.code) from refusal


def _as_text(card: Card) -> str:
    return json.dumps({"text": card.text, "blocks": card.as_json()})


def _from_text(stored: str) -> Card:
    said = json.loads(stored)
    return Card(said["text"], list(Block.parse_all(said["blocks"])))
