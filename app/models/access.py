"""Requests for access, decisions on them, and the grants they gave."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.domain.access import Access, place
from app.domain.states import DecisionState, GrantState, Provisioning, RequestState
from app.domain.words import Channel, Origin, Verdict
from app.models.base import by_value, new_id


def _none_yet() -> list[str]:
    # Not `list` itself: pydantic parses the signature of a builtin anew for each row (measured: 0.4 ms).
    return []


_STANDS_IMPORTED = "origin = 'imported' AND state <> 'revoked'"
"""Two imports at once find the same; only one of them writes it down."""


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
    decision: DecisionState = Field(default=DecisionState.PENDING, sa_type=by_value(DecisionState))
    provisioning: Provisioning = Field(default=Provisioning.NONE, sa_type=by_value(Provisioning))
    same_change: str | None = Field(default=None, unique=True)
    """What a second pending request for the same change would share; empty once decided."""
    ruling: dict[str, Any] = Field(sa_type=sa.JSON)
    rules_asked: dict[str, Any] = Field(sa_type=sa.JSON)
    plan: dict[str, Any] = Field(sa_type=sa.JSON)
    plan_digest: str
    grant_ids: list[str] = Field(default_factory=_none_yet, sa_type=sa.JSON)
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
    verdict: Verdict = Field(sa_type=by_value(Verdict))
    comment: str | None = None
    plan_digest: str
    channel: Channel = Field(sa_type=by_value(Channel))
    at: dt.datetime
    void: str | None = None


class Grant(SQLModel, table=True):
    """Access that a carried-out request gave, with a start and an end.

    Either membership of a group, or an inline policy of the user's own. One that was imported has neither request nor
    duration nor end. A review of what the first import found is over the imported ones: nothing else makes any.
    """

    __tablename__ = "access_grant"
    __table_args__ = (
        sa.CheckConstraint('("group" IS NULL) <> (policy IS NULL)', name="one_access"),
        sa.Index("ix_access_grant_user_group", "user", "group"),
        sa.Index("ix_access_grant_group_id", "group", "id"),
        sa.Index("ix_access_grant_state_id", "state", "id"),
        sa.Index("ix_access_grant_due_at", "due_at"),
        sa.Index("ix_access_grant_access_request_id", "access_request_id"),
        sa.Index(
            "uq_access_grant_imported",
            "account",
            "user",
            "group",
            unique=True,
            sqlite_where=sa.text(_STANDS_IMPORTED),
            postgresql_where=sa.text(_STANDS_IMPORTED),
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    access_request_id: str | None = Field(default=None, foreign_key="access_request.id")
    origin: Origin = Field(default=Origin.REQUEST, sa_type=by_value(Origin))
    account: str
    user: str = Field(foreign_key="lab_user.name")
    group: str | None = Field(default=None, foreign_key="lab_group.name")
    policy: str | None = None
    state: GrantState = Field(default=GrantState.SCHEDULED, sa_type=by_value(GrantState))
    duration_seconds: int | None = None
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

    @property
    def access(self) -> Access:
        """What it gives."""
        return Access("group", self.group) if self.group is not None else Access("policy", self.policy or "")

    @property
    def place(self) -> str:
        """Where its end goes together with others."""
        return place(self.user, self.group)
