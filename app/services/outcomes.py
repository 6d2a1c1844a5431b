"""What carrying out comes to, row by row: started, failed, being undone. Each runs inside a transaction."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.clients import aws
from app.db import Tx
from app.domain.actors import SYSTEM_ACTOR
from app.domain.durations import to_text
from app.domain.plans import Plan
from app.domain.states import APPLIED, APPLYING, CANCELLED, FAILED, HOLDING_GRANTS, QUEUED, GrantState
from app.domain.words import Kind, UserState
from app.models import AccessRequest, Grant
from app.services import approvals, audit, directory, grants
from app.services.assessment import Assessment
from app.services.moves import move_grant, move_request, note_request


def require_shown(plan: Plan, findings: list[str]) -> None:
    """Nothing is said to be active before IAM, read back, says so; what an emulator lacks is a finding."""
    waived = {f.split(":", 1)[0] for f in findings}
    left = [o.action for o in plan.operations if o.action not in waived]
    if left:
        raise aws.Retryable(left[0], "NotShownYet", "IAM does not show the change yet")


def hold(tx: Tx, request_id: str) -> AccessRequest:
    """The request, with its subject's row held first, as every writer does."""
    row = tx.session.get_one(AccessRequest, request_id)
    directory.hold(tx, row)
    return row


def can_act(tx: Tx, row: AccessRequest) -> bool:
    """Whether asker and subject are still there; for those who are not, only removals go on (rule 24)."""
    states = {directory.known_user(tx, n).state for n in (row.user, row.requester)}
    if row.kind == Kind.GROUP_LEAVE:
        return UserState.DELETED not in states
    return states == {UserState.ACTIVE}


def user_is_being_made(tx: Tx, row: AccessRequest) -> bool:
    """Whether an open `user.create` will give IAM the user that this request needs."""
    query = sa.select(col(AccessRequest.id)).where(
        col(AccessRequest.user) == row.user,
        col(AccessRequest.account) == row.account,
        col(AccessRequest.kind) == Kind.USER_CREATE,
        col(AccessRequest.same_change).is_not(None),  # emptied once it is finished
    )
    return tx.session.execute(query.limit(1)).first() is not None


def extends_still(tx: Tx, row: AccessRequest, grant_id: str, plan: Plan) -> bool:
    """Whether the extended grant is still active and IAM still shows it; gone outside is not given again.

    A grant that ran out after the extension was begun is continued by it.
    """
    grant = tx.session.get_one(Grant, grant_id, populate_existing=True)
    if grant.state != GrantState.ACTIVE:
        return grant.continued_by in row.grant_ids and not plan.operations
    if not plan.operations:
        return True
    move_grant(tx, grant, GrantState.REVOKING, end_reason="removed_outside")
    move_grant(tx, grant, GrantState.REVOKED)
    audit.of_grant(
        tx,
        "grant.ended",
        grant,
        by=SYSTEM_ACTOR,
        reason="removed_outside",
    )
    return False


def is_given_again(tx: Tx, row: AccessRequest, assessment: Assessment) -> bool:
    """Whether a grant approved after this removal gives the access again; then there is nothing to take."""
    groups = [g.name for g in assessment.case.groups]
    held = sa.select(col(Grant.id)).where(
        col(Grant.account) == row.account,
        col(Grant.user) == row.user,
        col(Grant.group).in_(groups),
        col(Grant.state).in_(HOLDING_GRANTS),
    )
    later = tx.session.execute(held.limit(1)).scalar_one_or_none()
    if later is None:
        return False
    if row.state == QUEUED:
        move_request(tx, row, APPLYING)
    move_request(tx, row, APPLIED, applied_at=tx.now, failure=None)
    audit.of_request(
        tx,
        "access_request.applied",
        row,
        by=SYSTEM_ACTOR,
        findings=["the access was given again meanwhile"],
        continued_by=later,
    )
    return True


def activate(tx: Tx, grant: Grant) -> None:
    """IAM shows the access: its clock starts, and its end is due in the same transaction."""
    ends_at = tx.now + timedelta(seconds=grant.duration_seconds)
    move_grant(tx, grant, GrantState.ACTIVE, starts_at=tx.now, ends_at=ends_at, due_at=ends_at, attempts=0)
    tx.due = True  # the worker must not sleep past the new end
    audit.of_grant(
        tx,
        "grant.started",
        grant,
        by=SYSTEM_ACTOR,
        ends_at=ends_at.isoformat(),
        duration=to_text(timedelta(seconds=grant.duration_seconds)),
    )


def close(tx: Tx, row: AccessRequest, why: str) -> None:
    """Cancel an approved request that has not begun and cannot any more."""
    grants.drop_scheduled(tx, row, "cancelled")
    move_request(tx, row, CANCELLED)
    audit.of_request(tx, "access_request.cancelled", row, by=SYSTEM_ACTOR, reason=why)


def undo_from(tx: Tx, row: AccessRequest, code: str, detail: str, **more: Any) -> None:
    """Note that a request under way is being taken back; its grants go first."""
    for grant in grants.of_request(tx, row):
        if grant.state == GrantState.APPLYING:
            move_grant(tx, grant, GrantState.REVOKING, end_reason="not_applied", due_at=tx.now)
    failure = approvals.problem(tx.now, code, detail, undoing=True, **more)
    note_request(tx, row, failure=failure, due_at=tx.now, attempts=0)
    tx.due = True


def failed(tx: Tx, row: AccessRequest, code: str, detail: str, **more: Any) -> None:
    """Say failed: it needs a person now, who may retry it until it lapses."""
    grants.drop_scheduled(tx, row, "failed")
    more.pop("at", None)
    failure = approvals.problem(tx.now, code, detail, **more)
    lapses_at = max(row.lapses_at, tx.now)
    move_request(tx, row, FAILED, failure=failure, due_at=lapses_at)
    audit.of_request(
        tx,
        "access_request.failed",
        row,
        by=SYSTEM_ACTOR,
        failure=failure,
    )


def code_of(problem: aws.AwsError) -> str:
    """The word for a refusal of AWS's that a person can look up."""
    known = {
        "LimitExceeded": "limit_exceeded",
        "AccessDenied": "access_denied",
        "NoCredentials": "no_credentials",
        "WrongAccount": "wrong_account",
    }
    return known.get(problem.code, "aws_refused")
