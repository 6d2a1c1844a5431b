"""The only writers of states: every move is looked up in the table and made by compare-and-set."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from app.db import Tx
from app.domain.rotations import ROTATION_MOVES, RotationState
from app.domain.states import DecisionState, GrantState, Provisioning, RequestState, can_grant_move, can_move
from app.domain.work import Work
from app.errors import Conflict
from app.models import AccessRequest, Grant, KeyRotation, columns
from app.services import power_ends

_UNDER_WAY = (Provisioning.NONE, Provisioning.QUEUED, Provisioning.APPLYING)


_requests, _grants, _rotations = columns(AccessRequest), columns(Grant), columns(KeyRotation)
_UPDATE_REQUEST = sa.update(_requests).where(
    _requests.c.id == sa.bindparam("was_id"),
    _requests.c.version == sa.bindparam("was_version"),
    _requests.c.decision == sa.bindparam("was_decision"),
    _requests.c.provisioning == sa.bindparam("was_provisioning"),
)
_UPDATE_GRANT = sa.update(_grants).where(
    _grants.c.id == sa.bindparam("was_id"),
    _grants.c.version == sa.bindparam("was_version"),
    _grants.c.state == sa.bindparam("was_state"),
)
_UPDATE_ROTATION = sa.update(_rotations).where(
    _rotations.c.id == sa.bindparam("was_id"),
    _rotations.c.version == sa.bindparam("was_version"),
    _rotations.c.state == sa.bindparam("was_state"),
)


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
    was = {"was_decision": row.decision, "was_provisioning": row.provisioning}
    _write(tx, _UPDATE_REQUEST, [(row, was)], values)
    tx.touched.add(row.id)
    _wake(tx, Work("request", row.account, row.id), values.get("due_at"))


def move_grant(tx: Tx, row: Grant, to: GrantState, **values: Any) -> None:
    """Move a grant and set further columns with it.

    Raises:
        Conflict: The table has no such move, or somebody else moved the grant first.
    """
    move_grants(tx, [row], to, **values)


def move_grants(tx: Tx, rows: Sequence[Grant], to: GrantState, **values: Any) -> None:
    """Move several grants and set the same further columns of all, in one go.

    Raises:
        Conflict: One of them cannot be moved so, or somebody else moved it first.
    """
    for state in {row.state for row in rows}:
        _require_move(state, to)
    values = _with_end(tx, to, {**values, "state": to})
    if to == GrantState.REVOKED:
        power_ends.note(tx, rows, values["ended_at"])
    _note_grants(tx, rows, values)


def note_grant(tx: Tx, row: Grant, **values: Any) -> None:
    """Set columns of a grant under the guard of its state and version."""
    _note_grants(tx, [row], values)


def move_rotation(tx: Tx, row: KeyRotation, to: RotationState, **values: Any) -> None:
    """Move the rotation of a key and set further columns with it.

    Raises:
        Conflict: The table has no such move, or somebody else moved it first.
    """
    if to not in ROTATION_MOVES[row.state]:
        raise Conflict(f"A rotation that is {row.state} cannot become {to}.", code="not_possible_now")
    note_rotation(tx, row, **values, state=to)


def note_rotation(tx: Tx, row: KeyRotation, **values: Any) -> None:
    """Set columns of a rotation under the guard of its state and version."""
    _write(tx, _UPDATE_ROTATION, [(row, {"was_state": row.state})], values)
    tx.touched.add(row.access_request_id)
    _wake(tx, Work("rotation", row.account, row.id), values.get("due_at"))


def _require_move(state: GrantState, to: GrantState) -> None:
    if not can_grant_move(state, to):
        raise Conflict(f"A grant that is {state} cannot become {to}.", code="not_possible_now")


def _with_end(tx: Tx, to: GrantState, values: dict[str, Any]) -> dict[str, Any]:
    return {"due_at": None, "ended_at": tx.now, **values} if to == GrantState.REVOKED else values


def _note_grants(tx: Tx, rows: Sequence[Grant], values: dict[str, Any]) -> None:
    _write(tx, _UPDATE_GRANT, [(row, {"was_state": row.state}) for row in rows], values)
    for row in rows:
        tx.touched |= {row.id, row.access_request_id or row.id}
        _wake(tx, Work("ends", row.account, row.place), values.get("due_at"))


def _wake(tx: Tx, work: Work, due_at: datetime | None) -> None:
    """Tell whoever delivers: there is work now, or at a time that may be earlier than what they wait for."""
    if due_at is None:
        return
    if due_at <= tx.now:
        tx.due.add(work)
    else:
        tx.later = True


def _write(
    tx: Tx,
    statement: sa.Update,
    rows: Sequence[tuple[AccessRequest | Grant | KeyRotation, dict[str, Any]]],
    values: dict[str, Any],
) -> None:
    """Write the same to each row, if each is still what it was."""
    if not rows:
        return
    tx.session.flush()  # what was added in this transaction must be there before it is moved
    given = [
        {"was_id": row.id, "was_version": row.version, **was, **values, "version": row.version + 1} for row, was in rows
    ]
    done = tx.session.connection().execute(statement, given)
    if done.rowcount != len(given):
        raise Conflict("Somebody else changed this in the same moment; look again.", code="changed_meanwhile")
    for row, _ in rows:
        for name, value in {**values, "version": row.version + 1}.items():
            set_committed_value(row, name, value)


def _say(state: RequestState) -> str:
    return f"{state.decision}/{state.provisioning}"
