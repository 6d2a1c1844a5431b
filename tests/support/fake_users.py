"""The fake's users, and what can be done to what they have: logins, keys, devices, policies of their own."""

import datetime as dt
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.clients import aws
from app.domain import documents
from app.domain.belongings import AccessKey, Belongings, Device
from app.domain.guardrails import ADMIN_BOUNDARY_NAME, BOUNDARY_NAME, policy_arn
from app.domain.sightings import SeenPolicy
from tests.support import fake_checks as checks

ACCOUNT = "123456789012"
BOUNDARY_ARN = policy_arn("aws", ACCOUNT, BOUNDARY_NAME)
ADMIN_BOUNDARY_ARN = policy_arn("aws", ACCOUNT, ADMIN_BOUNDARY_NAME)
KEYS, INLINE = 2, 2048
"""Access keys of a user; the characters of all their inline policies without white space."""

_numbers = itertools.count(1)


@dataclass
class Key:
    """An access key as IAM keeps it."""

    secret: str
    active: bool = True
    created: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))


@dataclass
class Login:
    """A login profile."""

    password: str
    must_change: bool = False


@dataclass
class Account:
    """A user as IAM keeps it. What a test puts here directly is not checked.

    Attributes:
        devices: Serial numbers of MFA devices.
        inline: Documents by name.
        attached: ARNs.
    """

    path: str = "/lab/"
    boundary: str | None = BOUNDARY_ARN
    tags: dict[str, str] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    login: Login | None = None
    keys: dict[str, Key] = field(default_factory=dict)
    devices: list[str] = field(default_factory=list)
    certificates: list[str] = field(default_factory=list)
    ssh_keys: list[str] = field(default_factory=list)
    service_credentials: list[str] = field(default_factory=list)
    inline: dict[str, str] = field(default_factory=dict)
    attached: list[str] = field(default_factory=list)

    def belongings(self) -> Belongings:
        """As the port shows them."""
        return Belongings(
            login=self.login is not None,
            keys=tuple(AccessKey(name, key.active, key.created) for name, key in self.keys.items()),
            devices=tuple(Device(serial, ":mfa/" in serial) for serial in self.devices),
            certificates=tuple(self.certificates),
            ssh_keys=tuple(self.ssh_keys),
            service_credentials=tuple(self.service_credentials),
            inline=tuple(_policy(name, text) for name, text in self.inline.items()),
            attached=tuple(self.attached),
            groups=tuple(sorted(self.groups)),
        )


def virtual_device(name: str) -> str:
    """The serial number of a virtual MFA device."""
    return f"arn:aws:iam::{ACCOUNT}:mfa/{name}"


class Users:
    """The actions on what a user has.

    Attributes:
        users: By name.
        virtual_devices: Serial numbers of every virtual MFA device, assigned or not.
        password_length: What the account's password policy asks for at least; None: it has no policy.
        secrets: Every password and secret key that was ever set or made here, for tests that look for them.
    """

    def __init__(self) -> None:
        self.users: dict[str, Account] = {}
        self.virtual_devices: set[str] = set()
        self.secrets: list[str] = []
        self.password_length: int | None = None

    def _of(self, action: str, parameters: Mapping[str, Any]) -> Account:
        checks.there(action, parameters["UserName"], self.users)
        return self.users[parameters["UserName"]]

    def _CreateLoginProfile(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        user = self._of("CreateLoginProfile", parameters)
        if user.login is not None:
            raise aws.Exists("CreateLoginProfile", "EntityAlreadyExists", "there is one")
        user.login = self._login("CreateLoginProfile", parameters)

    def _UpdateLoginProfile(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        user = self._of("UpdateLoginProfile", parameters)
        if user.login is None:
            raise aws.Gone("UpdateLoginProfile", "NoSuchEntity", "there is none")
        user.login = self._login("UpdateLoginProfile", parameters)

    def _login(self, action: str, parameters: Mapping[str, Any]) -> Login:
        checks.password(action, parameters["Password"], self.password_length or 8)
        self.secrets.append(parameters["Password"])
        return Login(parameters["Password"], parameters.get("PasswordResetRequired", False))

    def _DeleteLoginProfile(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        user = self._of("DeleteLoginProfile", parameters)
        if user.login is None:
            raise aws.Gone("DeleteLoginProfile", "NoSuchEntity", "there is none")
        user.login = None

    def _CreateAccessKey(self, parameters: Mapping[str, Any]) -> dict[str, str]:  # noqa: N802 - AWS's own name
        user = self._of("CreateAccessKey", parameters)
        checks.within("CreateAccessKey", len(user.keys) + 1, KEYS)
        number = next(_numbers)
        made = {"AccessKeyId": f"AKIAFAKE{number:012d}", "SecretAccessKey": f"secret-of-the-fake-{number:021d}"}
        user.keys[made["AccessKeyId"]] = Key(made["SecretAccessKey"])
        self.secrets.append(made["SecretAccessKey"])
        return made

    def _UpdateAccessKey(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        keys = self._of("UpdateAccessKey", parameters).keys
        checks.there("UpdateAccessKey", parameters["AccessKeyId"], keys)
        keys[parameters["AccessKeyId"]].active = parameters["Status"] == "Active"

    def _DeleteAccessKey(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        keys = self._of("DeleteAccessKey", parameters).keys
        checks.there("DeleteAccessKey", parameters["AccessKeyId"], keys)
        del keys[parameters["AccessKeyId"]]

    def _DeactivateMFADevice(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        self._drop(
            "DeactivateMFADevice", self._of("DeactivateMFADevice", parameters).devices, parameters, "SerialNumber"
        )

    def _DeleteVirtualMFADevice(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        serial = parameters["SerialNumber"]
        if any(serial in user.devices for user in self.users.values()):
            raise aws.NeedsPerson("DeleteVirtualMFADevice", "DeleteConflict", "it is assigned to a user")
        checks.there("DeleteVirtualMFADevice", serial, self.virtual_devices)
        self.virtual_devices.remove(serial)

    def _DeleteSigningCertificate(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        action = "DeleteSigningCertificate"
        self._drop(action, self._of(action, parameters).certificates, parameters, "CertificateId")

    def _DeleteSSHPublicKey(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        action = "DeleteSSHPublicKey"
        self._drop(action, self._of(action, parameters).ssh_keys, parameters, "SSHPublicKeyId")

    def _DeleteServiceSpecificCredential(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        action = "DeleteServiceSpecificCredential"
        of_user = self._of(action, parameters).service_credentials
        self._drop(action, of_user, parameters, "ServiceSpecificCredentialId")

    def _PutUserPolicy(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        user, name, text = self._of("PutUserPolicy", parameters), parameters["PolicyName"], parameters["PolicyDocument"]
        checks.valid("PutUserPolicy", name)
        others = "".join(kept for other, kept in user.inline.items() if other != name)
        checks.document("PutUserPolicy", text, longest=INLINE - len("".join(others.split())))
        user.inline[name] = text

    def _DeleteUserPolicy(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        inline = self._of("DeleteUserPolicy", parameters).inline
        checks.there("DeleteUserPolicy", parameters["PolicyName"], inline)
        del inline[parameters["PolicyName"]]

    def _DetachUserPolicy(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        self._drop("DetachUserPolicy", self._of("DetachUserPolicy", parameters).attached, parameters, "PolicyArn")

    def _drop(self, action: str, of: list[str], parameters: Mapping[str, Any], key: str) -> None:
        checks.there(action, parameters[key], of)
        of.remove(parameters[key])


def _policy(name: str, text: str) -> SeenPolicy:
    content = documents.read(text)
    return SeenPolicy(name, documents.fingerprint(content), documents.has_deny(content))
