"""Webhooks, and what is sent to them."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.domain.webhooks import DeliveryState, Disabled
from app.models.base import by_value, new_id


def _none() -> list[Any]:
    return []


class Webhook(SQLModel, table=True):
    """An address that hears what happens. Its secrets are sealed under its id."""

    __table_args__ = (sa.Index("ix_webhook_disabled_at", "disabled_at"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    owner: str = Field(foreign_key="lab_user.name")
    url: str
    events: list[str] = Field(sa_type=sa.JSON)
    sealed: bytes
    sealed_before: bytes | None = None
    before_ends_at: dt.datetime | None = None
    since_seq: int
    """What the audit had before it began; it hears of what came after."""
    failing_since: dt.datetime | None = None
    disabled_at: dt.datetime | None = None
    disabled_why: Disabled | None = Field(default=None, sa_type=by_value(Disabled))
    created_at: dt.datetime
    version: int = 1


class WebhookDelivery(SQLModel, table=True):
    """One event for one webhook. `due_at` is there while it waits; `claims` tells one try from the next."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        sa.UniqueConstraint("webhook_id", "event_seq"),
        sa.Index("ix_webhook_delivery_due_at", "due_at"),
        sa.Index("ix_webhook_delivery_webhook_id_due_at", "webhook_id", "due_at"),
        sa.Index("ix_webhook_delivery_webhook_id_id", "webhook_id", "id"),
        sa.Index("ix_webhook_delivery_created_at", "created_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    webhook_id: str = Field(foreign_key="webhook.id")
    event_seq: int | None = None
    """The audit event it tells of; none for a ping."""
    type: str
    payload: str
    state: DeliveryState = Field(default=DeliveryState.WAITING, sa_type=by_value(DeliveryState))
    due_at: dt.datetime | None = None
    claims: int = 0
    failures: int = 0
    attempts: list[dict[str, Any]] = Field(default_factory=_none, sa_type=sa.JSON)
    gives_up_at: dt.datetime
    created_at: dt.datetime
    done_at: dt.datetime | None = None
