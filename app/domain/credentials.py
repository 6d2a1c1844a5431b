"""What was seen of a user whose login or keys are to change, and how far our handing over of a secret has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
        handed: What this request has begun to make, by kind.
    """

    has: Belongings | None = None
    handed: Mapping[SecretKind, Handed] = field(default_factory=dict)

    @property
    def password(self) -> Handed | None:
        """How far this request's password has come; None: it is not begun."""
        return self.handed.get(SecretKind.CONSOLE_PASSWORD)

    @property
    def new_key(self) -> Handed | None:
        """How far this request's access key has come; None: it is not begun."""
        return self.handed.get(SecretKind.ACCESS_KEY)

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
        if self.new_key is None:
            return ()
        since = self.new_key.since - _CLOCKS_DIFFER
        known = {*self.new_key.keys_before, self.new_key.key_id}
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

    @property
    def device(self) -> Handed | None:
        """The device that this request has begun to make."""
        return self.handed.get(SecretKind.MFA_SEED)
