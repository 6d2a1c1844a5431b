"""Views: what goes out. The contract's names, to the letter."""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from app.domain.rules import Rule
from app.domain.states import DecisionState, GrantState, Provisioning
from app.domain.words import Channel, Kind, Origin, Role, Scope, UserState, Verdict


class View(BaseModel):
    """What goes out."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class RulingPart(View):
    """One rule to be met."""

    rule: str
    required_approvals: int
    eligible_approvers: list[str]


class RulingView(View):
    """What the approval rule says of a request."""

    required_approvals: int
    eligible_approvers: list[str]
    max_duration: str | None
    reasons: list[str]
    by_rule: str | None
    parts: list[RulingPart]


class OperationView(View):
    """One call."""

    service: str
    action: str
    parameters: dict[str, Any]
    summary: str


class PlanView(View):
    """The calls that remain, and the digest over the state they lead to."""

    digest: str
    operations: list[OperationView]


class DecisionView(View):
    """One approver's verdict. `void` says why it does not count any more."""

    approver: str
    verdict: Verdict
    comment: str | None
    plan_digest: str
    channel: Channel
    at: datetime
    void: str | None


class AccessRequestView(View):
    """An access request."""

    id: str
    kind: Kind
    user: str
    requester: str
    account: str
    change: dict[str, Any]
    reason: str
    duration: str | None
    starts_at: datetime | None
    emergency: bool
    decision: DecisionState
    provisioning: Provisioning
    ruling: RulingView
    plan: PlanView
    decisions: list[DecisionView]
    grant_id: str | None
    grant_ids: list[str]
    extends: str | None
    failure: dict[str, Any] | None
    version: int
    created_at: datetime
    lapses_at: datetime
    decided_at: datetime | None
    applied_at: datetime | None


class RefusalView(View):
    """Why a request would be refused."""

    status: int
    code: str
    detail: str


class PreviewView(View):
    """What asking would answer; nothing is stored."""

    kind: Kind
    user: str
    requester: str
    account: str
    change: dict[str, Any]
    duration: str | None
    ruling: RulingView
    plan: PlanView
    refusals: list[RefusalView]


class GrantView(View):
    """Access for a time: membership of `group`, or the inline policy `policy` of the user's own.

    What was imported has no request and no end until it is adopted.
    """

    id: str
    access_request_id: str | None
    origin: Origin
    account: str
    user: str
    group: str | None
    policy: str | None
    state: GrantState
    duration: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    ended_by: str | None
    continued_by: str | None
    failure: dict[str, Any] | None
    created_at: datetime
    version: int


class UserView(View):
    """A lab member or a service. `iam` is true when IAM was seen to have the user."""

    id: str
    name: str
    email: str
    roles: list[Role]
    state: UserState
    owner: str | None
    verified: bool
    enrolled: bool
    iam: bool
    created_at: datetime
    version: int


class RegisteredView(View):
    """The new user, and what was asked for along with it."""

    user: UserView
    access_requests: list[AccessRequestView]
    status_code: Annotated[int, Field(exclude=True)] = 201


class GroupView(View):
    """A managed group."""

    name: str
    description: str
    path: str
    policies: list[str]
    rule: Rule
    created_at: datetime
    version: int


class RuleView(Rule):
    """A group's approval rule."""


class MemberView(View):
    """Who holds a group, and until when."""

    user: str
    grant_id: str
    ends_at: datetime | None


class TokenView(View):
    """A token; its text is shown once, where it is made."""

    id: str
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime


class NewTokenView(TokenView):
    """A new token, with its text."""

    token: str


class RedeemedView(NewTokenView):
    """The first token, and whose it is."""

    user: str


class CodeView(View):
    """A one-time code."""

    code: str
    expires_at: datetime


class MailedView(View):
    """A one-time code that was mailed to the one it is for, and is shown to nobody else (rule 8)."""

    mailed: Literal[True] = True
    expires_at: datetime


class MeView(View):
    """Who is calling, what they may do, what they hold."""

    user: UserView
    name: str
    roles: list[Role]
    scopes: list[Scope]
    may: list[str]
    approves: list[str]
    grants: list[GrantView]
    token_id: str
    token_expires_at: datetime | None


class AuditEventView(View):
    """One event of the audit."""

    id: str
    seq: int
    at: datetime
    event: str
    actor: str
    on_behalf_of: str | None
    subject: str | None
    channel: str | None
    request_id: str | None
    access_request_id: str | None
    data: dict[str, Any]


class VerificationView(View):
    """Whether the audit chain holds."""

    valid: bool
    events: int
    head: str
    broken_at: int | None
    problem: str | None


class ProblemView(View):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None
    errors: list[dict[str, Any]] = Field(default=[], description="With 422: `loc`, `msg` and `type` of each.")


class HealthView(View):
    """The process is up."""

    status: Literal["ok"] = "ok"


class ReadyView(View):
    """What has to hold for requests to be served and carried out."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, str]
    status_code: Annotated[int, Field(exclude=True)] = 200


Item = TypeVar("Item", bound=View)


class Page(View, Generic[Item]):
    """One page of a list, newest first."""

    items: list[Item]
    next_cursor: str | None
