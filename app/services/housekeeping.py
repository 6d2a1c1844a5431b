"""Tidying up: what is kept only for a time goes when its time is over."""

from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import col

from app.db import Database
from app.models import IdempotencyKey, Webhook, WebhookDelivery
from app.services import notices, secrets

ANSWERS_KEPT = timedelta(days=1)
"""How long a repeated POST gets its first answer again."""
DELIVERIES_KEPT = timedelta(days=30)
"""How long what was sent to a webhook can be looked up and sent again."""


def tidy(database: Database) -> None:
    """Delete answers that are too old to be asked for again, secrets that waited too long, and what webhooks got."""
    with database.write() as tx:
        secrets.erase_expired(tx)
        notices.forget_old(tx)
        tx.session.execute(sa.delete(IdempotencyKey).where(col(IdempotencyKey.created_at) < tx.now - ANSWERS_KEPT))
        old = col(WebhookDelivery.created_at) < tx.now - DELIVERIES_KEPT
        tx.session.execute(sa.delete(WebhookDelivery).where(old, col(WebhookDelivery.due_at).is_(None)))
        over = sa.update(Webhook).where(col(Webhook.before_ends_at) < tx.now)
        tx.session.execute(over.values(sealed_before=None, before_ends_at=None))
