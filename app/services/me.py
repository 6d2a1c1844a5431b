"""What the caller is, may do and holds."""

from dataclasses import dataclass

from sqlmodel import col, select

from app.db import Tx
from app.domain.actors import Caller
from app.domain.states import GrantState
from app.domain.words import Scope
from app.models import Grant, Group, User
from app.services import directory

_GRANTS = 100


@dataclass(frozen=True)
class About:
    """The caller, in words and rows."""

    user: User
    may: list[str]
    approves: list[str]
    grants: list[Grant]


def about(tx: Tx, caller: Caller) -> About:
    """Gather it. Grants that have ended are left out."""
    user = directory.get_user(tx, caller.name)
    gone = set(tx.session.scalars(select(Group.name).where(col(Group.deleted_at).is_not(None))))
    approves = directory.approves(tx, caller) - gone
    grants = tx.session.scalars(
        select(Grant)
        .where(col(Grant.user) == user.name, col(Grant.state) != GrantState.REVOKED)
        .order_by(col(Grant.id).desc())
        .limit(_GRANTS)
    )
    return About(user, _may(caller, approves), sorted(approves), list(grants))


def _may(caller: Caller, approves: frozenset[str]) -> list[str]:
    has = caller.scopes.__contains__
    sentences = (
        (has(Scope.REQUESTS_WRITE), "ask for access for yourself"),
        (has(Scope.REQUESTS_WRITE) and caller.is_admin, "ask for access for others, and end anybody's"),
        (has(Scope.REQUESTS_DECIDE) and bool(approves), f"decide on requests for {', '.join(sorted(approves))}"),
        (has(Scope.DIRECTORY_WRITE) and caller.is_admin, "register people and hand out codes"),
        (has(Scope.AUDIT_READ) and caller.sees_all, "read the audit and everybody's requests"),
    )
    return [text for holds, text in sentences if holds]
