"""The way to Gatehouse: the token, one idempotency key for all tries of a POST, an end of trying, problems raised."""

import ipaddress
import threading
import time
import uuid
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from gatehouse_client import problems
from gatehouse_client.patience import Patience

_LARGEST = 32 << 20
"""Bytes. The largest page is far below."""
_FORMS = {"application/json", "application/x-ndjson", "text/csv", "text/plain"}
_LATER = {429, 502, 503, 504}
_SAFE_TO_REPEAT = {"GET", "HEAD", "POST"}
"""A POST because of its key. Others are repeated only where the first was surely not taken."""


class Door(httpx.Client):
    """An httpx client for one Gatehouse; every function of `gatehouse_client.generated` goes through it.

    Raises:
        SettingsError: The address or the token cannot be used.
    """

    def __init__(self, url: str, token: str, *, patience: Patience, timeout: float) -> None:
        encrypted = _checked(url)
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise problems.SettingsError("The token is missing, or holds characters that no token has.")
        self._patience = patience
        self._here = threading.local()
        super().__init__(
            base_url=url,
            auth=_Bearer(token),
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
            # A proxy of the environment never sees what is not encrypted: the token is in it.
            trust_env=encrypted,
            headers={"User-Agent": "gatehouse-client"},
        )

    @contextmanager
    def taking(self, seconds: float) -> Iterator[None]:
        """Calls in here, on this thread, may take so long."""
        before = getattr(self._here, "seconds", None)
        self._here.seconds = seconds
        try:
            yield
        finally:
            self._here.seconds = before

    @property
    def answers(self) -> int:
        """How often Gatehouse did what it was asked for, on this thread."""
        count: int = getattr(self._here, "answers", 0)
        return count

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send it, again where that helps.

        Raises:
            Problem: Gatehouse said no.
            Unreachable: It does not answer.
        """
        if request.method == "POST" and "Idempotency-Key" not in request.headers:
            request.headers["Idempotency-Key"] = str(uuid.uuid4())
        seconds = getattr(self._here, "seconds", None)
        if seconds is not None:
            request.extensions["timeout"] = {**request.extensions["timeout"], "read": seconds}
        tried = 0
        while True:
            answer, trouble, untaken = self._once(request, options)
            tried += 1
            if answer is not None and answer.is_success:
                self._here.answers = self.answers + 1
                return self._as_gatehouse(answer)
            again = untaken or request.method in _SAFE_TO_REPEAT
            if answer is not None:
                again = answer.status_code == httpx.codes.TOO_MANY_REQUESTS or (again and answer.status_code in _LATER)
            header = answer.headers.get("Retry-After") if answer is not None else None
            pause = self._patience.pause(tried, header) if again else None
            if pause is None:
                break
            self._patience.sleep(pause)
        if answer is not None:
            raise problems.from_answer(answer.status_code, answer.content)
        raise problems.Unreachable(f"Gatehouse at {self.base_url} does not answer ({trouble}, tried {tried} times).")

    def _as_gatehouse(self, answer: httpx.Response) -> httpx.Response:
        form = answer.headers.get("Content-Type", "").partition(";")[0].strip()
        if answer.content and form not in _FORMS:
            raise problems.Unreachable(f"What answers at {self.base_url} is not Gatehouse: it sends {form[:100]!r}.")
        return answer

    def _once(self, request: httpx.Request, options: dict[str, Any]) -> tuple[httpx.Response | None, str, bool]:
        """The answer, or else what was wrong and whether the call was surely not taken.

        Caught here, and told where nothing is being handled: httpx's exceptions hold the request with its token, and
        an exception keeps the one during which it was raised.
        """
        try:
            return _whole(super().send(request, **{**options, "stream": True})), "", False
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as found:
            return None, type(found).__name__, True
        except httpx.HTTPError as found:
            return None, type(found).__name__, False


def _whole(answer: httpx.Response) -> httpx.Response:
    """An answer that was read to its end, not beyond what Gatehouse ever sends, and not for longer than a try takes."""
    parts, size = [], 0
    ends = time.monotonic() + answer.request.extensions["timeout"]["read"]
    with closing(answer):
        for part in answer.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > _LARGEST:
                raise problems.Unreachable(f"An answer of more than {_LARGEST} bytes is not Gatehouse's.")
            if time.monotonic() > ends:  # httpx's own timeout is for each part
                raise httpx.ReadTimeout("its end did not come")
    kept = [(n, v) for n, v in answer.headers.items() if n not in {"content-encoding", "content-length"}]
    return httpx.Response(answer.status_code, headers=kept, content=b"".join(parts), request=answer.request)


class _Bearer(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _checked(url: str) -> bool:
    """Whether it is encrypted."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
        httpx.URL(url)  # stricter than urlsplit, which leaves a line's end out
    except (ValueError, httpx.InvalidURL):
        host = ""
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        raise problems.SettingsError("The address of Gatehouse looks like https://host or http://127.0.0.1:8000.")
    if parts.username is not None or parts.query or parts.fragment:
        raise problems.SettingsError("The address of Gatehouse holds no name, no password and no question.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise problems.SettingsError("Without https the token could be read on its way; http is for this machine only.")
    return parts.scheme == "https"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
