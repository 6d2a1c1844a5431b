"""Going on with the rotation of an access key when it is due: running it again is the recovery.

What is due is a row's state; each call to IAM follows from it, is read back, and only then moves it on.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime

from app import log
from app.changes.access_keys import delete_key
from app.changes.user_suspend import switch_key
from app.clients import aws
from app.clients.iam import Iam
from app.db import Transactions, Tx
from app.domain import rotations
from app.domain.actors import SYSTEM_ACTOR
from app.domain.belongings import AccessKey
from app.domain.credentials import SecretKind
from app.domain.plans import Operation
from app.domain.retries import is_settled, refused
from app.domain.rotations import Call, Outcome, RotationState, Sight, Turn
from app.models import KeyRotation
from app.services import people, secrets, sightings, suspensions
from app.services.backoff import Backoff
from app.services.moves import move_rotation, note_rotation
from app.services.rotation_moves import end, note, overlaps, tell

_log = log.get("rotating")


class Rotate:
    """Goes on with one rotation. The caller has claimed its user's lane.

    Args:
        database: Where rows and audit are.
        iam: The account's IAM.
        backoff: How long to wait after a failure. It is tried for ever: what is left to do only takes away.
    """

    def __init__(self, database: Transactions, iam: Iam, backoff: Backoff) -> None:
        self._database, self._iam, self._backoff = database, iam, backoff

    def __call__(self, rotation_id: str) -> None:
        """Bring it as far as it can go now."""
        with self._database.look() as tx:
            row = tx.session.get_one(KeyRotation, rotation_id)
            due = row.due_at is not None and row.due_at <= tx.now
        if not due:
            return
        try:
            keys = self._keys(row)
            call = self._turn(row, keys, self._used(row, keys))
            if call is not None:
                with suppress(aws.Gone):  # somebody was faster: the reading below says so
                    self._iam.call(_operation(row, call))
                self._shown(row, call, self._keys(row))
        except aws.AwsError as problem:
            self._try_again(row, problem)

    def _keys(self, row: KeyRotation) -> dict[str, AccessKey]:
        found = self._iam.belongings(row.user)
        return {key.id: key for key in (found.keys if found else ())}

    def _used(self, row: KeyRotation, keys: Mapping[str, AccessKey]) -> datetime | None:
        watched = rotations.watched(row.state, row.old_key_id, row.new_key_id)
        if watched is None or watched not in keys:
            return None
        try:
            return self._iam.key_used(watched)
        except aws.NotOffered:
            return None  # rule 28: only an emulator does not say, and the work goes on

    def _turn(self, row: KeyRotation, keys: Mapping[str, AccessKey], used_at: datetime | None) -> Call | None:
        """Move it on by its time, and say which call is to follow: from here on it is durable that it is wanted."""
        with self._database.write() as tx:
            row = _hold(tx, row)
            if row.due_at is None or row.due_at > tx.now:
                return None  # collected, or over, in this very moment
            sightings.save_keys(tx, row.account, row.user, keys)
            if row.new_key_id not in keys and not is_settled(row.created_at, tx.now):
                raise aws.Retryable("ListAccessKeys", "NotShownYet", "IAM does not show the new key yet")
            turn = rotations.next_turn(row.state, _sight(row, keys, used_at), row.unused_since)
            _go(tx, row, turn, used_at)
            return turn.call

    def _shown(self, row: KeyRotation, call: Call, keys: Mapping[str, AccessKey]) -> None:
        with self._database.write() as tx:
            row = _hold(tx, row)
            if row.state == RotationState.ENDED:
                return
            sightings.save_keys(tx, row.account, row.user, keys)
            turn = rotations.shown(call, _sight(row, keys))
            if turn is None:
                raise aws.Retryable("ListAccessKeys", "NotShownYet", "IAM does not show the change yet")
            _go(tx, row, turn)

    def _try_again(self, row: KeyRotation, problem: aws.AwsError) -> None:
        _log.warning("rotation_failed", access_request_id=row.access_request_id, problem=str(problem))
        with self._database.write() as tx:
            row = _hold(tx, row)
            if row.state == RotationState.ENDED:
                return
            if isinstance(problem, aws.NeedsPerson):
                said = refused(problem.code, str(problem))
                if row.attempts == 0:  # a row for each try would drown the audit
                    note(tx, "access_key.rotation_failed", row, code=said.code, aws_code=problem.code)
                tell(tx, row, said.code, said.detail)
            note_rotation(tx, row, attempts=row.attempts + 1, due_at=tx.now + self._backoff(row.attempts))


def _hold(tx: Tx, row: KeyRotation) -> KeyRotation:
    """The row as it is now, with its user's row and its secret held first, as whoever collects or deletes does."""
    people.hold(tx, row.user)
    secrets.hold(tx, row.access_request_id)
    return tx.session.get_one(KeyRotation, row.id, populate_existing=True)


def _sight(row: KeyRotation, keys: Mapping[str, AccessKey], used_at: datetime | None = None) -> Sight:
    return Sight(keys.get(row.old_key_id), keys.get(row.new_key_id), used_at)


def _operation(row: KeyRotation, call: Call) -> Operation:
    if call == Call.SWITCH_OFF_OLD:
        return switch_key(row.user, row.old_key_id, on=False)
    return delete_key(row.user, row.old_key_id if call == Call.DELETE_OLD else row.new_key_id)


def _go(tx: Tx, row: KeyRotation, turn: Turn, used_at: datetime | None = None) -> None:
    """Write down what a turn comes to."""
    if row.attempts and turn.to is not None:
        tell(tx, row)  # what was in the way is not any more
    if turn.to == RotationState.ENDED and turn.outcome is not None:
        _erase(tx, row, row.old_key_id if turn.outcome == Outcome.ROTATED else row.new_key_id)
        end(tx, row, turn.outcome)
    elif turn.to == RotationState.OVERLAPPING:
        overlaps(tx, row, SYSTEM_ACTOR, used_at=used_at.isoformat() if used_at else None)
    elif turn.to == RotationState.ABANDONING:
        _erase(tx, row, row.new_key_id)
        move_rotation(tx, row, turn.to, due_at=tx.now, attempts=0)
        note(tx, "access_key.rotation_abandoned", row)
    elif turn.to == RotationState.RETIRED:
        _retired(tx, row)
    elif turn.call is None and used_at is not None:
        note_rotation(tx, row, unused_since=used_at, due_at=used_at + tx.terms.key_idle, attempts=0)
        note(tx, "access_key.still_used", row, used_at=used_at.isoformat())


def _erase(tx: Tx, row: KeyRotation, key_id: str) -> None:
    """What waits for collection and opens nothing any more is not kept."""
    secrets.over(tx, row.account, row.user, SecretKind.ACCESS_KEY, key_id=key_id)


def _retired(tx: Tx, row: KeyRotation) -> None:
    """IAM shows the old key inactive; it does not come back with a suspended user who comes back."""
    until = tx.now + tx.terms.key_idle
    values = {"unused_since": tx.now, "due_at": until, "attempts": 0}
    if row.state == RotationState.RETIRED:
        note_rotation(tx, row, **values)
    else:
        move_rotation(tx, row, RotationState.RETIRED, **values)
    _erase(tx, row, row.old_key_id)
    suspensions.leave_out(tx, row.account, row.user, row.old_key_id)
    note(tx, "access_key.deactivated", row, delete_after=until.isoformat())
