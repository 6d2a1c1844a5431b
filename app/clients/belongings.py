"""Reading everything that an IAM user has, over any way of reading one call or one list."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from typing import Any

from app.clients import aws
from app.domain import documents
from app.domain.belongings import AccessKey, Belongings
from app.domain.devices import Device
from app.domain.inline import InlinePolicy
from app.domain.sightings import SeenPolicy

_VIRTUAL = ":mfa/"
"""In the serial number of a virtual device, which is an ARN (IAM User Guide, "Assign a virtual MFA device")."""


def read(
    name: str,
    groups: Iterable[str],
    one: Callable[..., dict[str, Any]],
    every: Callable[..., Iterator[Any]],
) -> Belongings:
    """Read what a user has. A kind that an emulator does not offer is a note; on AWS that is an error.

    Args:
        groups: The user's groups, read already.
        one: Makes one reading call: its action and parameters.
        every: Reads a whole list: its action, the key of its members and parameters.

    Raises:
        AwsError: A call did not go well.
    """
    notes: list[str] = []

    def listed(action: str, key: str) -> list[Any]:
        try:
            return list(every(action, key, UserName=name))
        except aws.NotOffered:
            notes.append(f"{action}: this endpoint does not offer it")
            return []

    return Belongings(
        login=_has_login(name, one),
        keys=tuple(
            AccessKey(str(k["AccessKeyId"]), k["Status"] == "Active", k["CreateDate"].astimezone(UTC))
            for k in listed("ListAccessKeys", "AccessKeyMetadata")
        ),
        devices=tuple(device(d) for d in listed("ListMFADevices", "MFADevices")),
        certificates=tuple(str(c["CertificateId"]) for c in listed("ListSigningCertificates", "Certificates")),
        ssh_keys=tuple(str(k["SSHPublicKeyId"]) for k in listed("ListSSHPublicKeys", "SSHPublicKeys")),
        service_credentials=tuple(
            str(c["ServiceSpecificCredentialId"])
            for c in listed("ListServiceSpecificCredentials", "ServiceSpecificCredentials")
        ),
        inline=tuple(_inline(name, str(p), one) for p in listed("ListUserPolicies", "PolicyNames")),
        attached=tuple(str(p["PolicyArn"]) for p in listed("ListAttachedUserPolicies", "AttachedPolicies")),
        groups=tuple(groups),
        notes=tuple(notes),
    )


def device(answer: Mapping[str, Any]) -> Device:
    """An MFA device, from one entry of ListMFADevices."""
    serial = str(answer["SerialNumber"])
    return Device(serial, _VIRTUAL in serial, answer["EnableDate"].astimezone(UTC))


def seen(action: str, name: str, document: Any) -> SeenPolicy:
    """A policy with the hash of its document.

    Raises:
        NeedsPerson: It holds no policy document.
    """
    with _document(action, name):
        content = documents.read(document)
        return SeenPolicy(
            name, documents.fingerprint(content), documents.has_deny(content), documents.allows_all(content), content
        )


def inline_policy(user: str, policy: str, one: Callable[..., dict[str, Any]]) -> InlinePolicy:
    """One inline policy of a user's; `one` as above.

    Raises:
        NeedsPerson: It holds no policy document.
    """
    answer = one("GetUserPolicy", UserName=user, PolicyName=policy)
    with _document("GetUserPolicy", policy):
        return InlinePolicy.of(policy, documents.read(answer["PolicyDocument"]))


@contextmanager
def _document(action: str, name: str) -> Iterator[None]:
    try:
        yield
    except (RecursionError, TypeError, ValueError) as problem:
        raise aws.NeedsPerson(action, "UnreadableDocument", f"{name} holds no policy document") from problem


def _has_login(name: str, one: Callable[..., dict[str, Any]]) -> bool:
    try:
        one("GetLoginProfile", UserName=name)
    except aws.Gone:
        return False  # most users have none: that is the answer, not an error
    return True


def _inline(name: str, policy: str, one: Callable[..., dict[str, Any]]) -> SeenPolicy:
    return seen("GetUserPolicy", policy, one("GetUserPolicy", UserName=name, PolicyName=policy)["PolicyDocument"])
