"""The states of requests and grants, and the one table of moves between them."""

from enum import StrEnum
from typing import NamedTuple


class DecisionState(StrEnum):
    """What was decided about a request."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


class Provisioning(StrEnum):
    """How far the carrying out of a request has come."""

    NONE = "none"
    QUEUED = "queued"
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"


class GrantState(StrEnum):
    """The life of a piece of access."""

    SCHEDULED = "scheduled"
    APPLYING = "applying"
    ACTIVE = "active"
    REVOKING = "revoking"
    REVOKED = "revoked"
    REVOKE_FAILED = "revoke_failed"


class RequestState(NamedTuple):
    """Both axes of a request at once."""

    decision: DecisionState
    provisioning: Provisioning


_D, _P, _G = DecisionState, Provisioning, GrantState

PENDING = RequestState(_D.PENDING, _P.NONE)
APPROVED = RequestState(_D.APPROVED, _P.NONE)
"""Approved, and not to begin before `starts_at`."""
QUEUED = RequestState(_D.APPROVED, _P.QUEUED)
APPLYING = RequestState(_D.APPROVED, _P.APPLYING)
APPLIED = RequestState(_D.APPROVED, _P.APPLIED)
FAILED = RequestState(_D.APPROVED, _P.FAILED)
DENIED = RequestState(_D.DENIED, _P.NONE)
CANCELLED = RequestState(_D.CANCELLED, _P.NONE)
LAPSED = RequestState(_D.LAPSED, _P.NONE)
CANCELLED_FAILED = RequestState(_D.CANCELLED, _P.FAILED)
"""Given up after it failed: the failure stays readable."""
LAPSED_FAILED = RequestState(_D.LAPSED, _P.FAILED)

REQUEST_MOVES: dict[RequestState, frozenset[RequestState]] = {
    PENDING: frozenset({APPROVED, QUEUED, DENIED, CANCELLED, LAPSED}),
    APPROVED: frozenset({QUEUED, PENDING, CANCELLED, LAPSED}),
    # Back to pending: the plan changed, or an approver is no longer eligible (rule 18).
    QUEUED: frozenset({APPLYING, FAILED, PENDING, CANCELLED, LAPSED}),
    APPLYING: frozenset({APPLIED, FAILED}),
    FAILED: frozenset({QUEUED, PENDING, CANCELLED_FAILED, LAPSED_FAILED}),
    APPLIED: frozenset(),
    DENIED: frozenset(),
    CANCELLED: frozenset(),
    LAPSED: frozenset(),
    CANCELLED_FAILED: frozenset(),
    LAPSED_FAILED: frozenset(),
}

GRANT_MOVES: dict[GrantState, frozenset[GrantState]] = {
    _G.SCHEDULED: frozenset({_G.APPLYING, _G.REVOKED}),
    # Applying to revoking is the undoing of what was begun and not finished (rule 19).
    _G.APPLYING: frozenset({_G.ACTIVE, _G.REVOKING}),
    _G.ACTIVE: frozenset({_G.REVOKING}),
    _G.REVOKING: frozenset({_G.REVOKED, _G.REVOKE_FAILED}),
    _G.REVOKE_FAILED: frozenset({_G.REVOKING}),
    _G.REVOKED: frozenset(),
}

LIVE_GRANTS = frozenset({_G.SCHEDULED, _G.APPLYING, _G.ACTIVE})
"""A grant in one of these states stands for access that is, or is about to be."""

HOLDING_GRANTS = frozenset({_G.APPLYING, _G.ACTIVE})
"""A grant in one of these states forbids taking its access away for another's end."""

ENDING_GRANTS = frozenset({_G.REVOKING, _G.REVOKE_FAILED})


def can_move(was: RequestState, to: RequestState) -> bool:
    """Say whether a request may go from `was` to `to`. A pair that is no state at all may go nowhere."""
    return to in REQUEST_MOVES.get(was, frozenset())


def can_grant_move(was: GrantState, to: GrantState) -> bool:
    """Say whether a grant may go from `was` to `to`."""
    return to in GRANT_MOVES[was]
