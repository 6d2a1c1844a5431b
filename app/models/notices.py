"""What people are told, one row a person and thing; and how they want to be told."""

import datetime as dt
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.domain.notices import Topic
from app.models.base import by_value, new_id


class NoticeState(StrEnum):
    """Where a notice stands."""

    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"
    """Nobody needs it any more, or there is no way to tell them; `failure` says which."""
    GIVEN_UP = "given_up"


class Notice(SQLModel, table=True):
    """One thing that one person, or the channel, is told. A message of Slack's that shows a request is a copy of it.

    Due means: look at it. One that waits is sent; a copy is compared with the request and changed.
    """

    __table_args__ = (
        sa.Index("ix_notice_due_at", "due_at"),
        sa.Index("ix_notice_about", "about"),
        sa.Index("ix_notice_whom_sent_at", "whom", "sent_at"),
        sa.Index("ix_notice_state_created_at", "state", "created_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    key: str = Field(unique=True)
    """What makes it the same notice: told once, however often it is thought of."""
    whom: str
    """A user's name, or `#` for the channel."""
    topic: Topic = Field(sa_type=by_value(Topic))
    about: str
    """The id of the request or grant, or a user's name."""
    text: str
    sealed: bytes | None = None
    """A code to be mailed, encrypted; erased as soon as it was, or will not be."""
    account: str | None = None
    """A Slack account in place of the one that is linked."""
    state: NoticeState = Field(default=NoticeState.WAITING, sa_type=by_value(NoticeState))
    due_at: dt.datetime | None = None
    since: dt.datetime
    """From when on it could have been told."""
    attempts: int = 0
    failure: str | None = None
    via: str | None = None
    slack_channel: str | None = None
    slack_ts: str | None = None
    shows: str | None = None
    """SHA-256 of what the copy in Slack shows."""
    created_at: dt.datetime
    sent_at: dt.datetime | None = None


class NoticeChoice(SQLModel, table=True):
    """How one person wants to hear of one topic, where they said so."""

    __tablename__ = "notice_choice"

    user: str = Field(primary_key=True, foreign_key="lab_user.name")
    topic: Topic = Field(primary_key=True, sa_type=by_value(Topic))
    way: str
