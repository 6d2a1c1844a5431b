"""Before routing: request ids, who calls, how often, and what no path may hold. 401 comes before all else.

The long lists find out themselves who calls (`entry.LATE`).
"""

import re
import time
from functools import partial
from typing import Any
from urllib.parse import unquote_to_bytes

import structlog
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import log
from app.api import metrics, problems
from app.api.entry import IN_SCOPE, LATE, Entry, channel_of
from app.api.house import House
from app.api.rates import Rates
from app.api.strict import storable
from app.errors import GatehouseError, Invalid, TooLarge, Unauthenticated
from app.models import new_id

BODY_LIMIT = 256 * 1024
_log = log.get("http")
_OPEN = re.compile(r"/v1/(enrolments/redeem|auth/aws(/.*)?|slack/events)/?")
_SIGNED = "/v1/slack/events"
UNSIGNED = "gatehouse.unsigned"
"""Where Slack knocks only what it did not sign is counted: behind a proxy everybody may have one address, and whoever
sends rubbish would keep Slack out. Call what is in the scope under this."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class FrontMiddleware:
    """The outermost layer of ours.

    Args:
        house: Its database knows the tokens.
    """

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app, self._house = app, house
        self._rates = Rates(house.settings.rate_limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request; everything else passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        kept: dict[str, str] = {"X-Request-Id": _request_id(headers)}
        if _TRACEPARENT.fullmatch(traceparent := headers.get("traceparent", "")):
            kept["traceparent"] = traceparent
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=kept["X-Request-Id"])
        began, status = time.perf_counter(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(kept)
            await send(message)

        try:
            await self._enter(scope, headers, kept["X-Request-Id"])
            await self._app(scope, _counted(receive), answer)
        except GatehouseError as refusal:
            await problems.from_error(refusal)(scope, receive, answer)
        except Exception:
            _log.exception("unhandled")
            if status:
                raise
            detail = "This is our mistake and is logged; give the request id to whoever runs Gatehouse."
            await problems.problem(500, "internal_error", detail)(scope, receive, answer)
        took = time.perf_counter() - began
        self._house.http.answered(scope["method"], getattr(scope.get("route"), "path", None), status, took)
        if scope["path"] not in _QUIET:
            _log.info("request", method=scope["method"], path=scope["path"], status=status, ms=round(took * 1000, 1))

    async def _enter(self, scope: Scope, headers: Headers, request_id: str) -> None:
        path: str = scope["path"]
        entry: Entry | None = None
        if path.startswith("/v1/") or path == "/v1":
            if _OPEN.fullmatch(path):
                client: Any = scope.get("client")
                count = partial(self._rates.take, f"address {client[0] if client else ''}")
                if path == _SIGNED and scope["method"] == "POST":
                    scope[UNSIGNED] = count
                else:
                    count()
            else:
                entry = self._entry(headers, request_id)
        elif path == metrics.PATH and not metrics.from_this_machine(scope, headers):
            entry = self._entry(headers, request_id)
        if entry is not None and scope["method"] == "GET" and path in LATE:
            scope[IN_SCOPE] = entry
        elif entry is not None:
            scope["gatehouse.caller"] = await run_in_threadpool(entry.alone)
        scope["gatehouse.request_id"] = request_id
        try:
            _check_size(headers)
            _check_address(scope)
        except GatehouseError:
            if entry is not None:
                await entry.first()
            raise

    def _entry(self, headers: Headers, request_id: str) -> Entry:
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Unauthenticated("Send your token as: Authorization: Bearer gh_pat_…", code="no_token")
        channel = channel_of(headers.get("user-agent", ""))
        return Entry(self._house.database, self._rates, token.strip(), request_id, channel)


def _check_size(headers: Headers) -> None:
    if int(headers.get("content-length", "0")) > BODY_LIMIT:
        raise TooLarge("The body may have 256 KiB at most.")


def _counted(receive: Receive) -> Receive:
    # For bodies that come without their length. HTTPException is what passes through the framework's reader.
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_LIMIT:
            raise HTTPException(413)
        return message

    return counted


def _check_address(scope: Scope) -> None:
    # The framework would put U+FFFD for what is not UTF-8, and look for something nobody asked for.
    for part, written in (("path", scope.get("raw_path") or b""), ("query", scope.get("query_string", b""))):
        try:
            storable(unquote_to_bytes(written).decode())
        except ValueError:
            msg = "an address must be UTF-8 and must not hold NUL"
            raise Invalid(msg, errors=[{"loc": [part], "msg": msg, "type": "value_error"}]) from None


def request_id_of(request: Request) -> str:
    """The id of the HTTP request."""
    return str(request.scope["gatehouse.request_id"])


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else new_id()
