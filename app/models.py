"""Every table. Tables are storage: they do not validate; bodies and views are separate schemas.

Names of people and groups are keys: they never change and a deleted one is never used again (rule 2).
"""

import datetime as dt
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
import uuid_utils
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel

from app.domain.states import DecisionState, GrantState, Provisioning, RequestState
from app.domain.words import Channel, UserState, Verdict

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def new_id() -> str:
    """A UUIDv7 as text: it sorts by time, so it is the key of keyset pages as well."""
    return str(uuid_utils.uuid7())


def _by_value(enum: type[StrEnum]) -> TypeEngine[Any]:
    """Store the value and not the name; refuse an unknown one before the database sees it."""
    return sa.Enum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=32,
        validate_strings=True,
        values_callable=lambda members: [m.value for m in members],
    )


def columns(model: type[SQLModel]) -> sa.Table:
    """The bare table: statements on it skip the ORM, whose building and looking up costs most of a short query."""
    found: sa.Table = model.__table__  # type: ignore[attr-defined] # SQLModel does not declare it
    return found


class Account(SQLModel, table=True):
    """An AWS account that Gatehouse reaches. Filled by `gatehouse setup`."""

    name: str = Field(primary_key=True)
    aws_account_id: str | None = None
    partition: str = "aws"
    setup_at: dt.datetime | None = None


class User(SQLModel, table=True):
    """A lab member or a service."""

    __tablename__ = "lab_user"

    id: str = Field(default_factory=new_id, unique=True)
    name: str = Field(primary_key=True)
    name_key: str = Field(unique=True)
    email: str
    email_key: str = Field(unique=True)
    roles: list[str] = Field(sa_type=sa.JSON)
    state: UserState = Field(default=UserState.ACTIVE, sa_type=_by_value(UserState))
    owner: str | None = Field(default=None, foreign_key="lab_user.name")
    is_owner: bool = False
    verified: bool = False
    enrolled_by: str | None = None
    enrolled_at: dt.datetime | None = None
    created_at: dt.datetime
    version: int = 1


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
    version: int = 1


class AccessRequest(SQLModel, table=True):
    """The wish for one change, with its ruling and its plan."""

    __tablename__ = "access_request"
    __table_args__ = (
        sa.Index("ix_access_request_user_id", "user", "id"),
        sa.Index("ix_access_request_requester_id", "requester", "id"),
        sa.Index("ix_access_request_kind_id", "kind", "id"),
        sa.Index("ix_access_request_decision_id", "decision", "id"),
        sa.Index("ix_access_request_provisioning_id", "provisioning", "id"),
        sa.Index("ix_access_request_due_at", "due_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    account: str
    user: str = Field(foreign_key="lab_user.name")
    requester: str = Field(foreign_key="lab_user.name")
    change: dict[str, Any] = Field(sa_type=sa.JSON)
    reason: str
    duration_seconds: int | None = None
    starts_at: dt.datetime | None = None
    extends: str | None = None
    decision: DecisionState = Field(default=DecisionState.PENDING, sa_type=_by_value(DecisionState))
    provisioning: Provisioning = Field(default=Provisioning.NONE, sa_type=_by_value(Provisioning))
    same_change: str | None = Field(default=None, unique=True)
    """What a second pending request for the same change would share; empty once decided."""
    ruling: dict[str, Any] = Field(sa_type=sa.JSON)
    rules_asked: dict[str, Any] = Field(sa_type=sa.JSON)
    plan: dict[str, Any] = Field(sa_type=sa.JSON)
    plan_digest: str
    grant_ids: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    failure: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    voids: int = 0
    attempts: int = 0
    due_at: dt.datetime | None = None
    created_at: dt.datetime
    lapses_at: dt.datetime
    decided_at: dt.datetime | None = None
    applied_at: dt.datetime | None = None
    version: int = 1

    @property
    def state(self) -> RequestState:
        """Both axes at once."""
        return RequestState(self.decision, self.provisioning)


class RequestGroup(SQLModel, table=True):
    """The groups that a request names, for `?group=` and for who may see it."""

    __tablename__ = "access_request_group"

    group: str = Field(primary_key=True, foreign_key="lab_group.name")
    access_request_id: str = Field(primary_key=True, foreign_key="access_request.id")


class Decision(SQLModel, table=True):
    """One approver's approve or deny. What became void stays, marked."""

    __table_args__ = (
        sa.Index("ix_decision_access_request_id", "access_request_id"),
        sa.Index(
            "uq_decision_standing",
            "access_request_id",
            "approver",
            unique=True,
            sqlite_where=sa.text("void IS NULL"),
            postgresql_where=sa.text("void IS NULL"),
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    access_request_id: str = Field(foreign_key="access_request.id")
    approver: str
    verdict: Verdict = Field(sa_type=_by_value(Verdict))
    comment: str | None = None
    plan_digest: str
    channel: Channel = Field(sa_type=_by_value(Channel))
    at: dt.datetime
    void: str | None = None


class Grant(SQLModel, table=True):
    """Access that a carried-out request gave, with a start and usually an end."""

    __tablename__ = "access_grant"
    __table_args__ = (
        sa.Index("ix_access_grant_user_group", "user", "group"),
        sa.Index("ix_access_grant_group_id", "group", "id"),
        sa.Index("ix_access_grant_state_id", "state", "id"),
        sa.Index("ix_access_grant_due_at", "due_at"),
        sa.Index("ix_access_grant_access_request_id", "access_request_id"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    access_request_id: str = Field(foreign_key="access_request.id")
    account: str
    user: str = Field(foreign_key="lab_user.name")
    group: str = Field(foreign_key="lab_group.name")
    state: GrantState = Field(default=GrantState.SCHEDULED, sa_type=_by_value(GrantState))
    duration_seconds: int
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    end_reason: str | None = None
    ended_by: str | None = None
    continued_by: str | None = None
    failure: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    attempts: int = 0
    due_at: dt.datetime | None = None
    created_at: dt.datetime
    version: int = 1


class Sighting(SQLModel, table=True):
    """What Gatehouse last saw of a user, a group or the boundary in an account."""

    account: str = Field(primary_key=True)
    what: str = Field(primary_key=True)
    """`user`, `group` or `boundary`."""
    name: str = Field(primary_key=True)
    state: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    seen_at: dt.datetime


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
    created_at: dt.datetime
    expires_at: dt.datetime
    used_at: dt.datetime | None = None
    replaced_at: dt.datetime | None = None


class IdempotencyKey(SQLModel, table=True):
    """The first answer to a POST, for its repeats."""

    __tablename__ = "idempotency_key"

    owner: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    status: int | None = None
    body: str | None = None
    created_at: dt.datetime = Field(index=True)


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
