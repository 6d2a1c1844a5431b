"""What was taken from people who are suspended or being deleted (rule 24)."""

import sqlalchemy as sa

from app.db import Tx
from app.domain.leaving import Leaver, Taken
from app.domain.words import UserState
from app.models import AccessRequest, Suspension, User, columns

_suspensions, _users = columns(Suspension), columns(User)
_SERVICES = sa.select(_users.c.name).where(_users.c.owner.is_not(None), _users.c.state != UserState.DELETED)


def leaver(tx: Tx, account: str, user: str) -> Leaver:
    """What is known of somebody who is to be suspended, resumed or deleted."""
    return Leaver(taken(tx, account, user), services(tx, user))


def taken(tx: Tx, account: str, user: str) -> Taken | None:
    """What was taken from them in this account; None: nothing, or it was given back."""
    here = (_suspensions.c.account == account, _suspensions.c.user == user)
    row = tx.session.connection().execute(sa.select(_suspensions).where(*here)).one_or_none()
    return None if row is None else Taken(tuple(row.keys), row.login, tuple(row.devices), row.complete)


def services(tx: Tx, user: str) -> tuple[str, ...]:
    """The names of somebody's services."""
    mine = _SERVICES.where(_users.c.owner == user).order_by(_users.c.name)
    return tuple(tx.session.connection().execute(mine).scalars())


def note(tx: Tx, row: AccessRequest, found: Taken) -> None:
    """Write down what is about to be taken, beside what was written down before."""
    before = taken(tx, row.account, row.user)
    both = found if before is None else before.and_also(found)
    values = {
        "access_request_id": row.id,
        "keys": list(both.keys),
        "login": both.login,
        "devices": list(both.devices),
        "complete": both.complete,
        "taken_at": tx.now,
    }
    if before is None:
        new = {"account": row.account, "user": row.user, **values}
        tx.session.connection().execute(sa.insert(_suspensions), new)
    else:
        _of(tx, row, sa.update(_suspensions).values(values))


def leave_out(tx: Tx, account: str, user: str, key_id: str) -> None:
    """A key that is not to be given back: a rotation took it for good."""
    found = taken(tx, account, user)
    if found is not None and key_id in found.keys:
        here = (_suspensions.c.account == account, _suspensions.c.user == user)
        keys = [key for key in found.keys if key != key_id]
        tx.session.connection().execute(sa.update(_suspensions).where(*here).values(keys=keys))


def complete(tx: Tx, row: AccessRequest) -> None:
    """IAM shows that everything is taken."""
    _of(tx, row, sa.update(_suspensions).values(complete=True))


def forget(tx: Tx, row: AccessRequest) -> None:
    """It was given back, or there is nobody any more to give it back to."""
    _of(tx, row, sa.delete(_suspensions))


def _of(tx: Tx, row: AccessRequest, statement: sa.Update | sa.Delete) -> None:
    here = statement.where(_suspensions.c.account == row.account, _suspensions.c.user == row.user)
    tx.session.connection().execute(here)
