"""What was last seen of an account: kept so that asking needs no AWS call."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app import bulk, upserts
from app.db import Tx
from app.domain import access
from app.domain.credentials import SeenCredentials
from app.domain.devices import Device
from app.domain.guardrails import BOUNDARY_NAME
from app.domain.inline import InlinePolicy
from app.domain.password_policy import PasswordPolicy
from app.domain.sightings import Seen, SeenGroup, SeenPolicy, SeenUser
from app.models import Sighting, columns
from app.services import policy_documents

LAB_POLICY = "lab_policy"
"""The kind of sightings of the lab's own policies, by name."""
_seen = columns(Sighting)
_LOAD = sa.select(_seen.c.what, _seen.c.name, _seen.c.state).where(
    _seen.c.account == sa.bindparam("account"), _seen.c.name.in_(sa.bindparam("names", expanding=True))
)
_KNOWN_USERS = sa.select(_seen.c.name).where(
    _seen.c.account == sa.bindparam("account"),
    _seen.c.what == "user",
    _seen.c.name.in_(sa.bindparam("names", expanding=True)),
)
_REFRESH = sa.update(_seen).where(
    _seen.c.account == sa.bindparam("in_account"), _seen.c.what == "user", _seen.c.name == sa.bindparam("of")
)
_DEVICES = sa.select(_seen.c.state, _seen.c.seen_at).where(
    _seen.c.account == sa.bindparam("account"), _seen.c.what == "mfa", _seen.c.name == sa.bindparam("name")
)


def load(tx: Tx, account: str, user: str, groups: Iterable[str], boundary: str | None = None) -> Seen:
    """What was last seen of a user, some groups and a boundary.

    Args:
        boundary: Its ARN; None: the one of every lab user.
    """
    groups, of = tuple(groups), _name(boundary)
    of_user = {(what, user) for what in ("user", "inline", "keys", "mfa")}
    whole = {("boundary", of), ("password_policy", BOUNDARY_NAME)}
    wanted = of_user | whole | {("group", g) for g in groups}
    # By name alone, since that is one plain list; a user and a group of one name are told apart here.
    rows = tx.session.connection().execute(_LOAD, {"account": account, "names": [user, of, *groups]})
    found: dict[tuple[str, str], Any] = {
        (what, name): state for what, name, state in rows if state is not None and (what, name) in wanted
    }
    seen_user, inline, keys, mfa = (found.get((what, user)) for what in ("user", "inline", "keys", "mfa"))
    cap, passwords = found.get(("boundary", of)), found.get(("password_policy", BOUNDARY_NAME))
    return Seen(
        user=SeenUser.from_json(seen_user) if seen_user else None,
        groups={name: SeenGroup.from_json(s) for (what, name), s in found.items() if what == "group"},
        boundary=SeenPolicy(**cap) if cap else None,
        inline=tuple(InlinePolicy(**policy) for policy in inline["policies"]) if inline else None,
        key_ids=tuple(keys["ids"]) if keys else None,
        devices=None if mfa is None else tuple(Device.from_json(d) for d in mfa["devices"]),
        password_policy=None if passwords is None else PasswordPolicy(**passwords),
    )


def save(
    tx: Tx,
    account: str,
    user: str,
    groups: Iterable[str],
    seen: Seen,
    known: Seen | None = None,
    *,
    boundary: str | None = None,
    documents: bool = False,
) -> None:
    """Keep what was just read: also that something is not there.

    Args:
        boundary: ARN of the boundary that was read; None: the one of every lab user.
        known: What is stored already, where that was just loaded: only what differs is written.
        documents: Look whether those of all policies are kept, of such too that are as they were.
    """
    if known is None or known.boundary != seen.boundary:
        save_boundary(tx, account, seen.boundary, boundary)
    if known is None or known.user is None or seen.user is None or known.user.as_json() != seen.user.as_json():
        save_user(tx, account, user, seen.user)
    if known is None or known.inline != seen.inline:
        save_inline(tx, account, user, seen.inline)
    has = seen.has if isinstance(seen, SeenCredentials) else None
    if has is not None and (known is None or known.devices != has.devices):
        save_devices(tx, account, user, has.devices)
    save_groups(
        tx,
        account,
        {n: seen.groups.get(n) for n in groups if known is None or known.groups.get(n) != seen.groups.get(n)},
    )
    if documents:
        of_groups = [p for group in seen.groups.values() for p in group.policies]
        policy_documents.keep(tx, account, [*seen.policies.values(), *of_groups])


def save_boundary(tx: Tx, account: str, boundary: SeenPolicy | None, arn: str | None = None) -> None:
    """Keep what was just read of a boundary: of the one of every lab user, unless another ARN is given."""
    _put(tx, account, "boundary", _name(arn), boundary.as_json() if boundary else None)
    policy_documents.keep(tx, account, [boundary] if boundary else [])


def _name(boundary: str | None) -> str:
    return boundary.rpartition("/")[2] if boundary else BOUNDARY_NAME


def save_password_policy(tx: Tx, account: str, policy: PasswordPolicy | None) -> None:
    """Keep the account's password policy; None says that it has none.

    Under the boundary's name, so that one list of names finds everything that is the account's own.
    """
    _put(tx, account, "password_policy", BOUNDARY_NAME, policy.as_json() if policy else None)


def save_lab_policy(tx: Tx, account: str, name: str, state: dict[str, Any] | None) -> None:
    """Keep what was just read of one of the lab's own policies; None says that IAM has none."""
    _put(tx, account, LAB_POLICY, name, state)


def save_user(tx: Tx, account: str, name: str, user: SeenUser | None) -> None:
    """Keep what was just read of one user; None says that IAM has none."""
    _put(tx, account, "user", name, user.as_json() if user else None)


def save_devices(tx: Tx, account: str, user: str, devices: Iterable[Device]) -> None:
    """Keep what was just read of one user's MFA devices."""
    _put(tx, account, "mfa", user, {"devices": [device.as_json() for device in devices]})


def devices(tx: Tx, account: str, user: str) -> tuple[tuple[Device, ...] | None, datetime | None]:
    """The MFA devices of a user as last seen, and when; None where they were never looked at."""
    row = tx.session.connection().execute(_DEVICES, {"account": account, "name": user}).first()
    if row is None or row.state is None:
        return None, None
    return tuple(Device.from_json(d) for d in row.state["devices"]), row.seen_at


def save_inline(tx: Tx, account: str, user: str, policies: Iterable[InlinePolicy] | None) -> None:
    """Keep what was just read of a user's inline policies; None where nobody looked: what was known stays."""
    if policies is not None:
        _put(tx, account, "inline", user, {"policies": [policy.as_json() for policy in policies]})


def taken(tx: Tx, account: str, place: str, names: Iterable[str]) -> None:
    """Keep that these were just seen gone from a place: users from a group, or a user's own policies."""
    user = access.user_of(place)
    if user is None:
        left(tx, account, place, names)
        return
    known = load(tx, account, user, ()).inline
    if known is not None:
        gone = set(names)
        save_inline(tx, account, user, [policy for policy in known if policy.name not in gone])


def save_keys(tx: Tx, account: str, user: str, key_ids: Iterable[str]) -> None:
    """Keep which access keys a user was just seen to have."""
    _put(tx, account, "keys", user, {"ids": sorted(key_ids)})


def save_users(tx: Tx, account: str, users: Iterable[SeenUser]) -> None:
    """Keep what was just read of many users."""
    rows = {
        user.name: {"account": account, "what": "user", "name": user.name, "state": user.as_json(), "seen_at": tx.now}
        for user in users
    }
    connection = tx.session.connection()
    known = connection.execute(_KNOWN_USERS, {"account": account, "names": list(rows)}).scalars().all()
    again = [rows.pop(name) for name in known]
    bulk.insert(connection, _seen, list(rows.values()))
    if again:
        upserts.put(connection, _seen, again)


def left(tx: Tx, account: str, group: str, users: Iterable[str]) -> None:
    """Keep that these users were just seen outside a group."""
    _regroup(tx, account, users, lambda groups: groups - {group})


def entered(tx: Tx, account: str, group: str, users: Iterable[str]) -> None:
    """Keep that these users were just seen inside a group."""
    _regroup(tx, account, users, lambda groups: groups | {group})


def _regroup(tx: Tx, account: str, users: Iterable[str], change: Callable[[set[str]], set[str]]) -> None:
    of_users = (_seen.c.account == account, _seen.c.what == "user", _seen.c.name.in_(sorted(users)))
    connection = tx.session.connection()
    query = sa.select(_seen.c.name, _seen.c.state).where(*of_users, _seen.c.state.is_not(None)).order_by(_seen.c.name)
    # What one reads and writes back, another must not change in between: a report and an end meet at one user.
    rows = connection.execute(query.with_for_update() if tx.locks_rows else query)
    fresh = [
        {
            "in_account": account,
            "of": name,
            "state": {**state, "groups": sorted(change(set(state["groups"])))},
            "seen_at": tx.now,
        }
        for name, state in rows.all()
    ]
    if fresh:
        connection.execute(_REFRESH, fresh)


def save_group(tx: Tx, account: str, name: str, group: SeenGroup | None) -> None:
    """Keep what was just read of one group; None says that IAM has none."""
    save_groups(tx, account, {name: group})


def save_groups(tx: Tx, account: str, groups: Mapping[str, SeenGroup | None]) -> None:
    """Keep what was just read of groups, with the documents of their policies; None says that IAM has no such group."""
    for name in sorted(groups):
        group = groups[name]
        _put(tx, account, "group", name, group.as_json() if group else None)
    policy_documents.keep(tx, account, [p for group in groups.values() if group for p in group.policies])


def _put(tx: Tx, account: str, what: str, name: str, state: dict[str, Any] | None) -> None:
    row = {"account": account, "what": what, "name": name, "state": state, "seen_at": tx.now}
    upserts.put(tx.session.connection(), _seen, row)
