"""MFA devices: what IAM shows of them, which are ours, and what their user needs to set one up. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Self

DEVICE_PATH = "/lab/"
"""Of the virtual devices that Gatehouse makes, named as their user: those that people make themselves have none."""


@dataclass(frozen=True)
class Device:
    """An MFA device of a user. A virtual one outlives being deactivated and is deleted by itself.

    Attributes:
        enabled_at: UTC; None where it was not looked at.
    """

    serial: str
    virtual: bool
    enabled_at: datetime | None = None

    @property
    def kind(self) -> Literal["virtual", "security_key", "hardware"]:
        """What it is, by its serial number (IAM User Guide, "AWS multi-factor authentication in IAM")."""
        if self.virtual:
            return "virtual"
        return "security_key" if ":u2f/" in self.serial else "hardware"

    def as_json(self) -> dict[str, Any]:
        """For the database."""
        at = self.enabled_at.isoformat() if self.enabled_at else None
        return {"serial": self.serial, "virtual": self.virtual, "enabled_at": at}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """From the database."""
        at = stored["enabled_at"]
        return cls(stored["serial"], stored["virtual"], datetime.fromisoformat(at) if at else None)


@dataclass(frozen=True)
class Seed:
    """What an authenticator app needs once. It is kept sealed and never shown in a log.

    Attributes:
        base32: The seed, to be typed.
        qr_png: The same as a picture, in base64, as AWS made it.
    """

    base32: str = field(repr=False)
    qr_png: str = field(repr=False)

    def to_text(self) -> str:
        """To be sealed."""
        return json.dumps([self.base32, self.qr_png])

    @classmethod
    def from_text(cls, text: str) -> Self:
        """What was sealed."""
        return cls(*json.loads(text))


def own_serial(user_arn: str, user: str) -> str:
    """The serial number of the virtual device that Gatehouse makes for a user.

    Args:
        user_arn: Of the IAM user: `arn:aws:iam::123456789012:user/lab/bob`.
    """
    return f"{user_arn.partition(':user/')[0]}:mfa{DEVICE_PATH}{user}"
