"""Ending a grant: by time, by a person, or because what gave it was abandoned. Tried for ever."""

from contextlib import suppress

from app.changes.base import remove_member
from app.clients import aws
from app.clients.iam import Iam
from app.db import Database, Tx
from app.domain.actors import SYSTEM_ACTOR
from app.domain.sightings import SeenUser
from app.domain.states import ENDING_GRANTS, GrantState, Provisioning
from app.models import AccessRequest, Grant
from app.services import audit, directory, grants, sightings
from app.services.approvals import problem
from app.services.backoff import Backoff
from app.services.moves import move_grant, note_grant, note_request


def end_grant(database: Database, iam: Iam, backoff: Backoff, grant_id: str) -> None:
    """Bring one grant whose time has come to its end: read IAM, take away, read back, record."""
    with database.write() as tx:
        grant = _hold(tx, grant_id)
        if not _begin(tx, grant):
            return
        user, group, account = grant.user, grant.group, grant.account
    try:
        seen = _take_away(iam, user, group)
    except aws.AwsError as failed:
        _try_again(database, backoff, grant_id, failed)
        return
    with database.write() as tx:
        grant = _hold(tx, grant_id)
        if grant.state not in ENDING_GRANTS:
            return
        sightings.save_user(tx, account, user, seen)
        _ended(tx, grant)


def _begin(tx: Tx, grant: Grant) -> bool:
    """Note that the grant is ending. False: there is nothing to call."""
    if grant.state == GrantState.APPLYING and _due(tx, grant):
        # The request that should have given it never finished; it undoes what it wrote (rule 19).
        row = tx.session.get_one(AccessRequest, grant.access_request_id)
        move_grant(tx, grant, GrantState.REVOKING, end_reason="not_applied", due_at=tx.now)
        if row.provisioning == Provisioning.APPLYING:
            failure = problem(tx.now, "took_too_long", "It was not carried out in time.", undoing=True)
            note_request(tx, row, failure=failure, due_at=tx.now)
    elif grant.state == GrantState.ACTIVE and _due(tx, grant):
        move_grant(tx, grant, GrantState.REVOKING, end_reason="expired", due_at=tx.now)
    if grant.state not in ENDING_GRANTS:
        return False
    holder = grants.other_holder(tx, grant)
    if holder is not None:
        _ended(tx, grant, continued_by=holder)
        return False
    return True


def _due(tx: Tx, grant: Grant) -> bool:
    return grant.due_at is not None and grant.due_at <= tx.now


def _take_away(iam: Iam, user: str, group: str) -> SeenUser | None:
    seen = iam.user(user)
    if seen is None or group not in seen.groups:
        return seen
    with suppress(aws.Gone):  # somebody else was faster: the reading below says so
        iam.call(remove_member(user, group))
    seen = iam.user(user)
    if seen is not None and group in seen.groups:
        raise aws.Retryable("RemoveUserFromGroup", "NotShownYet", "IAM still shows the membership")
    return seen


def _ended(tx: Tx, grant: Grant, *, continued_by: str | None = None) -> None:
    if grant.state == GrantState.REVOKE_FAILED:
        move_grant(tx, grant, GrantState.REVOKING)
    move_grant(tx, grant, GrantState.REVOKED, continued_by=continued_by, failure=None)
    audit.of_grant(
        tx,
        "grant.ended",
        grant,
        by=SYSTEM_ACTOR,
        reason=grant.end_reason,
        ended_by=grant.ended_by,
        continued_by=continued_by,
    )


def _try_again(database: Database, backoff: Backoff, grant_id: str, failed: aws.AwsError) -> None:
    with database.write() as tx:
        grant = _hold(tx, grant_id)
        if grant.state not in ENDING_GRANTS:
            return
        failure = problem(tx.now, "aws_refused", str(failed), aws_code=failed.code)
        again = {"failure": failure, "attempts": grant.attempts + 1, "due_at": tx.now + backoff(grant.attempts)}
        if grant.state == GrantState.REVOKE_FAILED:
            # The first failure is in the audit; a row for each try would drown it.
            note_grant(tx, grant, **again)
            return
        move_grant(tx, grant, GrantState.REVOKE_FAILED, **again)
        audit.of_grant(
            tx,
            "grant.end_failed",
            grant,
            by=SYSTEM_ACTOR,
            failure=failure,
        )


def _hold(tx: Tx, grant_id: str) -> Grant:
    """The grant, with its user's row held first, as every writer does."""
    grant = tx.session.get_one(Grant, grant_id)
    directory.hold(tx, grant)
    return grant
