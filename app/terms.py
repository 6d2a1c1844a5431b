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
        vault: Encrypts what waits for collection; a key of no use where none is given.
        longest_policy: How long a one-off permission may last.
    """

    lapse_after: dt.timedelta = dt.timedelta(days=7)
    require_mfa: bool = True
    vault: Vault = field(default_factory=lambda: Vault(os.urandom(32)), repr=False)
    longest_policy: dt.timedelta = dt.timedelta(days=30)
