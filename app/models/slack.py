"""Who is who in Slack."""

import datetime as dt

from sqlmodel import Field, SQLModel


class SlackLink(SQLModel, table=True):
    """One person and their one Slack account."""

    __tablename__ = "slack_link"

    user: str = Field(primary_key=True, foreign_key="lab_user.name")
    slack_user_id: str = Field(unique=True)
    slack_name: str
    team_id: str
    may_decide: bool
    """The token that confirmed it could decide (rule 15)."""
    linked_at: dt.datetime


class SlackCode(SQLModel, table=True):
    """A code that waits to be confirmed; only its SHA-256 is kept. One a Slack account."""

    __tablename__ = "slack_code"

    slack_user_id: str = Field(primary_key=True)
    slack_name: str
    team_id: str
    sha256: str
    tries: int = 0
    created_at: dt.datetime
    expires_at: dt.datetime
