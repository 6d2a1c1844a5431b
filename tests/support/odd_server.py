"""A server that answers as it is told to, and remembers what it was sent: for what a real Gatehouse does rarely."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

DRIPPING = object()
"""An answer that is right at its end, and comes so slowly that it takes a second and a half."""


@dataclass
class Odd:
    """Answers are taken in order, the last one again and again. A status of 0 is to hang up without an answer."""

    url: str = ""
    answers: list[tuple[int, Any]] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def next(self) -> tuple[int, Any]:
        """What is answered now."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextlib.contextmanager
def odd_server() -> Iterator[Odd]:
    """Run it on a free port of this machine."""
    odd = Odd()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            odd.seen.append((self.command, self.path, dict(self.headers), body))
            status, said = odd.next()
            if said is DRIPPING:
                self._drip()
                return
            if status:
                data = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Retry-After", "0")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # it may have heard enough
                    self.wfile.write(data)
            self.close_connection = True

        def _drip(self) -> None:
            body = b" " * 30 + b'{"items": [], "next_cursor": null}'
            self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                for n in range(30):
                    self.wfile.write(body[n : n + 1] if n < 29 else body[n:])
                    time.sleep(0.05)
            self.close_connection = True

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the names are the library's

        @override
        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    odd.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield odd
    finally:
        server.shutdown()
        thread.join(60)
        server.server_close()
