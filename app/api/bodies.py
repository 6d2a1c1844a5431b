"""Bodies: what comes in. The contract's names, to the letter."""

import re
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    create_model,
)

from app.changes import REGISTRY
from app.changes.group_create import GroupCreateBody
from app.changes.group_update import GroupChanges
from app.changes.policies import Description, PolicyCreateBody
from app.changes.policy_document import PolicyDocument
from app.domain.durations import Duration
from app.domain.names import Email, GroupName, Reason, UserName
from app.domain.rules import Rule
from app.domain.words import DEFAULT_ACCOUNT, Kind, Role, Scope

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _written_as_time(value: object) -> datetime:
    # pydantic's own reader takes numbers as well, and text that holds one.
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("write a time like 2027-01-31T09:30:00Z")
    return datetime.fromisoformat(value.upper())


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("this time is out of range") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_written_as_time), AfterValidator(_utc)]
"""A time with its zone; kept and answered in UTC."""

Code = Annotated[str, Field(min_length=1, max_length=64)]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Names = Annotated[tuple[GroupName, ...], Field(max_length=10)]


class Body(BaseModel):
    """What comes in: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class AskBase(Body):
    """What every kind of request has."""

    user: UserName | None = None
    reason: Reason
    duration: Duration | None = None
    starts_at: Moment | None = None
    account: Annotated[str, Field(min_length=1, max_length=64)] = DEFAULT_ACCOUNT
    emergency: StrictBool = False


def _ask_body(kind: Kind) -> type[AskBase]:
    name = "Ask" + "".join(part.capitalize() for part in kind.replace("_", ".").split("."))
    kind_field: Any = (Literal[kind.value], ...)
    model: type[AskBase] = create_model(
        name, __base__=AskBase, __doc__=f"A wish for `{kind}`.", kind=kind_field, change=(REGISTRY[kind].body, ...)
    )
    return model


_BODIES = tuple(_ask_body(kind) for kind in REGISTRY)
AskBody: Any = Annotated[reduce(or_, _BODIES), Field(discriminator="kind")]


class ApproveBody(Body):
    """An approval, of the plan with this digest."""

    comment: Reason | None = None
    plan_digest: Digest | None = None


class DenyBody(Body):
    """A denial says why."""

    comment: Reason
    plan_digest: Digest | None = None


class ConfirmBody(Body):
    """A confirmation says what was looked at."""

    comment: Reason


class ReasonBody(Body):
    """Why."""

    reason: Reason


class ExtendBody(Body):
    """How long from the moment it is carried out, and why."""

    duration: Duration
    reason: Reason


class RegisterBody(Body):
    """A new person, or a service of somebody's."""

    name: UserName
    email: Email
    roles: Annotated[tuple[Role, ...], Field(max_length=4)] = ()
    iam: StrictBool = False
    groups: Names = ()
    owner: UserName | None = None
    reason: Reason = "registered"


class UserPatch(Body):
    """All roles the user shall have; files `user.roles`."""

    roles: Annotated[tuple[Role, ...], Field(min_length=1, max_length=3)]
    reason: Reason = "changed by PATCH"


class GroupPatch(GroupChanges):
    """What of a group is to be different; files `group.update`. What is left out stays."""

    reason: Reason = "changed by PATCH"


class NewGroup(GroupCreateBody):
    """A new group; files `group.create`."""

    reason: Reason = "asked by POST"


class RuleBody(Rule):
    """The whole new rule of a group; files `group.update`. What is left out is as a group without a rule has it."""

    reason: Reason = "changed by PUT"


class PolicyBody(PolicyCreateBody):
    """A new policy of the lab's own; files `policy.create`."""

    reason: Reason = "asked by POST"


class PolicyPut(Body):
    """Its new document; files `policy.update`."""

    document: PolicyDocument
    description: Description | None = None
    reason: Reason = "changed by PUT"


class LeavingBody(Body):
    """Why somebody is suspended, comes back, or gets a new code."""

    reason: Reason = "asked by POST"


def _at_most_90_days(value: timedelta) -> timedelta:
    if value > timedelta(days=90):
        raise ValueError("a token lasts at most P90D")
    return value


class TokenBody(Body):
    """Another token of one's own."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=len(Scope))]
    expires_in: Annotated[Duration, AfterValidator(_at_most_90_days)]


class RedeemBody(Body):
    """The code as it was handed out."""

    code: Code


class LintBody(Body):
    """A policy document: as an object, or as text, whose lines the findings then name."""

    document: str | dict[str, Any]
