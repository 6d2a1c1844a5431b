"""Errors as RFC 9457 problem documents. The input is never echoed: it may hold a secret, or NaN."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from app.errors import GatehouseError, Unauthenticated, Unavailable

MEDIA_TYPE = "application/problem+json"
_ERRORS_SHOWN = 20
_CODES = {
    400: ("bad_request", "This could not be read."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take that method; see Allow."),
    413: ("body_too_large", "The body may have 256 KiB at most."),
    415: ("unsupported_media_type", "Send application/json."),
}
_TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Gone",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not acceptable as it is",
    429: "Too many requests",
    500: "Internal error",
    503: "Unavailable",
}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document as an answer."""
    document = {
        "type": f"urn:gatehouse:problem:{code}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        **(extra or {}),
    }
    return Response(json.dumps(document), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def from_error(error: GatehouseError) -> Response:
    """One of our own refusals as an answer."""
    headers = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="gatehouse"'
    if isinstance(error, Unavailable) or error.status == 429:
        headers["Retry-After"] = "1"
    extra = dict(error.extra)
    if error.status == 422:
        # The type of what a schema cannot say, as where a validator of ours refuses; `code` says which rule.
        extra.setdefault("errors", [{"loc": [], "msg": error.detail, "type": "value_error"}])
    return problem(error.status, error.code, error.detail, extra=extra, headers=headers)


def install(app: FastAPI) -> None:
    """Let every error of the app become a problem document."""
    app.add_exception_handler(GatehouseError, _gatehouse)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)


def _gatehouse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, GatehouseError)  # noqa: S101 - the registration above says so, mypy cannot know
    return from_error(error)


def _validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    return invalid(error.errors())


def invalid(errors: Sequence[Any]) -> Response:
    """422 with what is wrong where, and never with what was sent."""
    shown = [
        {"loc": [_clean(part) for part in e["loc"]], "msg": _clean(_message(e)), "type": e["type"]}
        for e in errors[:_ERRORS_SHOWN]
    ]
    first = shown[0] if shown else {"loc": [], "msg": "not acceptable"}
    where = ".".join(str(part) for part in first["loc"] if part not in {"body", "query", "path"})
    detail = f"{where}: {first['msg']}" if where else str(first["msg"])
    return problem(422, "invalid", detail, extra={"errors": shown})


def _message(error: Mapping[str, Any]) -> Any:
    if error["type"] == "union_tag_invalid":  # the one message of pydantic's that repeats what was sent
        return f"must be one of {error['ctx']['expected_tags']}"
    return error["msg"]


def _clean(part: Any) -> Any:
    # A location can hold a name that the caller chose: lone surrogates in it could not be written as UTF-8.
    if isinstance(part, str):
        return part.removeprefix("Value error, ").encode("utf-8", "replace").decode()[:300]
    return part


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    code, detail = _CODES.get(error.status_code, ("error", "This did not work."))
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(_allowed(request.app.router.routes, request.scope)))
    return problem(error.status_code, code, detail, headers=headers)


def _allowed(routes: Sequence[BaseRoute], scope: Scope) -> set[str]:
    """Every method that some route takes at this path; the framework names those of the first match only."""
    found = list(_matching(routes, scope))
    # `…/preview` is not the thing that is named preview.
    fewest = min((parameters for parameters, _ in found), default=0)
    return set().union(*(methods for parameters, methods in found if parameters == fewest))


def _matching(routes: Sequence[BaseRoute], scope: Scope) -> Iterator[tuple[int, set[str]]]:
    for route in routes:
        nested = getattr(route, "original_router", None)  # an included router; a test holds that this finds them
        if nested is not None:
            yield from _matching(nested.routes, scope)
        methods = getattr(route, "methods", None)
        if methods:
            match, below = route.matches(dict(scope))
            if match is not Match.NONE:
                yield len(below.get("path_params", {})), methods
