"""Tidying up: what is kept only for a time goes when its time is over."""

from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import col

from app.db import Database
from app.models import IdempotencyKey
from app.services import notices, secrets

ANSWERS_KEPT = timedelta(days=1)
"""How long a repeated POST gets its first answer again."""


def tidy(database: Database) -> None:
    """Delete answers that are too old to be asked for again, and secrets that waited too long."""
    with database.write() as tx:
        secrets.erase_expired(tx)
        notices.forget_old(tx)
        tx.session.execute(sa.delete(IdempotencyKey).where(col(IdempotencyKey.created_at) < tx.now - ANSWERS_KEPT))
