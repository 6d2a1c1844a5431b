"""Calls that take or answer a secret: what goes in beside the operation, what is kept, what a refusal may say."""

import base64
from collections.abc import Mapping
from typing import Any

from app.domain.plans import Operation

PASSWORDS = frozenset({"CreateLoginProfile", "UpdateLoginProfile"})
"""The calls that take a password, which no operation holds."""
CODES = frozenset({"EnableMFADevice"})
"""The calls that take two codes of an MFA device, one behind the other with a space between."""
MADE_ONCE = frozenset({"CreateAccessKey", "CreateVirtualMFADevice"})
"""Never tried again below us: each try makes another key (`iam-facts.md`, 4), or says that the first one is there."""
_FIELDS = frozenset({"Password", "AuthenticationCode1", "AuthenticationCode2"})


def is_secret(action: str) -> bool:
    """Whether a secret goes in or comes out."""
    return action in PASSWORDS | CODES | MADE_ONCE


def parameters(operation: Operation, secret: str | None) -> dict[str, Any]:
    """All parameters of a call.

    Raises:
        ValueError: A secret is missing, is not asked for, or stands in the operation.
    """
    action = operation.action
    if (secret is not None) != (action in PASSWORDS | CODES) or not _FIELDS.isdisjoint(operation.parameters):
        raise ValueError(f"{action}: a secret is given beside the operation, to those calls that take one")
    given = dict(operation.parameters)
    if secret is None:
        return given
    if action in PASSWORDS:
        return {**given, "Password": secret}
    first, _, second = secret.partition(" ")
    return {**given, "AuthenticationCode1": first, "AuthenticationCode2": second}


def kept(action: str, answer: Mapping[str, Any]) -> Mapping[str, str]:
    """What is needed of the answer.

    Raises:
        LookupError, TypeError, ValueError: It is not there.
    """
    if action == "CreateAccessKey":
        key = answer["AccessKey"]
        return {name: str(key[name]) for name in ("AccessKeyId", "SecretAccessKey")}
    if action == "CreateVirtualMFADevice":
        device = answer["VirtualMFADevice"]
        return {
            "SerialNumber": str(device["SerialNumber"]),
            "Base32StringSeed": bytes(device["Base32StringSeed"]).decode("ascii"),
            "QRCodePNG": base64.b64encode(bytes(device["QRCodePNG"])).decode("ascii"),
        }
    return {}


def without(text: str, secret: str | None) -> str:
    """A message that repeats no part of the secret."""
    for part in {secret, *secret.split(" ")} - {""} if secret else ():
        text = text.replace(part, "***")
    return text
