"""What suspending, resuming and deleting somebody comes to in our own rows (rules 6, 22 and 24).

Taking away never waits: from the approval on they can do nothing. IAM follows, and only what it shows is said to be so.
"""

import sqlalchemy as sa
from sqlmodel import col, select

from app.changes import REGISTRY
from app.changes.whole import SeenWhole
from app.db import Tx
from app.domain.actors import SYSTEM_ACTOR, Actor, Caller
from app.domain.credentials import SecretKind
from app.domain.rulings import Refusal
from app.domain.sightings import Seen
from app.domain.states import QUEUED, DecisionState, GrantState, Provisioning
from app.domain.words import Kind, UserState
from app.errors import Conflict, Forbidden
from app.models import AccessRequest, Enrolment, Grant, Token, User, columns
from app.services import audit, people, rotation_moves, secrets, slack_links, suspensions
from app.services.assessment import Assessment
from app.services.closing import CLOSABLE, closable, close
from app.services.moves import move_grant

_requests = columns(AccessRequest)


def approved(tx: Tx, by: Actor, row: AccessRequest) -> None:
    """It is approved: whoever is to be suspended or deleted can do nothing from here on."""
    if row.kind not in {Kind.USER_SUSPEND, Kind.USER_DELETE}:
        return
    for resume in closable(tx, col(AccessRequest.user) == row.user, col(AccessRequest.kind) == Kind.USER_RESUME):
        close(tx, resume, f"{by.name} had {row.user} {'suspended' if row.kind == Kind.USER_SUSPEND else 'deleted'}")
    if people.known_one(tx, row.user).state == UserState.ACTIVE:
        _set_state(tx, row.user, UserState.SUSPENDED)
        audit.of_request(tx, "user.suspended", row, by=by, for_deletion=row.kind == Kind.USER_DELETE)


def suspended(subject: people.Known, assessment: Assessment) -> list[Refusal]:
    """For suspended people only removals are carried out (rule 24)."""
    change = assessment.change
    if change.of_person or change.is_for(subject.state):
        return []
    return [Refusal(409, "user_suspended", f"{subject.name} is suspended. Ask for user.resume first.")]


def in_the_way(tx: Tx, user: str) -> list[Refusal]:
    """Somebody comes back only after they have gone: what is still being taken would be taken afterwards."""
    taking = sa.select(_requests.c.id, _requests.c.kind).where(
        _requests.c.user == user,
        _requests.c.kind.in_((Kind.USER_SUSPEND, Kind.USER_DELETE)),
        _requests.c.decision == DecisionState.APPROVED,
        _requests.c.provisioning.in_((Provisioning.QUEUED, Provisioning.APPLYING)),
    )
    found = tx.session.connection().execute(taking.limit(1)).first()
    if found is None:
        return []
    text = f"{found.kind} of {user} is still being carried out, in access request {found.id}. Wait for it."
    return [Refusal(409, "still_leaving", text, {"access_request_id": found.id})]


def require_cancellable(tx: Tx, caller: Caller, row: AccessRequest) -> None:
    """Nobody gets out of their own suspension by cancelling it.

    Raises:
        Forbidden: The caller neither asked for it nor is an admin whom it does not concern.
        Conflict: `already_begun`, the suspension holds already.
    """
    me = caller.person.counts_as
    asker, subject = (people.known_one(tx, name).person.counts_as for name in (row.requester, row.user))
    if me != asker and (me == subject or not caller.is_admin):
        raise Forbidden("Only who asked for this can cancel it.", code="not_yours_to_cancel")
    if row.kind == Kind.USER_SUSPEND and row.state == QUEUED:
        raise Conflict(f"{row.user} is suspended already; ask for user.resume.", code="already_begun")


def begun(tx: Tx, row: AccessRequest, seen: Seen) -> None:
    """It is about to be carried out: what will be taken is written down first."""
    if row.kind != Kind.USER_RESUME and isinstance(seen, SeenWhole):
        suspensions.note(tx, row, seen.to_be_taken(keeps_keys=row.kind == Kind.USER_SUSPEND))


def hold(tx: Tx, request_id: str) -> None:
    """Hold everybody whose requests the end of a deletion closes, in one order for all."""
    # As columns: a row that is read before the lock would be kept as it was then.
    read = tx.session.connection().execute
    found = read(sa.select(_requests.c.kind, _requests.c.user).where(_requests.c.id == request_id)).one()
    if found.kind == Kind.USER_DELETE:
        theirs = sa.select(_requests.c.user).where(_requests.c.requester == found.user, *CLOSABLE)
        people.hold_all(tx, [found.user, *read(theirs).scalars()])


def applied(tx: Tx, row: AccessRequest) -> None:
    """IAM shows it."""
    if row.kind == Kind.USER_SUSPEND:
        suspensions.complete(tx, row)
        # The key of a secret that waits comes back with them; the password opens nothing any more.
        secrets.over(tx, row.account, row.user, SecretKind.CONSOLE_PASSWORD)
    elif row.kind == Kind.USER_RESUME:
        suspensions.forget(tx, row)
        _set_state(tx, row.user, UserState.ACTIVE)
        audit.of_request(tx, "user.resumed", row, by=SYSTEM_ACTOR)
    elif row.kind == Kind.USER_DELETE:
        _deleted(tx, row)


def _deleted(tx: Tx, row: AccessRequest) -> None:
    user = row.user
    _end_grants(tx, user)
    _close_theirs(tx, row)
    tokens = sa.update(Token).where(col(Token.owner) == user, col(Token.revoked_at).is_(None))
    tx.session.execute(tokens.values(revoked_at=tx.now))
    codes = sa.update(Enrolment).where(
        col(Enrolment.user) == user, col(Enrolment.used_at).is_(None), col(Enrolment.replaced_at).is_(None)
    )
    tx.session.execute(codes.values(replaced_at=tx.now))
    secrets.over(tx, row.account, user)
    rotation_moves.user_deleted(tx, row)
    slack_links.ended_with(tx, user, by=SYSTEM_ACTOR, why="deleted")
    suspensions.forget(tx, row)
    _set_state(tx, user, UserState.DELETED)
    audit.of_request(tx, "user.deleted", row, by=SYSTEM_ACTOR)


def _end_grants(tx: Tx, user: str) -> None:
    """IAM has no such user any more, so nobody holds any of it."""
    query = select(Grant).where(col(Grant.user) == user, col(Grant.state) != GrantState.REVOKED).order_by(col(Grant.id))
    for grant in tx.session.scalars(query.execution_options(populate_existing=True)):
        if grant.state in {GrantState.APPLYING, GrantState.ACTIVE, GrantState.REVOKE_FAILED}:
            move_grant(tx, grant, GrantState.REVOKING, end_reason=grant.end_reason or "user_deleted")
        move_grant(tx, grant, GrantState.REVOKED, end_reason=grant.end_reason or "user_deleted", failure=None)
        why = {"reason": grant.end_reason, "ended_by": grant.ended_by, "continued_by": None}
        audit.of_grant(tx, "grant.ended", grant, by=SYSTEM_ACTOR, **why)


def _close_theirs(tx: Tx, row: AccessRequest) -> None:
    """Close what they asked for and what was asked for them. What is under way ends itself: a party is gone."""
    for other in closable(tx, sa.or_(col(AccessRequest.user) == row.user, col(AccessRequest.requester) == row.user)):
        others_loss = other.user != row.user and REGISTRY[Kind(other.kind)].takes_away
        if not (others_loss and other.decision == DecisionState.APPROVED):
            close(tx, other, f"{row.user} was deleted")


def _set_state(tx: Tx, user: str, state: UserState) -> None:
    tx.session.execute(sa.update(User).where(col(User.name) == user).values(state=state, version=col(User.version) + 1))
    people.forget(tx)
