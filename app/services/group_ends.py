"""What making and deleting a group comes to in our own rows (rule 24).

A deletion that is begun ends every grant of the group and closes every request that names it, before the first call;
once IAM shows no such group, whatever came in between ends too.
"""

import sqlalchemy as sa
from sqlmodel import col, select

from app.changes import REGISTRY
from app.changes.base import Wish
from app.changes.group_create import GroupCreateBody, path_of
from app.clients import aws
from app.db import Tx, insert
from app.domain import names
from app.domain.actors import SYSTEM_ACTOR
from app.domain.retries import is_settled
from app.domain.sightings import Seen
from app.domain.states import LIVE_GRANTS, GrantState
from app.domain.words import Kind
from app.models import AccessRequest, Grant, Group, RequestGroup, columns
from app.services import audit, directory, people, sightings
from app.services.closing import CLOSABLE, closable, close
from app.services.moves import move_grant

_requests, _grants = columns(AccessRequest), columns(Grant)
_WHY = "group_deleted"


def require_settled(tx: Tx, row: AccessRequest, seen: Seen) -> None:
    """That IAM shows no such group says nothing while we made it a moment ago.

    Raises:
        Retryable: We did.
    """
    if row.kind != Kind.GROUP_DELETE or row.change["name"] in seen.groups:
        return
    group = tx.session.get(Group, row.change["name"])
    if group is not None and not is_settled(group.created_at, tx.now):
        raise aws.Retryable("GetGroup", "NotShownYet", "IAM does not show the group yet that was made a moment ago")


def hold(tx: Tx, request_id: str) -> None:
    """Hold everybody whose grants and requests the deletion ends, in one order for all."""
    # As columns: a row that is read before the lock would be kept as it was then.
    read = tx.session.connection().execute
    found = read(
        sa.select(_requests.c.kind, _requests.c.user, _requests.c.change).where(_requests.c.id == request_id)
    ).one()
    if found.kind != Kind.GROUP_DELETE or not tx.locks_rows:
        return
    name = found.change["name"]
    asked = sa.select(_requests.c.user).where(_requests.c.id.in_(_naming(name)), *CLOSABLE)
    holders = sa.select(_grants.c.user).where(_grants.c.group == name, _grants.c.state != GrantState.REVOKED)
    people.hold_all(tx, {found.user, *read(asked).scalars(), *read(holders).scalars()})


def begun(tx: Tx, row: AccessRequest) -> None:
    """A deletion is about to be carried out: nobody is given the group any more, and whoever has it loses it."""
    if row.kind != Kind.GROUP_DELETE:
        return
    for grant in _standing(tx, row):
        if grant.state not in LIVE_GRANTS:
            continue
        ends = {"end_reason": _WHY, "ended_by": row.requester}
        if grant.state == GrantState.SCHEDULED:
            move_grant(tx, grant, GrantState.REVOKED, **ends)
        else:
            move_grant(tx, grant, GrantState.REVOKING, due_at=tx.now, **ends)
        audit.of_grant(tx, "grant.end_asked", grant, by=SYSTEM_ACTOR, reason=_WHY, why=row.reason)
    _close_requests(tx, row)


def created(tx: Tx, row: AccessRequest, wish: Wish, seen: Seen) -> bool:
    """IAM shows the new group: from here on it is managed.

    Returns:
        False: A group of that name came to be managed meanwhile, by an import or a catalogue.
    """
    body: GroupCreateBody = wish.body
    key = names.key(body.name)
    if tx.session.scalars(select(Group.name).where(col(Group.name_key) == key)).first() is not None:
        return False
    group = Group(
        name=body.name,
        name_key=key,
        description=body.description,
        path=path_of(wish, seen),
        policies=list(body.policies),
        rule=body.rule.model_dump(mode="json"),
        created_at=tx.now,
    )
    insert(tx, group)
    insert(tx, RequestGroup(group=body.name, access_request_id=row.id))
    audit.of_request(tx, "group.created", row, by=SYSTEM_ACTOR, group=body.name, rule=group.rule)
    return True


def deleted(tx: Tx, row: AccessRequest) -> None:
    """IAM shows no such group: nobody is in it, and it is managed no more.

    Of a group under `/lab-admin/` what is still ending goes on to its end by itself.
    """
    name = row.change["name"]
    # Whoever was about to become an administrator has boundary and path given back by the end of their grant (rule 26).
    of_admins = name in directory.admin_groups(tx)
    ended = [] if of_admins else [grant for grant in _standing(tx, row) if grant.account == row.account]
    for grant in ended:
        if grant.state in {GrantState.APPLYING, GrantState.ACTIVE, GrantState.REVOKE_FAILED}:
            move_grant(tx, grant, GrantState.REVOKING, end_reason=grant.end_reason or _WHY)
        move_grant(tx, grant, GrantState.REVOKED, end_reason=grant.end_reason or _WHY, failure=None)
        why = {"reason": grant.end_reason, "ended_by": grant.ended_by, "continued_by": None}
        audit.of_grant(tx, "grant.ended", grant, by=SYSTEM_ACTOR, **why)
    sightings.left(tx, row.account, name, {grant.user for grant in ended})
    _close_requests(tx, row)
    done = sa.update(Group).where(col(Group.name) == name).values(deleted_at=tx.now, version=Group.version + 1)
    tx.session.execute(done.execution_options(synchronize_session=False))
    audit.of_request(tx, "group.deleted", row, by=SYSTEM_ACTOR, group=name)


def _standing(tx: Tx, row: AccessRequest) -> list[Grant]:
    """Every grant of the group that has not ended."""
    of_group = (col(Grant.group) == row.change["name"], col(Grant.state) != GrantState.REVOKED)
    query = select(Grant).where(*of_group).order_by(col(Grant.id))
    return list(tx.session.scalars(query.execution_options(populate_existing=True)))


def _close_requests(tx: Tx, row: AccessRequest) -> None:
    name = row.change["name"]
    for other in closable(tx, col(AccessRequest.id).in_(_naming(name)), col(AccessRequest.id) != row.id):
        if REGISTRY[Kind(other.kind)].of_policy:
            continue  # it names a policy, which the group only has
        close(tx, other, f"the group {name} is deleted, by access request {row.id}")


def _naming(group: str) -> sa.Select[str]:
    """The ids of the requests that name a group."""
    return sa.select(col(RequestGroup.access_request_id)).where(col(RequestGroup.group) == group)
