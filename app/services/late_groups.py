"""The same second look (rule 32) at a group: what a worker that stood still attached or detached late is put right.

Only policies that a change of the last hour named are touched: nothing else can be a late write of ours. A group that
was given up, and made all the same by a call that came late, is deleted while it is bare.
"""

from dataclasses import dataclass

from sqlmodel import col, select

from app import log
from app.changes.attaching import attach, detach
from app.changes.of_group import GROUP_LANE
from app.clients.iam import Iam
from app.db import Transactions, Tx
from app.domain.actors import SYSTEM_ACTOR
from app.domain.plans import Operation
from app.domain.sightings import SeenGroup
from app.domain.states import Provisioning
from app.domain.words import Kind
from app.models import AccessRequest, Account, AuditEvent, Group
from app.services import audit, lab_policies, sightings
from app.services.second_look import REACH, finish
from app.services.setup import policy_arns

_log = log.get("late_groups")


def is_group(lane: str) -> bool:
    """Whether a lane is a group's and not a user's."""
    return lane.startswith(GROUP_LANE)


@dataclass(frozen=True)
class _Expected:
    """What a group should have, of the policies that were changed lately.

    Attributes:
        under_way: A change is being carried out now: what it has done is not wrong, so look when it is over.
        given_up: It was to be made, and is managed neither as that nor otherwise.
    """

    changed: frozenset[str]
    wanted: frozenset[str]
    under_way: bool
    given_up: bool


class LookAtGroup:
    """Compares a group's policies with what is managed. The caller has claimed the lane.

    Args:
        database: Where rows and audit are.
        iam: The account's IAM.
    """

    def __init__(self, database: Transactions, iam: Iam) -> None:
        self._database, self._iam = database, iam

    def __call__(self, account: str, lane: str) -> None:
        """Attach and detach what came late, and read back that it is so."""
        name = lane.removeprefix(GROUP_LANE)
        with self._database.look() as tx:
            began = tx.now
            expected = _expected(tx, account, name)
        finish(self._database, account, lane, began, lambda: self._put_right(account, name, expected))

    def _put_right(self, account: str, name: str, expected: _Expected) -> bool:
        if expected.under_way:
            return False
        late = self._late(name, expected, self._iam.group(name))
        if not late:
            return True
        with self._database.write() as tx:  # the intent is durable before a call is made
            wanted = [o.as_json() for o in late]
            audit.record(tx, "group.put_right", by=SYSTEM_ACTOR, account=account, group=name, operations=wanted)
        for operation in late:
            self._iam.call(operation)
        seen = self._iam.group(name)
        with self._database.write() as tx:
            sightings.save_group(tx, account, name, seen)
        _log.warning("late_write", account=account, group=name)
        return not self._late(name, expected, seen)

    def _late(self, name: str, expected: _Expected, seen: SeenGroup | None) -> list[Operation]:
        if seen is None:
            return []  # deleted since, and with it whatever came late
        if not expected.given_up:
            return _late(name, expected, seen)
        attached = {p.name for p in seen.policies}
        if not attached <= expected.changed or self._iam.members(name):
            return []  # somebody else uses it
        text = f"delete the group {name}, which was given up"
        return [
            *(detach(name, arn) for arn in sorted(attached)),
            Operation("iam", "DeleteGroup", {"GroupName": name}, text),
        ]


def _late(name: str, expected: _Expected, seen: SeenGroup) -> list[Operation]:
    attached = {p.name for p in seen.policies} & expected.changed
    return [
        *(attach(name, arn) for arn in sorted(expected.wanted - attached)),
        *(detach(name, arn) for arn in sorted(attached - expected.wanted)),
    ]


def _expected(tx: Tx, account: str, name: str) -> _Expected:
    rows = tx.session.execute(
        select(AccessRequest.id, AccessRequest.plan, AccessRequest.provisioning, AccessRequest.kind).where(
            col(AccessRequest.change)["name"].as_string() == name,
            col(AccessRequest.account) == account,
            col(AccessRequest.kind).in_((Kind.GROUP_CREATE, Kind.GROUP_UPDATE, Kind.GROUP_DELETE)),
            col(AccessRequest.decided_at) > tx.now - REACH,
        )
    ).all()
    operations = [operation for row in rows for operation in row.plan["operations"]]
    changed = frozenset(o["parameters"]["PolicyArn"] for o in operations if "PolicyArn" in o["parameters"])
    here, group = tx.session.get(Account, account), tx.session.get(Group, name)
    under_way = any(row.provisioning == Provisioning.APPLYING for row in rows)
    if group is not None and group.deleted_at is not None:
        return _Expected(frozenset(), frozenset(), under_way, given_up=False)  # what is there by now is somebody else's
    names = lab_policies.names(tx, account, here.partition, here.aws_account_id) if here and group else None
    managed = policy_arns(group, names) if group and names else []
    making = [row.id for row in rows if row.kind == Kind.GROUP_CREATE]
    given_up = group is None and _was_begun(tx, making)
    return _Expected(changed, changed & frozenset(managed), under_way, given_up)


def _was_begun(tx: Tx, request_ids: list[str]) -> bool:
    """Whether a call of one of these was ever made: only then a group that is there can be of its making."""
    begun = select(AuditEvent.seq).where(
        col(AuditEvent.access_request_id).in_(request_ids), col(AuditEvent.event) == "access_request.applying"
    )
    return tx.session.execute(begun.limit(1)).first() is not None
