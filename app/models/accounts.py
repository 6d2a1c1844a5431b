"""What is kept of AWS accounts: who they are, what was last seen in them, who may change what."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class Account(SQLModel, table=True):
    """An AWS account that Gatehouse reaches. Filled by `gatehouse setup`."""

    name: str = Field(primary_key=True)
    aws_account_id: str | None = None
    partition: str = "aws"
    role_arn: str | None = None
    """The role that Gatehouse works as; empty: with the credentials it was started with."""
    admin_role_arn: str | None = None
    """The role for what touches `/lab-admin/` (rule 26); empty: the same."""
    setup_at: dt.datetime | None = None
    imported_at: dt.datetime | None = None
    """When the first import was complete; from then on an import only reports (rule 29)."""


class Sighting(SQLModel, table=True):
    """What Gatehouse last saw in an account."""

    account: str = Field(primary_key=True)
    what: str = Field(primary_key=True)
    """`user`, their `inline` policies and `keys`, `group`, `boundary`; `policy` by ARN, `document` by hash,
    `lab_policy` by name."""
    name: str = Field(primary_key=True)
    state: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    seen_at: dt.datetime


class Lane(SQLModel, table=True):
    """The right to change one user in one account. Who holds the newest fence may; everybody else must not."""

    account: str = Field(primary_key=True)
    principal: str = Field(primary_key=True)
    fence: int = Field(sa_type=sa.BigInteger, index=True)
    held_until: dt.datetime | None = None
    look_again_at: dt.datetime | None = Field(default=None, index=True)
