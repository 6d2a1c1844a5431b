"""Writing down an end that was made while the database could not be written (rule 36)."""

from app import log
from app.db import Tx
from app.domain.access import place
from app.domain.actors import SYSTEM_ACTOR
from app.domain.states import GrantState
from app.files.spill import Taken
from app.models import Grant
from app.services import audit, directory, grants, sightings
from app.services.moves import move_grant

_log = log.get("without_database")


def write_down(tx: Tx, taken: Taken) -> None:
    """Bring the grant of a record to where IAM has it already. Doing it twice changes nothing."""
    grant = tx.session.get(Grant, taken.grant_id)
    if grant is None:
        # The rows are older than the record: a restored backup, which is noticed elsewhere.
        _record(tx, taken, None)
        return
    directory.hold(tx, grant)
    where = place(taken.user, taken.group)
    sightings.taken(tx, taken.account, where, [taken.policy or taken.user])
    if grant.state == GrantState.REVOKED:
        if grant.ended_at != taken.taken_at:
            _record(tx, taken, grant)  # somebody ended the row before this was read; when it was is said all the same
        return
    if grant.state == GrantState.APPLYING:
        # It is due: the worker undoes what its request wrote, and finds this part of it done.
        _record(tx, taken, grant)
        return
    if grant.state == GrantState.ACTIVE:
        move_grant(tx, grant, GrantState.REVOKING, end_reason="expired")
    elif grant.state == GrantState.REVOKE_FAILED:
        move_grant(tx, grant, GrantState.REVOKING)
    holder = grants.other_holder(tx, grant)
    if holder is not None:
        # Given in the seconds before the database went away, when nobody could remember it. It is not given again
        # by itself (rule 22): the loss is said here. Its row stands until somebody revokes it and asks anew.
        _log.error("taken_although_given", user=taken.user, where=where, grant_id=holder)
    move_grant(tx, grant, GrantState.REVOKED, ended_at=taken.taken_at, failure=None)
    audit.of_grant(
        tx,
        "grant.ended",
        grant,
        by=SYSTEM_ACTOR,
        reason=grant.end_reason,
        ended_by=grant.ended_by,
        spilled_at=taken.taken_at.isoformat(),
        also_given_by=holder,
    )


def _record(tx: Tx, taken: Taken, grant: Grant | None) -> None:
    """Say only that it was taken away, and when."""
    audit.record(
        tx,
        "grant.end_spilled",
        by=SYSTEM_ACTOR,
        subject=taken.user,
        access_request_id=None if grant is None else grant.access_request_id,
        grant_id=taken.grant_id,
        account=taken.account,
        **({"group": taken.group} if taken.policy is None else {"policy": taken.policy}),
        spilled_at=taken.taken_at.isoformat(),
    )
