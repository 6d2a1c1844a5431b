"""A small Slack bot of a lab's own: `/ec2 RNA-seq on EC2` asks for a day of EC2, and two buttons decide.

Gatehouse has a Slack app of its own; this is for those who want something else. The bot itself holds no power: it asks
and decides with the own token of whoever types or clicks, and a service could not decide anyway. So who may approve,
and that nobody approves their own request, is as it is everywhere.

Settings: GATEHOUSE_URL; SLACK_BOT_TOKEN and SLACK_APP_TOKEN (Socket Mode, so that no public address is needed);
BOT_PEOPLE, a JSON file that only the bot's user can read: {"U024BE7LH": "gh_pat_…"}, each made by its person with the
scopes requests:read, requests:write and, for those who decide, requests:decide.
"""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gatehouse_client import Gatehouse, GatehouseError, Problem
from slack_bolt import Ack, App, Respond
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import ActionsBlock, ButtonElement, PlainTextObject, SectionBlock

GROUP, DURATION = os.environ.get("BOT_GROUP", "LabUser"), "P1D"
_LONGEST_REASON = 1000


class People:
    """Whose token belongs to which Slack account."""

    def __init__(self, file: Path) -> None:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise SystemExit(f"{file} holds tokens: chmod 600 {file}")
        self._tokens: dict[str, str] = json.loads(file.read_text())

    def gatehouse(self, slack_user: str) -> Gatehouse | None:
        """Gatehouse as that person, None for a stranger."""
        token = self._tokens.get(slack_user)
        return None if token is None else Gatehouse(token=token, timeout=10)


class Bot:
    """What it does, each as the person who wants it."""

    def __init__(self, people: People, client: WebClient) -> None:
        self._people, self._client = people, client

    def app(self) -> App:
        """The listeners."""
        app = App(client=self._client)
        app.command("/ec2")(self.ask)
        app.action("approve")(self.decide)
        app.action("deny")(self.decide)
        return app

    def ask(self, ack: Ack, command: dict[str, Any], respond: Respond) -> None:
        """`/ec2 what for`: ask, and show it to the channel with two buttons."""
        ack()
        reason = command["text"].strip()[:_LONGEST_REASON]
        if not reason:
            respond(text="Say what for: /ec2 RNA-seq on EC2")
            return

        def act(gatehouse: Gatehouse) -> None:
            request = gatehouse.join(GROUP, duration=DURATION, reason=reason)
            text = f"{request.user} asks for {GROUP} for a day: {reason}"
            blocks = card(text, request.id)
            try:
                self._client.chat_postMessage(channel=command["channel_id"], text=_quiet(text), blocks=blocks)
            except SlackApiError as problem:
                gatehouse.cancel(request.id)  # nobody would see it, and asking again would be refused
                respond(text=f"I cannot post here ({problem.response['error']}). Invite me, then ask again.")

        self._as_person(command["user_id"], respond, act)

    def decide(self, ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond) -> None:
        """A button: decide, and show what became of it."""
        ack()

        def act(gatehouse: Gatehouse) -> None:
            if action["action_id"] == "approve":
                request = gatehouse.approve(action["value"])
            else:
                request = gatehouse.deny(action["value"], comment="denied in Slack")
            if request.decision == "pending":
                respond(text="Noted. Others have to approve as well.", replace_original=False)
                return
            text = f"{request.user}: {GROUP} was {request.decision} by {gatehouse.who_am_i().name}."
            where = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
            self._client.chat_update(**where, text=text, blocks=card(text))

        self._as_person(body["user"]["id"], respond, act)

    def _as_person(self, slack_user: str, respond: Respond, act: Callable[[Gatehouse], None]) -> None:
        """Do it with their token; what is refused is told to them alone."""
        gatehouse = self._people.gatehouse(slack_user)
        if gatehouse is None:
            respond(text="You are not linked. Ask whoever runs this bot.", replace_original=False)
            return
        try:
            with gatehouse:
                act(gatehouse)
        except Problem as problem:
            respond(text=f"Refused: {problem.detail}", replace_original=False)
        except GatehouseError:
            respond(text="Gatehouse does not answer. Try again in a minute.", replace_original=False)


def card(text: str, request_id: str | None = None) -> list[SectionBlock | ActionsBlock]:
    """A message. Plain text: what people write can neither ping nor link."""
    blocks: list[SectionBlock | ActionsBlock] = [SectionBlock(text=PlainTextObject(text=text[:3000]))]
    if request_id is not None:
        approve = ButtonElement(text="Approve", action_id="approve", value=request_id, style="primary")
        deny = ButtonElement(text="Deny", action_id="deny", value=request_id, style="danger")
        blocks.append(ActionsBlock(elements=[approve, deny]))
    return blocks


def _quiet(text: str) -> str:
    """What a notification shows, where `<!channel>` would ping everybody (Slack's three escapes)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def main() -> None:
    """Run it until it is stopped."""
    people = People(Path(os.environ["BOT_PEOPLE"]))
    base = os.environ.get("SLACK_API_URL", "https://slack.com/api/")
    client = WebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=base, timeout=10)
    handler = SocketModeHandler(Bot(people, client).app(), os.environ["SLACK_APP_TOKEN"])
    handler.start()  # type: ignore[no-untyped-call] # slack-bolt says no types here


if __name__ == "__main__":
    main()
