"""Lists by keyset, newest first: only what the caller may see, nothing lost or repeated while rows are added."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select

from app.db import Tx
from app.domain.actors import Caller
from app.domain.people import Person
from app.domain.states import DecisionState, GrantState, Provisioning
from app.domain.words import Kind, UserState
from app.models import AccessRequest, AuditEvent, Decision, Grant, Group, RequestGroup, Token, User
from app.services import directory
from app.services.assessment import reassess

_CANDIDATES = 1000
"""Pending requests looked at for `to_approve`, newest first."""


@dataclass(frozen=True)
class RequestFilter:
    """What a list of requests is narrowed to."""

    decision: DecisionState | None = None
    provisioning: Provisioning | None = None
    user: str | None = None
    kind: Kind | None = None
    group: str | None = None
    mine: bool = False
    to_approve: bool = False


def requests(tx: Tx, caller: Caller, wanted: RequestFilter, *, before: str | None, limit: int) -> list[AccessRequest]:
    """Access requests: a member's own and those to approve; everything for admin and auditor."""
    query = select(AccessRequest).order_by(col(AccessRequest.id).desc())
    for column, value in (
        (AccessRequest.decision, wanted.decision),
        (AccessRequest.provisioning, wanted.provisioning),
        (AccessRequest.user, wanted.user),
        (AccessRequest.kind, wanted.kind),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    if before is not None:
        query = query.where(col(AccessRequest.id) < before)
    if wanted.group is not None:
        query = query.where(_names_group(frozenset({wanted.group})))
    mine = _mine(tx, caller)
    own = sa.or_(col(AccessRequest.user).in_(mine), col(AccessRequest.requester).in_(mine))
    if wanted.mine:
        query = query.where(own)
    elif not caller.sees_all:
        approves = directory.approves(tx, caller)
        query = query.where(sa.or_(own, _names_group(approves)) if approves else own)
    if wanted.to_approve:
        standing = sa.select(col(Decision.access_request_id)).where(
            col(Decision.approver) == caller.name, col(Decision.void).is_(None)
        )
        query = query.where(
            col(AccessRequest.decision) == DecisionState.PENDING, ~own, col(AccessRequest.id).not_in(standing)
        )
        candidates = tx.session.scalars(query.limit(_CANDIDATES))
        found = (row for row in candidates if caller.name in reassess(tx, row).ruling.eligible)
        return [row for row, _ in zip(found, range(limit), strict=False)]
    return list(tx.session.scalars(query.limit(limit)))


def _names_group(groups: frozenset[str]) -> sa.ColumnElement[bool]:
    return col(AccessRequest.id).in_(
        sa.select(col(RequestGroup.access_request_id)).where(col(RequestGroup.group).in_(sorted(groups)))
    )


def _mine(tx: Tx, caller: Caller) -> list[str]:
    """The names that count as the caller: the person and the person's services."""
    person: Person = caller.person
    services = tx.session.execute(sa.select(col(User.name)).where(col(User.owner) == person.counts_as))
    return [person.counts_as, *services.scalars()]


@dataclass(frozen=True)
class GrantFilter:
    """What a list of grants is narrowed to."""

    user: str | None = None
    group: str | None = None
    state: GrantState | None = None
    ends_before: datetime | None = None


def grants(tx: Tx, caller: Caller, wanted: GrantFilter, *, before: str | None, limit: int) -> list[Grant]:
    """Grants: a member's own and those of groups they approve; everything for admin and auditor."""
    query = select(Grant).order_by(col(Grant.id).desc()).limit(limit)
    for column, value in ((Grant.user, wanted.user), (Grant.group, wanted.group), (Grant.state, wanted.state)):
        if value is not None:
            query = query.where(col(column) == value)
    if wanted.ends_before is not None:
        query = query.where(col(Grant.ends_at) < wanted.ends_before)
    if before is not None:
        query = query.where(col(Grant.id) < before)
    if not caller.sees_all:
        approves = directory.approves(tx, caller)
        query = query.where(sa.or_(col(Grant.user).in_(_mine(tx, caller)), col(Grant.group).in_(sorted(approves))))
    return list(tx.session.scalars(query))


def users(tx: Tx, *, search: str | None, state: UserState | None, before: str | None, limit: int) -> list[User]:
    """Users, newest first; `search` is a part of name or e-mail. Deleted ones only when asked for."""
    query = select(User).order_by(col(User.id).desc()).limit(limit)
    query = query.where(col(User.state) == state if state else col(User.state) != UserState.DELETED)
    if search is not None:
        part = search.casefold()
        query = query.where(
            sa.or_(
                col(User.name_key).contains(part, autoescape=True), col(User.email_key).contains(part, autoescape=True)
            )
        )
    if before is not None:
        query = query.where(col(User.id) < before)
    return list(tx.session.scalars(query))


def groups(tx: Tx, *, before: str | None, limit: int) -> list[Group]:
    """Groups, by name."""
    query = select(Group).order_by(col(Group.name)).limit(limit)
    if before is not None:
        query = query.where(col(Group.name) > before)
    return list(tx.session.scalars(query))


def members(tx: Tx, group: str, *, before: str | None, limit: int) -> list[Grant]:
    """Who holds a group now, newest grant first."""
    query = select(Grant).where(col(Grant.group) == group, col(Grant.state) == GrantState.ACTIVE)
    if before is not None:
        query = query.where(col(Grant.id) < before)
    return list(tx.session.scalars(query.order_by(col(Grant.id).desc()).limit(limit)))


@dataclass(frozen=True)
class AuditFilter:
    """What a list of audit events is narrowed to."""

    event: str | None = None
    actor: str | None = None
    subject: str | None = None
    access_request_id: str | None = None


def audit_events(tx: Tx, wanted: AuditFilter, *, before: int | None, limit: int) -> list[tuple[int, str]]:
    """Sequence numbers and bodies, newest first."""
    query = sa.select(col(AuditEvent.seq), col(AuditEvent.body)).order_by(col(AuditEvent.seq).desc()).limit(limit)
    for column, value in (
        (AuditEvent.event, wanted.event),
        (AuditEvent.actor, wanted.actor),
        (AuditEvent.subject, wanted.subject),
        (AuditEvent.access_request_id, wanted.access_request_id),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    if before is not None:
        query = query.where(col(AuditEvent.seq) < before)
    return [(seq, body) for seq, body in tx.session.execute(query)]


def tokens(tx: Tx, owner: str, *, before: str | None, limit: int) -> list[Token]:
    """The live tokens of one user."""
    query = select(Token).where(
        col(Token.owner) == owner, col(Token.revoked_at).is_(None), col(Token.expires_at) > tx.now
    )
    if before is not None:
        query = query.where(col(Token.id) < before)
    return list(tx.session.scalars(query.order_by(col(Token.id).desc()).limit(limit)))
