"""What an IAM user has besides a name: what gives access, and what is in the way of deleting them."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.devices import Device
from app.domain.sightings import SeenPolicy


@dataclass(frozen=True)
class AccessKey:
    """An access key. Of its secret IAM shows nothing after it was made. `created` is UTC."""

    id: str
    active: bool
    created: datetime


@dataclass(frozen=True)
class Belongings:
    """Everything a user has, each kind in IAM's order of ids.

    Attributes:
        login: There is a login profile: a password for the console.
        certificates: Ids of signing certificates.
        ssh_keys: Ids of SSH public keys.
        service_credentials: Ids of service-specific credentials.
        inline: Inline policies by name.
        attached: ARNs of managed policies attached to the user itself.
        notes: A kind that the endpoint does not offer; only on emulators (rule 28).
    """

    login: bool = False
    keys: tuple[AccessKey, ...] = ()
    devices: tuple[Device, ...] = ()
    certificates: tuple[str, ...] = ()
    ssh_keys: tuple[str, ...] = ()
    service_credentials: tuple[str, ...] = ()
    inline: tuple[SeenPolicy, ...] = ()
    attached: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def in_words(self) -> tuple[str, ...]:
        """One word for each thing, groups first; secrets and ids are left out."""
        many = (
            ("access key", self.keys),
            ("inline policy", self.inline),
            ("attached policy", self.attached),
            ("MFA device", self.devices),
            ("signing certificate", self.certificates),
            ("SSH key", self.ssh_keys),
            ("service-specific credential", self.service_credentials),
            ("login profile", (True,) if self.login else ()),
        )
        return (*(f"group {g}" for g in self.groups), *(word for word, things in many for _ in things))
