"""The same second look (rule 32) at an account's own settings: what was asked for last is what shall be there.

A worker that stood still can only have written what an earlier request of the last hour asked for.
"""

from sqlmodel import col, select

from app import log
from app.changes import Change
from app.changes.account import ACCOUNT_LANE
from app.changes.base import Wish
from app.clients.iam import Iam
from app.db import Transactions
from app.domain.actors import SYSTEM_ACTOR
from app.domain.states import Provisioning
from app.domain.words import Kind
from app.models import AccessRequest
from app.services import audit
from app.services.assessment import wish_of
from app.services.second_look import REACH, finish

_log = log.get("late_account")
_KINDS = (Kind.ACCOUNT_PASSWORD_POLICY, Kind.MONITORING_ENABLE)


def is_account(lane: str) -> bool:
    """Whether a lane is the account's own."""
    return lane == ACCOUNT_LANE


class LookAtAccount:
    """Compares the account's settings with what was applied last. The caller has claimed the lane.

    Args:
        database: Where rows and audit are.
        iam: The account's IAM.
    """

    def __init__(self, database: Transactions, iam: Iam) -> None:
        self._database, self._iam = database, iam

    def __call__(self, account: str, lane: str) -> None:
        """Make once more the calls that are missing, and read back that none is."""
        with self._database.look() as tx:
            began = tx.now
            applied = select(AccessRequest).where(
                col(AccessRequest.account) == account,
                col(AccessRequest.kind).in_(_KINDS),
                col(AccessRequest.provisioning) == Provisioning.APPLIED,
                col(AccessRequest.applied_at) > tx.now - REACH,
            )
            newest = {row.kind: row for row in tx.session.scalars(applied.order_by(col(AccessRequest.applied_at)))}
            wanted = [(row.id, *wish_of(tx, row)) for row in newest.values()]
        finish(self._database, account, lane, began, lambda: not [one for one in wanted if not self._put_right(*one)])

    def _put_right(self, request_id: str, change: Change, wish: Wish) -> bool:
        late = change.plan(wish, change.observe(self._iam, wish)).operations
        if not late:
            return True
        with self._database.write() as tx:
            row = tx.session.get_one(AccessRequest, request_id)
            made = [o.as_json() for o in late]
            audit.of_request(tx, "account.put_right", row, by=SYSTEM_ACTOR, operations=made)
        for operation in late:
            self._iam.call(operation)
        _log.warning("late_write", account=wish.account, kind=wish.kind)
        return not change.plan(wish, change.observe(self._iam, wish)).operations
