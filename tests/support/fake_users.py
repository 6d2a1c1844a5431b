"""The fake's users, and what can be done to what they have: logins, keys, devices, policies of their own."""

import base64
import datetime as dt
import itertools
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.clients import aws
from app.domain import documents
from app.domain.belongings import AccessKey, Belongings
from app.domain.devices import Device
from app.domain.documents import read
from app.domain.guardrails import ADMIN_BOUNDARY_NAME, BOUNDARY_NAME, policy_arn
from app.domain.inline import InlinePolicy
from app.domain.password_policy import SHORTEST_EVER, PasswordPolicy
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
    used: dt.datetime | None = None


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
        enabled: Since when, of those that were activated here.
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
    enabled: dict[str, dt.datetime] = field(default_factory=dict)
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
            devices=tuple(Device(serial, ":mfa/" in serial, self.enabled.get(serial)) for serial in self.devices),
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


def codes_of(seed: str) -> tuple[str, str]:
    """Two consecutive codes of a device of the fake's, from its seed."""
    number = zlib.crc32(seed.encode())
    return f"{number % 10**6:06d}", f"{number // 7 % 10**6:06d}"


class Users:
    """The actions on what a user has.

    Attributes:
        users: By name.
        virtual_devices: Serial numbers of every virtual MFA device, assigned or not.
        seeds: Of the virtual devices that were made here, by serial number.
        account_policy: The account's password policy.
        secrets: Every password and secret key that was ever set or made here, for tests that look for them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, Account] = {}
        self.virtual_devices: set[str] = set()
        self.seeds: dict[str, str] = {}
        self.secrets: list[str] = []
        self.account_policy: PasswordPolicy | None = None

    def _of(self, action: str, parameters: Mapping[str, Any]) -> Account:
        checks.there(action, parameters["UserName"], self.users)
        return self.users[parameters["UserName"]]

    def _UpdateAccountPasswordPolicy(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        limits = {"MinimumPasswordLength": 128, "MaxPasswordAge": 1095, "PasswordReusePrevention": 24}
        if any(parameters.get(name, 0) > most for name, most in limits.items()):
            raise aws.NeedsPerson("UpdateAccountPasswordPolicy", "ValidationError", "a value is too large")
        self.account_policy = PasswordPolicy.from_answer({"MinimumPasswordLength": SHORTEST_EVER, **parameters})

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
        shortest = self.account_policy.minimum_length if self.account_policy else 8
        checks.password(action, parameters["Password"], shortest)
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

    def _CreateVirtualMFADevice(self, parameters: Mapping[str, Any]) -> dict[str, str]:  # noqa: N802 - AWS's own name
        checks.valid("CreateVirtualMFADevice", parameters["VirtualMFADeviceName"], parameters.get("Path", "/"))
        serial = f"arn:aws:iam::{ACCOUNT}:mfa{parameters.get('Path', '/')}{parameters['VirtualMFADeviceName']}"
        checks.free("CreateVirtualMFADevice", serial, self.virtual_devices)
        self.virtual_devices.add(serial)
        seed = f"SEEDOFTHEFAKE{next(_numbers):08d}".translate(str.maketrans("0189", "ABCD"))
        self.seeds[serial] = seed
        self.secrets.append(seed)
        return {"SerialNumber": serial, "Base32StringSeed": seed, "QRCodePNG": base64.b64encode(seed.encode()).decode()}

    def _EnableMFADevice(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        action, serial = "EnableMFADevice", parameters["SerialNumber"]
        user = self._of(action, parameters)
        checks.there(action, serial, self.virtual_devices)
        if any(serial in other.devices for other in self.users.values()):
            raise aws.Exists(action, "EntityAlreadyExists", "it is assigned")
        given = parameters["AuthenticationCode1"], parameters["AuthenticationCode2"]
        if given != codes_of(self.seeds.get(serial, "")):
            raise aws.NeedsPerson(action, "InvalidAuthenticationCode", "not the codes of this device")
        user.devices.append(serial)
        user.enabled[serial] = dt.datetime.now(dt.UTC)

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


def inline_policies(user: Account, *, documents: bool) -> tuple[InlinePolicy, ...]:
    """As the port shows them."""
    return tuple(
        InlinePolicy.of(name, read(text)) if documents else InlinePolicy(name) for name, text in user.inline.items()
    )


def _policy(name: str, text: str) -> SeenPolicy:
    content = documents.read(text)
    return SeenPolicy(name, documents.fingerprint(content), documents.has_deny(content))
