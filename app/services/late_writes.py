"""The second look (rule 32) at what a user has: what a worker that stood still gave or took late is put right."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app import log
from app.changes.base import remove_member
from app.changes.policy_inline import delete_policy, put_policy
from app.clients import aws
from app.clients.iam import Iam
from app.db import Transactions, Tx
from app.domain import admin_path, documents
from app.domain.access import Access
from app.domain.actors import SYSTEM_ACTOR
from app.domain.inline import InlinePolicy
from app.domain.plans import Operation
from app.domain.retries import SETTLES, is_settled
from app.domain.sightings import SeenUser
from app.domain.states import HOLDING_GRANTS, GrantState
from app.domain.words import UserState
from app.models import AuditEvent, Grant
from app.services import audit, directory, one_offs, people, sightings
from app.services.moves import move_grant
from app.services.second_look import REACH, finish

_log = log.get("late_writes")


@dataclass(frozen=True)
class _Shown:
    """What IAM shows of a user. `inline` None: there are no grants of policies, so nobody looked."""

    user: SeenUser | None
    inline: tuple[InlinePolicy, ...] | None

    def is_other(self, policy: str, document: Mapping[str, Any]) -> bool:
        """Whether another document than this one stands under the name."""
        return any(p.name == policy and p.sha256 != documents.fingerprint(document) for p in self.inline or ())

    def as_json(self) -> dict[str, Any]:
        """For the audit: where the user stands, and what is there by its hash."""
        user = None if self.user is None else {"arn": self.user.arn, "boundary": self.user.boundary}
        return {"user": user, "policies": {p.name: p.sha256 for p in self.inline or ()}}

    @property
    def access(self) -> frozenset[Access]:
        """Every group and policy."""
        groups = (Access("group", g) for g in (self.user.groups if self.user else ()))
        return frozenset([*groups, *(Access("policy", p.name) for p in self.inline or ())])


class LookAgain:
    """Compares what one user has with their grants. The caller has claimed the lane.

    Args:
        database: Where rows and audit are.
        iam: The account's IAM.
    """

    def __init__(self, database: Transactions, iam: Iam) -> None:
        self._database, self._iam = database, iam

    def __call__(self, account: str, user: str) -> None:
        """Take away what ended and is there again; end what is active and is gone. What is not sure waits.

        What was given a moment ago and shows another document is written again, if whom it is for is still there: one
        that came late must not stand, and if IAM only shows an old one nothing changes.
        """
        with self._database.look() as tx:
            began = tx.now
            current = _grants(tx, account, user)
            holding = {g.access for g in current if g.state in HOLDING_GRANTS}
            ended = {g.access for g in current if g.state == GrantState.REVOKED} - holding
            policies_too = any(access.of == "policy" for access in ended | holding)

        def put_right() -> bool:
            return self._put_right(account, user, ended, policies_too=policies_too)

        finish(self._database, account, user, began, put_right)

    def _put_right(self, account: str, user: str, ended: set[Access], *, policies_too: bool) -> bool:
        seen = self._look(user, policies_too=policies_too)
        again = sorted(ended & seen.access)
        for access in again:
            self._iam.call(_take(user, access))
        late = self._late(account, user, seen, ended)
        for operation in late:
            with suppress(aws.NotOffered):
                self._iam.call(operation)
        if again or late:
            seen = self._look(user, policies_too=policies_too)
        with self._database.write() as tx:
            people.hold(tx, user)
            sure = _record(tx, account, user, again, seen)
        return sure and not ended & seen.access

    def _look(self, user: str, *, policies_too: bool) -> _Shown:
        # A user who is not there, or not shown yet, has no policies either.
        return _Shown(self._iam.user(user), (self._iam.inline(user) or ()) if policies_too else None)

    def _late(self, account: str, user: str, seen: _Shown, ended: set[Access]) -> tuple[Operation, ...]:
        # Decided where it is audited, at the last moment: whom it is for may have left while we looked.
        with self._database.write() as tx:
            people.hold(tx, user)
            groups = {access.name for access in ended if access.of == "group"}
            boundary = _late_boundary(seen.user, groups, directory.admin_groups(tx))
            late = (*boundary, *_late_documents(tx, account, user, seen))
            wanted = [operation.as_json() for operation in late]
            said: dict[str, Any] = {"account": account, "operations": wanted, "found": seen.as_json()}
            # Taking away was audited when it was given, this was not.
            if late and said != _said_lately(tx, user):
                audit.record(tx, "user.put_right", by=SYSTEM_ACTOR, subject=user, **said)
                _log.warning("late_write", account=account, user=user, actions=[o.action for o in late])
        return late


def _take(user: str, access: Access) -> Operation:
    return remove_member(user, access.name) if access.of == "group" else delete_policy(user, access.name)


def _late_boundary(seen: SeenUser | None, ended: set[str], admin_groups: frozenset[str]) -> tuple[Operation, ...]:
    """What a membership among administrators left on somebody who is in no such group any more (rule 26)."""
    if seen is None or not ended & admin_groups:
        return ()
    left = replace(seen, groups=tuple(g for g in seen.groups if g not in ended))
    before, after = admin_path.fall(left, None, admin_groups)
    return (*before, *after)


def _late_documents(tx: Tx, account: str, user: str, seen: _Shown) -> tuple[Operation, ...]:
    """Policies that were given a moment ago, and of which IAM shows another document; for who is still there (rule 24).

    For others nothing is given: what came late ends with the grant.
    """
    if people.known_one(tx, user).state != UserState.ACTIVE:
        return ()
    young = {g.policy: one_offs.document(tx, g) for g in _grants(tx, account, user) if g.policy and _is_young(tx, g)}
    return tuple(put_policy(user, name, young[name]) for name in sorted(young) if seen.is_other(name, young[name]))


def _said_lately(tx: Tx, user: str) -> Any:
    """What was last put right, and over what: IAM may show that for a while still, and it is put right each time."""
    query = (
        sa.select(col(AuditEvent.body))
        .where(
            col(AuditEvent.event) == "user.put_right",
            col(AuditEvent.subject) == user,
            col(AuditEvent.at) > tx.now - SETTLES,
        )
        .order_by(col(AuditEvent.seq).desc())
        .limit(1)
    )
    body = tx.session.scalars(query).first()
    return json.loads(body)["data"] if body else None


def _is_young(tx: Tx, grant: Grant) -> bool:
    return grant.state == GrantState.ACTIVE and not is_settled(grant.starts_at, tx.now)


def _grants(tx: Tx, account: str, user: str) -> list[Grant]:
    recent = sa.or_(col(Grant.ended_at).is_(None), col(Grant.ended_at) > tx.now - REACH)
    query = select(Grant).where(col(Grant.account) == account, col(Grant.user) == user, recent)
    return list(tx.session.scalars(query))


def _record(tx: Tx, account: str, user: str, again: list[Access], seen: _Shown) -> bool:
    """Note what was seen and done, and end what is gone. False: of a grant it cannot be said yet whether it is gone."""
    sightings.save_user(tx, account, user, seen.user)
    sightings.save_inline(tx, account, user, seen.inline)
    for access in again:
        named = {access.of: access.name}
        audit.record(tx, "access.taken_again", by=SYSTEM_ACTOR, subject=user, account=account, **named)
        _log.warning("late_write", account=account, user=user, **named)
    sure = True
    for grant in _grants(tx, account, user):
        if grant.state != GrantState.ACTIVE or (grant.policy is not None and seen.inline is None):
            continue
        gone = grant.access not in seen.access
        other = grant.policy is not None and seen.is_other(grant.policy, one_offs.document(tx, grant))
        if not gone and not other:
            continue
        if _is_young(tx, grant):
            sure = False  # what was read may be from before it was given, and ending it would take it from somebody
            continue
        # Rule 22: what is found removed ends, and is not given again by itself. Otherwise what came late was another
        # document of the same name, which nobody approved to be there now. Both go the way of every end.
        reason = "removed_outside" if gone else "changed_outside"
        move_grant(tx, grant, GrantState.REVOKING, end_reason=reason, due_at=tx.now)
    return sure
