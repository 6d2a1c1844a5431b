"""Grants: made with an approval, ended by a person. Carrying out and ends by time are reconcile's."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.db import Tx, insert
from app.domain import documents
from app.domain.access import Access
from app.domain.actors import SYSTEM_ACTOR, Actor, Caller
from app.domain.states import (
    CANCELLED,
    CANCELLED_FAILED,
    ENDING_GRANTS,
    HOLDING_GRANTS,
    LIVE_GRANTS,
    DecisionState,
    GrantState,
    Provisioning,
)
from app.domain.words import Kind, Origin
from app.errors import Conflict, Forbidden, NotFound
from app.models import AccessRequest, Grant, RequestGroup, columns, new_id
from app.services import audit, directory, one_offs, people, sightings
from app.services.assessment import Assessment
from app.services.moves import move_grant, move_request

_OF_REQUEST = (
    select(Grant)
    .where(col(Grant.id).in_(sa.bindparam("ids", expanding=True)))
    .order_by(col(Grant.id))
    .execution_options(populate_existing=True)
)
_grants = columns(Grant)
_IS_LIVE = {
    of: (
        _grants.c.account == sa.bindparam("account"),
        _grants.c.user == sa.bindparam("user"),
        _grants.c[of] == sa.bindparam("name"),
        _grants.c.state.in_(sorted(LIVE_GRANTS)),
    )
    for of in ("group", "policy")
}
_LIVE = {of: select(Grant).where(*where).execution_options(populate_existing=True) for of, where in _IS_LIVE.items()}
_LIVE_ID = {of: sa.select(_grants.c.id).where(*where).limit(1) for of, where in _IS_LIVE.items()}
_GIVES = {"group": (Kind.GROUP_JOIN, Kind.GRANT_ADOPT), "policy": (Kind.POLICY_INLINE,)}
_NOT_UNDER_WAY = (Provisioning.NONE, Provisioning.QUEUED, Provisioning.FAILED)


def make_for(tx: Tx, row: AccessRequest, assessment: Assessment) -> list[str]:
    """Make the scheduled grants of an approved request; their ids. The caller has locked the user."""
    ids = []
    for access in assessment.change.gives(assessment.wish.body):
        most = longest(assessment, access)
        seconds = min(row.duration_seconds or most, most)
        grant = Grant(
            id=new_id(),
            access_request_id=row.id,
            account=row.account,
            user=row.user,
            group=access.name if access.of == "group" else None,
            policy=access.name if access.of == "policy" else None,
            duration_seconds=seconds,
            starts_at=row.starts_at,
            created_at=tx.now,
        )
        insert(tx, grant)
        ids.append(grant.id)
    return ids


def longest(assessment: Assessment, access: Access) -> int:
    """The most seconds that a grant of this may last: of the rule when asked and now the shorter (rule 5)."""
    case = assessment.case
    of_group = [g.max_duration for g in case.groups if access == Access("group", g.name)]
    return min(int(most.total_seconds()) for most in [*of_group, case.longest] if most is not None)


def of_request(tx: Tx, row: AccessRequest) -> list[Grant]:
    """The request's current grants. Those of an approval that became void are not among them."""
    if not row.grant_ids:
        return []
    return list(tx.session.scalars(_OF_REQUEST, {"ids": row.grant_ids}))


def live(tx: Tx, account: str, user: str, access: Access) -> list[Grant]:
    """Every grant that stands for this access, or is about to."""
    return list(tx.session.scalars(_LIVE[access.of], {"account": account, "user": user, "name": access.name}))


def live_id(tx: Tx, account: str, user: str, access: Access) -> str | None:
    """The id of one of them; None where nothing gives this access."""
    given = {"account": account, "user": user, "name": access.name}
    found: str | None = tx.session.connection().execute(_LIVE_ID[access.of], given).scalar_one_or_none()
    return found


def other_holder(tx: Tx, grant: Grant) -> str | None:
    """The id of another grant that still gives the same access, if there is one (design, rule 1)."""
    found: str | None = tx.session.execute(
        sa.select(col(Grant.id))
        .where(
            col(Grant.account) == grant.account,
            col(Grant.user) == grant.user,
            _grants.c[grant.access.of] == grant.access.name,
            col(Grant.state).in_(HOLDING_GRANTS),
            col(Grant.id) != grant.id,
        )
        .order_by(col(Grant.ends_at).desc().nulls_first())
        .limit(1)
    ).scalar_one_or_none()
    return found


def drop_scheduled(tx: Tx, row: AccessRequest, reason: str) -> None:
    """End the grants of a request that will not be carried out now."""
    for grant in of_request(tx, row):
        if grant.state == GrantState.SCHEDULED:
            move_grant(tx, grant, GrantState.REVOKED, end_reason=reason)


def end_all(tx: Tx, by: Actor, *, account: str, user: str, access: Access, reason: str, why: str) -> None:
    """End every live and scheduled grant of this access and cancel what is asked for it (rule 22).

    Args:
        reason: A stable word for the grants, `revoked` or `left`.
        why: What the person said.
    """
    for grant in live(tx, account, user, access):
        ends = {"end_reason": reason, "ended_by": by.name}
        if grant.state == GrantState.SCHEDULED:
            move_grant(tx, grant, GrantState.REVOKED, **ends)
        else:
            move_grant(tx, grant, GrantState.REVOKING, due_at=tx.now, **ends)
        audit.of_grant(
            tx,
            "grant.end_asked",
            grant,
            by=by,
            reason=reason,
            why=why,
        )
    _cancel_asked(tx, by, account, user, access)


def _cancel_asked(tx: Tx, by: Actor, account: str, user: str, access: Access) -> None:
    for row in _asked(tx, account, user, access):
        failed = row.provisioning == Provisioning.FAILED  # a retry would give it again
        move_request(tx, row, CANCELLED_FAILED if failed else CANCELLED, decided_at=row.decided_at or tx.now)
        drop_scheduled(tx, row, "cancelled")
        audit.record(
            tx,
            "access_request.cancelled",
            by=SYSTEM_ACTOR,
            subject=user,
            access_request_id=row.id,
            reason=f"{by.name} ended this access",
        )


def _asked(tx: Tx, account: str, user: str, access: Access) -> list[AccessRequest]:
    """The requests for this access that nobody is at."""
    query = select(AccessRequest).where(
        col(AccessRequest.user) == user,
        col(AccessRequest.account) == account,
        col(AccessRequest.kind).in_(_GIVES[access.of]),
        col(AccessRequest.decision).in_((DecisionState.PENDING, DecisionState.APPROVED)),
        col(AccessRequest.provisioning).in_(_NOT_UNDER_WAY),
    )
    if access.of == "policy":
        return [row for row in tx.session.scalars(query) if row.change["name"] == access.name]
    named = query.join(RequestGroup, col(RequestGroup.access_request_id) == col(AccessRequest.id))
    return list(tx.session.scalars(named.where(col(RequestGroup.group) == access.name)))


def get_visible(tx: Tx, caller: Caller, grant_id: str) -> Grant:
    """The grant, or 404 when there is none that the caller may see."""
    grant = tx.session.get(Grant, grant_id)
    if grant is None or not (caller.sees_all or _concerns(tx, caller, grant)):
        raise NotFound("There is no such grant.", code="grant_not_found")
    return grant


def _concerns(tx: Tx, caller: Caller, grant: Grant) -> bool:
    if caller.person.counts_as in _holders(tx, grant):
        return True
    return grant.group in directory.approves(tx, caller)


def _holders(tx: Tx, grant: Grant) -> set[str]:
    """The holder, and for a service the person it counts as."""
    return {grant.user, people.known_one(tx, grant.user).person.counts_as}


def revoke(tx: Tx, caller: Caller, grant_id: str, why: str) -> Grant:
    """Take access away now: the holder, an approver of the group, or an admin (rule 3).

    Raises:
        Conflict: `grant_ended`, there is nothing left to take.
        Forbidden: The holder's leaving would take a Deny away, which is not less access.
    """
    seen = get_visible(tx, caller, grant_id)
    directory.hold(tx, seen)
    _may_revoke(tx, caller, seen)
    if seen.state == GrantState.REVOKED:
        raise Conflict("This grant has ended already.", code="grant_ended")
    if seen.state not in ENDING_GRANTS:
        end_all(tx, caller, account=seen.account, user=seen.user, access=seen.access, reason="revoked", why=why)
    return seen


def _may_revoke(tx: Tx, caller: Caller, grant: Grant) -> None:
    if grant.group is None:
        _may_revoke_policy(tx, caller, grant)
        return
    if caller.is_admin or grant.group in directory.approves(tx, caller):
        return
    if caller.person.counts_as not in _holders(tx, grant):
        raise Forbidden("Only the holder, an approver of the group or an admin can end this.", code="not_yours_to_end")
    group = sightings.load(tx, grant.account, grant.user, [grant.group]).groups.get(grant.group)
    if group is not None and group.has_deny:
        raise Forbidden(
            f"{grant.group} also forbids things, so leaving it is not less access; ask for group.leave.",
            code="not_less_access",
        )


def _may_revoke_policy(tx: Tx, caller: Caller, grant: Grant) -> None:
    """The same for a one-off permission. One that forbids things binds its holder, an admin too (rules 3 and 4)."""
    theirs = caller.person.counts_as in _holders(tx, grant)
    if not theirs and not caller.is_admin:
        raise Forbidden("Only the holder or an admin can end this.", code="not_yours_to_end")
    if theirs and documents.has_deny(one_offs.document(tx, grant)):
        raise Forbidden(
            f"{grant.policy} also forbids things, so ending it early is not less access; ask another admin to end it.",
            code="not_less_access",
        )


def wish_for(tx: Tx, grant: Grant) -> tuple[Kind, dict[str, Any]]:
    """The kind and the `change` of a request that would give the same access."""
    if grant.group is not None:
        return Kind.GROUP_JOIN, {"group": grant.group}
    return Kind.POLICY_INLINE, tx.session.get_one(AccessRequest, grant.access_request_id).change


def extendable(tx: Tx, caller: Caller, grant_id: str, duration: timedelta) -> Grant:
    """The grant to be extended (rule 23).

    Raises:
        Conflict: `grant_ended`, it is not active; `adopt_instead`, it has no end; `not_later`, the new end would be
            no later.
    """
    grant = get_visible(tx, caller, grant_id)
    if grant.state != GrantState.ACTIVE:
        raise Conflict(f"Only an active grant can be extended; this one is {grant.state}.", code="grant_ended")
    if grant.origin == Origin.IMPORTED:
        text = "This access was imported and has no end that could be later; ask for grant.adopt, which gives it one."
        raise Conflict(text, code="adopt_instead")
    if grant.ends_at is not None and tx.now + duration <= grant.ends_at:
        raise Conflict("The access already lasts longer than that; ask for a later end.", code="not_later")
    return grant
