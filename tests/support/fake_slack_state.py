"""The fake Slack's memory and its Web API: pure of sockets, guarded by one lock."""

import dataclasses
import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.slack_blocks import problems_of_blocks, problems_of_view

TEAM, APP, BOT, BOT_USER = "T0LAB", "A0GATE", "B0GATE", "U0GATE"
Params = dict[str, Any]


class Refused(Exception):
    """Slack says no: `{"ok": false, "error": …}`."""

    def __init__(self, error: str, *details: str) -> None:
        super().__init__(error)
        self.error, self.details = error, details


@dataclasses.dataclass
class Message:
    """A message as it stands now.

    Attributes:
        user: Who alone sees it (ephemeral), or None.
        edits: How often it was changed.
        response_url: Of the interaction that made it, where one did.
    """

    channel: str
    ts: str
    text: str
    blocks: list[Any]
    user: str | None = None
    thread_ts: str | None = None
    edits: int = 0
    deleted: bool = False

    @property
    def words(self) -> str:
        """Everything that can be read in it."""
        return "\n".join([self.text, *texts_of(self.blocks)])


@dataclasses.dataclass
class View:
    """A modal that is open, or a home tab."""

    id: str
    user: str
    body: dict[str, Any]
    hash: str
    open: bool = True

    @property
    def words(self) -> str:
        """Everything that can be read in it."""
        return "\n".join(texts_of(self.body))


@dataclasses.dataclass(frozen=True)
class Call:
    """One call to the Web API or a `response_url`, whatever became of it."""

    method: str
    params: Params = dataclasses.field(repr=False)
    status: int
    error: str | None
    at: float


@dataclasses.dataclass
class Failure:
    """What goes wrong next time."""

    method: str
    status: int = 200
    error: str | None = None
    retry_after: int | None = None
    seconds: float = 0.0
    times: int = 1


def texts_of(thing: Any) -> Iterator[str]:
    """Every text of a tree of blocks."""
    if isinstance(thing, dict):
        if isinstance(thing.get("text"), str):
            yield thing["text"]
        for value in thing.values():
            yield from texts_of(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from texts_of(value)


class State:
    """Everything that the fake Slack knows."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.bot_token = f"xoxb-{secrets.token_hex(12)}"
        self.app_token = f"xapp-{secrets.token_hex(12)}"
        self.signing_secret = secrets.token_hex(16)
        self.users: dict[str, dict[str, Any]] = {}
        self.channels: dict[str, dict[str, Any]] = {}
        self.messages: list[Message] = []
        self.views: list[View] = []
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, tuple[str, float]] = {}
        self.trigger_lasts = 60.0  # Slack itself gives three seconds; two busy cores need more
        self.calls: list[Call] = []
        self.failures: list[Failure] = []
        self._numbers = itertools.count(1)
        self.methods: dict[str, Callable[[Params], Params]] = {
            "auth.test": self._auth_test,
            "chat.postMessage": self._post,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.update": self._update,
            "conversations.open": self._open_conversation,
            "users.info": self._user_info,
            "views.open": self._open_view,
            "views.push": self._open_view,
            "views.update": self._update_view,
            "views.publish": self._publish,
        }

    def new_id(self, letter: str) -> str:
        """An id as Slack writes them."""
        return f"{letter}0{next(self._numbers):06d}"

    def next_failure(self, method: str) -> Failure | None:
        """What was ordered to go wrong for this call."""
        with self.lock:
            for failure in self.failures:
                if failure.method in {method, "*"} and failure.times > 0:
                    failure.times -= 1
                    return failure
        return None

    def note(self, method: str, params: Params, status: int, error: str | None) -> None:
        """Write a call down."""
        with self.changed:
            self.calls.append(Call(method, params, status, error, time.monotonic()))
            self.changed.notify_all()

    def answer(self, method: str, params: Params) -> Params:
        """Carry a call out.

        Raises:
            Refused: As Slack would.
        """
        if method not in self.methods:
            raise Refused("unknown_method")
        with self.changed:
            said = self.methods[method](params)
            self.changed.notify_all()
            return {"ok": True, **said}

    def new_trigger(self, user: str) -> str:
        """What lets the app open one view, within three seconds."""
        with self.lock:
            name = f"{next(self._numbers)}.{secrets.token_hex(6)}"
            self.triggers[name] = (user, time.monotonic())
            return name

    def add(self, message: Message) -> Message:
        """Show a message."""
        with self.changed:
            self.messages.append(message)
            self.changed.notify_all()
        return message

    def new_message(self, channel: str, said: Params, user: str | None = None) -> Message:
        """A message of the app, checked as Slack checks."""
        blocks, text = said.get("blocks") or [], str(said.get("text") or "")
        if not blocks and not text:
            raise Refused("no_text")
        if len(text) > 40_000:
            raise Refused("msg_too_long")
        if wrong := problems_of_blocks(blocks):
            raise Refused("invalid_blocks", *wrong)
        ts = f"17000{next(self._numbers):05d}.{secrets.randbelow(10**6):06d}"
        return Message(channel, ts, text, blocks, user, said.get("thread_ts"))

    def direct(self, user: str) -> str:
        """The channel between the app and somebody."""
        if user not in self.users:
            raise Refused("user_not_found")
        for name, channel in self.channels.items():
            if channel.get("with") == user:
                return name
        name = self.new_id("D")
        self.channels[name] = {"with": user, "member": True}
        return name

    def _channel(self, params: Params) -> str:
        wanted = str(params.get("channel", ""))
        if wanted.startswith("U"):
            return self.direct(wanted)
        if wanted not in self.channels:
            raise Refused("channel_not_found")
        if not self.channels[wanted]["member"]:
            raise Refused("not_in_channel")
        return wanted

    def _auth_test(self, _params: Params) -> Params:
        return {"team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT, "team": "Lab", "user": "gatehouse", "url": "/"}

    def _post(self, params: Params) -> Params:
        message = self.add(self.new_message(self._channel(params), params))
        shown = {"type": "message", "text": message.text, "blocks": message.blocks, "ts": message.ts}
        return {"channel": message.channel, "ts": message.ts, "message": shown}

    def _post_ephemeral(self, params: Params) -> Params:
        if params.get("user") not in self.users:
            raise Refused("user_not_in_channel")
        message = self.add(self.new_message(self._channel(params), params, params["user"]))
        return {"message_ts": message.ts}

    def _update(self, params: Params) -> Params:
        channel = self._channel(params)
        for message in self.messages:
            if (message.channel, message.ts) == (channel, params.get("ts")) and message.user is None:
                self.replace(message, params)
                return {"channel": channel, "ts": message.ts, "text": message.text}
        raise Refused("message_not_found")

    def replace(self, message: Message, said: Params) -> None:
        """Put something else in its place."""
        new = self.new_message(message.channel, said)
        with self.changed:
            message.text, message.blocks, message.edits = new.text, new.blocks, message.edits + 1
            self.changed.notify_all()

    def _open_conversation(self, params: Params) -> Params:
        return {"channel": {"id": self.direct(str(params.get("users", "")))}}

    def _user_info(self, params: Params) -> Params:
        if params.get("user") not in self.users:
            raise Refused("user_not_found")
        return {"user": self.users[params["user"]]}

    def _view(self, params: Params, kind: str) -> dict[str, Any]:
        view: dict[str, Any] = params.get("view") or {}
        wrong = problems_of_view(view)
        if view.get("type") != kind:
            wrong.append(f"must be a {kind}")
        if wrong:
            raise Refused("invalid_arguments", *wrong)
        return view

    def shown(self, view: View) -> Params:
        """A view as Slack tells of it."""
        about = {"team_id": TEAM, "app_id": APP, "bot_id": BOT, "root_view_id": view.id, "previous_view_id": None}
        defaults = {"private_metadata": "", "callback_id": "", "state": {"values": {}}}
        return {**defaults, **view.body, **about, "id": view.id, "hash": view.hash}

    def open_modal(self, user: str, body: Any) -> View:
        """Show somebody a modal."""
        view = View(self.new_id("V"), user, self._view({"view": body}, "modal"), secrets.token_hex(6))
        self.views.append(view)
        return view

    def _open_view(self, params: Params) -> Params:
        user, at = self.triggers.get(str(params.get("trigger_id")), ("", 0.0))
        if not user:
            raise Refused("invalid_trigger_id")
        if time.monotonic() - at > self.trigger_lasts:
            raise Refused("expired_trigger_id")
        view = self.open_modal(user, params.get("view"))
        del self.triggers[params["trigger_id"]]
        return {"view": self.shown(view)}

    def _update_view(self, params: Params) -> Params:
        for view in self.views:
            if view.id == params.get("view_id") and view.open:
                if params.get("hash") not in {None, view.hash}:
                    raise Refused("hash_conflict")
                view.body, view.hash = self._view(params, "modal"), secrets.token_hex(6)
                return {"view": self.shown(view)}
        raise Refused("not_found")

    def _publish(self, params: Params) -> Params:
        user = str(params.get("user_id"))
        if user not in self.users:
            raise Refused("user_not_found")
        before = self.homes.get(user)
        if before is not None and params.get("hash") not in {None, before.hash}:
            raise Refused("hash_conflict")
        name = before.id if before else self.new_id("V")
        self.homes[user] = View(name, user, self._view(params, "home"), secrets.token_hex(6))
        return {"view": self.shown(self.homes[user])}
