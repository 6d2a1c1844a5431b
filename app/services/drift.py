"""The drift report of a restored database: what IAM shows against live grants (rule 38).

Memberships group by group, then inline policies user by user.
"""

import itertools
from collections.abc import Callable, Iterator

import sqlalchemy as sa
from sqlmodel import select

from app.clients import aws
from app.clients.iam import Iam
from app.db import Database, Tx
from app.domain import documents, drift
from app.domain.leaving import DENY_NAME
from app.domain.states import DecisionState, GrantState, Provisioning
from app.domain.words import UserState
from app.models import AccessRequest, Account, Grant, Group, User, columns
from app.services import one_offs, sightings

_accounts, _groups, _users = columns(Account), columns(Group), columns(User)
_grants, _requests = columns(Grant), columns(AccessRequest)
_SET_UP = sa.select(_accounts.c.name).where(_accounts.c.setup_at.is_not(None)).order_by(_accounts.c.name)
_MANAGED = sa.select(_groups.c.name).where(_groups.c.deleted_at.is_(None)).order_by(_groups.c.name)
_KNOWN = sa.select(_users.c.name).where(_users.c.name.in_(sa.bindparam("names", expanding=True)))
_LIVE = sa.select(_grants.c.user, _grants.c.id, _grants.c.state, _grants.c.ends_at).where(
    _grants.c.account == sa.bindparam("account"),
    _grants.c.group == sa.bindparam("group"),
    _grants.c.state.not_in((GrantState.SCHEDULED, GrantState.REVOKED)),
)
_PEOPLE = sa.select(_users.c.name).where(_users.c.state != UserState.DELETED).order_by(_users.c.name)
_POLICIES = (
    select(Grant)
    .where(
        _grants.c.account == sa.bindparam("account"),
        _grants.c.user == sa.bindparam("user"),
        _grants.c.policy.is_not(None),
        _grants.c.state.not_in((GrantState.SCHEDULED, GrantState.REVOKED)),
    )
    .order_by(_grants.c.id)
)
_APPROVED = (
    sa.select(_requests.c.account, _requests.c.user, _requests.c.id, _requests.c.kind)
    .where(
        _requests.c.decision == DecisionState.APPROVED,
        _requests.c.provisioning.in_((Provisioning.NONE, Provisioning.QUEUED, Provisioning.APPLYING)),
    )
    .order_by(_requests.c.id)
    .limit(1000)
)


def findings(database: Database, iam_of: Callable[[str], Iam]) -> Iterator[list[drift.Finding]]:
    """What is found, a group or a user at a time, so that whoever asks can do something else in between.

    Args:
        iam_of: The IAM of an account, by its name.
    """
    with database.read() as tx:
        read = tx.session.connection().execute
        accounts, groups = read(_SET_UP).scalars().all(), read(_MANAGED).scalars().all()
        users = read(_PEOPLE).scalars().all()
        again = [drift.approved_again(*row) for row in read(_APPROVED)]
    yield again
    for account, group in itertools.product(accounts, groups):
        # The rows first: what ends between the two readings is then no finding.
        with database.read() as tx:
            live, given = _grants_of(tx, account, group)
        try:
            members = iam_of(account).members(group) or frozenset()
        except aws.AwsError as problem:
            yield [drift.not_read(account, group, str(problem))]
        else:
            known = _known(database, account, group, members - live.keys())
            yield list(drift.of_group(account, group, members, known=known, live=live, given=given))
    for account, user in itertools.product(accounts, users):
        with database.read() as tx:
            live, given = _policies_of(tx, account, user)
        try:
            shown = {p.name: p.sha256 for p in iam_of(account).inline(user) or () if p.name != DENY_NAME}
        except aws.AwsError as problem:
            yield [drift.not_read(account, user, str(problem))]
        else:
            yield list(drift.of_user(account, user, shown, live=live, given=given))


def _grants_of(tx: Tx, account: str, group: str) -> tuple[dict[str, str], dict[str, str]]:
    rows = tx.session.connection().execute(_LIVE, {"account": account, "group": group}).all()
    lasting = [r for r in rows if r.state == GrantState.ACTIVE and (r.ends_at is None or r.ends_at > tx.now)]
    return {r.user: r.id for r in rows}, {r.user: r.id for r in lasting}


def _policies_of(tx: Tx, account: str, user: str) -> tuple[dict[str, str], dict[str, str]]:
    live = {}
    given = {}
    for grant in tx.session.scalars(_POLICIES, {"account": account, "user": user}):
        name = grant.policy or ""
        live[name] = grant.id
        if grant.state == GrantState.ACTIVE and (grant.ends_at is None or grant.ends_at > tx.now):
            given[name] = documents.fingerprint(one_offs.document(tx, grant))
    return live, given


def _known(database: Database, account: str, group: str, names: frozenset[str]) -> frozenset[str]:
    """Those whom Gatehouse knows. That they are in the group is kept, so that they can be asked to leave it."""
    if not names:
        return names
    with database.write() as tx:
        sightings.entered(tx, account, group, names)
        return frozenset(tx.session.connection().execute(_KNOWN, {"names": sorted(names)}).scalars())
