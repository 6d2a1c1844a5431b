"""An HTTP proxy between Gatehouse and an IAM emulator that makes calls go wrong, and logs every write.

`python -m tests.support.fault_proxy --backend URL --log FILE` runs it as a process; its address is on the first line.
"""

import argparse
import contextlib
import http.client
import re
import signal
import socket
import sys
import threading
import time
from collections import Counter, defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import parse_qsl, urlsplit

from typing_extensions import override

from tests.support.faults import (
    PASSING,
    Answer,
    Call,
    Drop,
    Fault,
    Hold,
    Lie,
    Rules,
    ShortPages,
    Slow,
    Stale,
    Truncated,
)
from tests.support.iam_answers import Pages, Past, Reply, done, error
from tests.support.write_log import Write, WriteLog

_LARGEST = 1 << 20
_BACKEND_TIMEOUT = 30.0
_IDLE = 0.5
"""Seconds after which a connection to the backend is made anew, so that none is used that it is just closing."""
_KEY = re.compile(r"Credential=([^/]+)/")
_NOT_PASSED_ON = {"connection", "content-length", "transfer-encoding", "expect"}


class FaultProxy(Rules):
    """The proxy, as a test sees it.

    Args:
        backend: The emulator's address.
        seed: Of everything that is drawn.
        log: A file that gets every write as well, a line of JSON each.
        port: 0 takes a free one.

    Attributes:
        calls: How many calls came in, by action.
    """

    def __init__(self, backend: str, *, seed: int = 0, log: Path | None = None, port: int = 0) -> None:
        parts = urlsplit(backend)
        self.backend = (parts.hostname or "127.0.0.1", parts.port or 80)
        super().__init__(seed)
        self.calls: Counter[str] = Counter()
        self.past, self.pages, self.log = Past(), Pages(), WriteLog(log)
        self._lock = threading.Lock()
        self._orders: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="fault-proxy")

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.release_all()
        self._server.shutdown()
        self._thread.join()
        self._server.close_connections()
        self._server.server_close()  # waits for the connections' threads
        self.log.close()

    def writes(self, action: str | None = None, user: str | None = None) -> list[Write]:
        """The log so far, all of it or one action's or one user's."""
        return [w for w in self.log.all() if action in {None, w.action} and user in {None, w.user}]

    def settled(self, action: str | None = None, user: str | None = None) -> list[Write]:
        """The same, once of every write it is known whether its answer was delivered."""
        deadline = time.monotonic() + 60
        while None in {w.delivered for w in self.writes(action, user)}:
            assert time.monotonic() < deadline, "an answer is neither delivered nor lost"
            time.sleep(0.01)
        return self.writes(action, user)

    def arrived(self, action: str, parameters: dict[str, str], caller: str) -> tuple[Call, Fault | None]:
        """Count a call and choose what happens to it."""
        with self._lock:
            self.calls[action] += 1
            call = Call(self.calls.total(), action, parameters, caller)
            return call, self.choose(call)

    def order(self, call: Call) -> threading.Lock:
        """Held while a write is at the backend, so that the log has one principal's writes in their order."""
        with self._lock:
            return self._orders[call.subjects[0] if call.subjects else ""]


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = False
    proxy: FaultProxy

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.open: set[socket.socket] = set()

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that was killed is nothing to talk about."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def close_connections(self) -> None:
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """One connection of a caller, with one to the backend behind it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together

    @override
    def setup(self) -> None:
        super().setup()
        self._server = cast("_Server", self.server)
        self._proxy = self._server.proxy
        self._server.open.add(self.connection)
        if self._proxy.stopping.is_set():
            self._server.close_connections()
        self._backend = http.client.HTTPConnection(*self._proxy.backend, timeout=_BACKEND_TIMEOUT)
        self._used = 0.0

    @override
    def finish(self) -> None:
        self._server.open.discard(self.connection)
        self._backend.close()
        with contextlib.suppress(OSError):
            super().finish()

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the log of writes is what counts."""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        if length > _LARGEST:
            self.send_error(413)
            return
        body = self.rfile.read(length)
        if len(body) < length:  # the caller died over it, and half a call is none
            self.close_connection = True
            return
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        form.pop("Version", None)
        signed = _KEY.search(self.headers.get("Authorization", ""))
        call, fault = self._proxy.arrived(form.pop("Action", ""), form, signed.group(1) if signed else "")
        with contextlib.suppress(OSError):  # the caller is gone; the log says what was not delivered
            self._carry(call, fault, body)

    def _carry(self, call: Call, fault: Fault | None, body: bytes) -> None:
        if isinstance(fault, Answer | Lie):
            self._send(error(fault) if isinstance(fault, Answer) else done(call.action))
            return
        if isinstance(fault, Drop) and fault.when == "before":
            self.close_connection = True
            return
        if isinstance(fault, Slow):
            self._proxy.stopping.wait(fault.before)
        elif isinstance(fault, Hold) and fault.when == "before":
            fault.stand()
        reply, write = self._ask(call, fault, body)
        if isinstance(fault, Slow):
            self._proxy.stopping.wait(fault.after)
        elif isinstance(fault, Hold) and fault.when == "after":
            fault.stand()
        delivered = False
        try:
            if reply is None or isinstance(fault, Drop):
                self.close_connection = True
            else:
                delivered = self._send(reply, fault if isinstance(fault, Truncated) else None)
        finally:
            if write is not None:
                self._proxy.log.delivered(write, yes=delivered)

    def _ask(self, call: Call, fault: Fault | None, body: bytes) -> tuple[Reply | None, Write | None]:
        """The answer to a call, and its line in the log if it is a write. No answer: the backend gave none."""
        past = self._proxy.past
        if call.is_write:
            with self._proxy.order(call):
                past.writing(call)
                passed_on = time.monotonic()
                reply = self._pass_on(body)
                past.wrote(call, done=reply is None or reply.done)
                return reply, self._proxy.log.add(call, passed_on, reply.status if reply else None)
        reply = self._proxy.pages.kept(call)
        if reply is None and isinstance(fault, Stale):
            reply = past.before(call)
        if reply is None:
            age = past.age(call)
            reply = self._pass_on(body)
            if reply is not None:
                past.keep(call, age, reply)
        if reply is not None and isinstance(fault, ShortPages) and "Marker" not in call.parameters:
            reply = self._proxy.pages.first(call.action, reply, fault.size)
        return reply, None

    def _pass_on(self, body: bytes) -> Reply | None:
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _NOT_PASSED_ON}
        if time.monotonic() - self._used > _IDLE:
            self._backend.close()
        try:
            self._backend.request("POST", self.path, body, headers)
            answer = self._backend.getresponse()
            content = answer.read(_LARGEST)
        except (OSError, http.client.HTTPException):
            self._backend.close()
            return None
        finally:
            self._used = time.monotonic()
        return Reply(answer.status, answer.headers.get("Content-Type", "text/xml"), content)

    def _send(self, reply: Reply, cut: Truncated | None = None) -> bool:
        """Send an answer. False: the caller is gone, or gets only a part."""
        if self._is_gone():
            self.close_connection = True
            return False
        body, length = reply.body, len(reply.body)
        if cut is not None:
            body = body[: int(length * cut.keep)]
            length = len(body) if cut.honest else length
            self.close_connection = True
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        return cut is None

    def _is_gone(self) -> bool:
        try:
            return bool(self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"")
        except BlockingIOError:
            return False


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="fault_proxy", description="Make calls to an IAM emulator go wrong.")
    parser.add_argument("--backend", required=True, help="address of the emulator")
    parser.add_argument("--log", type=Path, help="file that gets every write, a line of JSON each")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    parser.add_argument("--probability", type=float, default=0.0, help="of each call to meet a passing fault")
    options = parser.parse_args()
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with FaultProxy(options.backend, seed=options.seed, log=options.log, port=options.port) as proxy:
        if options.probability:
            proxy.on(None, PASSING, times=None, probability=options.probability)
        print(proxy.url, flush=True)  # noqa: T201 - whoever started it reads this line
        over.wait()


if __name__ == "__main__":
    main()
