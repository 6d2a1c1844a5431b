"""The same second look (rule 32) at access keys: one that a stalled worker's call made late is deleted.

Nobody has its secret, since the answer went to a process that is gone (`iam-facts.md`, 4).
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from app import log
from app.changes.access_keys import delete_key
from app.clients import aws
from app.clients.iam import Iam
from app.db import Transactions, Tx
from app.domain.actors import SYSTEM_ACTOR
from app.domain.belongings import Belongings
from app.domain.credentials import SecretKind
from app.domain.retries import SETTLES
from app.models import Secret
from app.services import audit, sightings
from app.services.second_look import AGAIN, REACH, put_off, tried

_log = log.get("late_keys")
_CLOCKS_DIFFER = timedelta(minutes=1)


@dataclass(frozen=True)
class _Expected:
    """Keys that were there, or that we made and have the secret of.

    Attributes:
        times: From when to when one of ours may have been made.
        under_way: One is being made now: what is not known yet may be that one, so look when it is over.
    """

    known: frozenset[str]
    times: tuple[tuple[datetime, datetime], ...]
    under_way: bool

    def nobodys(self, has: Belongings | None) -> list[str]:
        """Keys that came while ours was made, and that are not it."""
        return [
            key.id
            for key in (has.keys if has else ())
            if key.id not in self.known and any(begin <= key.created <= end for begin, end in self.times)
        ]


class LookAtKeys:
    """Compares one user's access keys with those that we made lately. The caller has claimed the lane.

    Args:
        database: Where rows and audit are.
        iam: The account's IAM.
    """

    def __init__(self, database: Transactions, iam: Iam) -> None:
        self._database, self._iam = database, iam

    def __call__(self, account: str, user: str) -> None:
        """Delete what came late, and read back that it is gone."""
        with self._database.look() as tx:
            expected = _expected(tx, account, user)
        if not expected.times:
            return
        if not tried(account, user, lambda: self._put_right(account, user, expected)):
            # Whatever the look at groups and policies planned, which comes first on a user's lane.
            with self._database.write() as tx:
                put_off(tx, account, user, tx.now + AGAIN)

    def _put_right(self, account: str, user: str, expected: _Expected) -> bool:
        if expected.under_way:
            return False
        late = expected.nobodys(self._iam.belongings(user))
        if not late:
            return True
        with self._database.write() as tx:  # the intent is durable before a call is made
            audit.record(tx, "access_key.taken_again", by=SYSTEM_ACTOR, subject=user, account=account, key_ids=late)
        for key_id in late:
            with suppress(aws.Gone):
                self._iam.call(delete_key(user, key_id))
        has = self._iam.belongings(user)
        with self._database.write() as tx:
            sightings.save_keys(tx, account, user, [key.id for key in has.keys] if has else [])
        _log.warning("late_write", account=account, user=user, keys=len(late))
        return not expected.nobodys(has)


def _expected(tx: Tx, account: str, user: str) -> _Expected:
    query = select(Secret).where(
        col(Secret.account) == account, col(Secret.user) == user, col(Secret.kind) == SecretKind.ACCESS_KEY
    )
    rows = tx.session.scalars(query).all()
    made = [row for row in rows if row.created_at > tx.now - REACH]
    ours = {row.key_id for row in rows if row.key_id is not None}
    before = {key_id for row in made for key_id in row.keys_before}
    times = tuple(
        (row.created_at - _CLOCKS_DIFFER, (row.ready_at or row.over_at or row.created_at) + SETTLES) for row in made
    )
    return _Expected(frozenset(ours | before), times, any(row.ready_at is None and row.over_at is None for row in made))
