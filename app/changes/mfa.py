"""`mfa.enrol` and `mfa.reset`: the device that a person signs in with beside the password.

A reset takes a protection away and no access, so it waits for another person. Enrolling is for oneself: it makes a
virtual device, whose seed its user collects once; with two codes of it they activate it (`services/mfa.py`).
"""

from dataclasses import replace
from typing import Any

from typing_extensions import override

from app.changes.base import Wish, sole_admin
from app.changes.credentials import CredentialChange, for_a_person
from app.clients.iam import Iam
from app.domain.credentials import SeenDevices
from app.domain.devices import DEVICE_PATH, Device, own_serial
from app.domain.plans import CannotCarryOut, Operation, Plan
from app.domain.rulings import Case, Refusal
from app.domain.sightings import Seen
from app.domain.words import Kind


class DeviceChange(CredentialChange):
    """What the two share: no membership, login or key comes of it, so nobody needs a boundary for it."""

    gone_is_done = True

    @override
    def observe(self, iam: Iam, wish: Wish) -> SeenDevices:
        """Also the virtual devices that nobody uses."""
        return SeenDevices(**vars(super().observe(iam, wish)), spare=iam.spare_devices())

    @override
    def read_back(self, iam: Iam, wish: Wish, before: Seen) -> Seen:
        """The same again."""
        seen = super().read_back(iam, wish, before)
        return replace(seen, spare=iam.spare_devices()) if isinstance(seen, SeenDevices) else seen

    @override
    def end_state(self, wish: Wish, seen: Seen) -> dict[str, Any]:
        """For whom."""
        return {"kind": wish.kind, "account": wish.account, "user_id": wish.user_id, "user": wish.user}

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """From what was just read; when asked, from what was last seen."""
        if not isinstance(seen, SeenDevices):
            return Plan(self.end_state(wish, seen), self.from_afar(wish, seen))
        if seen.user is None:
            text = f"IAM has no user named {wish.user}. Ask for user.create first, then retry this request."
            raise CannotCarryOut("no_iam_user", text)
        return Plan(self.end_state(wish, seen), self.remaining(wish, seen))

    def from_afar(self, wish: Wish, _seen: Seen) -> tuple[Operation, ...]:
        """The calls, as far as can be said without asking IAM."""
        return self.when_asked(wish)


class MfaEnrol(DeviceChange):
    """A virtual device of one's own. It is there when the request is applied, and works once it is activated."""

    kind = Kind.MFA_ENROL

    @override
    def by_rule(self, case: Case) -> tuple[str, str] | None:
        """For oneself at once: it takes nothing and gives nothing but a device."""
        if case.asker.name != case.subject.name:
            return None
        return "own_mfa", "a person's own MFA device takes nothing from anybody and gives no access"

    @override
    def refusals(self, wish: Wish, case: Case, seen: Seen) -> list[Refusal]:
        """Nobody else's, no service's, and no second one."""
        refused = for_a_person(case)
        if case.asker.name != case.subject.name:
            text = f"Only {wish.user} can ask for this: the seed of the device is for nobody else."
            refused.append(Refusal(403, "only_for_oneself", text))
        if seen.devices:
            text = (
                f"{wish.user} has an MFA device. If it is lost, ask for mfa.reset first; if it is not there any more,"
                f" GET /v1/users/{wish.user}/mfa?refresh=true looks again."
            )
            refused.append(Refusal(409, "mfa_device_there", text))
        return refused

    @override
    def when_asked(self, wish: Wish) -> tuple[Operation, ...]:
        """The one call."""
        return (create_device(wish.user),)

    @override
    def remaining(self, wish: Wish, seen: SeenDevices) -> tuple[Operation, ...]:  # type: ignore[override] # see `plan`
        """One device of ours whose seed is kept: what an earlier try or request left unused is made anew."""
        serial = _own(wish, seen)
        made = seen.device is not None and seen.device.made
        devices = seen.has.devices if seen.has else ()
        if made and any(seen.device is not None and device.serial == seen.device.key_id for device in devices):
            return ()  # activated already
        if devices:
            text = f"{wish.user} has an MFA device already. If it is lost, ask for mfa.reset first."
            raise CannotCarryOut("mfa_device_there", text)
        if made:
            if serial not in seen.spare:
                text = f"IAM does not show the new MFA device of {wish.user} yet; this request goes on when it does."
                raise CannotCarryOut("not_shown_yet", text, waits=True)
            return ()
        # Its seed was shown once, to nobody or for a request before: nobody could read it again.
        left = (delete_virtual(wish.user, serial),) if serial in seen.spare else ()
        return (*left, create_device(wish.user))

    @override
    def undo(self, wish: Wish, seen: Seen) -> tuple[Operation, ...]:
        """Delete the device, as long as nobody uses it."""
        if not isinstance(seen, SeenDevices) or seen.device is None or seen.user is None:
            return ()
        serial = _own(wish, seen)
        return (delete_virtual(wish.user, serial),) if serial in seen.spare else ()


class MfaReset(DeviceChange):
    """A lost device: deactivated, and deleted where it is virtual. What is gone cannot be put back."""

    kind = Kind.MFA_RESET

    @override
    def by_rule(self, case: Case) -> tuple[str, str] | None:
        """Never but while there has only ever been one admin (rule 7): it takes a protection away."""
        return sole_admin(case)

    @override
    def refusals(self, _wish: Wish, case: Case, _seen: Seen) -> list[Refusal]:
        """For people only. That none was seen last says nothing: people set them up themselves."""
        return for_a_person(case)

    @override
    def from_afar(self, wish: Wish, seen: Seen) -> tuple[Operation, ...]:
        """Each device by its serial number, where it was seen; otherwise in words."""
        return _taken(wish.user, seen.devices) if seen.devices else self.when_asked(wish)

    @override
    def when_asked(self, wish: Wish) -> tuple[Operation, ...]:
        """In words: the worker lists them."""
        named = {"UserName": wish.user}
        return (
            Operation("iam", "DeactivateMFADevice", named, f"deactivate every MFA device of {wish.user}"),
            Operation("iam", "DeleteVirtualMFADevice", named, f"delete the virtual ones among {wish.user}'s devices"),
        )

    @override
    def remaining(self, wish: Wish, seen: SeenDevices) -> tuple[Operation, ...]:  # type: ignore[override] # see `plan`
        """All of them, and the virtual ones that an earlier try deactivated and did not come to delete."""
        loose = [serial for serial in seen.begun if serial in seen.spare]
        devices = seen.has.devices if seen.has else ()
        return (*_taken(wish.user, devices), *(delete_virtual(wish.user, serial) for serial in loose))


def _taken(user: str, devices: tuple[Device, ...]) -> tuple[Operation, ...]:
    return (
        *(deactivate(user, device.serial) for device in devices),
        *(delete_virtual(user, device.serial) for device in devices if device.virtual),
    )


def _own(wish: Wish, seen: Seen) -> str:
    return own_serial(seen.user.arn, wish.user) if seen.user is not None else ""


def create_device(user: str) -> Operation:
    """Make a virtual device named as its user; its seed stands beside the operation."""
    parameters = {"VirtualMFADeviceName": user, "Path": DEVICE_PATH}
    return Operation("iam", "CreateVirtualMFADevice", parameters, f"make a virtual MFA device for {user}")


def enable_device(user: str, serial: str) -> Operation:
    """Activate a device for its user; the codes stand beside the operation."""
    parameters = {"UserName": user, "SerialNumber": serial}
    return Operation("iam", "EnableMFADevice", parameters, f"activate the MFA device {serial} of {user}")


def deactivate(user: str, serial: str) -> Operation:
    """Take a device from its user."""
    parameters = {"UserName": user, "SerialNumber": serial}
    return Operation("iam", "DeactivateMFADevice", parameters, f"deactivate the MFA device {serial} of {user}")


def delete_virtual(user: str, serial: str) -> Operation:
    """Delete a virtual device that nobody uses."""
    text = f"delete the virtual MFA device {serial} of {user}"
    return Operation("iam", "DeleteVirtualMFADevice", {"SerialNumber": serial}, text)
