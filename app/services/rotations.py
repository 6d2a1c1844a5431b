"""Which rotation of a user's access key is under way, for whoever asks for another."""

import sqlalchemy as sa

from app.db import Tx
from app.domain.rotations import BOTH_WORK
from app.models import KeyRotation, columns

_rotations = columns(KeyRotation)
_UNDER_WAY = (
    sa.select(_rotations.c.access_request_id)
    .where(
        _rotations.c.account == sa.bindparam("account"),
        _rotations.c.user == sa.bindparam("user"),
        _rotations.c.state.in_(sorted(BOTH_WORK)),
    )
    .limit(1)
)


def under_way(tx: Tx, account: str, user: str) -> str | None:
    """The access request whose old key still works, or None."""
    found = tx.session.connection().execute(_UNDER_WAY, {"account": account, "user": user})
    return found.scalar_one_or_none()
