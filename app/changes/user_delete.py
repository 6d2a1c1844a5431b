"""`user.delete`: everything that an IAM user has, in the only order that works, and then the user.

The order is that of `iam-facts.md`, "delete user": login and keys first, so that access stops even if the rest fails.
"""

from collections.abc import Iterable
from dataclasses import replace

from typing_extensions import override

from app.changes.base import Wish, remove_member, sole_admin
from app.changes.console import delete_login
from app.changes.user_suspend import OfPerson, switch_key
from app.changes.whole import SeenWhole
from app.clients.iam import Iam
from app.domain.belongings import Belongings
from app.domain.devices import own_serial
from app.domain.plans import Operation, Plan
from app.domain.rulings import Case, Refusal
from app.domain.sightings import Seen
from app.domain.words import Kind


class UserDelete(OfPerson):
    """For good: the name is never used again (rule 2)."""

    kind = Kind.USER_DELETE
    takes_away = True

    @override
    def by_rule(self, case: Case) -> tuple[str, str] | None:
        """While there has only ever been one admin (rule 7)."""
        return sole_admin(case)

    @override
    def refusals(self, wish: Wish, case: Case, _seen: Seen) -> list[Refusal]:
        """The owner and the last admin stay, and services do not outlive who answers for them."""
        refused = []
        if case.subject.is_owner:
            text = f"{wish.user} is the owner of this Gatehouse and cannot be deleted; suspend them instead."
            refused.append(Refusal(409, "owner_stays", text))
        if case.subject.is_admin and not case.roster.other_active_admins(wish.user):
            text = f"{wish.user} is the last admin who can act. Make another one first."
            refused.append(Refusal(409, "last_admin", text))
        services = wish.leaver.services if wish.leaver else ()
        if services:
            text = f"{wish.user} still answers for {', '.join(services)}. Delete these first."
            refused.append(Refusal(409, "has_services", text))
        return refused

    @override
    def observe(self, iam: Iam, wish: Wish) -> Seen:
        """Also a device of theirs that was never activated."""
        return _with_loose(iam, wish, super().observe(iam, wish))

    @override
    def read_back(self, iam: Iam, wish: Wish, before: Seen) -> Seen:
        """The same again."""
        return _with_loose(iam, wish, super().read_back(iam, wish, before))

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """Take everything apart that was found, then delete the user."""
        end_state = {"kind": wish.kind, "account": wish.account, "user_id": wish.user_id, "deleted": True}
        if not isinstance(seen, SeenWhole):
            return Plan(end_state, () if seen.user is None else _in_words(wish.user, seen.user.groups))
        has = seen.has
        if has is None:
            return Plan(end_state)
        lost = wish.leaver.taken.devices if wish.leaver and wish.leaver.taken else ()
        return Plan(end_state, tuple(_teardown(wish.user, has, (*lost, *seen.loose))), has.notes)


def _with_loose(iam: Iam, wish: Wish, seen: Seen) -> Seen:
    if seen.user is None or not isinstance(seen, SeenWhole):
        return seen
    serial = own_serial(seen.user.arn, wish.user)
    return replace(seen, loose=(serial,) if serial in iam.spare_devices() else ())


def _teardown(user: str, has: Belongings, lost: Iterable[str]) -> Iterable[Operation]:
    """Every call, in order.

    Args:
        lost: Serial numbers of virtual devices that an earlier try may have left without a user, or that were never
            activated.
    """
    if has.login:
        yield delete_login(user)
    for key in has.keys:
        if key.active:
            yield switch_key(user, key.id, on=False)
        yield _delete(user, "DeleteAccessKey", "AccessKeyId", "access key", key.id)
    yield from _each(user, "DeleteSigningCertificate", "CertificateId", "signing certificate", has.certificates)
    yield from _each(user, "DeleteSSHPublicKey", "SSHPublicKeyId", "SSH key", has.ssh_keys)
    yield from _each(
        user,
        "DeleteServiceSpecificCredential",
        "ServiceSpecificCredentialId",
        "service-specific credential",
        has.service_credentials,
    )
    devices = [device.serial for device in has.devices]
    yield from _each(user, "DeactivateMFADevice", "SerialNumber", "MFA device", devices)
    for serial in sorted({*lost, *(device.serial for device in has.devices if device.virtual)}):
        text = f"delete the virtual MFA device {serial} of {user}"
        yield Operation("iam", "DeleteVirtualMFADevice", {"SerialNumber": serial}, text)
    yield from _each(user, "DeleteUserPolicy", "PolicyName", "inline policy", [p.name for p in has.inline])
    yield from _each(user, "DetachUserPolicy", "PolicyArn", "attached policy", has.attached)
    for group in has.groups:
        yield remove_member(user, group)
    yield Operation("iam", "DeleteUser", {"UserName": user}, f"delete the IAM user {user}")


def _each(user: str, action: str, parameter: str, word: str, values: Iterable[str]) -> Iterable[Operation]:
    return [_delete(user, action, parameter, word, value) for value in values]


def _delete(user: str, action: str, parameter: str, word: str, value: str) -> Operation:
    return Operation("iam", action, {"UserName": user, parameter: value}, f"remove {user}'s {word} {value}")


_KINDS = (
    ("DeleteLoginProfile", "the sign-in to the console"),
    ("DeleteAccessKey", "every access key"),
    ("DeleteSigningCertificate", "every signing certificate"),
    ("DeleteSSHPublicKey", "every SSH key"),
    ("DeleteServiceSpecificCredential", "every service-specific credential"),
    ("DeactivateMFADevice", "every MFA device"),
    ("DeleteVirtualMFADevice", "the virtual devices among them"),
    ("DeleteUserPolicy", "every inline policy"),
    ("DetachUserPolicy", "every attached policy"),
)


def _in_words(user: str, groups: Iterable[str]) -> tuple[Operation, ...]:
    """What is kept of what was last seen does not name keys and devices; the worker lists them."""
    parts = [Operation("iam", action, {"UserName": user}, f"remove {what} of {user}") for action, what in _KINDS]
    leaving = [remove_member(user, group) for group in groups]
    last = Operation("iam", "DeleteUser", {"UserName": user}, f"delete the IAM user {user}")
    return (*parts, *leaving, last)
