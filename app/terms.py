"""The settings that services go by."""

import datetime as dt
import os
from dataclasses import dataclass, field

from app.domain.vault import Vault


@dataclass(frozen=True)
class Terms:
    """The settings that services go by.

    Attributes:
        lapse_after: How long a request waits for its decision, and an approved one for being carried out.
        require_mfa: Whether a rule's `requires_mfa` is enforced; off in `--simulate`.
        longest_policy: How long a one-off permission may last.
        vault: Encrypts what waits for collection; a key of no use where none is given.
        key_overlap: How long a rotated access key still works after the new one was collected.
        key_idle: How long it is then inactive and unused before it is deleted.
        trail_delay: After the end of administrator power, when CloudTrail has all that was done under it.
    """

    lapse_after: dt.timedelta = dt.timedelta(days=7)
    require_mfa: bool = True
    longest_policy: dt.timedelta = dt.timedelta(days=30)
    vault: Vault = field(default_factory=lambda: Vault(os.urandom(32)), repr=False)
    key_overlap: dt.timedelta = dt.timedelta(hours=24)
    key_idle: dt.timedelta = dt.timedelta(days=7)
    trail_delay: dt.timedelta = dt.timedelta(minutes=15)
