"""What is to be sent to webhooks: rows made from audit events, pings, and what is sent again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app import upserts
from app.db import Tx
from app.domain import webhook_events, webhooks
from app.domain.webhook_events import TOLD
from app.domain.webhooks import DeliveryState
from app.domain.words import Role, UserState
from app.models import AccessRequest, User, Webhook, WebhookDelivery, columns, new_id
from app.services.following import Event

_hooks, _users, _deliveries = columns(Webhook), columns(User), columns(WebhookDelivery)
_requests = columns(AccessRequest)
ACTIVE = _hooks.c.disabled_at.is_(None)
OWNED = _hooks.join(_users, _users.c.name == _hooks.c.owner)
OWNER = (_users.c.state.label("owner_state"), _users.c.roles.label("owner_roles"), _users.c.owner.label("owner_owner"))
_HEARING = (
    sa.select(_hooks.c.id, _hooks.c.events, _hooks.c.since_seq, *OWNER)
    .select_from(OWNED)
    .where(ACTIVE)
    .order_by(_hooks.c.id)
    # Nobody deletes one while rows for it are written.
    .with_for_update(read=True, key_share=True, of=_hooks)
)
_OF_EVENTS = sa.select(
    _requests.c.id, _requests.c.kind, _requests.c.account, _requests.c.requester, _requests.c.user, _requests.c.change
).where(_requests.c.id.in_(sa.bindparam("ids", expanding=True)))


def owner_may(row: Any) -> bool:
    """Whether whoever a webhook belongs to may still hear everything: an active person who is an admin."""
    return row.owner_state == UserState.ACTIVE and Role.ADMIN in row.owner_roles and row.owner_owner is None


def note(tx: Tx, events: Sequence[Event]) -> None:
    """Write down what webhooks are to hear of these events. For a follower of the audit."""
    told = [(event, TOLD[event.event]) for event in events if event.event in TOLD]
    if not told:
        return
    hearing = [row for row in tx.session.connection().execute(_HEARING) if owner_may(row)]
    if not hearing:
        return
    asked = _of_events(tx, {event.access_request_id for event, _ in told} - {None})
    rows: list[dict[str, Any]] = []
    for event, how in told:
        wanted = [h for h in hearing if event.seq > h.since_seq and webhook_events.heard(h.events, how.type)]
        if wanted:
            request = asked.get(event.access_request_id or "")
            data = webhook_events.data(how, event.data, actor=event.actor, user=event.subject, access_request=request)
            payload = webhooks.body(how.type, event.at, data)
            rows += [_row(hook.id, how.type, payload, tx.now, event.seq) for hook in wanted]
    if rows:
        upserts.insert_new(tx.session.connection(), _deliveries, rows, by=("webhook_id", "event_seq"))


def ping(tx: Tx, hook: Webhook) -> WebhookDelivery:
    """Send one that says nothing, to see whether it arrives."""
    payload = webhooks.body(webhook_events.PING, tx.now, {"webhook_id": hook.id})
    row = WebhookDelivery(**_row(hook.id, webhook_events.PING, payload, tx.now, None))
    tx.session.add(row)
    tx.session.flush()
    return row


def again(tx: Tx, row: WebhookDelivery) -> None:
    """Send it now, under the same id, with a day of tries before it."""
    row.state, row.due_at, row.done_at = DeliveryState.WAITING, tx.now, None
    row.failures, row.gives_up_at = 0, tx.now + webhooks.GIVEN_UP_AFTER


def find(tx: Tx, webhook_id: str, delivery_id: str, *, lock: bool = False) -> WebhookDelivery | None:
    """One of a webhook's."""
    query = select(WebhookDelivery).where(
        col(WebhookDelivery.id) == delivery_id, col(WebhookDelivery.webhook_id) == webhook_id
    )
    return tx.session.scalars(query.with_for_update() if lock else query).one_or_none()


def page(tx: Tx, webhook_id: str, *, before: str | None, limit: int) -> list[WebhookDelivery]:
    """What was sent to it and is to be, newest first."""
    query = select(WebhookDelivery).where(col(WebhookDelivery.webhook_id) == webhook_id)
    if before is not None:
        query = query.where(col(WebhookDelivery.id) < before)
    return list(tx.session.scalars(query.order_by(col(WebhookDelivery.id).desc()).limit(limit)))


def drop_waiting(tx: Tx, webhook_id: str) -> None:
    """Send nothing of what waits; it can be sent again by hand."""
    waiting = _deliveries.c.webhook_id == webhook_id, _deliveries.c.state == DeliveryState.WAITING
    ended = {"state": DeliveryState.FAILED, "due_at": None, "done_at": tx.now}
    tx.session.connection().execute(sa.update(_deliveries).where(*waiting).values(**ended))


def delete_all(tx: Tx, webhook_id: str) -> None:
    """Forget what was sent to it."""
    tx.session.connection().execute(sa.delete(_deliveries).where(_deliveries.c.webhook_id == webhook_id))


def _row(webhook_id: str, type_: str, payload: str, now: datetime, seq: int | None) -> dict[str, Any]:
    return {
        "id": new_id(),
        "webhook_id": webhook_id,
        "event_seq": seq,
        "type": type_,
        "payload": payload,
        "state": DeliveryState.WAITING,
        "due_at": now,
        "claims": 0,
        "failures": 0,
        "attempts": [],
        "gives_up_at": now + webhooks.GIVEN_UP_AFTER,
        "created_at": now,
    }


def _of_events(tx: Tx, ids: Iterable[str | None]) -> dict[str, dict[str, Any]]:
    """What each request is."""
    rows = tx.session.connection().execute(_OF_EVENTS, {"ids": sorted(id_ for id_ in ids if id_)})
    return {
        row.id: {
            "access_request_id": row.id,
            "kind": row.kind,
            "account": row.account,
            "requester": row.requester,
            **{name: value for name in ("group", "name") if isinstance(value := row.change.get(name), str)},
        }
        for row in rows
    }
