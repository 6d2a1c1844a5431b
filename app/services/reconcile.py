"""One entry for every delivery: bring a row to what it should be, from wherever it stands."""

from collections.abc import Callable
from datetime import timedelta

from app import log
from app.clients.iam import Iam
from app.db import Database
from app.delivery.protocol import Work
from app.models import AccessRequest, Grant
from app.services.backoff import Backoff
from app.services.carrying_out import CarryOut
from app.services.ends import end_grant
from app.services.housekeeping import tidy
from app.services.moves import note_grant, note_request

_log = log.get("reconcile")
AFTER_A_BUG = timedelta(seconds=60)
"""A row that made our own code fail rests this long, so that the others get their turn."""


class Reconciler:
    """Runs one piece of work; running it again is the recovery.

    Args:
        database: Where rows and audit are.
        iam_of: The IAM of an account, by its name. Made once per account and kept by the caller.
        backoff: How long to wait after a failure that may pass.
    """

    def __init__(self, database: Database, iam_of: Callable[[str], Iam], backoff: Backoff | None = None) -> None:
        self._database, self._iam_of, self._backoff = database, iam_of, backoff or Backoff()

    def __call__(self, work: Work) -> None:
        """Do it. Whatever goes wrong with AWS is recorded on the row and comes back when it is due."""
        try:
            if work.what == "tidy":
                tidy(self._database)
            elif work.what == "grant":
                iam = self._iam_of(work.account)
                end_grant(self._database, iam, self._backoff, work.id)
            else:
                CarryOut(self._database, self._iam_of(work.account), self._backoff)(work.id)
        except Exception:  # noqa: BLE001 - a bug in one row must not stop the ends of all others
            _log.exception("reconcile_failed", what=work.what, id=work.id)
            self._rest(work)

    def _rest(self, work: Work) -> None:
        if work.what == "tidy":
            return
        with self._database.write() as tx:
            due_at = tx.now + AFTER_A_BUG
            if work.what == "grant":
                note_grant(tx, tx.session.get_one(Grant, work.id), due_at=due_at)
            else:
                note_request(tx, tx.session.get_one(AccessRequest, work.id), due_at=due_at)
