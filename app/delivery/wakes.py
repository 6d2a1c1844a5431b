"""Wake-ups on PostgreSQL: jobs of procrastinate, deferred in the transaction that made something due (rule 31)."""

from collections.abc import Iterable

import procrastinate
import psycopg
import sqlalchemy as sa
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job
from procrastinate.manager import JobManager

from app.db import Database, Tx
from app.domain.work import Work
from app.errors import Unavailable

TASK = "gatehouse.wake"
ENDS, OTHERS = "ends", "others"
"""Two queues, worked side by side, so that many ends never hold up an approval, nor the other way round."""

_WAITING = sa.text("SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(:locks)")

# Never opened: every call names the connection of the transaction it belongs to.
_manager = JobManager(procrastinate.SyncPsycopgConnector())


def install(database: Database) -> None:
    """Let every transaction of this process wake the workers, wherever they run."""
    if not database.is_sqlite:
        database.before_commit.append(lambda tx: defer(tx, tx.due))


def unwoken(tx: Tx, works: Iterable[Work]) -> set[Work]:
    """Those of these for which no wake-up waits yet.

    For the timer: while workers have more to do than they can, it meets the same rows every second, and a collision
    costs three round trips (a sixteenth of a busy server's time, measured).
    """
    locks = {_lock(work): work for work in works}
    if not locks:
        return set()
    waiting = tx.session.connection().execute(_WAITING, {"locks": list(locks)}).scalars()
    return set(locks.values()) - {locks[lock] for lock in waiting}


def defer(tx: Tx, works: Iterable[Work]) -> None:
    """Defer a wake-up for now for each of these, in this transaction.

    Each in a savepoint: a caught collision would otherwise turn COMMIT into a silent ROLLBACK (measured, rule 31).
    In order, so that two transactions that wake the same rows cannot wait for each other.
    """
    connection = tx.session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)  # noqa: S101 - what make_engine made
    for work in sorted(works):
        job = Job(
            queue=ENDS if work.what == "ends" else OTHERS,
            lock=None,
            queueing_lock=_lock(work),
            task_name=TASK,
            task_kwargs={"what": work.what, "account": work.account, "id": work.id},
        )
        try:
            with connection.transaction():
                _manager.defer_job(job, connection=connection)
        except AlreadyEnqueued:
            continue  # somebody else's wake-up will find this change as well
        except (psycopg.Error, ConnectorException) as problem:
            raise Unavailable("The database does not answer; try again in a moment.", code="database_away") from problem


def _lock(work: Work) -> str:
    return f"{work.what}/{work.account}/{work.id}"
