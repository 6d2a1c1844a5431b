"""What was last seen of an account: kept so that asking needs no AWS call."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.db import Tx
from app.domain.sightings import Seen, SeenGroup, SeenPolicy, SeenUser
from app.models import Sighting

_BOUNDARY = "LabBoundary"


def load(tx: Tx, account: str, user: str, groups: Iterable[str]) -> Seen:
    """What was last seen of a user, some groups and the boundary."""
    keys = [("user", user), ("boundary", _BOUNDARY), *(("group", g) for g in groups)]
    rows = tx.session.execute(
        sa.select(col(Sighting.what), col(Sighting.name), col(Sighting.state)).where(
            col(Sighting.account) == account,
            sa.tuple_(col(Sighting.what), col(Sighting.name)).in_(keys),
        )
    )
    found: dict[tuple[str, str], Any] = {(what, name): state for what, name, state in rows if state is not None}
    seen_user, cap = found.get(("user", user)), found.get(("boundary", _BOUNDARY))
    return Seen(
        user=SeenUser.from_json(seen_user) if seen_user else None,
        groups={name: SeenGroup.from_json(s) for (what, name), s in found.items() if what == "group"},
        boundary=SeenPolicy(**cap) if cap else None,
    )


def save(tx: Tx, account: str, user: str | None, groups: Iterable[str], seen: Seen) -> None:
    """Keep what was just read: also that something is not there."""
    if user is not None:
        save_user(tx, account, user, seen.user)
    for name in groups:
        group = seen.groups.get(name)
        _put(tx, account, "group", name, group.as_json() if group else None)
    cap = seen.boundary
    _put(tx, account, "boundary", _BOUNDARY, vars(cap) if cap else None)


def save_user(tx: Tx, account: str, name: str, user: SeenUser | None) -> None:
    """Keep what was just read of one user; None says that IAM has none."""
    _put(tx, account, "user", name, user.as_json() if user else None)


def _put(tx: Tx, account: str, what: str, name: str, state: dict[str, Any] | None) -> None:
    row = tx.session.get(Sighting, (account, what, name))
    if row is None:
        tx.session.add(Sighting(account=account, what=what, name=name, state=state, seen_at=tx.now))
    elif row.state != state:
        row.state, row.seen_at = state, tx.now
