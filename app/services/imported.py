"""Writing down what an account had before Gatehouse: people, groups and standing grants, many in one statement.

Nothing is written to AWS. Each part can be written again: what is there already is left as it is.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app import bulk
from app.bulk import Among
from app.db import Tx
from app.domain import imports, names
from app.domain.actors import Actor
from app.domain.found import FoundGroup, FoundUser
from app.domain.imports import KnownPerson
from app.domain.rules import Rule
from app.domain.sightings import SeenGroup, SeenUser
from app.domain.states import GrantState
from app.domain.words import Origin, Role, UserState
from app.models import Grant, Group, Sighting, User, columns, new_id
from app.services import audit, people, sightings

_users, _groups, _grants, _sightings = columns(User), columns(Group), columns(Grant), columns(Sighting)
PEOPLE = sa.select(_users.c.name_key, _users.c.name, sa.type_coerce(_users.c.state, sa.String).label("state"))
_BY_KEY = Among(PEOPLE, _users.c.name_key)
_EMAILS = Among(sa.select(_users.c.email_key), _users.c.email_key)
_LASTING = sa.and_(_grants.c.state == GrantState.ACTIVE, _grants.c.starts_at < sa.bindparam("since"))
CURRENT = sa.select(_grants.c.user, _grants.c.group, _grants.c.id, _LASTING.label("lasting")).where(
    _grants.c.account == sa.bindparam("account"),
    _grants.c.group.is_not(None),
    sa.or_(_grants.c.state != GrantState.REVOKED, _grants.c.ended_at > sa.bindparam("since")),
)
"""With those that were over only after IAM was read: what it showed then may be gone by now."""
ONE_OFFS = sa.select(_grants.c.user, _grants.c.policy).where(
    _grants.c.account == sa.bindparam("account"),
    _grants.c.policy.is_not(None),
    _grants.c.state != GrantState.REVOKED,
)
_CURRENT_OF = Among(CURRENT, _grants.c.user)
_SEEN = sa.select(_sightings.c.name, _sightings.c.state).where(
    _sightings.c.account == sa.bindparam("account"), _sightings.c.what == sa.bindparam("what")
)


@dataclass(frozen=True)
class Source:
    """Where something was found.

    Attributes:
        since: What ended after this is not taken for standing.
    """

    account: str
    since: datetime


@dataclass(frozen=True)
class Written:
    """How many were new."""

    users: int = 0
    memberships: int = 0


def groups(tx: Tx, by: Actor, account: str, found: Sequence[FoundGroup]) -> int:
    """Manage the groups that are new here, under the rule of a group without one. How many there were."""
    known = set(tx.session.connection().execute(sa.select(_groups.c.name_key)).scalars())
    new: list[dict[str, Any]] = []
    for group in found:
        key = names.key(group.name)
        if key in known or imports.is_ours(group) or not names.is_group_name(group.name):
            continue
        known.add(key)
        new.append(_group(group, key, tx.now))
        audit.record(tx, "group.imported", by=by, account=account, group=group.name, **_said(new[-1], group))
    bulk.insert(tx.session.connection(), _groups, new)
    return len(new)


def _group(group: FoundGroup, key: str, now: datetime) -> dict[str, Any]:
    policies = [arn for arn in group.attached if not imports.is_force_mfa(arn)]
    rule = Rule(requires_mfa=len(policies) < len(group.attached))
    return {
        "name": group.name,
        "name_key": key,
        "description": "",
        "path": group.path,
        "policies": policies,
        "rule": rule.model_dump(mode="json"),
        "created_at": now,
        "version": 1,
    }


def _said(row: Mapping[str, Any], group: FoundGroup) -> dict[str, Any]:
    inline = [policy.name for policy in group.inline]
    return {"path": row["path"], "policies": row["policies"], "inline": inline, "rule": row["rule"]}


def users(tx: Tx, by: Actor, source: Source, found: Sequence[FoundUser], managed: Collection[str]) -> Written:
    """Register those who are new, and give everybody a standing grant for each membership that has none.

    Args:
        managed: The names of the groups that Gatehouse manages.
    """
    connection = tx.session.connection()
    known = _known(tx, found)
    new = {user.name: _person(user, tx.now) for user in imports.newcomers(found, known)}
    _give_addresses(tx, found, new)
    here = [user for user in found if user.name in new or _is_there(user, known)]
    of_these = _CURRENT_OF(connection, [u.name for u in here], account=source.account, since=source.since)
    held = {(r.user, r.group) for r in of_these}
    grants: list[dict[str, Any]] = []
    for user in here:
        given = [
            _grant(user.name, group, source.account, tx.now)
            for group in user.seen.groups
            if group in managed and (user.name, group) not in held
        ]
        grants += given
        if given or user.name in new:
            _record(tx, by, source.account, user, new.get(user.name), given)
    bulk.insert(connection, _users, list(new.values()))
    bulk.insert(connection, _grants, grants)
    sightings.save_users(tx, source.account, [user.seen for user in here])
    return Written(len(new), len(grants))


def _known(tx: Tx, found: Sequence[FoundUser]) -> dict[str, KnownPerson]:
    """Those whom Gatehouse knows already, held, since what they have is about to be written."""
    keys, connection = [names.key(user.name) for user in found], tx.session.connection()
    if tx.locks_rows:
        people.hold_all(tx, [row.name for row in _BY_KEY(connection, keys)])
    return {row.name_key: KnownPerson(row.name, row.state) for row in _BY_KEY(connection, keys)}


def _is_there(user: FoundUser, known: Mapping[str, KnownPerson]) -> bool:
    person = known.get(names.key(user.name))
    return person is not None and person.name == user.name and person.state != UserState.DELETED


def _person(user: FoundUser, now: datetime) -> dict[str, Any]:
    """A plain member whom nobody vouched for and who cannot sign in before an admin hands out a code."""
    return {
        "id": new_id(),
        "name": user.name,
        "name_key": names.key(user.name),
        "roles": [Role.MEMBER.value],
        "state": UserState.ACTIVE,
        "is_owner": False,
        "verified": False,
        "created_at": now,
        "version": 1,
    }


def _give_addresses(tx: Tx, found: Sequence[FoundUser], new: Mapping[str, dict[str, Any]]) -> None:
    of_new = [user for user in found if user.name in new]
    wanted = {u.name: [(a, names.key(a)) for a in imports.emails_of(u, new[u.name]["id"])] for u in of_new}
    keys = [key for addresses in wanted.values() for _, key in addresses[:-1]]  # the last one is nobody's
    taken: set[str] = set(_EMAILS(tx.session.connection(), keys).scalars())
    for name, addresses in wanted.items():
        new[name]["email"], key = next(((a, key) for a, key in addresses if key not in taken), addresses[-1])
        new[name]["email_key"] = key
        taken.add(key)


def _grant(user: str, group: str, account: str, now: datetime) -> dict[str, Any]:
    """Without request, duration and end (rule 20). Its clock starts now, when IAM was seen to have it."""
    return {
        "id": new_id(),
        "origin": Origin.IMPORTED,
        "account": account,
        "user": user,
        "group": group,
        "state": GrantState.ACTIVE,
        "starts_at": now,
        "attempts": 0,
        "created_at": now,
        "version": 1,
    }


def _record(
    tx: Tx, by: Actor, account: str, user: FoundUser, person: Mapping[str, Any] | None, given: Sequence[dict[str, Any]]
) -> None:
    """One event for each person: it proves who had what, and is found by their name."""
    audit.record(
        tx,
        "user.imported",
        by=by,
        subject=user.name,
        account=account,
        registered=person is not None,
        email=None if person is None else person["email"],
        arn=user.seen.arn,
        grants={grant["group"]: grant["id"] for grant in given},
    )


def look(tx: Tx, account: str, users: Sequence[FoundUser], groups: Sequence[SeenGroup]) -> None:
    """Keep what was just read, where it is not what was last seen."""
    read = tx.session.connection().execute
    if users:
        seen = dict(read(_SEEN, {"account": account, "what": "user"}).all())
        fresh: list[SeenUser] = [u.seen for u in users if u.name in seen and seen[u.name] != u.seen.as_json()]
        sightings.save_users(tx, account, fresh)
    before = {r.name: r.state for r in read(_SEEN, {"account": account, "what": "group"})}
    for group in groups:
        if before.get(group.name) != group.as_json():
            sightings.save_group(tx, account, group.name, group)


def seen_policies(tx: Tx, account: str) -> dict[str, dict[str, Any]]:
    """AWS's own policies that were seen on some group before, by ARN."""
    states = tx.session.connection().execute(_SEEN, {"account": account, "what": "group"})
    every = [policy for row in states if row.state for policy in row.state["policies"]]
    return {p["name"]: p for p in every if ":iam::aws:" in p["name"] and p["sha256"] is not None}
