"""Reading why somebody holds what they hold: in four statements, however much it is."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from app.db import Tx
from app.domain.actors import Caller
from app.domain.states import GrantState
from app.domain.why import EXPLAINED, Approval, Asked, Given, Held, Membership, Place, explain
from app.domain.why_policies import HeldPolicy, SeenOwn, explain_policies
from app.domain.words import Channel, Verdict
from app.errors import Forbidden
from app.models import AccessRequest, Account, Decision, Grant, Sighting, columns
from app.services import people
from app.services.people import Known

_grants, _requests, _decisions = columns(Grant), columns(AccessRequest), columns(Decision)
_sightings, _accounts = columns(Sighting), columns(Account)

_OF_GRANT = ("id", "account", "group", "policy", "state", "origin", "duration_seconds", "starts_at", "ends_at")
_GIVEN = (
    sa.select(
        *(_grants.c[n] for n in _OF_GRANT),
        _requests.c.id.label("request_id"),
        *(_requests.c[n] for n in ("kind", "requester", "change", "reason", "extends", "created_at", "decided_at")),
        *(_decisions.c[n] for n in ("approver", "channel", "at", "comment")),
    )
    .select_from(
        _grants.outerjoin(_requests, _requests.c.id == _grants.c.access_request_id).outerjoin(
            _decisions,
            sa.and_(
                _decisions.c.access_request_id == _requests.c.id,
                _decisions.c.verdict == Verdict.APPROVE,
                _decisions.c.void.is_(None),
            ),
        )
    )
    .where(_grants.c.user == sa.bindparam("user"), _grants.c.state.in_(sorted(EXPLAINED)))
    .order_by(_grants.c.id, _decisions.c.id)
)
# From the few accounts, since a sighting is found by its account first.
_SEEN = sa.select(_accounts.c.name, _sightings.c.what, _sightings.c.state, _sightings.c.seen_at).where(
    _sightings.c.account == _accounts.c.name,
    _sightings.c.what.in_(("user", "inline")),
    _sightings.c.name == sa.bindparam("user"),
)
_OF_GROUPS = sa.select(_sightings.c.account, _sightings.c.name, _sightings.c.state).where(
    _sightings.c.account.in_(sa.bindparam("accounts", expanding=True)),
    _sightings.c.what == "group",
    _sightings.c.name.in_(sa.bindparam("names", expanding=True)),
    _sightings.c.state.is_not(None),
)


def about(tx: Tx, caller: Caller, name: str) -> tuple[Known, tuple[Held, ...], tuple[HeldPolicy, ...]]:
    """The user, each group they hold with its reasons, and each policy of their own.

    Raises:
        NotFound: There is no such user, or not any more.
        Forbidden: It is somebody else's access, and the caller neither admin nor auditor (contract, section 3).
    """
    user = people.get(tx, name)
    if not caller.sees_all and user.person.counts_as != caller.person.counts_as:
        raise Forbidden(
            f"What {user.name} holds is for {user.name}, admins and auditors to read.", code="auditors_only"
        )
    given, (memberships, own) = _given(tx, user.name), _seen(tx, user.name)
    places = {g.place for g in given if g.policy is None}
    places |= {Place(a, g) for a, found in memberships.items() for g in found.groups}
    return user, explain(given, memberships, _policies(tx, places)), explain_policies(given, own)


def _given(tx: Tx, user: str) -> list[Given]:
    """The grants, from rows that differ in their approvals only."""
    found: dict[str, Given] = {}
    for row in tx.session.connection().execute(_GIVEN, {"user": user}):
        before = found.get(row.id)
        found[row.id] = _grant(row, (*before.approvals, _approval(row)) if before else _approvals(row))
    return list(found.values())


def _grant(row: Any, approvals: tuple[Approval, ...]) -> Given:
    return Given(
        id=row.id,
        place=Place(row.account, row.group or ""),
        policy=row.policy,
        state=GrantState(row.state),
        duration_seconds=row.duration_seconds,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        request=_asked(row) if row.request_id is not None else None,
        approvals=approvals,
        origin=row.origin,
    )


def _asked(row: Any) -> Asked:
    return Asked(
        id=row.request_id,
        kind=row.kind,
        change=row.change,
        requester=row.requester,
        reason=row.reason,
        extends=row.extends,
        created_at=row.created_at,
        decided_at=row.decided_at,
    )


def _approvals(row: Any) -> tuple[Approval, ...]:
    return (_approval(row),) if row.approver is not None else ()


def _approval(row: Any) -> Approval:
    return Approval(
        approver=row.approver,
        by_rule=row.channel == Channel.RULE,
        channel=row.channel,
        at=row.at,
        comment=row.comment,
    )


def _seen(tx: Tx, user: str) -> tuple[Mapping[str, Membership], Mapping[str, SeenOwn]]:
    """What each account was last seen to have of them: groups, and policies of their own."""
    memberships, own = {}, {}
    for row in tx.session.connection().execute(_SEEN, {"user": user}):
        state = row.state or {}
        if row.what == "user":
            memberships[row.name] = Membership(frozenset(state.get("groups", ())), row.seen_at)
        else:
            own[row.name] = SeenOwn({p["name"]: p["sha256"] for p in state.get("policies", ())}, row.seen_at)
    return memberships, own


def _policies(tx: Tx, places: Iterable[Place]) -> Mapping[Place, tuple[str, ...]]:
    """What the groups were last seen to give, by group: attached policies by ARN, inline ones as `inline:NAME`."""
    wanted = set(places)
    given = {"accounts": sorted({p.account for p in wanted}), "names": sorted({p.group for p in wanted})}
    rows = tx.session.connection().execute(_OF_GROUPS, given) if wanted else ()
    return {Place(r.account, r.name): tuple(p["name"] for p in r.state["policies"]) for r in rows}
