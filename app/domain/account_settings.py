"""What was seen of an account's settings where they are to change. Pure."""

from dataclasses import dataclass

from app.domain.monitoring import SeenMonitoring
from app.domain.password_policy import PasswordPolicy
from app.domain.sightings import Seen


@dataclass(frozen=True)
class SeenPasswordPolicy(Seen):
    """What was read of the account just now; `password_policy` None: it has none of its own.

    Attributes:
        before: The policy when this request began; None: there was none, or nothing was begun.
    """

    before: PasswordPolicy | None = None


@dataclass(frozen=True)
class SeenMonitored(Seen):
    """What was read of the account just now, and of what watches it."""

    monitoring: SeenMonitoring | None = None
