"""People who leave, for a time or for good: what was taken from them, and what denies them what is left. Pure."""

from dataclasses import dataclass
from typing import Any

DENY_NAME = "GatehouseSuspended"
"""Name of the inline policy on a suspended user. Nobody else may use it."""


def deny_document() -> dict[str, Any]:
    """Denies a suspended user everything, by whatever they still hold.

    Sessions outlive the key or the password that they came from (`iam-facts.md`, "live sessions"), so they are named
    by when they were issued. The moment is far ahead instead of now: a session made while the keys are being switched
    off is denied too, nobody's clock matters, and the document is always the same. The second statement is for
    what is no session: certificates, SSH keys, service-specific credentials, and keys that are made meanwhile.
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "LiveSessions",
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2999-01-01T00:00:00Z"}},
            },
            {
                "Sid": "EverythingElse",
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {"Null": {"aws:TokenIssueTime": "true"}},
            },
        ],
    }


@dataclass(frozen=True)
class Taken:
    """What was taken from somebody in one account (rule 24).

    Attributes:
        keys: Ids of the access keys that were active.
        login: There was a login profile.
        devices: Serial numbers of virtual MFA devices: deactivated, they are on no list of the user's any more.
        complete: IAM showed all of it taken.
    """

    keys: tuple[str, ...] = ()
    login: bool = False
    devices: tuple[str, ...] = ()
    complete: bool = False

    def and_also(self, other: "Taken") -> "Taken":
        """Both: what was found when it was begun, and what is found on coming back to it."""
        return Taken(
            keys=tuple(sorted({*self.keys, *other.keys})),
            login=self.login or other.login,
            devices=tuple(sorted({*self.devices, *other.devices})),
            complete=self.complete and other.complete,
        )


@dataclass(frozen=True)
class Leaver:
    """Somebody who is to be suspended, resumed or deleted.

    Attributes:
        taken: What was taken already; None: nothing.
        services: Names of their services that are not deleted.
    """

    taken: Taken | None = None
    services: tuple[str, ...] = ()
