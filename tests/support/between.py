"""A small HTTP server between a client and a Gatehouse: what it does with each call in turn is written down before."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import override

LOSE = "lose"
"""Let Gatehouse do it, and close the connection instead of answering."""
HANG_UP = "hang up"
"""Close the connection at once."""


@dataclass(frozen=True)
class Say:
    """Answer this, without asking Gatehouse."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"


@dataclass
class Between:
    """What it has yet to do; after that it passes everything on.

    Attributes:
        seen: Method, path and idempotency key of each call.
    """

    url: str
    behind: str
    script: list[str | Say] = field(default_factory=list)
    seen: list[tuple[str, str, str | None]] = field(default_factory=list)

    def keys(self) -> list[str | None]:
        """The idempotency keys of all calls."""
        return [key for _, _, key in self.seen]


@contextmanager
def between(behind: str) -> Iterator[Between]:
    """Run one in front of a Gatehouse."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found.seen.append((self.command, self.path, self.headers.get("Idempotency-Key")))
            step = found.script.pop(0) if found.script else None
            if isinstance(step, Say):
                self._answer(step.status, step.headers, step.body)
                return
            if step != HANG_UP:
                answer = _pass_on(found.behind, self.command, self.path, dict(self.headers), body)
                if step != LOSE:
                    self._answer(*answer)
                    return
            self.close_connection = True

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = _handle  # noqa: N815 - http.server's names

        @override
        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    found = Between(f"http://127.0.0.1:{server.server_address[1]}", behind)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join(60)
        server.server_close()


def _pass_on(
    behind: str, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(behind)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        kept = {"Content-Type", "Retry-After"}
        return answer.status, {n.title(): v for n, v in answer.getheaders() if n.title() in kept}, answer.read()
    finally:
        connection.close()
