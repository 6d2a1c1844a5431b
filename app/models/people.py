"""Users, groups, and what lets somebody in."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.domain.words import UserState
from app.models.base import by_value, new_id

IS_ADMIN = "CAST(roles AS VARCHAR) LIKE '%\"admin\"%'"
"""Roles are a short JSON list of closed words; the quotes keep one word from matching inside another.

As text, since an index is used only where a statement says exactly this.
"""


class User(SQLModel, table=True):
    """A lab member or a service."""

    __tablename__ = "lab_user"
    __table_args__ = (
        sa.Index("ix_lab_user_admins", "name", sqlite_where=sa.text(IS_ADMIN), postgresql_where=sa.text(IS_ADMIN)),
    )

    id: str = Field(default_factory=new_id, unique=True)
    name: str = Field(primary_key=True)
    name_key: str = Field(unique=True)
    email: str
    email_key: str = Field(unique=True)
    roles: list[str] = Field(sa_type=sa.JSON)
    state: UserState = Field(default=UserState.ACTIVE, sa_type=by_value(UserState))
    owner: str | None = Field(default=None, foreign_key="lab_user.name")
    is_owner: bool = False
    verified: bool = False
    enrolled_by: str | None = None
    enrolled_at: dt.datetime | None = None
    created_at: dt.datetime
    version: int = 1


def _none() -> list[str]:
    return []


class Suspension(SQLModel, table=True):
    """What was taken from somebody who is suspended or being deleted, written down before it is taken (rule 24)."""

    account: str = Field(primary_key=True)
    user: str = Field(primary_key=True, foreign_key="lab_user.name")
    access_request_id: str
    keys: list[str] = Field(default_factory=_none, sa_type=sa.JSON)
    login: bool = False
    devices: list[str] = Field(default_factory=_none, sa_type=sa.JSON)
    complete: bool = False
    taken_at: dt.datetime


class Group(SQLModel, table=True):
    """An IAM group that Gatehouse manages, with its approval rule."""

    __tablename__ = "lab_group"

    name: str = Field(primary_key=True)
    name_key: str = Field(unique=True)
    description: str
    path: str
    policies: list[str] = Field(sa_type=sa.JSON)
    rule: dict[str, Any] = Field(sa_type=sa.JSON)
    created_at: dt.datetime
    deleted_at: dt.datetime | None = None
    """Kept, so that what was given by it stays readable. Its name is never used again."""
    version: int = 1


class Token(SQLModel, table=True):
    """An API token; only its SHA-256 is kept."""

    id: str = Field(default_factory=new_id, primary_key=True)
    owner: str = Field(foreign_key="lab_user.name", index=True)
    name: str
    sha256: str = Field(unique=True)
    scopes: list[str] = Field(sa_type=sa.JSON)
    origin: str
    created_at: dt.datetime
    expires_at: dt.datetime
    revoked_at: dt.datetime | None = None


class Enrolment(SQLModel, table=True):
    """A one-time code that becomes a token; only its SHA-256 is kept."""

    id: str = Field(default_factory=new_id, primary_key=True)
    user: str = Field(foreign_key="lab_user.name", index=True)
    sha256: str = Field(unique=True)
    handed_out_by: str | None = None
    """The admin who got the code to pass on; empty for `gatehouse recover`."""
    recovery: bool = False
    access_request_id: str | None = Field(default=None, index=True, unique=True)
    """The `user.enrol` that allowed it, for somebody who was enrolled already; it allows one."""
    created_at: dt.datetime
    expires_at: dt.datetime
    used_at: dt.datetime | None = None
    replaced_at: dt.datetime | None = None
