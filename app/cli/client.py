"""A running Gatehouse as the terminal sees it: its API, with whose token and where, and its refusals in one line."""

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import GatehouseError, StartError

_TIMEOUT = httpx.Timeout(30, connect=5)
"""Seconds."""
_TRIES = 5
"""So often a call that came too fast is made at all."""
_LONGEST_WAIT = 10.0
"""Seconds to wait when Gatehouse says that it was called too fast."""
_PAGE = 200


class Terminal(BaseSettings):
    """`GATEHOUSE_URL` and `GATEHOUSE_TOKEN`, from the environment or `.env`."""

    model_config = SettingsConfigDict(
        env_prefix="GATEHOUSE_", env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    url: str = ""
    token: SecretStr = SecretStr("")


class Refused(GatehouseError):
    """Gatehouse said no, with its own code and sentence."""

    def __init__(self, answer: httpx.Response) -> None:
        try:
            said = answer.json()
            code, detail, extra = said["code"], said["detail"], dict(said)
        except (KeyError, TypeError, ValueError):
            code, detail, extra = "unreadable", f"GATEHOUSE_URL answers {answer.status_code}, and not as Gatehouse", {}
        super().__init__(str(detail), code=str(code))
        self.answered, self.extra = answer.status_code, extra


class Api:
    """Calls to one Gatehouse. Close it.

    Raises:
        StartError: `GATEHOUSE_URL` or `GATEHOUSE_TOKEN` is missing or cannot be used.
    """

    def __init__(self) -> None:
        terminal = Terminal()
        for name, value in (("URL", terminal.url), ("TOKEN", terminal.token.get_secret_value())):
            if not value:
                raise StartError(f"GATEHOUSE_{name} is missing; say which running Gatehouse, and with whose token")
        token = terminal.token.get_secret_value()
        if urlsplit(terminal.url).scheme not in {"http", "https"} or not urlsplit(terminal.url).netloc:
            raise StartError("GATEHOUSE_URL is no address; write http://host:port or https://host")
        if not (token.isascii() and token.isprintable()):
            raise StartError("GATEHOUSE_TOKEN is no token: it holds characters that none has")
        self._client = httpx.Client(
            base_url=terminal.url, timeout=_TIMEOUT, headers={"Authorization": f"Bearer {token}"}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, at: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of a GET.

        Raises:
            Refused: Gatehouse said no.
            StartError: It does not answer.
        """
        return self._call("GET", path, params={k: v for k, v in parameters.items() if v is not None})

    def every(self, path: str) -> Iterator[Any]:
        """Every item of a list, page by page."""
        cursor = None
        while True:
            page = self.get(path, limit=_PAGE, cursor=cursor)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def post(self, path: str, body: Any, *, seconds: float | None = None) -> Any:
        """The JSON of a POST; raises as `get` does.

        Args:
            seconds: To wait for an answer that takes longer than most.
        """
        return self._call("POST", path, json=body, **({} if seconds is None else {"timeout": seconds}))

    def _call(self, method: str, path: str, **options: Any) -> Any:
        answer = self._send(method, path, **options)
        for _ in range(_TRIES - 1):
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                break
            time.sleep(_pause(answer.headers.get("Retry-After", "")))
            answer = self._send(method, path, **options)
        if not answer.is_success:
            raise Refused(answer)
        try:
            return answer.json()
        except ValueError:
            raise Refused(answer) from None

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **options)
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            text = f"Gatehouse at {self._client.base_url} does not answer ({type(problem).__name__})"
            raise StartError(f"{text}. Is it running, and is GATEHOUSE_URL right?") from None


def _pause(said: str) -> float:
    """Seconds, as the header says; a moment where it says nothing useful."""
    return min(float(said), _LONGEST_WAIT) if said.isdecimal() else 1.0
