"""A Slack for tests, with a memory, on loopback: what people do in it, and what they see.

with fake_slack() as slack:
    settings = settings.model_copy(update=slack.settings())
    slack.wait_connected()                      # Socket Mode; or slack.over_http(url)
    slack.command("/access", "mine", user="U1")
    slack.click(slack.messages("C0LAB")[-1], "approve", user="U2")
"""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr

from tests.support.fake_slack_server import ResponseUrl, SlackServer, wait_for
from tests.support.fake_slack_state import APP, BOT, TEAM, Failure, Message, Params, State, View
from tests.support.fake_slack_telling import Ack, Teller, Told
from tests.support.slack_payloads import button_in, find_action, values_of

CHANNEL = "C0LAB"


class FakeSlack(Teller):
    """The test's view of it."""

    def __init__(self) -> None:
        state = State()
        super().__init__(state, SlackServer(state))
        self.state.channels[CHANNEL] = {"with": None, "member": True}
        for user, name in (("U1", "bob"), ("U2", "alice"), ("U3", "pi"), ("U4", "stranger")):
            self.add_user(user, name)

    def settings(self, *, socket: bool = True, http: bool = True) -> dict[str, Any]:
        """What Gatehouse has to be told, by the names of its settings."""
        found: dict[str, Any] = {
            "slack_bot_token": SecretStr(self.state.bot_token),
            "slack_team_id": TEAM,
            "slack_app_id": APP,
            "slack_channel": CHANNEL,
            "slack_api_url": f"{self.server.url}/api/",
        }
        if socket:
            found["slack_app_token"] = SecretStr(self.state.app_token)
        if http:
            found["slack_signing_secret"] = SecretStr(self.state.signing_secret)
        return found

    def environment(self, **which: bool) -> dict[str, str]:
        """The same as environment variables, for processes."""
        plain = {n: v.get_secret_value() if isinstance(v, SecretStr) else v for n, v in self.settings(**which).items()}
        return {f"GATEHOUSE_{name.upper()}": value for name, value in plain.items()}

    def secrets(self) -> list[str]:
        """What must stand in no log."""
        return [self.state.bot_token, self.state.app_token, self.state.signing_secret]

    def add_user(self, user: str, name: str) -> None:
        """Somebody joins the workspace."""
        profile = {"real_name": name.title(), "display_name": name, "email": f"{name}@lab.example"}
        about = {"id": user, "team_id": TEAM, "name": name, "real_name": name.title(), "deleted": False}
        self.state.users[user] = {**about, "is_bot": False, "tz": "Europe/Berlin", "profile": profile}

    # What people do

    def command(self, command: str, text: str = "", *, user: str, channel: str = CHANNEL) -> Ack:
        """Type a slash command. What the app answers is shown to them alone, unless it says otherwise."""
        url, target = self._response_url(channel, user, None)
        payload = {
            **self._about(),
            "team_domain": "lab",
            "channel_id": channel,
            "channel_name": "access",
            "user_id": user,
            "user_name": self.state.users[user]["name"],
            "command": command,
            "text": text,
            "is_enterprise_install": "false",
            "response_url": url,
            "trigger_id": self.state.new_trigger(user),
        }
        ack = self.tell(Told("command", payload, self._envelope()))
        self._show_answer(ack, target)
        return ack

    def click(self, where: Message | View, action_id: str, *, user: str, value: str | None = None) -> Ack:
        """Click a button, or choose `value` in a list. `action_id` may be the beginning of one."""
        blocks = where.blocks if isinstance(where, Message) else where.body["blocks"]
        block, element = find_action(blocks, action_id)
        return self._click(where, block, element, user=user, value=value)

    def _click(self, where: Message | View, block: Params, element: Params, *, user: str, value: str | None) -> Ack:
        payload = {
            **self._interactive("block_actions", user),
            "actions": [button_in(block, element, value)],
            "state": {"values": {}},
        }
        if isinstance(where, Message):
            url, _ = self._response_url(where.channel, user, where)
            alone = where.user is not None
            shown = {"type": "message", "bot_id": BOT, "ts": where.ts, "text": where.text, "blocks": where.blocks}
            box = {"type": "message", "message_ts": where.ts, "channel_id": where.channel, "is_ephemeral": alone}
            payload |= {"channel": {"id": where.channel, "name": "x"}, "container": box, "response_url": url}
            payload |= {} if alone else {"message": shown}  # Slack leaves an ephemeral message out
        else:
            payload |= {"container": {"type": "view", "view_id": where.id}, "view": self.state.shown(where)}
        return self.tell(Told("interactive", payload, self._envelope()))

    def submit(self, view: View, values: dict[str, Any], *, user: str | None = None) -> Ack:
        """Fill a modal in and send it. `values` by action_id or block_id; what Slack itself refuses is an error."""
        shown = {**self.state.shown(view), "state": {"values": values_of(view.body["blocks"], values)}}
        payload = {**self._interactive("view_submission", user or view.user), "view": shown, "response_urls": []}
        ack = self.tell(Told("interactive", payload, self._envelope()))
        action = ack.body.get("response_action") if isinstance(ack.body, dict) else None
        if ack.status == 200 and action == "update":
            view.body = self.state._view({"view": ack.body["view"]}, "modal")
        elif ack.status == 200 and action == "push":
            self.state.open_modal(view.user, ack.body["view"])
        elif ack.status == 200 and action != "errors":
            view.open = False
        return ack

    def open_home(self, user: str) -> Ack:
        """Look at the app's home tab."""
        event = {"type": "app_home_opened", "user": user, "channel": self.state.direct(user), "tab": "home"}
        return self.event(event)

    def event(self, event: Params) -> Ack:
        """Anything of the Events API."""
        payload = {
            **self._about(),
            "type": "event_callback",
            "event": {"event_ts": "1700000000.000001", **event},
            "event_id": self.state.new_id("Ev"),
            "event_time": int(time.time()),
            "authorizations": [{"team_id": TEAM, "user_id": "U0GATE", "is_bot": True}],
        }
        return self.tell(Told("event", payload, self._envelope()))

    def again(self, ack: Ack) -> Ack:
        """Slack tells it again, since it believes that nobody heard."""
        return self.tell(ack.sent, retry=1)

    # What people see

    def messages(self, where: str) -> list[Message]:
        """What stands in a channel, or between the app and a user, oldest first."""
        channel = self.state.direct(where) if where.startswith("U") else where
        return [m for m in self.state.messages if m.channel == channel and m.user is None and not m.deleted]

    def ephemerals(self, user: str) -> list[Message]:
        """What one user alone was shown, oldest first."""
        return [m for m in self.state.messages if m.user == user and not m.deleted]

    def modals(self, user: str) -> list[View]:
        """What is open before somebody, the topmost last."""
        return [v for v in self.state.views if v.user == user and v.open]

    def home(self, user: str) -> View | None:
        """Their home tab of the app."""
        return self.state.homes.get(user)

    def calls(self, method: str) -> list[Params]:
        """What was sent to one method, or to `response_url`."""
        return [call.params for call in self.state.calls if call.method == method]

    # How it goes

    def wait(self, holds: Any, seconds: float = 60) -> None:
        """Wait until a condition on it holds."""
        wait_for(holds, seconds)

    def wait_connected(self) -> None:
        """Wait for the app's WebSocket."""
        self.wait(lambda: self.server.links)

    def fail(self, method: str, **how: Any) -> Failure:
        """Let the next calls fail: `status`, `error`, `retry_after`, `seconds` (slow), `times`. `*` is any method."""
        failure = Failure(method, **how)
        self.state.failures.append(failure)
        return failure

    def down(self) -> None:
        """Be away: nothing listens."""
        self.server.down()

    def up(self) -> None:
        """Be back, on the same port, with the same memory."""
        self.server.up()

    def cut(self) -> None:
        """Cut every WebSocket without a word."""
        self.server.cut()

    def refresh(self) -> None:
        """Ask the app for a new WebSocket, as Slack does every few hours."""
        for link in list(self.server.links):
            link.send({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}})

    def _show_answer(self, ack: Ack, target: ResponseUrl) -> None:
        said = {"text": ack.body} if isinstance(ack.body, str) else ack.body
        if ack.status == 200 and said:
            self.server.take(said, target)

    def _response_url(self, channel: str, user: str, message: Message | None) -> tuple[str, ResponseUrl]:
        name = self.state.new_id("R")
        target = self.server.response_urls[name] = ResponseUrl(channel, user, message)
        return f"{self.server.url}/response/{name}", target

    def _envelope(self) -> str:
        return self.state.new_id("E")

    @staticmethod
    def _about() -> Params:
        return {"token": "old-and-unused", "team_id": TEAM, "api_app_id": APP}

    def _interactive(self, kind: str, user: str) -> Params:
        who = {"id": user, "username": self.state.users[user]["name"], "team_id": TEAM}
        team = {"id": TEAM, "domain": "lab"}
        about = {"type": kind, "token": "old-and-unused", "api_app_id": APP, "team": team, "user": who}
        return {**about, "trigger_id": self.state.new_trigger(user), "enterprise": None, "is_enterprise_install": False}


@contextlib.contextmanager
def fake_slack() -> Iterator[FakeSlack]:
    """One that listens until the end of the block."""
    slack = FakeSlack()
    slack.up()
    try:
        yield slack
    finally:
        slack.over_socket()
        slack.down()
