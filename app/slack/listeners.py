"""What Gatehouse listens to in Slack: each does its work and commits it, then acknowledges, then says what came of it.

The part before the acknowledgement makes no call to Slack; what does is `lazy`, and runs after it. The services decide,
so Slack and the API refuse the same.
"""

import re
from collections.abc import Callable
from typing import Any

from slack_bolt import App

from app.domain.words import Scope, Verdict
from app.errors import Invalid
from app.slack import answering, command, deciding, doing, form, home, looking, pages
from app.slack.cards import APPROVE, DENY, EXTEND, LINK, WITH_NOTE, Card, notice_card, sentence
from app.slack.entering import NotDone, Visit, visitor
from app.slack.house import SlackHouse

Body = dict[str, Any]
_CARD, _MODAL = "gatehouse.card", "gatehouse.modal"
"""What the part before the acknowledgement leaves for the part after it, in Bolt's context."""

_OPENS = {DENY: (form.deny, Verdict.DENY), WITH_NOTE: (form.with_note, Verdict.APPROVE)}
_DECIDES = {form.DENY: Verdict.DENY, form.WITH_NOTE: Verdict.APPROVE}
_BLOCK_OF = {"group_not_found": "group", "duration_too_long": "duration", "not_later": "duration"}
"""Where in a modal a refusal is shown; any other at its last field."""


def register(app: App, house: SlackHouse) -> None:
    """Let the app listen."""
    told: Any = app  # bolt's decorators answer None when called, which mypy cannot know of `ack=`
    after = _after(house)
    for action in (APPROVE, DENY, WITH_NOTE, EXTEND, home.RETURN, home.ASK):
        told.action(re.compile(f"^{action}"))(ack=_pressed(house, action), lazy=[after])
    told.action(LINK)(_acknowledge)
    for callback in (form.ASK, form.DENY, form.WITH_NOTE, form.EXTEND):
        told.view(callback)(ack=_sent(house, callback), lazy=[after])
    told.command("/access")(ack=_typed(house), lazy=[after])
    told.event("app_home_opened")(ack=_acknowledge, lazy=[_home_opened(house)])


def _acknowledge(ack: Any) -> None:
    ack()


def _typed(house: SlackHouse) -> Callable[..., None]:
    def typed(ack: Any, body: Body, context: Body) -> None:
        try:
            card = _command(house, body, context)
        except NotDone as refused:
            card = refused.card
        if card is None:
            ack()
        else:
            ack(text=card.text, blocks=card.blocks, response_type="ephemeral")

    return typed


def _command(house: SlackHouse, body: Body, context: Body) -> Card | None:
    """What a command answers; None where a form opens instead."""
    wish, who = command.parse(str(body.get("text") or "")), visitor(body)
    match wish:
        case command.Ask():
            return doing.ask(Visit(house, who, "/access request"), wish)
        case command.Return():
            return doing.give_back(Visit(house, who, "/access return"), wish)
        case command.Unknown():
            return pages.usage(wish.why)
        case command.Show():
            return _show(house, body, context, wish.page)


def _show(house: SlackHouse, body: Body, context: Body, page: command.Page) -> Card | None:
    if page == "form":
        context[_MODAL] = _ask_form(house, body)
        return None
    if page == "link":
        return doing.link(house, visitor(body))
    if page in looking.PAGES:
        look = looking.PAGES[page]
        visit = Visit(house, visitor(body), f"/access {page}")
        return visit.read(lambda tx, caller: look(tx, caller, house.settings))
    return pages.usage()


def _pressed(house: SlackHouse, action: str) -> Callable[..., None]:
    def pressed(ack: Any, body: Body, context: Body) -> None:
        try:
            _press(house, action, body, context)
        except NotDone as refused:
            context[_CARD] = refused.card
        except Invalid as wrong:
            context[_CARD] = notice_card(wrong.detail, title="Not done")
        ack()

    return pressed


def _press(house: SlackHouse, action: str, body: Body, context: Body) -> None:
    """Do what a button says; where it wants words, leave the modal that asks for them."""
    in_home = (body.get("view") or {}).get("type") == "home"
    if action == home.ASK:
        context[_MODAL] = _ask_form(house, body)
    elif action == home.RETURN:
        context[_CARD] = doing.give_back_grant(Visit(house, visitor(body), "button return"), deciding.value(body))
    elif action == EXTEND:
        context[_MODAL] = _extend_form(house, body, home=in_home)
    elif action == APPROVE:
        context[_CARD] = deciding.decide(house, body, *deciding.pressed(body), Verdict.APPROVE)
    else:
        make, verdict = _OPENS[action]
        request_id, digest = deciding.pressed(body)
        found = deciding.before(house, body, request_id, digest, verdict)
        context[_MODAL] = make(sentence(found), request_id, digest, home=in_home).to_dict()


def _sent(house: SlackHouse, callback: str) -> Callable[..., None]:
    def sent(ack: Any, body: Body, context: Body) -> None:
        filled = form.read(body.get("view") or {})
        last = "comment" if callback in _DECIDES else "reason"
        try:
            card = _submit(house, callback, filled, body)
        except form.Wrong as wrong:
            ack(response_action="errors", errors={wrong.block: wrong.why})
        except NotDone as refused:
            ack(response_action="errors", errors={_BLOCK_OF.get(refused.code, last): refused.detail})
        else:
            if filled.about.get("home"):
                context[_CARD] = card
            ack(response_action="update", view=form.done(card))

    return sent


def _submit(house: SlackHouse, callback: str, filled: form.Sent, body: Body) -> Card:
    who = visitor(body)
    if callback == form.ASK:
        return doing.ask(Visit(house, who, "form ask"), form.asked(filled))
    if callback == form.EXTEND:
        long, reason = form.asked_longer(filled), form.words(filled, "reason")
        return doing.extend(Visit(house, who, "form extend"), filled.about.get("grant", ""), long, reason)
    verdict = _DECIDES[callback]
    comment = form.words(filled, "comment") if verdict == Verdict.DENY else filled.values.get("comment") or None
    request_id, digest = filled.about.get("request", ""), filled.about.get("digest", "")
    return deciding.decide(house, body, request_id, digest, verdict, comment=comment)


def _ask_form(house: SlackHouse, body: Body) -> Body:
    visit = Visit(house, visitor(body), "form ask")
    view = form.ask(visit.read(lambda tx, _caller: looking.group_names(tx), scope=Scope.REQUESTS_WRITE))
    return dict(view.to_dict())


def _extend_form(house: SlackHouse, body: Body, *, home: bool) -> Body:
    grant_id = deciding.value(body)
    visit = Visit(house, visitor(body), "button extend")
    held = visit.read(lambda tx, caller: looking.grant(tx, caller, grant_id), scope=Scope.REQUESTS_WRITE)
    return dict(form.extend(pages.held_line(held), grant_id, home=home).to_dict())


def _after(house: SlackHouse) -> Callable[..., None]:
    """What is said when Slack has its acknowledgement."""

    def after(body: Body, context: Body, client: Any) -> None:
        if _MODAL in context:
            answering.open_modal(client, body, context[_MODAL])
        elif _CARD in context and body.get("type") == "view_submission":
            answering.publish_home(house, client, body, note=context[_CARD].text)
        elif _CARD in context:
            answering.alone(house, client, body, context[_CARD])

    return after


def _home_opened(house: SlackHouse) -> Callable[..., None]:
    def opened(body: Body, client: Any) -> None:
        if body["event"].get("tab", "home") == "home":  # the app's messages are a tab of the same event
            answering.publish_home(house, client, body)

    return opened
