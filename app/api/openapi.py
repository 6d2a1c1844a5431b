"""The OpenAPI document: what the framework writes, with our problems and our token in it."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.api.problems import MEDIA_TYPE
from app.api.schemas import ProblemView
from app.domain import webhook_events

_OPEN = {"/v1/enrolments/redeem"}
_METHODS = {"get", "post", "put", "patch", "delete"}


def install(app: FastAPI) -> None:
    """Let the app answer our document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = build(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign] # the documented way to extend it


def build(app: FastAPI) -> dict[str, Any]:
    """Make the document."""
    document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = ProblemView.model_json_schema()
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                _complete(path, method, operation)
    document["webhooks"] = {"event": {"post": _sent()}}
    return document


def _sent() -> dict[str, Any]:
    """What webhooks are sent (docs/webhooks.md)."""
    text = {"type": "string"}
    event = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"type": "string", "enum": [*webhook_events.TYPES, webhook_events.PING]},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {"type": "object", "additionalProperties": True},
        },
    }
    headers = ("webhook-id", "webhook-timestamp", "webhook-signature")
    return {
        "operationId": "webhook_event",
        "tags": ["webhooks"],
        "summary": "Something happened",
        "description": "Sent to a webhook that asked for this type, signed after Standard Webhooks, at least once.",
        "parameters": [{"name": name, "in": "header", "required": True, "schema": text} for name in headers],
        "requestBody": {"required": True, "content": {"application/json": {"schema": event}}},
        "responses": {"2XX": {"description": "Taken."}, "410": {"description": "Send no more: turns it off."}},
    }


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    operation["operationId"] = _operation_id(path, method)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses["4XX"] = {"description": "Refused; `code` says why.", "content": content}
    if not path.startswith("/v1"):
        return
    responses["503"] = {"description": "Not now; try again.", "content": content}
    if path not in _OPEN:
        operation["security"] = [{"token": []}]
    if method == "post":
        operation.setdefault("parameters", []).append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "The same key and body give the first answer again.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            }
        )


def _operation_id(path: str, method: str) -> str:
    words = [part.strip("{}").replace("-", "_") for part in path.split("/") if part and part != "v1"]
    return "_".join([method, *words])
