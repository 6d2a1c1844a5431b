"""`Idempotency-Key`: the first answer again. Stored in the transaction of the change itself."""

import hashlib
import re

import sqlalchemy as sa
from sqlmodel import col

from app import upserts
from app.db import Tx
from app.errors import Conflict, Invalid
from app.models import IdempotencyKey, columns

HEADER = "idempotency-key"
_keys = columns(IdempotencyKey)
_FORM = re.compile(r"[\x21-\x7e]{1,255}")


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What has to be the same for an answer to be given again."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


def check_form(key: str) -> str:
    """Refuse a key that is no key."""
    if not _FORM.fullmatch(key):
        raise Invalid("An Idempotency-Key is 1 to 255 visible ASCII characters.", code="idempotency_key_invalid")
    return key


def claim(tx: Tx, owner: str, key: str, print_: str) -> tuple[int, str] | None:
    """Take the key for this transaction, or give the stored answer.

    A second request with the same key waits here on PostgreSQL until the first has ended.

    Raises:
        Invalid: `idempotency_key_reused`, the body is another one.
        Conflict: `already_delivered`, the first answer held a secret and was not stored (rule 17).
    """
    row = {"owner": owner, "key": key, "fingerprint": print_, "created_at": tx.now}
    if upserts.is_new(tx.session.connection(), _keys, row, by=("owner", "key")):
        return None
    return _answer(tx.session.get_one(IdempotencyKey, (owner, key)), print_)


def known(tx: Tx, owner: str, key: str, print_: str) -> tuple[int, str] | None:
    """The stored answer, without taking the key: None where it was not used. Raises as `claim` does."""
    stored = tx.session.get(IdempotencyKey, (owner, key))
    return None if stored is None else _answer(stored, print_)


def _answer(stored: IdempotencyKey, print_: str) -> tuple[int, str]:
    if stored.fingerprint != print_:
        raise Invalid("This Idempotency-Key was used with another body.", code="idempotency_key_reused")
    if stored.status is None or stored.body is None:
        raise Conflict("The answer held a secret and was given once.", code="already_delivered")
    return stored.status, stored.body


def store(tx: Tx, owner: str, key: str, status: int, body: str) -> None:
    """Keep the answer with the change."""
    tx.session.execute(
        sa.update(IdempotencyKey)
        .where(col(IdempotencyKey.owner) == owner, col(IdempotencyKey.key) == key)
        .values(status=status, body=body)
    )
