"""A person's MFA: what they have, and the second step of enrolling, which activates the device with two codes.

The codes are for half a minute and for one call: they are not written down, and the handler makes the call itself.
"""

import time
from dataclasses import dataclass
from datetime import datetime

from app.changes.mfa import enable_device
from app.clients import aws
from app.clients.iam import Iam
from app.db import Database, Tx
from app.domain.actors import Caller
from app.domain.devices import Device
from app.errors import Conflict, Forbidden, Invalid, Unavailable
from app.models import AccessRequest, Secret
from app.services import audit, devices, people, restoration, sightings
from app.services.assessment import get_account
from app.services.direct import Direct

_LOOKS, _BETWEEN = 5, 0.3
"""So often, so many seconds apart, IAM is asked whether it shows the device."""


@dataclass(frozen=True)
class Status:
    """What somebody has.

    Attributes:
        devices: As last seen; None: never looked at.
        enrolment: The one that is open.
    """

    user: str
    account: str
    seen_at: datetime | None
    devices: tuple[Device, ...] | None
    enrolment: Secret | None


@dataclass(frozen=True)
class _Open:
    user: str
    serial: str


def status(tx: Tx, caller: Caller, name: str, account: str) -> Status:
    """What was last seen of somebody's devices: one's own, anybody's for admin and auditor.

    Raises:
        Forbidden: Somebody else's.
        NotFound: There is no such user or account.
    """
    user = _visible(tx, caller, name)
    get_account(tx, account)
    found, seen_at = sightings.devices(tx, account, user)
    row = devices.enrolment(tx, account, user)
    current = row if row is not None and row.expires_at is not None and row.expires_at > tx.now else None
    return Status(user, account, seen_at, found, current)


def refresh(database: Database, direct: Direct, caller: Caller, name: str, account: str) -> None:
    """Read somebody's devices from IAM and keep what it says.

    Raises:
        Unavailable: AWS does not answer.
    """
    with database.read() as tx:
        user = _visible(tx, caller, name)
        get_account(tx, account)
    with direct.reading(account) as iam:
        found = iam.devices(user) or ()
    with database.write() as tx:
        people.hold(tx, user)
        devices.seen(tx, account, user, found, by=caller)


def activate(database: Database, direct: Direct, caller: Caller, name: str, account: str, codes: str) -> None:
    """Activate the device of one's own open enrolment.

    Args:
        codes: Two consecutive codes with a space between.

    Raises:
        Forbidden: Somebody else's.
        Conflict: Nothing is to be activated.
        Invalid: AWS does not take the codes.
        Unavailable: AWS does not answer. Nobody knows then whether it did it: asking again finds out.
    """
    wanted = _intend(database, caller, name, account)
    if wanted is None:
        return
    with direct.changing(account, wanted.user) as iam:
        found = iam.devices(wanted.user) or ()
        if wanted.serial not in _serials(found):
            _enable(iam, wanted, codes)
            found = _shown(iam, wanted)
    # The lane is free again: who waited for the device goes on at once.
    with database.write() as tx:
        people.hold(tx, wanted.user)
        devices.seen(tx, account, wanted.user, found, by=caller)


def _intend(database: Database, caller: Caller, name: str, account: str) -> _Open | None:
    """What is to be activated, with the intent written down; None where it is active already."""
    with database.write() as tx:
        user = people.get(tx, name, lock=True)
        if user.name != caller.name:
            raise Forbidden("Only whose device it is can activate it.", code="only_for_oneself")
        get_account(tx, account)
        row = devices.enrolment(tx, account, user.name)
        if row is None or row.key_id is None or row.expires_at is None or row.expires_at <= tx.now:
            if sightings.devices(tx, account, user.name)[0]:
                return None
            raise Conflict("There is nothing to activate. Ask for mfa.enrol first.", code="no_enrolment")
        if restoration.is_open(tx):
            text = "A restored backup is not confirmed yet; until then nothing but removals is carried out."
            raise Conflict(text, code="restored")
        request = tx.session.get_one(AccessRequest, row.access_request_id)
        audit.of_request(tx, "mfa.activating", request, by=caller, serial_number=row.key_id)
        return _Open(user.name, row.key_id)


def _enable(iam: Iam, wanted: _Open, codes: str) -> None:
    try:
        iam.call(enable_device(wanted.user, wanted.serial), codes)
    except aws.Exists:
        return  # reading says whose it is
    except aws.Gone:
        text = "The device is not there any more. Ask for mfa.enrol again."
        raise Conflict(text, code="no_enrolment") from None
    except aws.NeedsPerson as problem:
        if problem.code != "InvalidAuthenticationCode":
            raise
        text = "AWS does not take these codes. Give two that follow each other, the older one first."
        raise Invalid(text, code="codes_not_accepted") from None


def _shown(iam: Iam, wanted: _Open) -> tuple[Device, ...]:
    for look in range(_LOOKS):
        if look:
            time.sleep(_BETWEEN)
        found = iam.devices(wanted.user) or ()
        if wanted.serial in _serials(found):
            return found
    text = f"AWS does not show the device yet. GET /v1/users/{wanted.user}/mfa?refresh=true looks again."
    raise Unavailable(text, code="not_shown_yet")


def _serials(found: tuple[Device, ...]) -> set[str]:
    return {device.serial for device in found}


def _visible(tx: Tx, caller: Caller, name: str) -> str:
    user = people.get(tx, name)
    if not caller.sees_all and user.name != caller.name:
        raise Forbidden(f"This is for {user.name}, admins and auditors to read.", code="auditors_only")
    return user.name
