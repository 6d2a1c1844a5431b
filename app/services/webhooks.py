"""Webhooks: registering, changing, turning on and off. Admins only, since their events disclose everything.

Any admin sees all of them and can turn one off or delete it. What it hears, where it goes and its secret are its
owner's: whoever could change these of another's would hear or say what that one is trusted with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.clients.webhooks import Poster
from app.db import Tx
from app.domain import endpoints, webhooks
from app.domain.actors import SYSTEM_ACTOR, Actor, Caller
from app.domain.webhooks import DeliveryState, Disabled
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.models import AuditHead, Webhook, WebhookDelivery, new_id
from app.services import audit, following, webhook_deliveries

FOLLOWER = "webhooks"
MOST = 20
"""Webhooks in all. Each has a thread of its own while it has something to send, so that a slow one delays no other."""

_HEAD = sa.select(col(AuditHead.seq))
_COUNT = sa.select(sa.func.count()).select_from(Webhook)
_WHOLE = sa.select(col(Webhook.id)).where(col(Webhook.id) == sa.bindparam("id")).with_for_update()
_ANY = sa.select(col(Webhook.id)).where(webhook_deliveries.ACTIVE).limit(1)


@dataclass(frozen=True)
class Changes:
    """What is to be different; None stays."""

    url: str | None = None
    events: Sequence[str] | None = None
    enabled: bool | None = None


def require_admin(caller: Caller) -> None:
    """Refuse everybody else."""
    if not caller.is_admin:
        raise Forbidden("Webhooks hear everything, so only admins have them.", code="admin_only")


def require_reachable(poster: Poster, url: str) -> None:
    """Refuse an address that nothing would be sent to. Asks the resolver, so it is called outside any transaction.

    A name that cannot be resolved now is let through: it may be there tomorrow, and is checked at each try anyway.
    """
    why = poster.why_not(endpoints.parse(url))
    if why == "not_https":
        raise Invalid("Write https://; plain http is for networks that the settings open.", code="address_refused")
    if why is not None:
        text = f"Nothing is sent to this address ({why}). Name one that is public, or have its network opened."
        raise Invalid(text, code="address_refused")


def register(tx: Tx, caller: Caller, *, url: str, events: Sequence[str]) -> tuple[Webhook, str]:
    """Make one. The secret is answered once and kept sealed."""
    require_admin(caller)
    since = _begin(tx)  # first, since it lets only one at a time count them
    if tx.session.connection().execute(_COUNT).scalar_one() >= MOST:
        raise Conflict(f"There are {MOST} webhooks; delete one first.", code="too_many_webhooks")
    secret, id_ = webhooks.new_secret(), new_id()
    row = Webhook(
        id=id_,
        owner=caller.name,
        url=str(endpoints.parse(url)),
        events=_once(events),
        sealed=tx.terms.vault.seal(id_, secret),
        since_seq=since,
        created_at=tx.now,
    )
    tx.session.add(row)
    tx.session.flush()
    _record(tx, "webhook.registered", row, by=caller, events=row.events)
    return row, secret


def get(tx: Tx, caller: Caller, webhook_id: str, *, lock: bool = False) -> Webhook:
    """One of them."""
    require_admin(caller)
    query = select(Webhook).where(col(Webhook.id) == webhook_id)
    # FOR NO KEY UPDATE: rows for it can still be written meanwhile.
    found = tx.session.scalars(query.with_for_update(key_share=True) if lock else query).one_or_none()
    if found is None:
        raise NotFound("There is no such webhook.", code="webhook_not_found")
    return found


def page(tx: Tx, caller: Caller, *, before: str | None, limit: int) -> list[Webhook]:
    """All of them, newest first."""
    require_admin(caller)
    query = select(Webhook)
    if before is not None:
        query = query.where(col(Webhook.id) < before)
    return list(tx.session.scalars(query.order_by(col(Webhook.id).desc()).limit(limit)))


def change(tx: Tx, caller: Caller, row: Webhook, wanted: Changes) -> None:
    """Change what it hears, where it goes, or whether it is on."""
    if wanted.url is not None or wanted.events is not None or wanted.enabled:
        _require_own(caller, row)
    if wanted.url is not None:
        row.url = str(endpoints.parse(wanted.url))
    if wanted.events is not None:
        row.events = _once(wanted.events)
    if wanted.url is not None or wanted.events is not None:
        row.version += 1
        _record(tx, "webhook.changed", row, by=caller, events=row.events)
    if wanted.enabled and row.disabled_at is not None:
        row.since_seq = _begin(tx)  # it hears of what happens from now on
        row.disabled_at, row.disabled_why, row.failing_since = None, None, None
        row.version += 1
        _record(tx, "webhook.enabled", row, by=caller)
    elif wanted.enabled is False:
        disable(tx, row, Disabled.BY_HAND, by=caller)
    tx.session.flush()


def disable(tx: Tx, row: Webhook, why: Disabled, *, by: Actor = SYSTEM_ACTOR) -> None:
    """Turn it off, and let go of what waits. Its owner is told by whoever follows the audit.

    Args:
        row: Locked.
    """
    if row.disabled_at is not None:
        return
    row.disabled_at, row.disabled_why, row.version = tx.now, why, row.version + 1
    tx.session.flush()
    webhook_deliveries.drop_waiting(tx, row.id)
    _record(tx, "webhook.disabled", row, by=by, why=why)


def delete(tx: Tx, caller: Caller, webhook_id: str) -> None:
    """Delete it with its log."""
    require_admin(caller)
    tx.session.execute(_WHOLE, {"id": webhook_id})  # whoever writes rows for it is waited for
    row = get(tx, caller, webhook_id)
    webhook_deliveries.delete_all(tx, row.id)
    tx.session.delete(row)
    tx.session.flush()
    _record(tx, "webhook.deleted", row, by=caller)


def rotate(tx: Tx, caller: Caller, webhook_id: str) -> tuple[Webhook, str]:
    """A new secret, answered once. The one before signs as well for a day; one before that not any more."""
    row = get(tx, caller, webhook_id, lock=True)
    _require_own(caller, row)
    secret = webhooks.new_secret()
    row.sealed_before, row.before_ends_at = row.sealed, tx.now + webhooks.ROTATION
    row.sealed, row.version = tx.terms.vault.seal(row.id, secret), row.version + 1
    tx.session.flush()
    _record(tx, "webhook.secret_rotated", row, by=caller, old_ends_at=row.before_ends_at.isoformat())
    return row, secret


def ping(tx: Tx, caller: Caller, webhook_id: str) -> WebhookDelivery:
    """Send it one that says nothing."""
    row = _on(get(tx, caller, webhook_id, lock=True))
    made = webhook_deliveries.ping(tx, row)
    _record(tx, "webhook.pinged", row, by=caller, delivery_id=made.id)
    return made


def resend(tx: Tx, caller: Caller, webhook_id: str, delivery_id: str) -> WebhookDelivery:
    """Send something again, whatever became of it."""
    row = _on(get(tx, caller, webhook_id, lock=True))
    found = webhook_deliveries.find(tx, row.id, delivery_id, lock=True)
    if found is None:
        raise NotFound("This webhook has no such delivery (any more).", code="delivery_not_found")
    if found.state == DeliveryState.WAITING and found.due_at is not None and found.due_at <= tx.now:
        return found
    webhook_deliveries.again(tx, found)
    tx.session.flush()
    _record(tx, "webhook.resent", row, by=caller, delivery_id=found.id)
    return found


def _on(row: Webhook) -> Webhook:
    if row.disabled_at is not None:
        raise Conflict("This webhook is off; turn it on first.", code="webhook_disabled")
    return row


def _require_own(caller: Caller, row: Webhook) -> None:
    if caller.name != row.owner:
        text = f"This webhook is {row.owner}'s: you can turn it off or delete it, and make one of your own."
        raise Forbidden(text, code="not_your_webhook")


def _begin(tx: Tx) -> int:
    """Let the follower begin, and say what happened before."""
    alone = tx.session.connection().execute(_ANY).first() is None
    following.begin(tx, FOLLOWER, at_the_head=alone)
    return tx.session.connection().execute(_HEAD).scalar() or 0


def _once(events: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(events))


def _record(tx: Tx, event: str, row: Webhook, *, by: Actor, **data: Any) -> None:
    """The host says where it goes; a path may hold what only the two ends know."""
    host = endpoints.parse(row.url).host
    audit.record(tx, event, by=by, subject=row.owner, webhook_id=row.id, host=host, **data)
