"""The device of an enrolment that nobody completed: after 72 hours it is deleted again, since it is nobody's."""

from contextlib import suppress

from app import log
from app.changes.mfa import delete_virtual
from app.clients import aws
from app.clients.iam import Iam
from app.db import Transactions
from app.domain.actors import SYSTEM_ACTOR
from app.domain.devices import Device
from app.models import AccessRequest
from app.services import audit, devices, outcomes
from app.services.backoff import Backoff
from app.services.moves import note_request

_log = log.get("left_devices")


class LeftDevice:
    """Looks at an applied `mfa.enrol` whose time is over. The caller has claimed the lane.

    Args:
        database: Where rows and audit are.
        iam: The account's IAM.
        backoff: How long to wait after a failure that may pass.
    """

    def __init__(self, database: Transactions, iam: Iam, backoff: Backoff) -> None:
        self._database, self._iam, self._backoff = database, iam, backoff

    def __call__(self, request_id: str) -> None:
        """Delete the device if nobody uses it, and read that back."""
        with self._database.look() as tx:
            row = tx.session.get_one(AccessRequest, request_id)
            if row.due_at is None or row.due_at > tx.now:
                return
            secret, replaced = devices.of_request(tx, request_id)
            user, serial = row.user, secret.key_id if secret is not None else None
        if serial is None or replaced:
            self._rest(request_id)
            return
        try:
            self._remove(user, serial)
            found = self._iam.devices(user) or ()
        except aws.AwsError as problem:
            _log.warning("device_stays", access_request_id=request_id, problem=str(problem))
            self._again(request_id)
        else:
            self._over(request_id, serial, found)

    def _remove(self, user: str, serial: str) -> None:
        if serial not in self._iam.spare_devices():
            return
        with suppress(aws.Gone):  # the reading below says so
            self._iam.call(delete_virtual(user, serial))
        if serial in self._iam.spare_devices():
            raise aws.Retryable("DeleteVirtualMFADevice", "NotShownYet", "IAM still shows the device")

    def _over(self, request_id: str, serial: str, found: tuple[Device, ...]) -> None:
        with self._database.write() as tx:
            row = outcomes.hold(tx, request_id)
            devices.seen(tx, row.account, row.user, found, by=SYSTEM_ACTOR)
            devices.give_up(tx, row)
            note_request(tx, row, due_at=None, attempts=0)
            if serial not in {device.serial for device in found}:
                audit.of_request(tx, "mfa.enrolment_expired", row, by=SYSTEM_ACTOR, serial_number=serial)

    def _again(self, request_id: str) -> None:
        with self._database.write() as tx:
            row = outcomes.hold(tx, request_id)
            pause = self._backoff(row.attempts)  # taking back is tried for ever
            note_request(tx, row, attempts=row.attempts + 1, due_at=tx.now + pause)

    def _rest(self, request_id: str) -> None:
        with self._database.write() as tx:
            note_request(tx, outcomes.hold(tx, request_id), due_at=None, attempts=0)
