"""What every second look after a takeover has in common (rule 32): how far back, when again, and how it ends.

Before a call the claim is checked, but a worker may be stopped between the check and the call. One lease and one
worst-case call after somebody took its lane over, nothing of it can be under way any more: then `late_*` look.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from app import log
from app.clients import aws
from app.db import Transactions, Tx
from app.domain.plans import CannotCarryOut
from app.models import Lane, columns

_log = log.get("second_look")
REACH = timedelta(hours=1)
"""What ended or was asked for this long before is looked at: far more than a lease and a call."""
AGAIN = timedelta(seconds=5)
"""Until the next look where one did not come to an end."""

_lanes = columns(Lane)


def tried(account: str, lane: str, put_right: Callable[[], bool]) -> bool:
    """Whether nothing is left to look at; AWS's refusals are said in the log and looked at again.

    Args:
        put_right: Makes the calls that are missing, and says whether IAM shows all as it should be.
    """
    try:
        return put_right()
    except (aws.AwsError, CannotCarryOut) as problem:
        _log.warning("look_again_failed", account=account, lane=lane, problem=str(problem))
        return False


def finish(database: Transactions, account: str, lane: str, began: datetime, put_right: Callable[[], bool]) -> None:
    """Put right what came late, and plan the next look or none.

    Args:
        began: When this look began. One that was planned since stays: somebody lost a claim meanwhile.
        put_right: As for `tried`.
    """
    done = tried(account, lane, put_right)
    with database.write() as tx:
        put_off(tx, account, lane, None if done else tx.now + AGAIN, began)


def put_off(tx: Tx, account: str, lane: str, look_again_at: datetime | None, planned: datetime | None = None) -> None:
    """Look again later, or not any more.

    Args:
        planned: What was planned after this stays.
    """
    here = [_lanes.c.account == account, _lanes.c.principal == lane]
    if planned is not None:
        here.append(_lanes.c.look_again_at <= planned)
    tx.session.connection().execute(sa.update(_lanes).where(*here), {"look_again_at": look_again_at})
