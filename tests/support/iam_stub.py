"""An IAM endpoint of a few lines: it speaks the query protocol and answers exactly what a test told it to.

For what no emulator does: short pages, lists that never end, every error code, answers that are no answers.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import pytest
from typing_extensions import override

from app.clients.iam import BotoIam

_LONGEST_WAIT = 30
"""Seconds after which an answer that was held back is given up, so that no thread is left behind."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer.

    Attributes:
        promised: The Content-Length to claim; None is the truth.
        held_back: The answer never comes.
        dropped: The connection is closed instead.
    """

    body: bytes
    status: int = 200
    promised: int | None = None
    held_back: bool = False
    dropped: bool = False


Said = Answer | Callable[[Mapping[str, str]], Answer]
"""An answer, or a function that makes one from the call's parameters."""

DROPPED = Answer(b"", dropped=True)
HELD_BACK = Answer(b"", held_back=True)


def result(action: str, inner: str = "") -> Answer:
    """What IAM answers when it did what was asked."""
    text = f"<{action}Result>{inner}</{action}Result><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>"
    return Answer(
        f'<{action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">{text}</{action}Response>'.encode()
    )


def error(code: str, message: str = "no", *, status: int = 400) -> Answer:
    """What IAM answers when it refuses."""
    inner = f"<Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    return Answer(f"<ErrorResponse><Error>{inner}</Error><RequestId>r-1</RequestId></ErrorResponse>".encode(), status)


def page(action: str, key: str, members: list[str], *, marker: str | None = None, more: str = "") -> Answer:
    """A page of a list. `members` are XML, `marker` is where the next page begins, `more` stands beside the list."""
    listed = "".join(f"<member>{m}</member>" for m in members)
    end = "<IsTruncated>false</IsTruncated>"
    if marker is not None:
        end = f"<IsTruncated>true</IsTruncated><Marker>{escape(marker)}</Marker>"
    return result(action, f"{more}<{key}>{listed}</{key}>{end}")


def user(name: str, *, more: str = "") -> str:
    """A user as IAM writes it."""
    return (
        f"<Path>/lab/</Path><UserName>{escape(name)}</UserName><UserId>AIDAEXAMPLE</UserId>"
        f"<Arn>arn:aws:iam::123456789012:user/lab/{escape(name)}</Arn><CreateDate>2026-11-23T00:00:00Z</CreateDate>{more}"
    )


def group(name: str) -> str:
    """A group as IAM writes it."""
    return (
        f"<Path>/</Path><GroupName>{escape(name)}</GroupName><GroupId>AGPAEXAMPLE</GroupId>"
        f"<Arn>arn:aws:iam::123456789012:group/{escape(name)}</Arn><CreateDate>2026-11-23T00:00:00Z</CreateDate>"
    )


class IamStub:
    """The endpoint.

    Attributes:
        url: Where it listens.
        calls: The parameters of every call that came in, `Action` among them.
        over: Set when what is held back is let go.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: list[dict[str, str]] = []
        self.over = threading.Event()
        self._script: dict[str, deque[Said]] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Be as new, and let go what is held back."""
        self.over.set()
        with self._lock:
            self.over, self.calls, self._script = threading.Event(), [], {}

    def says(self, action: str, *answers: Said) -> None:
        """Answer calls of an action so, one after the other; the last answer is given again and again."""
        self._script[action] = deque(answers)

    def called(self, action: str) -> list[dict[str, str]]:
        """The calls of one action."""
        return [c for c in self.calls if c["Action"] == action]

    def answer(self, parameters: dict[str, str]) -> Answer:
        """What to say to a call."""
        with self._lock:
            self.calls.append(parameters)
            script = self._script.get(parameters["Action"])
            if not script:
                return error("InvalidAction", f"the test says nothing about {parameters['Action']}")
            said = script.popleft() if len(script) > 1 else script[0]
        return said if isinstance(said, Answer) else said(parameters)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    stub: IamStub


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.stub.answer(dict(parse_qsl(body.decode(), keep_blank_values=True)))
        if answer.held_back:
            self.server.stub.over.wait(_LONGEST_WAIT)
        if answer.held_back or answer.dropped:
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(answer.body) if answer.promised is None else answer.promised))
        self.end_headers()
        self.wfile.write(answer.body)
        if answer.promised is not None:
            self.close_connection = True

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def running() -> Iterator[IamStub]:
    """Run a stub on loopback."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.stub = stub = IamStub(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield stub
        finally:
            stub.forget()
            server.shutdown()
            thread.join(60)


@pytest.fixture(scope="session")
def stub_server() -> Iterator[IamStub]:
    """A stub that all tests share."""
    with running() as made:
        yield made


@pytest.fixture
def stub(stub_server: IamStub) -> Iterator[IamStub]:
    """A stub that has heard nothing yet."""
    yield stub_server
    stub_server.forget()


@pytest.fixture(scope="session")
def stub_emulator(stub_server: IamStub, _environment: None) -> BotoIam:
    """The port over the stub, with one try a call. Making clients takes long, so there is one of each."""
    return BotoIam(endpoint_url=stub_server.url, attempts=1)


@pytest.fixture(scope="session")
def stub_aws(stub_server: IamStub, _environment: None) -> BotoIam:
    """The same as it behaves against AWS, though the stub's host is not AWS's."""
    iam = BotoIam(endpoint_url=stub_server.url, attempts=1)
    iam.emulated = False
    return iam


@pytest.fixture(scope="session")
def stub_default(stub_server: IamStub, _environment: None) -> BotoIam:
    """The port over the stub as the service makes it."""
    return BotoIam(endpoint_url=stub_server.url)
