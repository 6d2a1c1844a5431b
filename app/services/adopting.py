"""Taking over access that was imported, or found in the account, with a request and an end (rule 29)."""

import sqlalchemy as sa
from sqlmodel import col, select

from app.changes.grant_adopt import REMOVED_OUTSIDE, GrantAdoptBody
from app.db import Tx
from app.domain.access import Access
from app.domain.actors import SYSTEM_ACTOR, Caller
from app.domain.retries import is_settled
from app.domain.rulings import Refusal
from app.domain.states import GrantState
from app.domain.words import Kind, Origin
from app.errors import Invalid
from app.models import AccessRequest, Grant
from app.services import audit, grants, people
from app.services.assessment import Assessment
from app.services.moves import move_grant


def resolved(
    tx: Tx, caller: Caller, body: GrantAdoptBody, user: str | None, account: str
) -> tuple[GrantAdoptBody, str | None, str]:
    """What is named by a grant named in full, or by a group: the body, the user and the account.

    Raises:
        NotFound: There is no such grant that the caller may see.
        Invalid: `not_that_grant`, user or group are not the grant's.
    """
    if body.grant_id is not None:
        grant = grants.get_visible(tx, caller, body.grant_id)
        other_user = user is not None and user.casefold() != grant.user.casefold()
        if other_user or body.group not in {None, grant.group} or grant.group is None:
            text = f"This grant is {grant.user}'s, of {grant.group}; leave user and group out."
            raise Invalid(text, code="not_that_grant")
        return body.model_copy(update={"group": grant.group}), grant.user, grant.account
    found = people.find(tx, user or caller.name)
    standing = None if found is None else _imported(tx, account, found.name, str(body.group))
    return body.model_copy(update={"grant_id": standing}), user, account


def _imported(tx: Tx, account: str, user: str, group: str) -> str | None:
    query = sa.select(col(Grant.id)).where(
        col(Grant.account) == account,
        col(Grant.user) == user,
        col(Grant.group) == group,
        col(Grant.origin) == Origin.IMPORTED,
        col(Grant.state) == GrantState.ACTIVE,
    )
    found: str | None = tx.session.execute(query).scalar_one_or_none()
    return found


def in_the_way(tx: Tx, assessment: Assessment) -> list[Refusal]:
    """What speaks against adopting, in our rows and in what was last seen."""
    account, user, body, seen = *_of(assessment), assessment.seen
    group = str(body.group)
    if body.grant_id is not None:
        grant = tx.session.get_one(Grant, body.grant_id)
        if grant.origin != Origin.IMPORTED:
            return [Refusal(409, "not_imported", "This grant was asked for and has an end; extend it instead.")]
        if grant.state != GrantState.ACTIVE:
            text = f"Only an active grant can be adopted; this one is {grant.state}."
            return [Refusal(409, "grant_ended", text)]
        return []
    held = grants.live_id(tx, account, user, Access("group", group))
    if held is not None:
        text = f"{user} has {group} by a grant with an end; extend that one instead."
        return [Refusal(409, "already_has_access", text, {"grant_id": held})]
    if seen.user is not None and not seen.is_member(group):
        text = f"{user} was not seen in {group}, so there is nothing to adopt. Ask for group.join instead."
        return [Refusal(409, "not_a_member", text)]
    return []


def _of(assessment: Assessment) -> tuple[str, str, GrantAdoptBody]:
    return assessment.wish.account, assessment.wish.user, assessment.wish.body


def took_over(tx: Tx, row: AccessRequest) -> None:
    """The new grant stands: the imported one is continued by it, and nothing is called."""
    if row.kind == Kind.GRANT_ADOPT and row.extends is not None:
        _end(tx, row.extends, "adopted", continued_by=row.grant_ids[0])


def lost(tx: Tx, row: AccessRequest, code: str) -> None:
    """It failed because the membership was removed in AWS: the imported grant is over as well (rule 22)."""
    if row.kind == Kind.GRANT_ADOPT and row.extends is not None and code == REMOVED_OUTSIDE:
        _end(tx, row.extends, REMOVED_OUTSIDE)


def _end(tx: Tx, grant_id: str, reason: str, *, continued_by: str | None = None) -> None:
    query = select(Grant).where(col(Grant.id) == grant_id).execution_options(populate_existing=True)
    grant = tx.session.scalars(query).one()
    # What was found a moment ago and is not shown may only not be shown yet: then it stays.
    sure = continued_by is not None or is_settled(grant.starts_at, tx.now)
    if grant.state == GrantState.ACTIVE and sure:
        move_grant(tx, grant, GrantState.REVOKING, end_reason=reason)
        move_grant(tx, grant, GrantState.REVOKED, continued_by=continued_by)
        audit.of_grant(
            tx, "grant.ended", grant, by=SYSTEM_ACTOR, reason=reason, ended_by=None, continued_by=continued_by
        )
