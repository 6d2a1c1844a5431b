"""Once more after a takeover: what a worker that stood still wrote late is taken back (rule 32).

Before a call the claim is checked, but a worker may be stopped between the check and the call. One lease and one
worst-case call after somebody took its lane over, nothing of it can be under way any more: then this looks.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col, select

from app import log
from app.changes.base import remove_member
from app.clients import aws
from app.clients.iam import Iam
from app.db import Transactions, Tx
from app.domain import admin_path
from app.domain.actors import SYSTEM_ACTOR
from app.domain.plans import Operation
from app.domain.sightings import SeenUser
from app.domain.states import HOLDING_GRANTS, GrantState
from app.models import Grant, Lane, columns
from app.services import audit, directory, sightings
from app.services.moves import move_grant

_log = log.get("late_writes")
REACH = timedelta(hours=1)
"""Grants that ended this long before are looked at: far more than a lease and a call."""
AGAIN = timedelta(seconds=5)

_lanes = columns(Lane)


class LookAgain:
    """Compares one user's memberships with their grants. The caller has claimed the lane.

    Args:
        database: Where rows and audit are.
        iam: The account's IAM.
    """

    def __init__(self, database: Transactions, iam: Iam) -> None:
        self._database, self._iam = database, iam

    def __call__(self, account: str, user: str) -> None:
        """Take away what ended and is there again; end what is active and is gone."""
        with self._database.read() as tx:
            began = tx.now
            current = _grants(tx, account, user)
            holding = {g.group for g in current if g.state in HOLDING_GRANTS}
            ended = {g.group for g in current if g.state == GrantState.REVOKED} - holding
            admin_groups = directory.admin_groups(tx)
        try:
            seen = self._iam.user(user)
            again = sorted(ended.intersection(seen.groups if seen else ()))
            for group in again:
                self._iam.call(remove_member(user, group))
            late = _late_boundary(seen, ended, admin_groups)
            for operation in late:
                with suppress(aws.NotOffered):
                    self._iam.call(operation)
            if again or late:
                seen = self._iam.user(user)
        except aws.AwsError as problem:
            _log.warning("look_again_failed", account=account, user=user, problem=str(problem))
            done = False
        else:
            done = not ended.intersection(seen.groups if seen else ())
            with self._database.write() as tx:
                _record(tx, account, user, again, seen)
        with self._database.write() as tx:
            put_off(tx, account, user, None if done else tx.now + AGAIN, began)


def _late_boundary(seen: SeenUser | None, ended: set[str], admin_groups: frozenset[str]) -> tuple[Operation, ...]:
    """What a membership among administrators left on somebody who is in no such group any more (rule 26)."""
    if seen is None or not ended & admin_groups:
        return ()
    left = replace(seen, groups=tuple(g for g in seen.groups if g not in ended))
    before, after = admin_path.fall(left, None, admin_groups)
    return (*before, *after)


def put_off(tx: Tx, account: str, user: str, look_again_at: datetime | None, planned: datetime | None = None) -> None:
    """Look again later, or not any more.

    Args:
        planned: What was planned after this stays: somebody lost a claim while we looked.
    """
    here = [_lanes.c.account == account, _lanes.c.principal == user]
    if planned is not None:
        here.append(_lanes.c.look_again_at <= planned)
    tx.session.connection().execute(sa.update(_lanes).where(*here), {"look_again_at": look_again_at})


def _grants(tx: Tx, account: str, user: str) -> list[Grant]:
    recent = sa.or_(col(Grant.ended_at).is_(None), col(Grant.ended_at) > tx.now - REACH)
    query = select(Grant).where(col(Grant.account) == account, col(Grant.user) == user, recent)
    return list(tx.session.scalars(query))


def _record(tx: Tx, account: str, user: str, again: list[str], seen: SeenUser | None) -> None:
    sightings.save_user(tx, account, user, seen)
    for group in again:
        audit.record(tx, "access.taken_again", by=SYSTEM_ACTOR, subject=user, account=account, group=group)
        _log.warning("late_write", account=account, user=user, group=group)
    for grant in _grants(tx, account, user):
        if grant.state == GrantState.ACTIVE and (seen is None or grant.group not in seen.groups):
            # Rule 22: what is found removed ends, and is not given again by itself. It goes the way of every end, which
            # takes it away as well: IAM may only not show what was given a moment ago.
            move_grant(tx, grant, GrantState.REVOKING, end_reason="removed_outside", due_at=tx.now)
