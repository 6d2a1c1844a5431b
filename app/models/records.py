"""The audit, what it was found to lack, and the answers that are given again."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.models.base import new_id


class AuditEvent(SQLModel, table=True):
    """One link of the audit chain. `body` is what the chain is computed over; the rest is for filters."""

    __tablename__ = "audit_event"
    __table_args__ = (
        sa.Index("ix_audit_event_event_seq", "event", "seq"),
        sa.Index("ix_audit_event_actor_seq", "actor", "seq"),
        sa.Index("ix_audit_event_subject_seq", "subject", "seq"),
        sa.Index("ix_audit_event_access_request_id_seq", "access_request_id", "seq"),
    )

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    event: str
    actor: str
    subject: str | None = None
    access_request_id: str | None = None
    at: dt.datetime
    body: str
    mac: str


class AuditHead(SQLModel, table=True):
    """The end of the chain; one row, locked last in every transaction (rule 36)."""

    __tablename__ = "audit_head"

    id: int = Field(primary_key=True)
    seq: int
    mac: str


class Follower(SQLModel, table=True):
    """How far somebody who reads the audit as it grows has come: everything up to `seq` was handled."""

    name: str = Field(primary_key=True)
    seq: int


class Restoration(SQLModel, table=True):
    """The database was found to be older than it was, or another one (rule 38). Open until it is confirmed."""

    id: str = Field(default_factory=new_id, primary_key=True)
    why: str
    noticed_at: dt.datetime
    head_seq: int
    anchor_seq: int | None = None
    anchor_at: dt.datetime | None = None
    report: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    first_confirmed_by: str | None = None
    first_confirmed_at: dt.datetime | None = None
    first_comment: str | None = None
    confirmed_by: str | None = None
    confirmed_at: dt.datetime | None = None
    comment: str | None = None


class IdempotencyKey(SQLModel, table=True):
    """The first answer to a POST, for its repeats."""

    __tablename__ = "idempotency_key"

    owner: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    status: int | None = None
    body: str | None = None
    created_at: dt.datetime = Field(index=True)
