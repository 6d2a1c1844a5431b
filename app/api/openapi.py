"""The OpenAPI document: what the framework writes, with our problems and our token in it."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.api.metrics import PATH as METRICS
from app.api.operation_ids import operation_id
from app.api.problems import MEDIA_TYPE
from app.api.schemas import ProblemView
from app.domain import webhook_events

_OPEN = {"/v1/enrolments/redeem"}
_METHODS = {"get", "post", "put", "patch", "delete"}
_TAGS = {
    "access requests": "The one door: ask, decide, wait until it is carried out.",
    "accounts": "The AWS accounts, and taking over what was in one before.",
    "audit": "What happened, in a chain that can be checked.",
    "grants": "Access that was given, until it ends.",
    "groups": "IAM groups with their policies and approval rules.",
    "health": "For whoever runs Gatehouse.",
    "policies": "The lab's own policies, and what is wrong with a document.",
    "restoration": "After a backup was restored: what differs, and letting work go on.",
    "secrets": "Passwords and keys that wait for the one they are for.",
    "slack": "Who is who in Slack.",
    "tokens": "With what people and programs call.",
    "users": "People and services, and why they hold what they hold.",
    "webhooks": "What other programs are told, as it happens.",
}
"""A tag that is not here is left out of the list of tags, and `make openapi-lint` refuses it."""

_ASKED = {
    "a group for a week": {
        "value": {
            "kind": "group.join",
            "change": {"group": "LabUser"},
            "duration": "P7D",
            "reason": "RNA-seq pipeline on EC2",
        }
    },
    "a permission for one person": {
        "value": {
            "kind": "policy.inline",
            "change": {
                "name": "read-results",
                "document": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lab-results/2026/*"}
                    ],
                },
            },
            "duration": "P2D",
            "reason": "to draw the figures of the paper",
        }
    },
}
_EXAMPLES = {"ask": _ASKED, "preview": _ASKED}
"""By operation. redocly holds them to the schema, and schemathesis sends them."""


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
    schemas["Problem"] = {**ProblemView.model_json_schema(), "title": "Problem"}
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["info"]["license"] = {"name": "MIT", "identifier": "MIT"}
    document["servers"] = [{"url": "/", "description": "Where this document came from."}]
    used = {tag for item in document["paths"].values() for operation in item.values() for tag in operation["tags"]}
    document["tags"] = [{"name": tag, "description": _TAGS[tag]} for tag in sorted(used & _TAGS.keys())]
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
        "security": [],  # the receiver's business: the signature says who sends
        "summary": "Something happened",
        "description": "Sent to a webhook that asked for this type, signed after Standard Webhooks, at least once.",
        "parameters": [{"name": name, "in": "header", "required": True, "schema": text} for name in headers],
        "requestBody": {"required": True, "content": {"application/json": {"schema": event}}},
        "responses": {"2XX": {"description": "Taken."}, "410": {"description": "Send no more: turns it off."}},
    }


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    responses.pop("422", None)
    operation["operationId"] = operation_id(method, path, lists=_lists(responses))
    if examples := _EXAMPLES.get(operation["operationId"]):
        operation["requestBody"]["content"]["application/json"]["examples"] = examples
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses["4XX"] = {"description": "Refused; `code` says why.", "content": content}
    if not path.startswith("/v1"):
        # An empty requirement: a token is read where there is one.
        operation["security"] = [{}, {"token": []}] if path == METRICS else []
        return
    responses["503"] = {"description": "Not now; try again.", "content": content}
    operation["security"] = [] if path in _OPEN else [{"token": []}]
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


def _lists(responses: dict[str, Any]) -> bool:
    content = responses.get("200", {}).get("content", {}).get("application/json", {})
    return str(content.get("schema", {}).get("$ref", "")).startswith("#/components/schemas/Page_")
