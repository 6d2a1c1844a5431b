"""Who may see a request, whose it is, and holding it while it changes."""

from app.db import Tx
from app.domain.actors import Caller
from app.errors import NotFound
from app.models import AccessRequest
from app.services import directory, people


def get_visible(tx: Tx, caller: Caller, request_id: str) -> AccessRequest:
    """The request, or 404 when there is none that the caller may see."""
    row = tx.session.get(AccessRequest, request_id)
    if row is None or not (caller.sees_all or _concerns(tx, caller, row)):
        raise NotFound("There is no such access request.", code="access_request_not_found")
    return row


def _concerns(tx: Tx, caller: Caller, row: AccessRequest) -> bool:
    theirs = {row.user, row.requester, *parties(tx, row)}
    if theirs & {caller.name, caller.person.counts_as}:
        return True
    return bool(directory.approves(tx, caller) & set(row.rules_asked))


def parties(tx: Tx, row: AccessRequest) -> set[str]:
    """The persons behind the asker and the subject; services count as their owners."""
    return {user.person.counts_as for user in people.known(tx, (row.user, row.requester))}


def locked(tx: Tx, caller: Caller, request_id: str) -> AccessRequest:
    """The request, with its subject's row held so that nothing else changes it meanwhile."""
    people.hold_subject(tx, request_id)
    return get_visible(tx, caller, request_id)
