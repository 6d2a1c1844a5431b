"""The registered accounts."""

from sqlmodel import col, select

from app.db import Tx
from app.models import Account


def listed(tx: Tx, *, before: str | None, limit: int) -> list[Account]:
    """Accounts, by name."""
    query = select(Account).order_by(col(Account.name)).limit(limit)
    if before is not None:
        query = query.where(col(Account.name) > before)
    return list(tx.session.scalars(query))
