"""What was seen of a user whose login or keys are to change, and how far our handing over of a secret has come."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.belongings import AccessKey, Belongings
from app.domain.sightings import Seen

KEYS_EACH = 2
"""Access keys of a user ("IAM and AWS STS quotas"); no emulator but moto enforces it."""
_CLOCKS_DIFFER = timedelta(minutes=1)


class SecretKind(StrEnum):
    """What is collected."""

    CONSOLE_PASSWORD = "console_password"  # noqa: S105 - a word, no password
    ACCESS_KEY = "access_key"
    MFA_SEED = "mfa_seed"


@dataclass(frozen=True)
class Handed:
    """What our rows say of the secret that a request makes.

    Attributes:
        since: When the intent was written down.
        made: IAM answered that it is made. False: it may be, or not.
        key_id: Of the access key, once made; the serial number of an MFA device.
        keys_before: Ids of the keys that the user had before.
    """

    since: datetime
    made: bool = False
    key_id: str | None = None
    keys_before: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SeenCredentials(Seen):
    """What was read from IAM just now.

    Attributes:
        has: None where there is no such user.
        handed: None where this request has made nothing yet.
    """

    has: Belongings | None = None
    handed: Handed | None = None

    @property
    def login(self) -> bool:
        """Whether the user can have a password for the console."""
        return self.has is not None and self.has.login

    @property
    def keys(self) -> tuple[AccessKey, ...]:
        """The user's access keys."""
        return self.has.keys if self.has else ()

    def key(self, key_id: str | None) -> AccessKey | None:
        """The key of that id, if the user has it."""
        return next((key for key in self.keys if key.id == key_id), None)

    @property
    def lost(self) -> tuple[AccessKey, ...]:
        """Keys that this request made and whose secret nobody got, since the answer was lost (`iam-facts.md`, 4).

        They were not there before, were made since, and are not the one whose secret is kept.
        """
        if self.handed is None:
            return ()
        since = self.handed.since - _CLOCKS_DIFFER
        known = {*self.handed.keys_before, self.handed.key_id}
        return tuple(key for key in self.keys if key.id not in known and key.created >= since)


@dataclass(frozen=True)
class SeenDevices(SeenCredentials):
    """The same where MFA devices are to change.

    Attributes:
        spare: Serial numbers of all virtual devices of the account that nobody uses.
        begun: Serial numbers of virtual devices that this request began to take away: once deactivated they are on no
            list of the user's any more.
    """

    spare: frozenset[str] = frozenset()
    begun: tuple[str, ...] = ()
