"""Lists by keyset, newest first: only what the caller may see, nothing lost or repeated while rows are added."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import UTCDateTime, col, select

from app.db import Tx
from app.domain.actors import Caller
from app.domain.people import Person
from app.domain.states import DecisionState, GrantState, Provisioning
from app.domain.words import Kind, UserState
from app.models import AccessRequest, AuditEvent, Decision, Grant, Group, RequestGroup, Token, User, columns
from app.services import directory
from app.services.assessment import reassess

_CANDIDATES = 1000
"""Pending requests looked at for `to_approve`, newest first."""

_requests, _decisions, _groups, _events = (columns(m) for m in (AccessRequest, Decision, RequestGroup, AuditEvent))
PLAIN = (
    "id",
    "kind",
    "user",
    "requester",
    "account",
    "reason",
    "duration_seconds",
    "starts_at",
    "decision",
    "provisioning",
    "extends",
    "version",
    "created_at",
    "lapses_at",
    "decided_at",
    "applied_at",
)
DOCUMENTS = ("change", "ruling", "plan", "grant_ids", "failure")
DECISION = ("approver", "verdict", "comment", "plan_digest", "channel", "at", "void")

_STEPS = (51, 201)
"""Pages are read in these sizes, the usual and the longest with the row that says there is more."""
_COLUMNS = len(PLAIN) + len(DOCUMENTS)


def _as_stored(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """As the driver gives it: making objects of values, only to write them down, takes longer than reading them.

    Times as text, in UTC on both databases (PostgreSQL's connections are set to it).
    """
    if isinstance(column.type, UTCDateTime):
        return sa.cast(column, sa.Text).label(column.name)
    return sa.type_coerce(column, sa.types.NullType()).label(column.name)


def _any_of(name: str) -> sa.BindParameter[Any]:
    return sa.bindparam(name, expanding=True)


def _names_group(groups: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return _requests.c.id.in_(sa.select(_groups.c.access_request_id).where(groups))


_MINE = sa.or_(_requests.c.user.in_(_any_of("mine")), _requests.c.requester.in_(_any_of("mine")))
_WHERE: dict[str, sa.ColumnElement[bool]] = {
    **{name: _requests.c[name] == sa.bindparam(name) for name in ("decision", "provisioning", "user", "kind")},
    "group": _names_group(_groups.c.group == sa.bindparam("group")),
    "before": _requests.c.id < sa.bindparam("before"),
    "ids": _requests.c.id.in_(_any_of("ids")),
    "mine": _MINE,
    "not_mine": ~_MINE,
    "mine_or_approved": sa.or_(_MINE, _names_group(_groups.c.group.in_(_any_of("approved")))),
    "pending": _requests.c.decision == DecisionState.PENDING,
    "undecided": _requests.c.id.not_in(
        sa.select(_decisions.c.access_request_id).where(
            _decisions.c.approver == sa.bindparam("approver"), _decisions.c.void.is_(None)
        )
    ),
}
"""What a list of requests can be narrowed to, each with its parameters."""


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


class RequestRow(NamedTuple):
    """A request of a list, as it is stored; `app.api.written` writes it down.

    Attributes:
        stored: The columns of `PLAIN` and of `DOCUMENTS`.
        decisions: The columns of `DECISION` of each, oldest first.
    """

    stored: Sequence[Any]
    decisions: Sequence[Sequence[Any]]

    @property
    def id(self) -> str:
        """The key of the page."""
        return str(self.stored[0])


def requests(tx: Tx, caller: Caller, wanted: RequestFilter, *, before: str | None, limit: int) -> list[RequestRow]:
    """Access requests: a member's own and those to approve; everything for admin and auditor."""
    given: dict[str, Any] = {
        name: value
        for name in ("decision", "provisioning", "user", "kind", "group")
        if (value := getattr(wanted, name)) is not None
    }
    if before is not None:
        given["before"] = before
    if wanted.mine or wanted.to_approve or not caller.sees_all:
        given["mine"] = _mine(tx, caller)
    shape = set(given)
    if not wanted.mine and not caller.sees_all:
        shape.remove("mine")
        shape.add("mine_or_approved")
        given["approved"] = sorted(directory.approves(tx, caller))
    elif not wanted.mine:
        shape.discard("mine")
    if wanted.to_approve:
        given = {"ids": _to_approve(tx, caller, shape, given, limit)}
        shape = {"ids"}
    return _read(tx, frozenset(shape), given, limit)


def _to_approve(tx: Tx, caller: Caller, shape: AbstractSet[str], given: dict[str, Any], limit: int) -> list[str]:
    """The ids of those that wait for the caller's decision, newest first."""
    query = (
        select(AccessRequest)
        .where(*(_WHERE[name] for name in sorted({*shape, "pending", "not_mine", "undecided"})))
        .order_by(_requests.c.id.desc())
        .limit(_CANDIDATES)
    )
    candidates = tx.session.scalars(query, {**given, "approver": caller.name})
    found = (row.id for row in candidates if caller.name in reassess(tx, row).ruling.eligible)
    return list(islice(found, limit))


def _read(tx: Tx, shape: frozenset[str], given: dict[str, Any], limit: int) -> list[RequestRow]:
    most = next((step for step in _STEPS if step >= limit), limit)
    rows = tx.session.connection().execute(_statement(shape, most), given).all()
    return [_request_row(list(of)) for _, of in islice(groupby(rows, key=itemgetter(0)), limit)]


def _request_row(joined: list[sa.Row[Any]]) -> RequestRow:
    """One request from its rows, which differ in their decisions only."""
    decisions = [row[_COLUMNS:] for row in joined if row[_COLUMNS] is not None]
    return RequestRow(joined[0][:_COLUMNS], decisions)


@lru_cache(maxsize=128)
def _statement(shape: frozenset[str], most: int) -> sa.Select[Any]:
    """The page under these conditions. Building a statement costs more than running it, so each is built once.

    Args:
        shape: The names of the conditions.
        most: Rows, as a number in the text: PostgreSQL reads all decisions for a page whose size it does not know.
    """
    page = (
        sa.select(
            *(_as_stored(_requests.c[name]) for name in PLAIN),
            *(sa.cast(_requests.c[name], sa.Text).label(name) for name in DOCUMENTS),
        )
        .where(*(_WHERE[name] for name in sorted(shape)))
        .order_by(_requests.c.id.desc())
        .limit(sa.literal_column(str(most)))
        .subquery()
    )
    of_request = _decisions.c.access_request_id == page.c.id
    return (
        sa.select(*page.columns, *(_as_stored(_decisions.c[name]) for name in DECISION))
        .outerjoin_from(page, _decisions, of_request)
        .order_by(page.c.id.desc(), _decisions.c.id)
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
    """Groups, by name; deleted ones are left out."""
    query = select(Group).where(col(Group.deleted_at).is_(None)).order_by(col(Group.name)).limit(limit)
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
    given = {name: value for name, value in {**vars(wanted), "before": before}.items() if value is not None}
    rows = tx.session.connection().execute(_events_where(frozenset(given)), {**given, "most": limit})
    return [(row.seq, row.body) for row in rows.all()]


@lru_cache(maxsize=64)
def _events_where(given: frozenset[str]) -> sa.Select[Any]:
    wheres = {name: _events.c[name] == sa.bindparam(name) for name in vars(AuditFilter())}
    wheres["before"] = _events.c.seq < sa.bindparam("before")
    query = sa.select(_events.c.seq, _events.c.body).where(*(wheres[name] for name in sorted(given)))
    return query.order_by(_events.c.seq.desc()).limit(sa.bindparam("most"))


def tokens(tx: Tx, owner: str, *, before: str | None, limit: int) -> list[Token]:
    """The live tokens of one user."""
    query = select(Token).where(
        col(Token.owner) == owner, col(Token.revoked_at).is_(None), col(Token.expires_at) > tx.now
    )
    if before is not None:
        query = query.where(col(Token.id) < before)
    return list(tx.session.scalars(query.order_by(col(Token.id).desc()).limit(limit)))
