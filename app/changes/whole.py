"""Everything that a user has in IAM, for changes that take it away or give it back."""

from dataclasses import dataclass
from typing import Self

from app.clients import aws
from app.clients.iam import Iam
from app.domain import documents
from app.domain.credentials import SeenCredentials
from app.domain.leaving import DENY_NAME, Taken, deny_document
from app.domain.sightings import Seen

_DENY = documents.fingerprint(deny_document())


@dataclass(frozen=True)
class SeenWhole(SeenCredentials):
    """What was just seen, with everything that the user has.

    Attributes:
        loose: Where the user goes: the serial number of the virtual device that Gatehouse made for them, as long as
            it was not activated. It is on no list of the user's.
    """

    loose: tuple[str, ...] = ()

    @classmethod
    def read(cls, iam: Iam, seen: Seen) -> Self:
        """Read the belongings too.

        Raises:
            Retryable: The user is there and is not.
        """
        fields = {name: value for name, value in vars(seen).items() if name != "has"}
        if seen.user is None:
            return cls(**fields)
        found = iam.belongings(seen.user.name)
        if found is None:
            # Nothing is concluded from two answers that contradict each other.
            raise aws.Retryable("ListGroupsForUser", "NotShownYet", "the user was there a call ago")
        return cls(**fields, has=found)

    @property
    def is_denied(self) -> bool:
        """Whether our own policy for suspended people is on the user, as we write it."""
        return self.has is not None and any(p.name == DENY_NAME and p.sha256 == _DENY for p in self.has.inline)

    def to_be_taken(self, *, keeps_keys: bool) -> Taken:
        """What a suspension takes; of a deletion only what could be lost sight of.

        Args:
            keeps_keys: Keys and login are to be given back some day.
        """
        if self.has is None:
            return Taken()
        keys = tuple(key.id for key in self.has.keys if key.active) if keeps_keys else ()
        virtual = () if keeps_keys else tuple(d.serial for d in self.has.devices if d.virtual)
        return Taken(keys, login=keeps_keys and self.has.login, devices=virtual)
