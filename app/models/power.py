"""Reports on administrator power that ended (rule 30)."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class PowerReview(SQLModel, table=True):
    """A grant with administrator power that ended: what was done under it is to be asked of CloudTrail.

    `due_at` is empty once it was reported. `found` and `token` are how far the asking has come.
    """

    __tablename__ = "power_review"
    __table_args__ = (sa.Index("ix_power_review_due_at", "due_at"),)

    grant_id: str = Field(foreign_key="access_grant.id", primary_key=True)
    account: str
    user: str = Field(foreign_key="lab_user.name")
    since: dt.datetime
    until: dt.datetime
    due_at: dt.datetime | None = None
    attempts: int = 0
    gives_up_at: dt.datetime | None = None
    failure: str | None = None
    found: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    token: str | None = None
