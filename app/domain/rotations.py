"""Rotating an access key: its states, and what comes next. Pure.

The old key works until the secret of the new one was collected and an overlap is over. Then it is inactive, and is
deleted when nobody used it for a while. A new key that nobody collects is deleted, and the old one stays.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.belongings import AccessKey


class RotationState(StrEnum):
    """How far it has come."""

    WAITING = "waiting"
    """The secret of the new key waits to be collected; due when it expires."""
    OVERLAPPING = "overlapping"
    """It was collected and both keys work; due when the old one is to be inactive."""
    RETIRED = "retired"
    """The old key is inactive; due when it is to be deleted."""
    ABANDONING = "abandoning"
    """Nobody collected the secret and nobody can any more: the new key is being deleted."""
    ENDED = "ended"


_S = RotationState
ROTATION_MOVES: dict[RotationState, frozenset[RotationState]] = {
    _S.WAITING: frozenset({_S.OVERLAPPING, _S.ABANDONING, _S.ENDED}),
    _S.OVERLAPPING: frozenset({_S.RETIRED, _S.ENDED}),
    _S.RETIRED: frozenset({_S.ENDED}),
    _S.ABANDONING: frozenset({_S.ENDED}),
    _S.ENDED: frozenset(),
}
BOTH_WORK = frozenset({_S.WAITING, _S.OVERLAPPING})
"""Another rotation of the same user has to wait for these."""


class Outcome(StrEnum):
    """How it ended."""

    ROTATED = "rotated"
    """The old key is gone."""
    NEVER_COLLECTED = "never_collected"
    """The new key is gone, since nobody ever had its secret; the old one stays."""
    NEW_KEY_GONE = "new_key_gone"
    """Somebody deleted the new key; the old one stays."""
    USER_DELETED = "user_deleted"


class Call(StrEnum):
    """The calls that remain after the new key was made."""

    SWITCH_OFF_OLD = "switch_off_old"
    DELETE_OLD = "delete_old"
    DELETE_NEW = "delete_new"


@dataclass(frozen=True)
class Sight:
    """What IAM shows of the two keys.

    Attributes:
        used_at: When the key was last used whose use decides: `watched` says which one that is.
    """

    old: AccessKey | None
    new: AccessKey | None
    used_at: datetime | None = None


@dataclass(frozen=True)
class Turn:
    """What comes next.

    Attributes:
        to: The state that is reached now; None: it stays.
        outcome: Where that is the end.
        call: To be made then; None: nothing, until it is due again.
    """

    to: RotationState | None = None
    outcome: Outcome | None = None
    call: Call | None = None


def watched(state: RotationState, old_key_id: str, new_key_id: str) -> str | None:
    """The key whose last use decides; None: it does not matter."""
    return {_S.WAITING: new_key_id, _S.RETIRED: old_key_id}.get(state)


def next_turn(state: RotationState, sight: Sight, unused_since: datetime | None) -> Turn:
    """What comes next of a rotation that is due.

    A key that IAM does not show is switched off or deleted all the same: a reading may be from before, and the
    call's own answer is not.

    Args:
        unused_since: When IAM first showed the old key inactive, or when it was last used after that.
    """
    if state in BOTH_WORK and sight.new is None:
        return _ended(Outcome.NEW_KEY_GONE)
    if state == _S.WAITING:
        # Used, so somebody has it: the database was restored from before it was collected.
        return Turn(_S.ABANDONING, call=Call.DELETE_NEW) if sight.used_at is None else Turn(_S.OVERLAPPING)
    if state == _S.OVERLAPPING:
        off = sight.old is not None and not sight.old.active  # suspended meanwhile, or by hand
        return Turn(_S.RETIRED) if off else Turn(call=Call.SWITCH_OFF_OLD)
    if state == _S.RETIRED:
        return _after_the_wait(sight, unused_since)
    return Turn(call=Call.DELETE_NEW) if state == _S.ABANDONING else Turn()


def _after_the_wait(sight: Sight, unused_since: datetime | None) -> Turn:
    if sight.old is not None and sight.old.active:
        return Turn(call=Call.SWITCH_OFF_OLD)  # switched on again by hand: the wait begins anew
    used = sight.used_at is not None and unused_since is not None and sight.used_at > unused_since
    return Turn() if used else Turn(call=Call.DELETE_OLD)


def shown(call: Call, sight: Sight) -> Turn | None:
    """What IAM, read back after a call, comes to; None: it does not show the change yet."""
    if call == Call.DELETE_NEW:
        return _ended(Outcome.NEVER_COLLECTED) if sight.new is None else None
    if sight.old is None:
        return _ended(Outcome.ROTATED)
    if call == Call.SWITCH_OFF_OLD and not sight.old.active:
        return Turn(_S.RETIRED)
    return None


def _ended(outcome: Outcome) -> Turn:
    return Turn(_S.ENDED, outcome)
