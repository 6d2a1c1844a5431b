"""The lab's own managed policies as they were last seen: how they are called, and where they are attached."""

import sqlalchemy as sa

from app.db import Tx
from app.domain import names as naming
from app.domain.policy_names import PolicyNames
from app.models import Sighting, columns

WHAT = "lab_policy"
"""The kind of these sightings, which are keyed by the policy's name."""

_seen = columns(Sighting)
_NAMES = sa.select(_seen.c.name).where(
    _seen.c.account == sa.bindparam("account"), _seen.c.what == WHAT, _seen.c.state.is_not(None)
)


def names(tx: Tx, account: str, partition: str, account_id: str | None) -> PolicyNames:
    """How names of policies are read in an account: the lab's own come before AWS's."""
    found = tx.session.connection().execute(_NAMES, {"account": account}).scalars()
    return PolicyNames(partition, account_id, {naming.key(name): name for name in found})
