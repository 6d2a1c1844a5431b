"""What the worker does while a restored backup is not confirmed: removals, and the drift report (rule 38)."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app import log
from app.changes import REGISTRY
from app.clients.iam import Iam
from app.db import Database
from app.domain.actors import SYSTEM_ACTOR
from app.domain.drift import Finding
from app.domain.states import APPLYING
from app.domain.words import Kind
from app.errors import Unavailable
from app.models import AccessRequest
from app.services import audit, directory, drift, restoration
from app.services.moves import note_request

REST = timedelta(minutes=1)
"""How long a request rests before it is looked at again. The confirmation wakes it earlier."""
FINDINGS = 1000
"""Findings kept in a report; how many more there were is said."""
_KNOWN_FOR = 1.0
"""Seconds for which one look at the database counts."""
_AGAIN = timedelta(seconds=30)
"""After a report in which something could not be read."""
_BUDGET = 0.5
"""Seconds at a time for the report, so that ends get their turn in between."""
_log = log.get("restored")


class Restored:
    """Whether only removals may run.

    Args:
        database: Where the restoration stands.
        iam_of: The IAM of an account, by its name.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, database: Database, iam_of: Callable[[str], Iam], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._iam_of, self._clock = database, iam_of, clock
        self._open, self._looked = False, -_KNOWN_FOR
        self._found: list[Finding] = []
        self._parts: Iterator[list[Finding]] | None = None

    def is_open(self) -> bool:
        """Whether a restoration waits for its confirmation, as of a second ago."""
        if self._clock() - self._looked >= _KNOWN_FOR:
            with self._database.look() as tx:
                self._open = restoration.is_open(tx)
            self._looked = self._clock()
        return self._open

    def rests(self, request_id: str) -> bool:
        """Whether a request has to wait. It is then put off, and neither fails nor lapses by that."""
        if not self.is_open():
            return False
        with self._database.write() as tx:
            if not restoration.is_open(tx):
                self._open = False  # confirmed within the last second, which has just woken this request
                return False
            row = tx.session.get_one(AccessRequest, request_id)
            directory.hold(tx, row)
            undoing = row.state == APPLYING and row.failure is not None and bool(row.failure.get("undoing"))
            if undoing or REGISTRY[Kind(row.kind)].takes_away:
                return False
            note_request(tx, row, due_at=tx.now + REST)
        return True

    def look(self) -> None:
        """Go on with the drift report for a moment, if one is wanted.

        Raises:
            SQLAlchemyError, Unavailable: The database does not answer. Whatever else goes wrong is logged.
        """
        try:
            self._look()
        except (SQLAlchemyError, Unavailable):
            self._parts = None
            raise
        except Exception:  # noqa: BLE001 - a bug in the report must not stop the ends
            _log.exception("drift_report_failed")
            self._parts = None

    def _look(self) -> None:
        if not self.is_open():
            self._parts = None
            return
        if self._parts is None:
            if not self._is_wanted():
                return
            self._found, self._parts = [], drift.findings(self._database, self._iam_of)
        until = self._clock() + _BUDGET
        for part in self._parts:
            self._found += part
            if self._clock() > until:
                return
        self._parts = None
        self._store()

    def _is_wanted(self) -> bool:
        with self._database.look() as tx:
            report = restoration.newest(tx).report
            if report is None:
                return True
            old = datetime.fromisoformat(report["made_at"]) + _AGAIN < tx.now
            return not report["complete"] and old

    def _store(self) -> None:
        found = self._found
        complete = all(f.kind != "not_read" for f in found)
        with self._database.write() as tx:
            row = restoration.newest(tx)
            if row.confirmed_at is not None:
                return
            first = row.report is None
            row.report = {
                "made_at": tx.now.isoformat(),
                "complete": complete,
                "findings": [f.as_json() for f in found[:FINDINGS]],
                "left_out": max(0, len(found) - FINDINGS),
            }
            if first or complete:  # each try while AWS does not answer would drown the audit
                said: dict[str, Any] = {"findings": len(found), "complete": complete}
                audit.record(tx, "restoration.reported", by=SYSTEM_ACTOR, restoration_id=row.id, **said)
        _log.warning("drift_report", findings=len(found), complete=complete, see="GET /v1/restoration")
