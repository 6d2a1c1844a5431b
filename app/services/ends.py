"""Ending grants: by time, by a person, or because what gave them was abandoned. Tried for ever.

Ends in one place go together: in a group, one paged GetGroup before and one after; among a user's own policies, one
ListUserPolicies before and one after; a transaction before and one after.
"""

import time
from collections.abc import Callable, Collection

import sqlalchemy as sa
from sqlmodel import col, select

from app.clients import aws
from app.clients.iam import Iam
from app.db import Transactions, Tx
from app.delivery.due import free
from app.domain.access import user_of
from app.domain.actors import SYSTEM_ACTOR
from app.domain.retries import is_settled, refused
from app.domain.states import ENDING_GRANTS, HOLDING_GRANTS, GrantState, Provisioning
from app.models import AccessRequest, Grant, columns
from app.services import audit, directory, people, sightings
from app.services.approvals import problem
from app.services.backoff import Backoff
from app.services.moves import move_grant, move_grants, note_grant, note_request
from app.services.removals import take_out

BATCH = 100
"""Grants ended together at most."""
BUDGET = 0.5
"""Seconds of calls to IAM in one batch, so that others get their turn; what is left stays due."""

_grants = columns(Grant)
_IN_GROUP = (_grants.c.account == sa.bindparam("account"), _grants.c.group == sa.bindparam("where"))
_OF_USER = (
    _grants.c.account == sa.bindparam("account"),
    _grants.c.user == sa.bindparam("where"),
    _grants.c.group.is_(None),
)


def _due(*there: sa.ColumnElement[bool]) -> sa.Select[str, str]:
    due = sa.select(_grants.c.id, _grants.c.user).where(*there, _grants.c.due_at <= sa.bindparam("now"), free(_grants))
    return due.order_by(_grants.c.due_at).limit(BATCH)


def _holders(name: sa.ColumnElement[str], *there: sa.ColumnElement[bool]) -> sa.Select[str, str]:
    held = _grants.c.state.in_(sorted(HOLDING_GRANTS))
    named = name.in_(sa.bindparam("names", expanding=True))
    return sa.select(name, _grants.c.id).where(*there, named, held).order_by(_grants.c.ends_at.nulls_last())


_DUE_IN_GROUP, _DUE_OF_USER = _due(*_IN_GROUP), _due(*_OF_USER)
_HELD = (
    select(Grant)
    .where(col(Grant.id).in_(sa.bindparam("ids", expanding=True)))
    .order_by(col(Grant.user), col(Grant.id))
    .execution_options(populate_existing=True)
)
_HOLDERS_IN_GROUP, _HOLDERS_OF_USER = _holders(_grants.c.user, *_IN_GROUP), _holders(_grants.c.policy, *_OF_USER)


def due_of(tx: Tx, account: str, place: str) -> dict[str, str]:
    """The grants in a place that are due and that nobody works on, the longest overdue first: their users, by id."""
    user = user_of(place)
    query = _DUE_IN_GROUP if user is None else _DUE_OF_USER
    given = {"account": account, "where": user or place, "now": tx.now}
    return dict(tx.session.connection().execute(query, given).all())


class EndGrants:
    """Ends grants in one place; calling it again is the recovery.

    Args:
        database: Where rows and audit are.
        iam: The account's IAM.
        backoff: How long to wait after a failure.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, database: Transactions, iam: Iam, backoff: Backoff, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._iam, self._backoff, self._clock = database, iam, backoff, clock

    def __call__(self, place: str, grant_ids: Collection[str]) -> None:
        """Bring these to their end: read IAM, take away, read back, record."""
        with self._database.write() as tx:
            taken = _begin(tx, place, grant_ids)
            admin_groups = directory.admin_groups(tx)
            ending = {grant.id: _name(grant) for grant in taken}
            # What was given a moment ago may not be shown yet: that IAM shows nothing says nothing then.
            unsettled = {_name(g) for g in taken if g.starts_at is None or not is_settled(g.starts_at, tx.now)}
            never_shown = {_name(g) for g in taken if g.starts_at is None}
            tx.due = {work for work in tx.due if work.what != "ends"}  # we are at it: nobody else need be woken
        if not ending:
            return
        until = self._clock() + BUDGET
        failed = take_out(
            self._iam,
            place,
            frozenset(ending.values()),
            unsettled=unsettled,
            never_shown=never_shown,
            is_over=lambda: self._clock() > until,
            admin_groups=admin_groups,
        ).still_in
        with self._database.write() as tx:
            found = [grant for grant in _hold(tx, ending) if grant.state in ENDING_GRANTS]
            for grant in found:
                if (why := failed.get(_name(grant))) is not None:
                    self._try_again(tx, grant, why)
            done = [grant for grant in found if _name(grant) not in failed]
            _ended(tx, done)
            if done:
                sightings.taken(tx, done[0].account, place, [_name(grant) for grant in done])

    def _try_again(self, tx: Tx, grant: Grant, why: aws.AwsError) -> None:
        said = refused(why.code, str(why)) if isinstance(why, aws.NeedsPerson) else None
        text = said.detail if said else f"{why}; trying again."
        failure = problem(tx.now, said.code if said else "aws_unavailable", text, aws_code=why.code)
        pause = self._backoff(grant.attempts)
        again = {"failure": failure, "attempts": grant.attempts + 1, "due_at": tx.now + pause}
        if grant.state == GrantState.REVOKE_FAILED:
            # The first failure is in the audit; a row for each try would drown it.
            note_grant(tx, grant, **again)
            return
        move_grant(tx, grant, GrantState.REVOKE_FAILED, **again)
        audit.of_grant(tx, "grant.end_failed", grant, by=SYSTEM_ACTOR, failure=failure)


def _name(grant: Grant) -> str:
    """What is taken away in its place: the user from a group, the policy from a user."""
    return grant.policy or grant.user


def _hold(tx: Tx, grant_ids: Collection[str]) -> list[Grant]:
    """The grants, with their users' rows held first, as every writer does."""
    if tx.locks_rows:
        users = sa.select(_grants.c.user).where(_grants.c.id.in_(list(grant_ids)))
        people.hold_all(tx, tx.session.connection().execute(users).scalars())
    return list(tx.session.scalars(_HELD, {"ids": list(grant_ids)}))


def _begin(tx: Tx, place: str, grant_ids: Collection[str]) -> list[Grant]:
    """Note that they are ending. What comes back is to be taken away in IAM."""
    found = _hold(tx, grant_ids)
    _turn(tx, [grant for grant in found if grant.due_at is not None and grant.due_at <= tx.now])
    ending = [grant for grant in found if grant.state in ENDING_GRANTS]
    if not ending:
        return []
    user = user_of(place)
    query = _HOLDERS_IN_GROUP if user is None else _HOLDERS_OF_USER
    given = {"account": ending[0].account, "where": user or place, "names": sorted({_name(g) for g in ending})}
    holders = dict(tx.session.connection().execute(query, given).all())
    for grant in ending:
        if _name(grant) in holders:
            _ended(tx, [grant], continued_by=holders[_name(grant)])
    return [grant for grant in ending if _name(grant) not in holders]


def _turn(tx: Tx, due: list[Grant]) -> None:
    """From active, or never finished, to ending: their time has come."""
    active = [grant for grant in due if grant.state == GrantState.ACTIVE]
    move_grants(tx, active, GrantState.REVOKING, end_reason="expired", due_at=tx.now)
    for grant in due:
        if grant.state != GrantState.APPLYING:
            continue
        # The request that should have given it never finished; it undoes what it wrote (rule 19).
        row = tx.session.get_one(AccessRequest, grant.access_request_id)  # only what was asked for is ever applying
        move_grant(tx, grant, GrantState.REVOKING, end_reason="not_applied", due_at=tx.now)
        if row.provisioning == Provisioning.APPLYING:
            failure = problem(tx.now, "took_too_long", "It was not carried out in time.", undoing=True)
            note_request(tx, row, failure=failure, due_at=tx.now)


def _ended(tx: Tx, done: list[Grant], *, continued_by: str | None = None) -> None:
    again = [grant for grant in done if grant.state == GrantState.REVOKE_FAILED]
    move_grants(tx, again, GrantState.REVOKING)
    move_grants(tx, done, GrantState.REVOKED, continued_by=continued_by, failure=None)
    for grant in done:
        audit.of_grant(
            tx,
            "grant.ended",
            grant,
            by=SYSTEM_ACTOR,
            reason=grant.end_reason,
            ended_by=grant.ended_by,
            continued_by=continued_by,
        )
