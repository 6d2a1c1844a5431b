"""`/v1/webhooks`: who outside hears what happens, and what was sent to them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Path
from pydantic import AfterValidator, Field, StrictBool
from starlette.responses import Response

from app.api import paging
from app.api.bodies import Body
from app.api.door import Admin, ReadWebhooks
from app.api.pagination import CursorText, Limit
from app.api.schemas import Page, View
from app.api.strict import StrictRoute
from app.db import Tx
from app.domain import endpoints
from app.domain.webhook_events import WORDS, EventName
from app.domain.webhooks import DeliveryState, Disabled
from app.errors import PreconditionFailed
from app.models import Webhook, WebhookDelivery
from app.services import webhook_deliveries, webhooks

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=StrictRoute)
WebhookId = Annotated[str, Path(max_length=64, description="Id of the webhook.")]
DeliveryId = Annotated[str, Path(max_length=64, description="Id of the delivery.")]
IfMatch = Annotated[str | None, Header(description="The ETag of what you changed.")]


def _usable(url: str) -> str:
    endpoints.parse(url)
    return url


Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=endpoints.LONGEST,
        description="https, to a public address, plainly written.",
        examples=["https://hooks.lab.example/gatehouse"],
    ),
    AfterValidator(_usable),
]
Events = Annotated[tuple[EventName, ...], Field(min_length=1, max_length=len(WORDS))]


class WebhookBody(Body):
    """A new webhook."""

    url: Url
    events: Events


class WebhookPatch(Body):
    """What is to be different; what is left out stays."""

    url: Url | None = None
    events: Events | None = None
    enabled: StrictBool | None = None


class WebhookView(View):
    """A webhook. `failing_since` is when a delivery first failed after the last that worked."""

    id: str
    owner: str
    url: str
    events: list[str]
    enabled: bool
    disabled_at: datetime | None
    disabled_why: Disabled | None
    failing_since: datetime | None
    old_secret_ends_at: datetime | None
    created_at: datetime
    version: int


class NewSecretView(WebhookView):
    """The same with its new secret, shown once."""

    secret: str


class AttemptView(View):
    """One try. `status` is the answer's; where there was none, `error` says why."""

    at: datetime
    seconds: float
    status: int | None
    error: str | None


class DeliveryView(View):
    """One event for one webhook. `id` is the `webhook-id` that is sent, `audit_seq` the event's number in the audit."""

    id: str
    type: str
    audit_seq: int | None
    state: DeliveryState
    attempts: list[AttemptView]
    created_at: datetime
    next_attempt_at: datetime | None
    done_at: datetime | None


@router.get("", response_model=Page[WebhookView], summary="List webhooks")
def list_webhooks(door: ReadWebhooks, limit: Limit = 50, cursor: CursorText = None) -> Response:
    """Everybody's, newest first. By an admin."""
    return door.read(
        lambda tx: paging.page(
            door,
            Page[WebhookView],
            {},
            cursor,
            limit,
            lambda before, n: webhooks.page(tx, door.caller, before=before, limit=n),
            lambda rows: [_view(row, tx) for row in rows],
            lambda row: row.id,
        )
    )


@router.post("", status_code=201, response_model=NewSecretView, summary="Register a webhook")
def register(body: WebhookBody, door: Admin) -> Response:
    """By an admin. It hears of what happens from now on; the secret that verifies it is shown once."""
    with door.refusals():
        webhooks.require_admin(door.caller)
    webhooks.require_reachable(door.house.poster, body.url)

    def change(tx: Tx) -> NewSecretView:
        row, secret = webhooks.register(tx, door.caller, url=body.url, events=body.events)
        return NewSecretView(**_view(row, tx).model_dump(), secret=secret)

    return door.write(change, status=201, secret=True)


@router.get("/{webhook_id}", response_model=WebhookView, summary="Show one")
def show(webhook_id: WebhookId, door: ReadWebhooks) -> Response:
    """A webhook. By an admin."""
    return door.read(lambda tx: _view(webhooks.get(tx, door.caller, webhook_id), tx))


@router.patch("/{webhook_id}", response_model=WebhookView, summary="Change one, turn it on or off")
def patch(webhook_id: WebhookId, body: WebhookPatch, door: Admin, if_match: IfMatch = None) -> Response:
    """Its owner's; any admin can turn it off. What waits is let go of then, and what happens meanwhile is not sent."""
    with door.refusals():
        webhooks.require_admin(door.caller)
    if body.url is not None:
        webhooks.require_reachable(door.house.poster, body.url)

    def change(tx: Tx) -> WebhookView:
        row = webhooks.get(tx, door.caller, webhook_id, lock=True)
        if if_match is not None and not {"*", f'"{row.version}"'} & {tag.strip() for tag in if_match.split(",")}:
            raise PreconditionFailed("The webhook changed since you read it; read it again.")
        wanted = webhooks.Changes(url=body.url, events=body.events, enabled=body.enabled)
        webhooks.change(tx, door.caller, row, wanted)
        return _view(row, tx)

    return door.write(change)


@router.delete("/{webhook_id}", status_code=204, response_class=Response, summary="Delete one")
def delete(webhook_id: WebhookId, door: Admin) -> Response:
    """With its log. By any admin."""
    return door.write(lambda tx: webhooks.delete(tx, door.caller, webhook_id), status=204)


@router.post("/{webhook_id}/rotate", response_model=NewSecretView, summary="Get a new secret")
def rotate(webhook_id: WebhookId, door: Admin) -> Response:
    """By its owner. For a day the old one signs as well, so that receivers can be changed without a gap."""

    def change(tx: Tx) -> NewSecretView:
        row, secret = webhooks.rotate(tx, door.caller, webhook_id)
        return NewSecretView(**_view(row, tx).model_dump(), secret=secret)

    return door.write(change, secret=True)


@router.post("/{webhook_id}/ping", status_code=202, response_model=DeliveryView, summary="Send it a ping")
def ping(webhook_id: WebhookId, door: Admin) -> Response:
    """An event `webhook.ping`, whatever it asked to hear. By an admin."""
    return door.write(lambda tx: _delivery(webhooks.ping(tx, door.caller, webhook_id)), status=202)


@router.get("/{webhook_id}/deliveries", response_model=Page[DeliveryView], summary="List what was sent to it")
def list_deliveries(
    webhook_id: WebhookId, door: ReadWebhooks, limit: Limit = 50, cursor: CursorText = None
) -> Response:
    """Newest first, for 30 days. By an admin. Of the answers only their status is kept."""

    def look(tx: Tx) -> Page[DeliveryView]:
        row = webhooks.get(tx, door.caller, webhook_id)
        return paging.page(
            door,
            Page[DeliveryView],
            {"webhook": row.id},
            cursor,
            limit,
            lambda before, n: webhook_deliveries.page(tx, row.id, before=before, limit=n),
            lambda rows: [_delivery(one) for one in rows],
            lambda one: one.id,
        )

    return door.read(look)


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/resend",
    status_code=202,
    response_model=DeliveryView,
    summary="Send something again",
)
def resend(webhook_id: WebhookId, delivery_id: DeliveryId, door: Admin) -> Response:
    """Under the same `webhook-id`, with a day of tries before it again. By an admin."""
    return door.write(lambda tx: _delivery(webhooks.resend(tx, door.caller, webhook_id, delivery_id)), status=202)


def _view(row: Webhook, tx: Tx) -> WebhookView:
    old_ends_at = row.before_ends_at if row.before_ends_at and row.before_ends_at > tx.now else None
    return WebhookView(
        id=row.id,
        owner=row.owner,
        url=row.url,
        events=row.events,
        enabled=row.disabled_at is None,
        disabled_at=row.disabled_at,
        disabled_why=row.disabled_why,
        failing_since=row.failing_since,
        old_secret_ends_at=old_ends_at,
        created_at=row.created_at,
        version=row.version,
    )


def _delivery(row: WebhookDelivery) -> DeliveryView:
    return DeliveryView(
        id=row.id,
        type=row.type,
        audit_seq=row.event_seq,
        state=row.state,
        attempts=[AttemptView.model_validate(tried) for tried in row.attempts],
        created_at=row.created_at,
        next_attempt_at=row.due_at,
        done_at=row.done_at,
    )
