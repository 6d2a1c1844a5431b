"""From rows to views. Lists read what they need for the whole page at once."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.api.schemas import (
    AccessRequestView,
    DecisionView,
    GrantView,
    GroupView,
    PlanView,
    PreviewView,
    RefusalView,
    RulingView,
    TokenView,
    UserView,
)
from app.db import Tx
from app.domain.durations import to_text
from app.domain.rules import Rule
from app.domain.words import Kind, Role, Scope
from app.models import AccessRequest, Grant, Group, Sighting, Token, User
from app.services import approvals
from app.services.requests import Answer


def access_requests(tx: Tx, rows: Sequence[AccessRequest]) -> list[AccessRequestView]:
    """Views of requests, with their decisions."""
    tx.session.flush()
    return [access_request(tx, row) for row in rows]


def access_request(tx: Tx, row: AccessRequest) -> AccessRequestView:
    """The view of one request, with its decisions."""
    made = [
        DecisionView(
            approver=d.approver,
            verdict=d.verdict,
            comment=d.comment,
            plan_digest=d.plan_digest,
            channel=d.channel,
            at=d.at,
            void=d.void,
        )
        for d in approvals.decisions(tx, row.id)
    ]
    return _access_request(row, made)


def _access_request(row: AccessRequest, decisions: list[DecisionView]) -> AccessRequestView:
    return AccessRequestView(
        id=row.id,
        kind=Kind(row.kind),
        user=row.user,
        requester=row.requester,
        account=row.account,
        change=row.change,
        reason=row.reason,
        duration=_duration(row.duration_seconds),
        starts_at=row.starts_at,
        emergency=False,
        decision=row.decision,
        provisioning=row.provisioning,
        ruling=RulingView.model_validate(row.ruling),
        plan=PlanView.model_validate(row.plan),
        decisions=decisions,
        grant_id=row.grant_ids[0] if row.grant_ids else None,
        grant_ids=row.grant_ids,
        extends=row.extends,
        failure=row.failure,
        version=row.version,
        created_at=row.created_at,
        lapses_at=row.lapses_at,
        decided_at=row.decided_at,
        applied_at=row.applied_at,
    )


def preview(answer: Answer, requester: str) -> PreviewView:
    """The view of what asking would answer."""
    duration = answer.draft.duration
    return PreviewView(
        kind=answer.draft.kind,
        user=answer.subject.name,
        requester=requester,
        account=answer.draft.account,
        change=answer.draft.body.model_dump(mode="json"),
        duration=to_text(duration) if duration else None,
        ruling=RulingView.model_validate(answer.assessment.ruling.as_json()),
        plan=PlanView.model_validate(answer.plan.as_json()),
        refusals=[RefusalView(status=r.status, code=r.code, detail=r.detail) for r in answer.refusals],
    )


def grant(row: Grant) -> GrantView:
    """The view of a grant."""
    return GrantView(
        id=row.id,
        access_request_id=row.access_request_id,
        origin=row.origin,
        account=row.account,
        user=row.user,
        group=row.group,
        policy=row.policy,
        state=row.state,
        duration=_duration(row.duration_seconds),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        ended_by=row.ended_by,
        continued_by=row.continued_by,
        failure=row.failure,
        created_at=row.created_at,
        version=row.version,
    )


def users(tx: Tx, rows: Sequence[User]) -> list[UserView]:
    """Views of users, with whether IAM was seen to have them."""
    in_iam = _in_iam(tx, [row.name for row in rows])
    return [
        UserView(
            id=row.id,
            name=row.name,
            email=row.email,
            roles=[Role(r) for r in row.roles],
            state=row.state,
            owner=row.owner,
            verified=row.verified,
            enrolled=row.enrolled_at is not None,
            iam=row.name in in_iam,
            created_at=row.created_at,
            version=row.version,
        )
        for row in rows
    ]


def user(tx: Tx, row: User) -> UserView:
    """The view of one user."""
    tx.session.flush()
    return users(tx, [row])[0]


def _in_iam(tx: Tx, names: Iterable[str]) -> set[str]:
    rows = tx.session.execute(
        sa.select(col(Sighting.name)).where(
            col(Sighting.what) == "user", col(Sighting.name).in_(list(names)), col(Sighting.state).is_not(None)
        )
    )
    return set(rows.scalars())


def group(row: Group) -> GroupView:
    """The view of a group."""
    return GroupView(
        name=row.name,
        description=row.description,
        path=row.path,
        policies=row.policies,
        rule=Rule.model_validate(row.rule),
        created_at=row.created_at,
        version=row.version,
    )


def token(row: Token) -> dict[str, Any]:
    """What the views of a token share."""
    return TokenView(
        id=row.id,
        name=row.name,
        scopes=[Scope(s) for s in row.scopes],
        created_at=row.created_at,
        expires_at=row.expires_at,
    ).model_dump()


def _duration(seconds: int | None) -> str | None:
    return None if seconds is None else to_text(timedelta(seconds=seconds))
