"""A running Gatehouse as the terminal sees it: its API, with whose token and where, and its refusals in one line.

A call that may have been made is made again with the same `Idempotency-Key`, so that it is made once.
"""

import time
import uuid
from collections.abc import Iterator
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from app.cli import terminal
from app.cli.exits import NoAnswer
from app.cli.terminal import Door
from app.errors import GatehouseError

_TIMEOUT = httpx.Timeout(30, connect=5)
"""Seconds."""
_TRIES = 5
"""So often a call that came too fast is made at all."""
_SENDS = 3
"""So often a call whose answer was lost is sent at all."""
_LONGEST_WAIT = 10.0
"""Seconds to wait when Gatehouse says that it was called too fast, or cannot now."""
_PAGE = 200
_PAGES = 200
"""Of one list at most."""
_LARGEST = 16 * 1024 * 1024
"""Bytes of one answer at most."""
_LATER = frozenset({429, 502, 503, 504})
_KEY = "Idempotency-Key"
AGENT = f"gatehouse-cli/{version('gatehouse')}"
"""By its first word Gatehouse notes that a decision came from a terminal. Anybody can send it: it is a label."""


class Refused(GatehouseError):
    """Gatehouse said no, with its own code and sentence."""

    def __init__(self, answer: httpx.Response) -> None:
        try:
            said = answer.json()
            code, detail, extra = said["code"], said["detail"], dict(said)
        except (KeyError, TypeError, ValueError, RecursionError):
            code, detail, extra = "unreadable", f"GATEHOUSE_URL answers {answer.status_code}, and not as Gatehouse", {}
        super().__init__(str(detail), code=str(code))
        self.answered, self.extra = answer.status_code, extra


class Api:
    """Calls to one Gatehouse. Close it.

    Args:
        door: Where and with whose token; what `terminal.door` finds where it is left out. No token is nobody.
        hurry: Seconds for one answer, which is not asked for twice; 30, and again, where it is left out.

    Raises:
        StartError: No Gatehouse or no token is known, or they cannot be used.
    """

    def __init__(self, door: Door | None = None, *, hurry: float | None = None) -> None:
        self.door = terminal.door() if door is None else door
        self._tries, self._sends = (_TRIES, _SENDS) if hurry is None else (1, 1)
        headers = {"User-Agent": AGENT}
        if self.door.token:
            headers["Authorization"] = f"Bearer {self.door.token}"
        # Plain http, which is this machine, must not take the way through a proxy.
        around = self.door.url.startswith("https:")
        try:
            self._client = httpx.Client(
                base_url=self.door.url,
                timeout=_TIMEOUT if hurry is None else hurry,
                headers=headers,
                trust_env=around,
            )
        except httpx.InvalidURL:
            raise self._no_address() from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, at: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, *, seconds: float | None = None, **parameters: Any) -> Any:
        """The JSON of a GET.

        Args:
            seconds: To wait for an answer that takes longer than most.

        Raises:
            Refused: Gatehouse said no.
            NoAnswer: It does not answer.
        """
        return self._call("GET", path, seconds, params={k: v for k, v in parameters.items() if v is not None})

    def every(self, path: str, **parameters: Any) -> Iterator[Any]:
        """Every item of a list, page by page.

        Raises:
            NoAnswer: It has no end; and as `get` does.
        """
        cursor = None
        for _ in range(_PAGES):
            page = self.get(path, limit=_PAGE, cursor=cursor, **parameters)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return
        raise NoAnswer(f"Gatehouse at {self.door.url} answers more than makes sense; is it Gatehouse?")

    def post(self, path: str, body: Any = None, *, seconds: float | None = None, once: bool = False) -> Any:
        """The JSON of a POST; raises as `get` does.

        Args:
            once: The answer holds a secret, which Gatehouse gives once: a lost one is not asked for again.
        """
        options = {} if body is None else {"json": body}
        return self._call("POST", path, seconds, once=once, headers={_KEY: str(uuid.uuid4())}, **options)

    def delete(self, path: str) -> None:
        """A DELETE that answers nothing; raises as `get` does."""
        self._call("DELETE", path, None)

    def _call(self, method: str, path: str, seconds: float | None, *, once: bool = False, **options: Any) -> Any:
        if seconds is not None:
            options["timeout"] = seconds
        try:
            request = self._client.build_request(method, path, **options)
        except (httpx.InvalidURL, UnicodeError):
            raise self._no_address() from None
        answer = self._send(request, once=once)
        for _ in range(self._tries - 1):
            if answer.status_code not in _LATER:
                break
            time.sleep(_pause(answer.headers.get("Retry-After", "")))
            answer = self._send(request, once=once)
        if not answer.is_success:
            raise Refused(answer)
        if not answer.content:
            return None
        try:
            return answer.json()
        except (ValueError, RecursionError):
            raise Refused(answer) from None

    def _no_address(self) -> NoAnswer:
        return NoAnswer(f"Gatehouse at {self.door.url} does not answer: that is no address")

    def _send(self, request: httpx.Request, *, once: bool) -> httpx.Response:
        """Send it, and again where the answer was lost on the way, unless it must not be given twice."""
        for left in reversed(range(1 if once else self._sends)):
            try:
                return self._whole(self._client.send(request, stream=True))
            except UnicodeError:  # of the host's name, before anything was sent
                raise self._no_address() from None
            except (httpx.HTTPError, httpx.InvalidURL) as problem:
                begun = not isinstance(problem, (httpx.ConnectError, httpx.ConnectTimeout))
                if left and begun:
                    time.sleep(_pause(""))
                    continue
                text = f"Gatehouse at {self.door.url} does not answer ({type(problem).__name__})"
                if begun and request.method != "GET":
                    raise NoAnswer(f"{text}. It may have been done all the same: look before you do it again") from None
                raise NoAnswer(f"{text}. Is it running, and is GATEHOUSE_URL right?") from None
        raise AssertionError("the last time around answers or raises")

    def _whole(self, answer: httpx.Response) -> httpx.Response:
        """The same with all of its body, up to the limit."""
        try:
            body = bytearray()
            ends = time.monotonic() + answer.request.extensions["timeout"]["read"]
            for part in answer.iter_bytes():
                body += part
                if len(body) > _LARGEST:
                    raise NoAnswer(f"Gatehouse at {self.door.url} answers more than makes sense; is it Gatehouse?")
                if time.monotonic() > ends:  # httpx's own timeout is for each part
                    raise httpx.ReadTimeout("its end did not come")
        finally:
            answer.close()
        kept = {name: value for name in ("Content-Type", "Retry-After") if (value := answer.headers.get(name))}
        return httpx.Response(answer.status_code, headers=kept, content=bytes(body), request=answer.request)


def segment(text: str) -> str:
    """A name or an id as one part of a path, whatever it holds."""
    # What the terminal gave that is no UTF-8 goes as it came: nothing has such a name, and Gatehouse says so.
    quoted = quote(text, safe="", errors="surrogateescape")
    return quoted if text.strip(".") else quoted.replace(".", "%2E")


def _pause(said: str) -> float:
    """Seconds, as the header says; a moment where it says nothing useful."""
    return min(float(said), _LONGEST_WAIT) if said.isascii() and said.isdecimal() else 1.0
