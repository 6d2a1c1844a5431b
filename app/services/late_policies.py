"""The same second look (rule 32) at a policy of the lab's own: what a worker that stood still wrote late is put right.

The last change that was applied says what should be, and its plan, made anew from IAM, what is missing. A document that
no change of the last hour named is somebody else's doing and stays: that is for reports.
"""

from sqlmodel import col, select

from app import log
from app.changes import REGISTRY, Change
from app.changes.base import Wish
from app.changes.policy_change import POLICY_LANE
from app.changes.policy_document import fingerprint
from app.clients.iam import Iam
from app.db import Transactions, Tx
from app.domain.actors import SYSTEM_ACTOR
from app.domain.lab_policies import SeenLab
from app.domain.states import Provisioning
from app.domain.words import Kind
from app.models import AccessRequest
from app.services import audit, lab_policies
from app.services.assessment import wish_of
from app.services.second_look import REACH, finish

_log = log.get("late_policies")
_KINDS = tuple(kind for kind, change in REGISTRY.items() if change.of_policy)


def is_policy(lane: str) -> bool:
    """Whether a lane is a policy's."""
    return lane.startswith(POLICY_LANE)


class LookAtPolicy:
    """Compares a policy with the last change of it that was applied. The caller has claimed the lane.

    Args:
        database: Where rows and audit are.
        iam: The account's IAM.
    """

    def __init__(self, database: Transactions, iam: Iam) -> None:
        self._database, self._iam = database, iam

    def __call__(self, account: str, lane: str) -> None:
        """Put right what came late, and read back that it is so."""
        name = lane.removeprefix(POLICY_LANE)
        with self._database.look() as tx:
            began = tx.now
            rows = _changes(tx, account, name)
            under_way = any(row.provisioning == Provisioning.APPLYING for row in rows)
            named = {fingerprint(row.change["document"]) for row in rows if "document" in row.change}
            applied = [row for row in rows if row.provisioning == Provisioning.APPLIED]
            last = wish_of(tx, applied[-1]) if applied else None

        def put_right() -> bool:
            return not under_way and (last is None or self._put_right(account, name, *last, named))

        finish(self._database, account, lane, began, put_right)

    def _put_right(self, account: str, name: str, change: Change, wish: Wish, named: set[str | None]) -> bool:
        seen = change.observe(self._iam, wish)
        late = isinstance(seen, SeenLab) and seen.lab is not None and seen.lab.policy.sha256 in named
        operations = change.plan(wish, seen).operations if late and wish.kind != Kind.POLICY_CREATE else ()
        if not operations:
            return True
        with self._database.write() as tx:  # the intent is durable before a call is made
            wanted = [o.as_json() for o in operations]
            audit.record(tx, "policy.put_right", by=SYSTEM_ACTOR, account=account, policy=name, operations=wanted)
        for operation in operations:
            self._iam.call(operation)
        seen = change.read_back(self._iam, wish, seen)
        with self._database.write() as tx:
            lab_policies.note(tx, account, wish, seen)
        _log.warning("late_write", account=account, policy=name)
        return not change.plan(wish, seen).operations


def _changes(tx: Tx, account: str, name: str) -> list[AccessRequest]:
    """Those of the last hour and those under way, in the order in which they were applied."""
    query = select(AccessRequest).where(
        col(AccessRequest.account) == account,
        col(AccessRequest.kind).in_(_KINDS),
        col(AccessRequest.decided_at) > tx.now - REACH,
    )
    rows = [row for row in tx.session.scalars(query) if row.change["name"] == name]
    return sorted(rows, key=lambda row: row.applied_at or tx.now)
