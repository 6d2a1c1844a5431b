"""Passwords and keys on their way to their user: encrypted before they count, collected once, erased after.

A row is written before IAM is asked (`intend`), says when IAM answered (`made`), and can be collected from when IAM,
read back, showed what it opens (`ready`). No secret is in an audit event, a log or an error.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import col, select

from app.db import Tx
from app.domain.actors import SYSTEM_ACTOR, Caller
from app.domain.credentials import Handed, SecretKind
from app.errors import Gone, NotFound
from app.models import AccessRequest, Account, Secret
from app.services import audit, rotation_moves

WAITS = timedelta(hours=72)
"""How long a secret can be collected."""
_SIGN_IN = {
    "aws": "https://{}.signin.aws.amazon.com/console",
    "aws-cn": "https://{}.signin.amazonaws.cn/console",
    "aws-us-gov": "https://{}.signin.amazonaws-us-gov.com/console",
}
"""By partition (IAM User Guide, "How IAM users sign in")."""
_OPEN = (col(Secret.over_at).is_(None), col(Secret.collected_at).is_(None))


@dataclass(frozen=True)
class Collected:
    """A secret in clear. Only the answer to its user has it."""

    row: Secret
    text: str = field(repr=False)
    sign_in_url: str


def handed(tx: Tx, request_id: str) -> dict[SecretKind, Handed]:
    """How far the secrets of a request have come: one of each kind at most."""
    return {
        row.kind: Handed(row.created_at, row.made_at is not None, row.key_id, frozenset(row.keys_before))
        for row in _of_request(tx, request_id)
    }


def intend(
    tx: Tx, request: AccessRequest, kind: SecretKind, *, text: str | None = None, keys: Iterable[str] = ()
) -> None:
    """Write down what is about to be made.

    Args:
        text: The password that IAM will be given. It replaces one of which nobody knows whether IAM took it.
        keys: Ids of the access keys that the user has. What was written down the first time stands.
    """
    row = _one(tx, request.id, kind)
    if row is None:
        row = Secret(
            kind=kind,
            account=request.account,
            user=request.user,
            access_request_id=request.id,
            keys_before=sorted(keys),
            created_at=tx.now,
        )
        tx.session.add(row)
    row.made_at, row.key_id = None, None
    row.sealed = None if text is None else tx.terms.vault.seal(row.id, text)


def made(tx: Tx, request_id: str, kind: SecretKind, *, text: str | None = None, key_id: str | None = None) -> None:
    """IAM answered that it made what was intended.

    Args:
        text: The secret that IAM chose: an access key's.
    """
    row = _one(tx, request_id, kind)
    if row is None:
        raise LookupError(f"no {kind} was intended for {request_id}")
    row.made_at, row.key_id = tx.now, key_id
    if text is not None:
        row.sealed = tx.terms.vault.seal(row.id, text)


def ready(tx: Tx, request: AccessRequest) -> list[Secret]:
    """IAM shows it: from here its user can collect it. A password that it replaced cannot be collected any more.

    Returns:
        What can be collected now.
    """
    rows = _of_request(tx, request.id)
    for row in rows:
        _ready(tx, request, row)
    return [row for row in rows if row.ready_at is not None]


def _ready(tx: Tx, request: AccessRequest, row: Secret) -> None:
    if row.made_at is None:  # an emulator that does not offer the call
        _erase(tx, [row])
        return
    row.ready_at, row.expires_at = tx.now, tx.now + WAITS
    if row.kind == SecretKind.CONSOLE_PASSWORD:
        over(tx, request.account, request.user, row.kind, but=row.id)
    named = {"secret_id": row.id, "kind": row.kind, "key_id": row.key_id}
    audit.of_request(tx, "secret.waiting", request, by=SYSTEM_ACTOR, expires_at=row.expires_at.isoformat(), **named)


def forget(tx: Tx, request_id: str) -> None:
    """What a request made was taken back."""
    _erase(tx, _of_request(tx, request_id))


def over(
    tx: Tx,
    account: str,
    user: str,
    kind: SecretKind | None = None,
    *,
    key_id: str | None = None,
    but: str | None = None,
) -> None:
    """Erase what waits for a user and opens nothing any more.

    Args:
        kind: None: every kind, as where the user goes.
        key_id: Only of this access key.
        but: The id of one that stays.
    """
    query = select(Secret).where(col(Secret.account) == account, col(Secret.user) == user, *_OPEN)
    found = tx.session.scalars(query).all()
    _erase(
        tx,
        [r for r in found if kind in {None, r.kind} and key_id in {None, r.key_id} and r.id != but],
    )


def made_lately(tx: Tx, request: AccessRequest, kind: SecretKind, within: timedelta, key_id: str | None = None) -> bool:
    """Whether something of this kind was made for the user so short a time ago that IAM may not show it yet."""
    query = sa.select(col(Secret.key_id)).where(
        col(Secret.account) == request.account,
        col(Secret.user) == request.user,
        col(Secret.kind) == kind,
        col(Secret.made_at) > tx.now - within,
        col(Secret.over_at).is_(None),
    )
    return any(key_id in {None, found} for found in tx.session.scalars(query))


def waiting(tx: Tx, caller: Caller, *, before: str | None, limit: int) -> list[Secret]:
    """What the caller can collect, newest first."""
    query = select(Secret).where(col(Secret.user) == caller.name, *_OPEN, col(Secret.expires_at) > tx.now)
    if before is not None:
        query = query.where(col(Secret.id) < before)
    return list(tx.session.scalars(query.order_by(col(Secret.id).desc()).limit(limit)))


def collect(tx: Tx, caller: Caller, secret_id: str) -> Collected:
    """Hand a secret to the one it is for, once, and erase it.

    Raises:
        NotFound: There is none of that id for the caller, whoever they are.
        Gone: It was collected, replaced, or waited too long.
        Unavailable: It was encrypted with another key; it stays.
    """
    row = tx.session.scalars(select(Secret).where(col(Secret.id) == secret_id).with_for_update()).one_or_none()
    if row is None or row.user != caller.name or (row.ready_at is None and row.over_at is None):
        raise NotFound("You have no such secret.", code="secret_not_found")
    if row.sealed is None or row.expires_at is None or row.expires_at <= tx.now:
        why = "was collected already" if row.collected_at else "is not kept any more"
        kinds = "console.reset, access_key.create, access_key.rotate or mfa.enrol"
        raise Gone(f"This secret {why}. Ask for a new one: {kinds}.")
    text = tx.terms.vault.open(row.id, row.sealed)
    row.sealed, row.collected_at = None, tx.now
    audit.record(
        tx,
        "secret.collected",
        by=caller,
        subject=row.user,
        access_request_id=row.access_request_id,
        secret_id=row.id,
        kind=row.kind,
        key_id=row.key_id,
    )
    rotation_moves.collected(tx, caller, row)
    return Collected(row, text, _sign_in_url(tx, row.account))


def hold(tx: Tx, request_id: str) -> None:
    """Hold what a request made, so that nobody collects it meanwhile."""
    if tx.locks_rows:
        query = sa.select(col(Secret.id)).where(col(Secret.access_request_id) == request_id)
        tx.session.connection().execute(query.order_by(col(Secret.id)).with_for_update()).all()


def erase_expired(tx: Tx) -> None:
    """What waited too long is not kept."""
    query = select(Secret).where(col(Secret.sealed).is_not(None), col(Secret.expires_at) <= tx.now)
    found = tx.session.scalars(query.with_for_update(skip_locked=True)).all()
    _erase(tx, found)
    for row in found:
        audit.record(
            tx,
            "secret.expired",
            by=SYSTEM_ACTOR,
            subject=row.user,
            access_request_id=row.access_request_id,
            secret_id=row.id,
            kind=row.kind,
        )


def _one(tx: Tx, request_id: str, kind: SecretKind) -> Secret | None:
    return next((row for row in _of_request(tx, request_id) if row.kind == kind), None)


def _of_request(tx: Tx, request_id: str) -> Sequence[Secret]:
    """What a request is making, in the order in which it was begun."""
    query = select(Secret).where(
        col(Secret.access_request_id) == request_id, col(Secret.over_at).is_(None), col(Secret.ready_at).is_(None)
    )
    return tx.session.scalars(query.order_by(col(Secret.id))).all()


def _erase(tx: Tx, rows: Iterable[Secret]) -> None:
    for row in rows:
        row.sealed, row.over_at = None, tx.now


def _sign_in_url(tx: Tx, account: str) -> str:
    found = tx.session.get_one(Account, account)
    return _SIGN_IN.get(found.partition, _SIGN_IN["aws"]).format(found.aws_account_id)
