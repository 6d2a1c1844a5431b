"""Somebody who receives webhooks: a real HTTP server on loopback that answers as its paths say."""

import contextlib
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook
from typing_extensions import override

METADATA = "http://169.254.169.254/latest/meta-data/"
HUGE = 64 * 1024 * 1024
_CHUNK = b"x" * 65536


@dataclass(frozen=True)
class Call:
    """One POST as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The message's."""
        return self.headers["webhook-id"]

    def read(self, secret: str) -> Any:
        """What it says, if the signature is right."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """What it was sent, and how it answers.

    Attributes:
        answers: By path: statuses to answer with, one after the other, the last for ever; 200 by default.
        free: While it is not set, `/slow` does not answer.
        on_call: Called before the answer.
    """

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: dict[str, list[int]] = field(default_factory=dict)
    free: threading.Event = field(default_factory=threading.Event)
    headers: dict[str, str] = field(default_factory=dict)
    on_call: Any = None
    cut_off: threading.Event = field(default_factory=threading.Event)

    def got(self, path: str) -> list[Call]:
        """What came there."""
        return [call for call in self.calls if call.path == path]

    def types(self, path: str, secret: str) -> list[str]:
        """The types of the events that came there, which must all be signed."""
        return [call.read(secret)["type"] for call in self.got(path)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver

    @override
    def handle_error(self, *_: object) -> None:
        """A connection that the other side gave up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver.calls.append(Call(self.path, headers, body))
        if receiver.on_call is not None:
            receiver.on_call()
        statuses = receiver.answers.get(self.path, [200])
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        with contextlib.suppress(ConnectionError):
            if self.path == "/drip":
                self._drip()
            elif self.path == "/junk":
                self.wfile.write(b"hello there\r\n\r\n")
            else:
                self._answer(receiver, status)

    def _answer(self, receiver: Receiver, status: int) -> None:
        if self.path == "/slow":
            receiver.free.wait(60)
        self.send_response(status)
        for name, value in receiver.headers.items():
            self.send_header(name, value)
        size = HUGE if self.path == "/huge" else 0
        self.send_header("Content-Length", str(size))
        self.end_headers()
        try:
            for _ in range(size // len(_CHUNK)):
                self.wfile.write(_CHUNK)
        except OSError:
            receiver.cut_off.set()

    def _drip(self) -> None:
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Nothing: at all\r\n" * 100:
            self.wfile.write(bytes([byte]))
            time.sleep(0.05)

    @override
    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run one."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.receiver = Receiver(f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.receiver
        finally:
            server.receiver.free.set()
            server.shutdown()
            thread.join(60)
