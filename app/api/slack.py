"""`/v1/slack/events`: what Slack sends over HTTP. Whatever is sent, the answer is a clear one and never 500."""

import time
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from app.api import strict
from app.api.house import House
from app.api.middleware import UNSIGNED
from app.errors import BadRequest, NotFound, Unauthenticated
from app.services.doors import database_errors
from app.slack.desk import Desk
from app.slack.front import require_signed

router = APIRouter(prefix="/v1/slack", tags=["slack"])
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_MOST_FIELDS = 64
_LONGEST_CHALLENGE = 512


@router.post("/events", include_in_schema=False)
async def events(request: Request) -> Response:
    """Commands, clicks, forms and events, signed by Slack. Not in the document: nobody else can use it."""
    try:
        desk, body = await _signed(request)
    except (NotFound, Unauthenticated):
        if count := request.scope.get(UNSIGNED):
            count()
        raise
    if request.url.query:
        raise BadRequest("There are no query parameters here.", code="bad_payload")
    return await run_in_threadpool(_answer, desk, request.headers.getlist("content-type"), body)


async def _signed(request: Request) -> tuple[Desk, bytes]:
    """What Slack signed, and who is told it."""
    house: House = request.app.state.house
    if house.desk is None or house.desk.slack.signing_secret is None:
        raise NotFound("Slack does not send here; see README, Slack.", code="slack_not_configured")
    body = await request.body()
    secret = house.desk.slack.signing_secret.get_secret_value()
    signatures = request.headers.getlist("x-slack-signature")
    timestamps = request.headers.getlist("x-slack-request-timestamp")
    require_signed(secret, signatures, timestamps, body, now=time.time())
    return house.desk, body


def _answer(desk: Desk, kinds: list[str], body: bytes) -> Response:
    told = _read(kinds, body)
    if told.get("type") == "url_verification":
        challenge = told.get("challenge")
        if not isinstance(challenge, str) or len(challenge) > _LONGEST_CHALLENGE:
            raise BadRequest("There is no challenge in it.", code="bad_payload")
        return Response(challenge, media_type="text/plain")
    if told.get("ssl_check") == "1":
        return Response()
    with database_errors():
        said = desk.take(told, "http")
    kind = said.headers.get("content-type", ["text/plain"])[0]
    return Response(said.body, said.status, headers={"Cache-Control": "no-store"}, media_type=kind)


def _read(kinds: list[str], body: bytes) -> dict[str, Any]:
    """The one thing that was told: JSON as it is, a form's `payload`, or the fields of a form."""
    kind = kinds[0].partition(";")[0].strip().lower() if len(kinds) == 1 else ""
    try:
        if kind == _JSON:
            told = strict.read(body)
        elif kind == _FORM:
            told = _form(body)
        else:
            raise BadRequest("Slack sends JSON or a form.", code="bad_payload")
    except (ValueError, RequestValidationError):
        raise BadRequest("This cannot be read.", code="bad_payload") from None
    if not isinstance(told, dict):
        raise BadRequest("This is nothing that Slack sends.", code="bad_payload")
    return told


def _form(body: bytes) -> Any:
    pairs = parse_qsl(
        body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MOST_FIELDS
    )
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field stands twice")
    if "payload" in fields:
        if len(fields) > 1:
            raise ValueError("a payload stands alone")
        return strict.read(fields["payload"].encode())
    for name, value in pairs:
        strict.storable(name)
        strict.storable(value)
    return fields
