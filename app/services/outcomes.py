"""What carrying out comes to, row by row: started, failed, being undone. Each runs inside a transaction."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.changes import REGISTRY
from app.clients import aws
from app.db import Tx
from app.domain.actors import SYSTEM_ACTOR
from app.domain.durations import to_text
from app.domain.plans import CannotCarryOut, Plan
from app.domain.retries import SETTLES, Failure, Standing, Trouble, is_settled, refused
from app.domain.sightings import Seen
from app.domain.states import APPLIED, APPLYING, CANCELLED, ENDING_GRANTS, FAILED, HOLDING_GRANTS, QUEUED, GrantState
from app.domain.words import Kind, UserState
from app.models import AccessRequest, Grant
from app.services import adopting, approvals, audit, grants, people
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
    people.hold_subject(tx, request_id)
    return tx.session.get_one(AccessRequest, request_id)


def can_act(tx: Tx, row: AccessRequest) -> bool:
    """Whether asker and subject are still there; for those who are not, only removals go on (rule 24)."""
    change = REGISTRY[Kind(row.kind)]
    subject = people.known_one(tx, row.user)
    if not change.is_for(subject.state):
        return False
    if change.takes_away:
        return True
    parties = people.known(tx, {row.requester, row.user})
    behind = people.known(tx, {party.person.counts_as for party in parties})  # a service goes with its owner
    acting = {party.name: party.state for party in (*parties, *behind) if party.name != row.user}
    return set(acting.values()) <= {UserState.ACTIVE}


def failure_of(problem: aws.AwsError | CannotCarryOut) -> Failure:
    """What a try came to, for the decision what follows."""
    if isinstance(problem, CannotCarryOut):
        trouble = Trouble.MISSING if problem.code == "no_iam_user" else Trouble.REFUSED
        return Failure(Trouble.WAITING if problem.waits else trouble, problem.code, problem.detail)
    if isinstance(problem, aws.Retryable):
        text = f"AWS did not do it yet ({problem}); trying again."
        return Failure(Trouble.BUSY, "aws_unavailable", text, problem.code)
    if isinstance(problem, aws.Gone | aws.Exists):
        text = f"IAM is not as it was a moment ago ({problem}); reading it anew."
        return Failure(Trouble.CHANGED, "changed_meanwhile", text, problem.code)
    if problem.code == "DeleteConflict":
        text = f"IAM says that something still hangs on it ({problem}). Look what it is, then retry."
        return Failure(Trouble.CONFLICT, "delete_conflict", text, problem.code)
    return refused(problem.code, str(problem))


def words(failure: Failure) -> dict[str, Any]:
    """The members of a request's `failure`."""
    more = {"aws_code": failure.aws_code} if failure.aws_code else {}
    return {"code": failure.code, "detail": failure.detail, **more}


def standing(tx: Tx, row: AccessRequest, failure: Failure) -> Standing:
    """Where the request stands that did not succeed."""
    made_at = _user_made_at(tx, row) if failure.trouble == Trouble.MISSING else None
    lasting = is_lasting(row)  # what was taken is not given back, and the rest is not given up
    return Standing(
        tx.now,
        row.attempts,
        conflicts=(row.failure or {}).get("conflicts", 0),
        begun=row.state == APPLYING and not lasting,
        made_at=made_at,
        lapses_at=None if lasting else row.lapses_at,
    )


def is_lasting(row: AccessRequest) -> bool:
    """Whether it is gone on with until it is done or a person is needed: taking away from people does not lapse."""
    change = REGISTRY[Kind(row.kind)]
    return change.of_person and change.takes_away


def again(now: datetime, failure: Failure, standing: Standing) -> dict[str, Any]:
    """The `failure` of a request that will be tried again."""
    conflicts = standing.conflicts + (failure.trouble == Trouble.CONFLICT)
    counted: dict[str, Any] = {"conflicts": conflicts} if conflicts else {}
    return approvals.problem(now, **words(failure), **counted)


def _user_made_at(tx: Tx, row: AccessRequest) -> datetime | None:
    """When we made the IAM user that this request needs; now, where a `user.create` is still open."""
    query = sa.select(col(AccessRequest.same_change), col(AccessRequest.applied_at)).where(
        col(AccessRequest.user) == row.user,
        col(AccessRequest.account) == row.account,
        col(AccessRequest.kind) == Kind.USER_CREATE,
    )
    found = tx.session.execute(query).all()
    if any(open_one is not None for open_one, _ in found):  # emptied once it is finished
        return tx.now
    return max((at for _, at in found if at is not None), default=None)


def require_ended(tx: Tx, row: AccessRequest) -> None:
    """What was given a moment ago and is not shown is gone only when its end, which reads more, says so.

    Raises:
        Retryable: A grant of what this request takes away is still ending.
    """
    ending = sa.select(col(Grant.id)).where(
        col(Grant.account) == row.account,
        col(Grant.user) == row.user,
        col(Grant.group) == row.change["group"],
        col(Grant.state).in_(ENDING_GRANTS),
        col(Grant.starts_at) > tx.now - SETTLES,
    )
    if tx.session.execute(ending.limit(1)).first() is not None:
        raise aws.Retryable("ListGroupsForUser", "NotShownYet", "what was given a moment ago is still being ended")


def without_doubtful(tx: Tx, row: AccessRequest, seen: Seen) -> Seen:
    """What was seen, without the memberships and policies that we took away a moment ago: they may only be shown still.

    They are given once more then, which is harmless if they are there (`iam-facts.md`, Each operation).
    """
    if seen.user is None or row.extends is not None:
        return seen
    taken = sa.select(col(Grant.group), col(Grant.policy)).where(
        col(Grant.account) == row.account,
        col(Grant.user) == row.user,
        col(Grant.ended_at) > tx.now - SETTLES,
    )
    rows = tx.session.execute(taken).all()
    of_groups, of_policies = {row.group for row in rows}, {row.policy for row in rows}
    groups = tuple(g for g in seen.user.groups if g not in of_groups)
    inline = [p for p in seen.inline or () if p.name not in of_policies]
    return replace(
        seen,
        user=replace(seen.user, groups=groups),
        inline=None if seen.inline is None else tuple(inline),
    )


def require_never_made(tx: Tx, row: AccessRequest) -> None:
    """That IAM shows no such user says nothing while we made them a moment ago.

    Raises:
        Retryable: We did.
    """
    made = sa.select(sa.func.max(col(AccessRequest.applied_at))).where(
        col(AccessRequest.user) == row.user,
        col(AccessRequest.account) == row.account,
        col(AccessRequest.kind) == Kind.USER_CREATE,
    )
    if not is_settled(tx.session.execute(made).scalar_one(), tx.now):
        raise aws.Retryable("GetUser", "NotShownYet", "IAM does not show the user yet who was made a moment ago")


def extends_still(tx: Tx, row: AccessRequest, grant_id: str, plan: Plan) -> bool:
    """Whether the extended grant is still active and IAM still shows it; gone outside is not given again.

    A grant that ran out after the extension was begun is continued by it.

    Raises:
        Retryable: It was given a moment ago, so IAM may only not show it yet.
    """
    grant = tx.session.get_one(Grant, grant_id, populate_existing=True)
    if grant.state != GrantState.ACTIVE:
        return grant.continued_by in row.grant_ids and not plan.operations
    if not plan.operations:
        return True
    if not is_settled(grant.starts_at, tx.now):
        # What was read may be older than what we did; ending the grant now would leave the access in place.
        raise aws.Retryable("ListGroupsForUser", "NotShownYet", "IAM does not show the access to be extended yet")
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
    lasts = timedelta(seconds=grant.duration_seconds or 0)  # only imported grants have none, and they are active
    ends_at = tx.now + lasts
    move_grant(tx, grant, GrantState.ACTIVE, starts_at=tx.now, ends_at=ends_at, due_at=ends_at, attempts=0)
    said = {"ends_at": ends_at.isoformat(), "duration": to_text(lasts)}
    audit.of_grant(tx, "grant.started", grant, by=SYSTEM_ACTOR, **said)


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


def failed(tx: Tx, row: AccessRequest, code: str, detail: str, **more: Any) -> None:
    """Say failed: it needs a person now, who may retry it until it lapses."""
    grants.drop_scheduled(tx, row, "failed")
    more.pop("at", None)
    failure = approvals.problem(tx.now, code, detail, **more)
    lapses_at = max(row.lapses_at, tx.now)
    move_request(tx, row, FAILED, failure=failure, due_at=lapses_at)
    adopting.lost(tx, row, code)
    audit.of_request(
        tx,
        "access_request.failed",
        row,
        by=SYSTEM_ACTOR,
        failure=failure,
    )
