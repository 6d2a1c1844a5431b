"""Passwords and keys that wait for their user."""

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.domain.credentials import SecretKind
from app.models.base import by_value, new_id


def _none() -> list[str]:
    return []


class Secret(SQLModel, table=True):
    """One secret of one user, from before it is made until it was collected or is over.

    `sealed` is the ciphertext, erased when it is over. `ready_at` is when IAM, read back, showed what it opens.
    """

    __table_args__ = (
        sa.Index("ix_secret_user_id", "user", "id"),
        sa.Index("ix_secret_access_request_id", "access_request_id"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: SecretKind = Field(sa_type=by_value(SecretKind))
    account: str
    user: str = Field(foreign_key="lab_user.name")
    access_request_id: str = Field(foreign_key="access_request.id")
    sealed: bytes | None = None
    key_id: str | None = None
    keys_before: list[str] = Field(default_factory=_none, sa_type=sa.JSON)
    created_at: dt.datetime
    made_at: dt.datetime | None = None
    ready_at: dt.datetime | None = None
    expires_at: dt.datetime | None = None
    collected_at: dt.datetime | None = None
    over_at: dt.datetime | None = None
