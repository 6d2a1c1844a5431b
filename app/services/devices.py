"""MFA devices in our own rows: the enrolment that is open, a device that appears, and who waits for it.

An enrolment is the secret of an applied `mfa.enrol`: open until its device is active, another one replaces it, or it
was not activated within 72 hours. What IAM has of it then, nobody's device, is removed (`left_devices.py`).
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.db import Tx
from app.domain.actors import Actor
from app.domain.credentials import SecretKind
from app.domain.devices import Device
from app.domain.states import DecisionState, Provisioning
from app.domain.words import Kind
from app.models import AccessRequest, Secret
from app.services import audit, sightings
from app.services.moves import note_request

WAITS_FOR_DEVICE = "mfa_required"
"""The `failure` of a request that is approved and waits until its user has a device."""
LEEWAY = timedelta(minutes=5)
"""How long after the end of an enrolment its device is removed: an activation under way then is over."""


def begun_with(row: AccessRequest) -> tuple[str, ...]:
    """Serial numbers of the virtual devices that a reset was begun with."""
    if row.kind != Kind.MFA_RESET:
        return ()
    named = [o["parameters"] for o in row.plan["operations"] if o["action"] == "DeleteVirtualMFADevice"]
    return tuple(parameters["SerialNumber"] for parameters in named if "SerialNumber" in parameters)


def delivered(tx: Tx, row: AccessRequest) -> dict[str, Any]:
    """The seed can be collected: an enrolment before it is over, and the end of this one is due.

    Returns:
        Columns of the request to be set.
    """
    here = (col(Secret.account) == row.account, col(Secret.user) == row.user, col(Secret.kind) == SecretKind.MFA_SEED)
    mine = col(Secret.access_request_id) == row.id
    others = sa.update(Secret).where(*here, ~mine, col(Secret.over_at).is_(None)).values(sealed=None, over_at=tx.now)
    tx.session.execute(others, execution_options={"synchronize_session": False})
    ends = sa.select(col(Secret.expires_at)).where(*here, mine, col(Secret.over_at).is_(None))
    tx.session.flush()
    expires_at = tx.session.execute(ends).scalar_one_or_none()
    return {} if expires_at is None else {"due_at": expires_at + LEEWAY}


def enrolment(tx: Tx, account: str, user: str) -> Secret | None:
    """The newest enrolment of somebody that is not over, also one that ran out a moment ago."""
    query = select(Secret).where(
        col(Secret.account) == account,
        col(Secret.user) == user,
        col(Secret.kind) == SecretKind.MFA_SEED,
        col(Secret.ready_at).is_not(None),
        col(Secret.over_at).is_(None),
    )
    return tx.session.scalars(query.order_by(col(Secret.id).desc()).limit(1)).one_or_none()


def of_request(tx: Tx, request_id: str) -> tuple[Secret | None, bool]:
    """The secret of an applied `mfa.enrol`, and whether a later request of the same user has taken its place."""
    query = select(Secret).where(col(Secret.access_request_id) == request_id, col(Secret.made_at).is_not(None))
    row = tx.session.scalars(query.order_by(col(Secret.id).desc()).limit(1)).one_or_none()
    if row is None:
        return None, False
    later = sa.select(col(Secret.id)).where(
        col(Secret.account) == row.account,
        col(Secret.user) == row.user,
        col(Secret.kind) == SecretKind.MFA_SEED,
        col(Secret.id) > row.id,
        col(Secret.over_at).is_(None),
    )
    return row, tx.session.execute(later.limit(1)).first() is not None


def give_up(tx: Tx, request: AccessRequest) -> None:
    """The time of an enrolment is over."""
    mine = (col(Secret.access_request_id) == request.id, col(Secret.over_at).is_(None))
    over = sa.update(Secret).where(*mine).values(sealed=None, over_at=tx.now)
    tx.session.execute(over, execution_options={"synchronize_session": False})


def seen(tx: Tx, account: str, user: str, found: Iterable[Device], *, by: Actor) -> None:
    """IAM was just read: keep it, end the enrolment whose device is active, wake whoever waited for a device.

    The caller holds the user's row.
    """
    found = tuple(found)
    sightings.save_devices(tx, account, user, found)
    row = enrolment(tx, account, user)
    if row is not None and row.key_id in {device.serial for device in found}:
        row.sealed, row.over_at = None, tx.now
        request = tx.session.get_one(AccessRequest, row.access_request_id)
        note_request(tx, request, due_at=None)
        audit.of_request(tx, "mfa.activated", request, by=by, serial_number=row.key_id)
    if found:
        _wake(tx, account, user)


def _wake(tx: Tx, account: str, user: str) -> None:
    waiting = select(AccessRequest).where(
        col(AccessRequest.account) == account,
        col(AccessRequest.user) == user,
        col(AccessRequest.decision) == DecisionState.APPROVED,
        col(AccessRequest.provisioning) == Provisioning.QUEUED,
    )
    for row in tx.session.scalars(waiting.execution_options(populate_existing=True)).all():
        if (row.failure or {}).get("code") == WAITS_FOR_DEVICE:
            # From the first pause on: whoever looks at it in this moment may have read IAM before.
            note_request(tx, row, due_at=tx.now, attempts=0)
