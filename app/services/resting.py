"""Requests that are not carried out now: lapsed, closed because a party is gone, or put to sleep until their time."""

from app.db import Transactions
from app.domain.actors import SYSTEM_ACTOR
from app.domain.states import (
    APPLYING,
    APPROVED,
    FAILED,
    LAPSED,
    LAPSED_FAILED,
    PENDING,
    QUEUED,
    DecisionState,
    Provisioning,
)
from app.services import audit, grants, outcomes
from app.services.moves import move_request, note_request

OPEN = (APPROVED, QUEUED, APPLYING)


def lapse(database: Transactions, request_id: str) -> None:
    """Nobody decided in time, or it was not carried out in time (rule 18)."""
    with database.write() as tx:
        row = outcomes.hold(tx, request_id)
        if row.lapses_at > tx.now or row.decision not in {DecisionState.PENDING, DecisionState.APPROVED}:
            return
        grants.drop_scheduled(tx, row, "lapsed")
        failed = row.provisioning == Provisioning.FAILED
        move_request(tx, row, LAPSED_FAILED if failed else LAPSED)
        audit.of_request(tx, "access_request.lapsed", row, by=SYSTEM_ACTOR)


def close_or_rest(database: Transactions, request_id: str) -> None:
    """Close a request whose party is gone; put any other that has nothing to do now to sleep."""
    with database.write() as tx:
        row = outcomes.hold(tx, request_id)
        if row.state == APPLYING:
            return
        if row.state not in OPEN or outcomes.can_act(tx, row):
            # Queued: its party came back in this very moment, so it goes on at once.
            waits_until = {
                PENDING: row.lapses_at,
                FAILED: row.lapses_at,
                APPROVED: row.starts_at,
                QUEUED: tx.now,
            }
            note_request(tx, row, due_at=waits_until.get(row.state))
            return
        outcomes.close(tx, row, "the asker or the user it is for is suspended or gone")
