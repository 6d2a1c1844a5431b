"""People as rulings and carrying out see them: columns, several in one statement, kept for the transaction.

Reading the whole object costs three times as much, and a life reads the same few people over and over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.db import Tx
from app.domain import names
from app.domain.people import Person, Roster
from app.domain.rules import Rule
from app.domain.states import GrantState, Provisioning
from app.domain.words import Kind, UserState
from app.errors import NotFound
from app.models import IS_ADMIN, AccessRequest, Grant, User, columns

_users, _grants, _requests = columns(User), columns(Grant), columns(AccessRequest)
_READ = sa.select(
    _users.c.id,
    _users.c.name,
    _users.c.email_key,
    _users.c.state,
    _users.c.roles,
    _users.c.verified,
    _users.c.enrolled_by,
    _users.c.owner,
    _users.c.is_owner,
)
_NAMED = _users.c.name.in_(sa.bindparam("names", expanding=True))
_BY_KEY = _READ.where(_users.c.name_key == sa.bindparam("key"))
_WITH_ADMINS = _READ.where(sa.or_(sa.text(IS_ADMIN), _NAMED))
# FOR NO KEY UPDATE: rows that refer to this one can still be written meanwhile.
_LOCK_BY_KEY = _BY_KEY.with_for_update(key_share=True)
_LOCK = _READ.where(_users.c.name == sa.bindparam("name")).with_for_update(key_share=True)
_SUBJECT = sa.select(_requests.c.user).where(_requests.c.id == sa.bindparam("request_id")).scalar_subquery()
_LOCK_SUBJECT = _READ.where(_users.c.name == _SUBJECT).with_for_update(key_share=True, of=_users)
_LOCK_ALL = sa.select(_users.c.name).where(_NAMED).order_by(_users.c.name).with_for_update(key_share=True)
_MADE_ADMIN = (
    sa.select(_requests.c.id)
    .where(
        _requests.c.kind == Kind.USER_ROLES,
        _requests.c.user != sa.bindparam("name"),
        _requests.c.provisioning == Provisioning.APPLIED,
        sa.cast(_requests.c.change, sa.Text).like('%"admin"%'),
    )
    .limit(1)
)
_MEMBERS = sa.select(_grants.c.group, _grants.c.user).where(
    _grants.c.group.in_(sa.bindparam("groups", expanding=True)), _grants.c.state == GrantState.ACTIVE
)


@dataclass(frozen=True)
class Known:
    """A user, deleted ones too.

    Attributes:
        id: Part of a plan's digest, since names alone are not.
        email_key: The e-mail, whatever the case.
    """

    id: str
    name: str
    email_key: str
    state: UserState
    person: Person

    @classmethod
    def of(cls, user: User) -> "Known":
        """One that may not be stored yet."""
        return _known(user)


def known(tx: Tx, user_names: Iterable[str]) -> list[Known]:
    """The users that rows of ours name, exactly; read once in a transaction, and every admin with them.

    Hardly anything is done without asking who is admin as well, and one statement costs as much as the other.
    """
    wanted = sorted(set(user_names))
    _read(tx, wanted)
    return [tx.people[name] for name in wanted]


def known_one(tx: Tx, name: str) -> Known:
    """The one user that a row of ours names."""
    return known(tx, [name])[0]


def forget(tx: Tx) -> None:
    """After waiting for a lock: what was read before may not be so any more."""
    tx.people.clear()


def find(tx: Tx, name: str, *, lock: bool = False) -> Known | None:
    """The user of that name, whatever the case, deleted ones too.

    Args:
        lock: Hold the row, see `hold`.
    """
    if lock and tx.locks_rows:
        forget(tx)
        found = _keep(tx, _LOCK_BY_KEY, key=names.key(name))
    else:
        found = _keep(tx, _BY_KEY, key=names.key(name))
    return found[0] if found else None


def get(tx: Tx, name: str, *, lock: bool = False) -> Known:
    """The same, or 404, also for a deleted one."""
    return there(find(tx, name, lock=lock), name)


def there(user: Known | None, name: str) -> Known:
    """The user that was found.

    Raises:
        NotFound: None was, or only a deleted one.
    """
    if user is None or user.state == UserState.DELETED:
        raise NotFound(f"There is no user named {name}.", code="user_not_found")
    return user


def hold(tx: Tx, name: str) -> None:
    """Hold a user's row until the end of the transaction.

    Everything that changes what somebody has or asked for does this first, so that no two such changes of
    one user cross.
    """
    if tx.locks_rows:
        forget(tx)
        _keep(tx, _LOCK, name=name)


def hold_subject(tx: Tx, request_id: str) -> None:
    """The same for whom a request is for, before the request itself is read: so it is read as it is then."""
    if tx.locks_rows:
        forget(tx)
        _keep(tx, _LOCK_SUBJECT, request_id=request_id)


def hold_all(tx: Tx, user_names: Iterable[str]) -> None:
    """Hold the rows of several users, in one order for everybody."""
    if tx.locks_rows:
        forget(tx)
        tx.session.connection().execute(_LOCK_ALL, {"names": sorted(set(user_names))}).all()


def roster(tx: Tx, wanted: Iterable[Rule], parties: Iterable[str]) -> Roster:
    """Everyone who may matter for these rules: admins, those named, members of groups named, and the parties.

    As they were after the last lock that this transaction waited for, or later.
    """
    entries = {entry for rule in wanted for entry in rule.approvers}
    approver_groups = sorted(e.removeprefix("group:") for e in entries if e.startswith("group:"))
    named = {e for e in entries if ":" not in e} | set(parties)
    members: Mapping[str, frozenset[str]] = {}
    if approver_groups:
        members = _members(tx, approver_groups)
        named |= frozenset().union(*members.values())
    _read(tx, named)
    return Roster({u.name: u.person for u in tx.people.values() if u.state != UserState.DELETED}, members)


def only_admin(tx: Tx, now: frozenset[str]) -> str | None:
    """The one admin, while only one has ever existed (rule 7): not deleted ones, nor those who were once made admin.

    Args:
        now: Every admin there is.
    """
    if len(now) != 1:
        return None
    [name] = now
    _read(tx, now)  # deleted admins too
    if any(user.person.is_admin for user in tx.people.values() if user.name != name):
        return None
    made = tx.session.connection().execute(_MADE_ADMIN, {"name": name}).first()
    return name if made is None else None


def _members(tx: Tx, groups: list[str]) -> dict[str, frozenset[str]]:
    rows = tx.session.connection().execute(_MEMBERS, {"groups": groups}).all()
    return {g: frozenset(u for group, u in rows if group == g) for g in groups}


def _read(tx: Tx, user_names: Iterable[str]) -> None:
    missing = sorted(name for name in user_names if name not in tx.people)
    if missing or not tx.people.admins_too:
        _keep(tx, _WITH_ADMINS, names=missing)
        tx.people.admins_too = True


def _keep(tx: Tx, statement: sa.Select[Any], **parameters: Any) -> list[Known]:
    tx.session.flush()
    found = [_known(row) for row in tx.session.connection().execute(statement, parameters)]
    tx.people.update((user.name, user) for user in found)
    return found


def _known(row: Any) -> Known:
    who = Person(
        name=row.name,
        roles=frozenset(row.roles),
        active=row.state == UserState.ACTIVE,
        verified=row.verified,
        enrolled_by=row.enrolled_by,
        owner=row.owner,
        is_owner=row.is_owner,
    )
    return Known(row.id, row.name, row.email_key, row.state, who)
