"""The fake Slack on loopback: Web API, `response_url`s and Socket Mode on one port, which can go away and come back."""

import asyncio
import dataclasses
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.support.fake_slack_state import APP, Failure, Message, Params, Refused, State
from tests.support.ports import free_port

STEP = 0.01


@dataclasses.dataclass
class Envelope:
    """One thing that Slack tells the app over Socket Mode, until it is acknowledged."""

    body: dict[str, Any]
    sent: int = 0
    acked: threading.Event = dataclasses.field(default_factory=threading.Event)
    answer: Any = None


@dataclasses.dataclass(eq=False)
class Link:
    """One WebSocket of the app's."""

    socket: WebSocket
    loop: asyncio.AbstractEventLoop

    def send(self, body: Any) -> None:
        """Send from any thread."""
        asyncio.run_coroutine_threadsafe(self.socket.send_text(json.dumps(body)), self.loop).result(60)


@dataclasses.dataclass
class ResponseUrl:
    """What may be answered to one interaction, five times at most."""

    channel: str
    user: str
    message: Message | None
    left: int = 5


class SlackServer:
    """The listening half. `up` and `down` may be called again and again; the port stays."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.links: list[Link] = []
        self.envelopes: dict[str, Envelope] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.tickets: set[str] = set()
        self.port = free_port()
        self._running: tuple[uvicorn.Server, threading.Thread] | None = None
        self._app = Starlette(
            routes=[
                Route("/api/{method:path}", self._call, methods=["GET", "POST"]),
                Route("/response/{name}", self._respond, methods=["POST"]),
                WebSocketRoute("/link", self._link),
            ]
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def up(self) -> None:
        """Begin to listen."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", self.port))
        config = uvicorn.Config(
            self._app, log_config=None, access_log=False, ws="websockets-sansio", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        wait_for(lambda: server.started)
        self._running = server, thread

    def down(self) -> None:
        """Be gone: connections are refused, WebSockets cut."""
        if self._running is not None:
            server, thread = self._running
            server.should_exit = True
            thread.join(60)
            self._running = None

    def cut(self) -> None:
        """Close every connection without a word, as a network does."""
        with self.state.lock:
            links = list(self.links)
        if self._running is not None:
            for link in links:
                for connection in list(self._running[0].server_state.connections):
                    transport = getattr(connection, "transport", None)
                    if transport is not None:
                        link.loop.call_soon_threadsafe(transport.close)

    async def _call(self, request: Request) -> Response:
        method, params = request.path_params["method"], await _params(request)
        failure = self.state.next_failure(method)
        if failure is not None and failure.seconds:
            await asyncio.sleep(failure.seconds)
        if failure is not None and (failure.status != 200 or failure.error):
            return self._failed(method, params, failure)
        try:
            if method == "apps.connections.open":
                self._require(request, params, self.state.app_token)
                ticket = secrets.token_hex(8)
                self.tickets.add(ticket)
                said: Params = {"ok": True, "url": f"ws://127.0.0.1:{self.port}/link?ticket={ticket}&app_id={APP}"}
            else:
                self._require(request, params, self.state.bot_token)
                said = self.state.answer(method, params)
        except Refused as refusal:
            self.state.note(method, params, 200, refusal.error)
            details = {"response_metadata": {"messages": list(refusal.details)}} if refusal.details else {}
            return JSONResponse({"ok": False, "error": refusal.error, **details})
        self.state.note(method, params, 200, None)
        return JSONResponse(said)

    def _failed(self, method: str, params: Params, failure: Failure) -> Response:
        self.state.note(method, params, failure.status, failure.error)
        if failure.status == 200:
            return JSONResponse({"ok": False, "error": failure.error})
        headers = {} if failure.retry_after is None else {"Retry-After": str(failure.retry_after)}
        if failure.status == 429:
            return JSONResponse({"ok": False, "error": "ratelimited"}, 429, headers)
        return PlainTextResponse("<html>upstream</html>", failure.status, headers)

    @staticmethod
    def _require(request: Request, params: Params, token: str) -> None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ") or params.get("token")
        if not given:
            raise Refused("not_authed")
        if given != token:
            raise Refused("invalid_auth")

    async def _respond(self, request: Request) -> Response:
        said = json.loads(await request.body())
        name = request.path_params["name"]
        failure = self.state.next_failure("response_url")
        if failure is not None and failure.seconds:
            await asyncio.sleep(failure.seconds)
        if failure is not None and failure.status != 200:
            return self._failed("response_url", said, failure)
        target = self.response_urls.get(name)
        if target is None or target.left == 0:
            self.state.note("response_url", said, 404, "used_url")
            return PlainTextResponse("used_url", 404)
        target.left -= 1
        try:
            self.take(said, target)
        except Refused as refusal:
            self.state.note("response_url", said, 500, refusal.error)
            return PlainTextResponse(refusal.error, 500)
        self.state.note("response_url", said, 200, None)
        return PlainTextResponse("ok")

    def take(self, said: Params, target: ResponseUrl) -> None:
        """Do what an answer to an interaction says."""
        if said.get("delete_original") and target.message is not None:
            target.message.deleted = True
        elif said.get("replace_original") and target.message is not None:
            self.state.replace(target.message, said)
        else:
            alone = None if said.get("response_type") == "in_channel" else target.user
            self.state.add(self.state.new_message(target.channel, said, alone))

    async def _link(self, websocket: WebSocket) -> None:
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self.tickets:
            await websocket.close(1008)
            return
        self.tickets.discard(ticket)
        await websocket.accept()
        link = Link(websocket, asyncio.get_running_loop())
        hello = {"type": "hello", "num_connections": 1, "connection_info": {"app_id": APP}}
        await websocket.send_text(json.dumps(hello))
        with self.state.changed:
            self.links.append(link)
            waiting = [e for e in self.envelopes.values() if not e.acked.is_set()]
            self.state.changed.notify_all()
        try:
            for envelope in waiting:  # what nobody acknowledged is told again
                envelope.sent += 1
                await websocket.send_text(json.dumps(envelope.body))
            while True:
                self._acknowledge(json.loads(await websocket.receive_text()))
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            with self.state.changed:
                self.links.remove(link)
                self.state.changed.notify_all()

    def _acknowledge(self, said: Any) -> None:
        envelope = self.envelopes.get(said.get("envelope_id", ""))
        if envelope is not None and not envelope.acked.is_set():
            envelope.answer = said.get("payload")
            envelope.acked.set()


async def _params(request: Request) -> Params:
    params: Params = dict(request.query_params)
    body = (await request.body()).decode()
    if request.headers.get("content-type", "").startswith("application/json"):
        return {**params, **json.loads(body or "{}")}
    form: Params = dict(parse_qsl(body, keep_blank_values=True))
    for name in ("blocks", "view", "metadata"):
        if isinstance(form.get(name), str):
            form[name] = json.loads(form[name])
    return {**params, **form}


def wait_for(holds: Callable[[], object], seconds: float = 60) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "the fake Slack waited in vain"
        time.sleep(STEP)
