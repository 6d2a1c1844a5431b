"""The only writers of states: every move is looked up in the table and made by compare-and-set."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import col

from app.db import Tx
from app.domain.states import DecisionState, GrantState, Provisioning, RequestState, can_grant_move, can_move
from app.errors import Conflict
from app.models import AccessRequest, Grant

_UNDER_WAY = (Provisioning.NONE, Provisioning.QUEUED, Provisioning.APPLYING)


def move_request(tx: Tx, row: AccessRequest, to: RequestState, **values: Any) -> None:
    """Move a request and set further columns with it.

    Raises:
        Conflict: The table has no such move, or somebody else moved the request first.
    """
    if not can_move(row.state, to):
        raise Conflict(f"A request that is {_say(row.state)} cannot become {_say(to)}.", code="not_possible_now")
    values |= {"decision": to.decision, "provisioning": to.provisioning}
    finished = to.decision not in {DecisionState.PENDING, DecisionState.APPROVED} or to.provisioning not in _UNDER_WAY
    if finished:
        values["same_change"] = None
        values.setdefault("due_at", None)
    _write_request(tx, row, values)


def note_request(tx: Tx, row: AccessRequest, **values: Any) -> None:
    """Set columns of a request that is not moved, under the same guard."""
    _write_request(tx, row, values)


def _write_request(tx: Tx, row: AccessRequest, values: dict[str, Any]) -> None:
    values["version"] = row.version + 1
    done = tx.session.execute(
        sa.update(AccessRequest)
        .where(
            col(AccessRequest.id) == row.id,
            col(AccessRequest.decision) == row.decision,
            col(AccessRequest.provisioning) == row.provisioning,
            col(AccessRequest.version) == row.version,
        )
        .values(values)
        .execution_options(synchronize_session=False)
    )
    _applied(tx, row, row.id, done, values)


def move_grant(tx: Tx, row: Grant, to: GrantState, **values: Any) -> None:
    """Move a grant and set further columns with it.

    Raises:
        Conflict: The table has no such move, or somebody else moved the grant first.
    """
    if not can_grant_move(row.state, to):
        raise Conflict(f"A grant that is {row.state} cannot become {to}.", code="not_possible_now")
    if to == GrantState.REVOKED:
        values.setdefault("due_at", None)
        values.setdefault("ended_at", tx.now)
    note_grant(tx, row, state=to, **values)


def note_grant(tx: Tx, row: Grant, **values: Any) -> None:
    """Set columns of a grant under the guard of its state and version."""
    values["version"] = row.version + 1
    done = tx.session.execute(
        sa.update(Grant)
        .where(col(Grant.id) == row.id, col(Grant.state) == row.state, col(Grant.version) == row.version)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    _applied(tx, row, row.access_request_id, done, values)
    tx.touched.add(row.id)


def _applied(tx: Tx, row: AccessRequest | Grant, touched: str, done: Any, values: dict[str, Any]) -> None:
    if done.rowcount != 1:
        raise Conflict("Somebody else changed this in the same moment; look again.", code="changed_meanwhile")
    for name, value in values.items():
        set_committed_value(row, name, value)
    tx.touched.add(touched)


def _say(state: RequestState) -> str:
    return f"{state.decision}/{state.provisioning}"
