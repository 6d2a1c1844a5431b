"""Closing requests that nobody works on and that cannot be carried out any more."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import select

from app.db import Tx
from app.domain.actors import SYSTEM_ACTOR
from app.domain.states import CANCELLED, CANCELLED_FAILED, DecisionState, Provisioning
from app.models import AccessRequest, columns
from app.services import audit, grants
from app.services.moves import move_request

_requests = columns(AccessRequest)
CLOSABLE = (
    _requests.c.decision.in_((DecisionState.PENDING, DecisionState.APPROVED)),
    _requests.c.provisioning.in_((Provisioning.NONE, Provisioning.QUEUED, Provisioning.FAILED)),
)
"""What can still be closed: nobody is at it."""


def closable(tx: Tx, *which: sa.ColumnElement[bool]) -> Sequence[AccessRequest]:
    """The requests among these that can be."""
    query = select(AccessRequest).where(*which, *CLOSABLE)
    return tx.session.scalars(query.execution_options(populate_existing=True)).all()


def close(tx: Tx, row: AccessRequest, why: str) -> None:
    """Cancel one, with its grants that were only scheduled."""
    grants.drop_scheduled(tx, row, "cancelled")
    failed = row.provisioning == Provisioning.FAILED
    move_request(tx, row, CANCELLED_FAILED if failed else CANCELLED, decided_at=row.decided_at or tx.now)
    audit.of_request(tx, "access_request.cancelled", row, by=SYSTEM_ACTOR, reason=why)
