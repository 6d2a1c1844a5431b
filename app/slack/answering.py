"""Saying something in Slack after the fact: to one person alone, in a modal, in the home tab. No transaction is open.

What Slack does not take is logged and let go: what was done is done, and stands in Gatehouse.
"""

from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError
from slack_sdk.webhook import WebhookClient

from app.clients.slack import LOGGER, TIMEOUT, may_answer
from app.slack import home, looking
from app.slack.cards import Card
from app.slack.entering import NotDone, Visit, visitor
from app.slack.house import SlackHouse


def alone(house: SlackHouse, client: WebClient, body: Mapping[str, Any], card: Card) -> None:
    """Answer who pressed a button, and nobody else; in the home tab, there."""
    who = visitor(body)
    url = str(body.get("response_url") or "")
    if (body.get("view") or {}).get("type") == "home":
        publish_home(house, client, body, note=card.text)
    elif url and may_answer(house.slack, url):
        webhook = WebhookClient(url, timeout=TIMEOUT, logger=LOGGER)
        said: dict[str, Any] = {"text": card.text, "blocks": card.as_json()}
        _say(lambda: webhook.send(response_type="ephemeral", replace_original=False, **said))
    else:
        _say(lambda: client.chat_postMessage(channel=who.id, text=card.text, blocks=card.blocks, unfurl_links=False))


def open_modal(client: WebClient, body: Mapping[str, Any], view: dict[str, Any]) -> None:
    """Open a modal, for which Slack gives three seconds."""
    _say(lambda: client.views_open(trigger_id=str(body.get("trigger_id", "")), view=view))


def publish_home(house: SlackHouse, client: WebClient, body: Mapping[str, Any], *, note: str | None = None) -> None:
    """Show somebody their home tab as it is now.

    Args:
        note: What came of what they did there.
    """
    who = visitor(body)
    try:
        found = Visit(house, who, "home").read(lambda tx, caller: looking.home(tx, caller, house.settings))
        view = home.view(found, note)
    except NotDone as refused:
        view = home.refused(refused.detail, link=refused.code == "not_linked")
    _say(lambda: client.views_publish(user_id=who.id, view=view))


def _say(call: Callable[[], Any]) -> None:
    try:
        call()
    except (SlackClientError, OSError) as problem:
        # Its class alone: what Slack answers may hold what people wrote.
        LOGGER.warning("Slack did not take an answer: %s", type(problem).__name__)
