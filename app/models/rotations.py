"""Access keys on their way out."""

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.domain.rotations import Outcome, RotationState
from app.models.base import by_value, new_id


class KeyRotation(SQLModel, table=True):
    """What remains of an `access_key.rotate` once the new key is there: one row for each request, by key ids."""

    __tablename__ = "key_rotation"
    __table_args__ = (
        sa.Index("ix_key_rotation_due_at", "due_at"),
        sa.Index("ix_key_rotation_user_id", "user", "id"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    access_request_id: str = Field(foreign_key="access_request.id", unique=True)
    account: str
    user: str = Field(foreign_key="lab_user.name")
    old_key_id: str
    new_key_id: str
    state: RotationState = Field(default=RotationState.WAITING, sa_type=by_value(RotationState))
    unused_since: dt.datetime | None = None
    outcome: Outcome | None = Field(default=None, sa_type=by_value(Outcome))
    ended_at: dt.datetime | None = None
    attempts: int = 0
    due_at: dt.datetime | None = None
    created_at: dt.datetime
    version: int = 1
