"""What moves the rotation of an access key besides its time: made, collected, a key deleted, a user gone."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import col, select

from app.db import Tx, insert
from app.domain.actors import SYSTEM_ACTOR, Actor
from app.domain.rotations import BOTH_WORK, Outcome, RotationState
from app.models import AccessRequest, KeyRotation, Secret
from app.services import audit
from app.services.moves import move_rotation, note_request


def begin(tx: Tx, request: AccessRequest, secret: Secret) -> None:
    """The new key is there and its secret waits: from here on the rest is due by time."""
    row = KeyRotation(
        access_request_id=request.id,
        account=request.account,
        user=request.user,
        old_key_id=request.change["key_id"],
        new_key_id=secret.key_id or "",
        due_at=secret.expires_at,
        created_at=tx.now,
    )
    insert(tx, row)
    tx.later = True
    note(tx, "access_key.rotation_begun", row, collect_until=_text(secret.expires_at))


def collected(tx: Tx, by: Actor, secret: Secret) -> None:
    """Its user has the new key: the old one works for the overlap still."""
    for row in _open(tx, secret.account, secret.user):
        if row.state == RotationState.WAITING and row.access_request_id == secret.access_request_id:
            overlaps(tx, row, by)


def overlaps(tx: Tx, row: KeyRotation, by: Actor, **data: Any) -> None:
    """Somebody has the new key: both work until the old one is to be inactive."""
    until = tx.now + tx.terms.key_overlap
    move_rotation(tx, row, RotationState.OVERLAPPING, due_at=until, attempts=0)
    note(tx, "access_key.overlap_begun", row, by=by, old_key_until=_text(until), **data)


def key_deleted(tx: Tx, request: AccessRequest) -> None:
    """`access_key.delete` took one of the keys away, and IAM shows it."""
    key_id = request.change["key_id"]
    for row in _open(tx, request.account, request.user):
        if key_id == row.old_key_id:
            end(tx, row, Outcome.ROTATED)
        elif key_id == row.new_key_id and row.state in BOTH_WORK:
            end(tx, row, Outcome.NEW_KEY_GONE)


def user_deleted(tx: Tx, request: AccessRequest) -> None:
    """IAM has no such user any more, and no key of theirs."""
    for row in _open(tx, request.account, request.user):
        end(tx, row, Outcome.USER_DELETED)


def end(tx: Tx, row: KeyRotation, outcome: Outcome) -> None:
    """It is over. Whoever asked sees it where it did not come to what they asked for."""
    ended = {"outcome": outcome, "ended_at": tx.now, "due_at": None, "attempts": 0}
    move_rotation(tx, row, RotationState.ENDED, **ended)
    note(tx, "access_key.rotation_ended", row, outcome=outcome)
    tell(tx, row, *_TOLD.get(outcome, ()))


def tell(tx: Tx, row: KeyRotation, code: str | None = None, detail: str = "") -> None:
    """Put what went wrong with it on its request, or take that away again."""
    request = tx.session.get_one(AccessRequest, row.access_request_id, populate_existing=True)
    failure = None if code is None else {"code": code, "detail": detail, "at": _text(tx.now)}
    if failure is not None or request.failure is not None:
        note_request(tx, request, failure=failure)


def note(tx: Tx, event: str, row: KeyRotation, *, by: Actor = SYSTEM_ACTOR, **data: Any) -> None:
    """Note what happened to it in the history of its request."""
    keys = {"old_key_id": row.old_key_id, "new_key_id": row.new_key_id}
    audit.record(tx, event, by=by, subject=row.user, access_request_id=row.access_request_id, **keys, **data)


_TOLD = {
    Outcome.NEVER_COLLECTED: (
        "never_collected",
        "Nobody collected the new key in time, so it was deleted. The old key stays as it is; ask again to rotate it.",
    ),
    Outcome.NEW_KEY_GONE: (
        "new_key_gone",
        "The new key was deleted before the old one was. The old key stays as it is; ask again to rotate it.",
    ),
}


def _open(tx: Tx, account: str, user: str) -> Sequence[KeyRotation]:
    query = select(KeyRotation).where(
        col(KeyRotation.account) == account,
        col(KeyRotation.user) == user,
        col(KeyRotation.state) != RotationState.ENDED,
    )
    return tx.session.scalars(query.execution_options(populate_existing=True)).all()


def _text(at: Any) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
