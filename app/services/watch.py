"""What is watched of a running process: its rows, whether its database can be written, what it stands on."""

import time
from dataclasses import dataclass

import sqlalchemy as sa

from app import metrics, migrate
from app.db import Database, Tx
from app.delivery.protocol import Delivery
from app.patience import Patient
from app.services import figures, restoration

WAIT = 3.0
"""Seconds that `/metrics` and `/readyz` wait for the database. A scraper itself gives up after 10."""
KEEP = 5.0
"""Seconds for which figures are given again, so that many scrapers are to the database like one."""
REMEMBERED = 30.0
"""Seconds after which a failed write is forgiven: where nothing is sent to a process that says it cannot write,
nothing else would ever show that it can again."""

_PASSING = ("40", "55", "57014")
"""SQLSTATEs (classes, or whole) of what only lost against another transaction or ran out of time (PostgreSQL, A)."""


@dataclass(frozen=True)
class Standing:
    """What the database says of itself: its revision, and how many workers beat (None where they leave no trace)."""

    revision: str | None
    workers: int | None
    restored: bool


class Watch:
    """Looks at one database for one process.

    Args:
        delivery: The worker inside; None with `--no-worker`.
    """

    def __init__(self, database: Database, delivery: Delivery | None) -> None:
        self.database, self.delivery = database, delivery
        self.writes = Writes(database)
        self.figures = Patient(self._figures, wait=WAIT, keep=KEEP)
        self.standing = Patient(self._standing, wait=WAIT, keep=0)

    def workers(self, beating: int | None) -> int:
        """Workers alive: those that beat, or where none leaves a trace, the one inside.

        Args:
            beating: As figures and standing say.
        """
        if beating is not None:
            return beating
        return int(self.delivery is not None and self.delivery.is_fresh())

    def _figures(self) -> figures.Figures:
        with self.database.read() as tx:
            return figures.read(tx)

    def _standing(self) -> Standing:
        with self.database.read() as tx:
            revision = migrate.current(tx.session.connection())
            current = revision == migrate.head()  # an older database has no such table
            return Standing(revision, figures.workers_alive(tx), current and restoration.is_open(tx))


class Writes:
    """Remembers whether the last write of this process failed for the database's sake."""

    def __init__(self, database: Database) -> None:
        self._failed_at: float | None = None
        sa.event.listen(database.engine, "handle_error", self._on_error)
        database.after_commit.append(self._on_commit)

    def work(self) -> bool:
        """Whether the database can be written, as far as this process saw lately."""
        return self._failed_at is None or time.monotonic() - self._failed_at > REMEMBERED

    def _on_error(self, context: sa.engine.ExceptionContext) -> None:
        problem = context.original_exception
        writing = context.connection is not None and context.connection.get_execution_options().get("gatehouse_writes")
        broken = isinstance(context.sqlalchemy_exception, (sa.exc.OperationalError, sa.exc.InternalError))
        passing = str(getattr(problem, "sqlstate", None) or "").startswith(_PASSING)
        # Where the connection broke the database is away, which whoever reads notices as well.
        if writing and broken and not passing and not context.is_disconnect:
            self._failed_at = time.monotonic()
            metrics.DATABASE_WRITE_ERRORS.inc()

    def _on_commit(self, tx: Tx) -> None:
        if tx.drafts:  # others may have had nothing to write, which works on a full disk as well
            self._failed_at = None
