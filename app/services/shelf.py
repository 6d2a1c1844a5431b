"""Every group there is or was, for what makes, changes or deletes one."""

import sqlalchemy as sa

from app.changes import REGISTRY
from app.db import Tx
from app.domain.groups import Groups
from app.domain.rules import Rule
from app.domain.states import DecisionState, Provisioning
from app.domain.words import Kind
from app.models import AccessRequest, Group, columns

_groups, _requests = columns(Group), columns(AccessRequest)
_ALL = sa.select(_groups.c.name, _groups.c.rule, _groups.c.deleted_at)
_GOING = sa.select(_requests.c.change).where(
    _requests.c.kind == Kind.GROUP_DELETE,
    _requests.c.decision == DecisionState.APPROVED,
    _requests.c.provisioning.in_((Provisioning.NONE, Provisioning.QUEUED, Provisioning.APPLYING)),
)


def load(tx: Tx) -> Groups:
    """All of them: at most 300 (IAM quota) and those that were deleted."""
    read = tx.session.connection().execute
    rows = read(_ALL).all()
    return Groups(
        rules={row.name: Rule.model_validate(row.rule) for row in rows if row.deleted_at is None},
        deleted=frozenset(row.name for row in rows if row.deleted_at is not None),
        going=frozenset(change["name"] for change in read(_GOING).scalars()),
    )


def deletion_of(account: str, group: str) -> str:
    """What an open `group.delete` of this group has as its `same_change`."""
    change = REGISTRY[Kind.GROUP_DELETE]
    return change.same_change(account, "", change.body.model_validate({"name": group}))
