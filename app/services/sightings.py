"""What was last seen of an account: kept so that asking needs no AWS call."""

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from app import bulk
from app.db import Tx
from app.domain.guardrails import BOUNDARY_NAME
from app.domain.sightings import Seen, SeenGroup, SeenPolicy, SeenUser
from app.models import Sighting, columns

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
_KEY = ["account", "what", "name"]


def _upsert(make: Callable[..., Any]) -> Any:
    new = make(_seen)
    return new.on_conflict_do_update(
        index_elements=_KEY, set_={"state": new.excluded.state, "seen_at": new.excluded.seen_at}
    )


_PUT_POSTGRESQL, _PUT_SQLITE = _upsert(postgresql.insert), _upsert(sqlite.insert)


def load(tx: Tx, account: str, user: str, groups: Iterable[str], boundary: str | None = None) -> Seen:
    """What was last seen of a user, some groups and a boundary.

    Args:
        boundary: Its ARN; None: the one of every lab user.
    """
    groups, of = tuple(groups), _name(boundary)
    wanted = {("user", user), ("boundary", of), *(("group", g) for g in groups)}
    # By name alone, since that is one plain list; a user and a group of one name are told apart here.
    rows = tx.session.connection().execute(_LOAD, {"account": account, "names": [user, of, *groups]})
    found: dict[tuple[str, str], Any] = {
        (what, name): state for what, name, state in rows if state is not None and (what, name) in wanted
    }
    seen_user, cap = found.get(("user", user)), found.get(("boundary", of))
    return Seen(
        user=SeenUser.from_json(seen_user) if seen_user else None,
        groups={name: SeenGroup.from_json(s) for (what, name), s in found.items() if what == "group"},
        boundary=SeenPolicy(**cap) if cap else None,
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
) -> None:
    """Keep what was just read: also that something is not there.

    Args:
        boundary: ARN of the boundary that was read; None: the one of every lab user.
        known: What is stored already, where that was just loaded: only what differs is written.
    """
    if known is None or known.boundary != seen.boundary:
        save_boundary(tx, account, seen.boundary, boundary)
    if known is None or known.user is None or seen.user is None or known.user.as_json() != seen.user.as_json():
        save_user(tx, account, user, seen.user)
    for name in groups:
        group = seen.groups.get(name)
        if known is None or known.groups.get(name) != group:
            save_group(tx, account, name, group)


def save_boundary(tx: Tx, account: str, boundary: SeenPolicy | None, arn: str | None = None) -> None:
    """Keep what was just read of a boundary: of the one of every lab user, unless another ARN is given."""
    _put(tx, account, "boundary", _name(arn), vars(boundary) if boundary else None)


def _name(boundary: str | None) -> str:
    return boundary.rpartition("/")[2] if boundary else BOUNDARY_NAME


def save_user(tx: Tx, account: str, name: str, user: SeenUser | None) -> None:
    """Keep what was just read of one user; None says that IAM has none."""
    _put(tx, account, "user", name, user.as_json() if user else None)


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
        connection.execute(_PUT_POSTGRESQL if tx.locks_rows else _PUT_SQLITE, again)


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
    _put(tx, account, "group", name, group.as_json() if group else None)


def _put(tx: Tx, account: str, what: str, name: str, state: dict[str, Any] | None) -> None:
    row = {"account": account, "what": what, "name": name, "state": state, "seen_at": tx.now}
    tx.session.connection().execute(_PUT_POSTGRESQL if tx.locks_rows else _PUT_SQLITE, row)
