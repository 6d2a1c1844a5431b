"""Who may see a request, whose it is, and holding it while it changes."""

import sqlalchemy as sa
from sqlmodel import col

from app.db import Tx
from app.domain.actors import Caller
from app.errors import NotFound
from app.models import AccessRequest, User
from app.services import directory


def get_visible(tx: Tx, caller: Caller, request_id: str) -> AccessRequest:
    """The request, or 404 when there is none that the caller may see."""
    row = tx.session.get(AccessRequest, request_id)
    if row is None or not (caller.sees_all or _concerns(tx, caller, row)):
        raise NotFound("There is no such access request.", code="access_request_not_found")
    return row


def _concerns(tx: Tx, caller: Caller, row: AccessRequest) -> bool:
    me = caller.person.counts_as
    if me in {row.user, row.requester} or caller.name in {row.user, row.requester}:
        return True
    if me in parties(tx, row):
        return True
    return bool(directory.approves(tx, caller) & set(row.rules_asked))


def parties(tx: Tx, row: AccessRequest) -> set[str]:
    """The persons behind the asker and the subject; services count as their owners."""
    users = tx.session.scalars(sa.select(User).where(col(User.name).in_((row.user, row.requester))))
    return {directory.person(u).counts_as for u in users}


def locked(tx: Tx, caller: Caller, request_id: str) -> AccessRequest:
    """The request, with its subject's row held so that nothing else changes it meanwhile."""
    row = get_visible(tx, caller, request_id)
    directory.get_user(tx, row.user, lock=True)
    tx.session.refresh(row)
    return row
