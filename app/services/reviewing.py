"""Reporting what was done under administrator power that ended (rule 30): one page of CloudTrail's answers at a time.

It changes nothing in AWS. How far it has come is in its row, so that no end waits for more than one call, and a process
that dies is followed by another.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from app import log, metrics
from app.clients import aws
from app.clients.iam import Iam
from app.clients.trail import BETWEEN, LOOKUP, Snapshot
from app.db import Transactions, Tx
from app.domain.actors import SYSTEM_ACTOR
from app.domain.retries import SETTLES
from app.domain.trail import Change, Page, printable
from app.models import Grant, PowerReview, columns
from app.services import audit
from app.services.backoff import Backoff

_log = log.get("reviewing")
TRIES_FOR = timedelta(days=1)
"""So long AWS is asked again after it first refused; then what could not be seen is reported as that."""
PAGES = 40
"""Pages of 50 events that are read of one grant at most."""
KEPT = 100
"""Changes that are reported one by one; of more only the number."""
_WHY = 500
"""Characters of what AWS said against it."""
OLDEST = timedelta(days=88)
"""CloudTrail looks 90 days back (CloudTrail API reference, LookupEvents); a day of trying and one to spare."""
_PAUSES = Backoff(first=30.0, longest=3600.0)
"""Nobody waits for a report as for access: it is asked for less and less often."""
_HELD = timedelta(minutes=10)
"""A row that somebody works on rests so long; after that its process is taken for dead."""
_reviews = columns(PowerReview)
_MOVE = sa.update(_reviews).where(
    _reviews.c.grant_id == sa.bindparam("was_id"), _reviews.c.due_at == sa.bindparam("was_due_at")
)
_PUT_OFF = sa.update(_reviews).where(_reviews.c.grant_id == sa.bindparam("was_id"), _reviews.c.due_at.is_not(None))


def put_off_review(tx: Tx, grant_id: str, due_at: datetime) -> None:
    """Let one rest that made our own code fail."""
    tx.session.connection().execute(_PUT_OFF, {"was_id": grant_id, "due_at": due_at})


@dataclass(frozen=True)
class _Found:
    """What was found up to now."""

    count: int = 0
    pages: int = 0
    changes: tuple[Change, ...] = ()

    def and_also(self, page: Page) -> "_Found":
        kept = (*self.changes, *page.changes)[:KEPT]
        return _Found(self.count + len(page.changes), self.pages + 1, kept)

    def as_json(self) -> dict[str, Any]:
        return {"count": self.count, "pages": self.pages, "changes": list(self.changes)}

    @classmethod
    def of(cls, row: PowerReview) -> "_Found":
        kept = row.found
        return cls(kept["count"], kept["pages"], tuple(kept["changes"])) if kept and row.token else cls()


class Review:
    """Goes on with one report.

    Args:
        database: Where rows and audit are.
        iam: The account's IAM.
    """

    def __init__(self, database: Transactions, iam: Iam) -> None:
        self._database, self._iam = database, iam

    def __call__(self, grant_id: str) -> None:
        """Ask for the next page; after the last one, write the report."""
        row = self._take(grant_id)
        if row is None:
            return
        found, not_seen, more, refused = _Found.of(row), [], False, False
        try:
            since, until = _window(row)
            if since > row.since:
                not_seen.append(f"{LOOKUP}: what was before {since.isoformat()} is too old for it")
            page = self._iam.trail().changes(row.user, since, until, row.token)
            found = found.and_also(page)
            if page.token is not None and found.pages < PAGES:
                self._go_on(row, found, page.token)
                return
            more = page.token is not None
        except aws.NotOffered:
            not_seen.append(f"{LOOKUP}: this endpoint does not offer it")  # rule 28
        except aws.AwsError as problem:
            if not self._gives_up(row, problem):
                return
            refused = True
            not_seen.append(printable(problem, _WHY))
        self._report(row, found, more=more, not_seen=not_seen, refused=refused)

    def _take(self, grant_id: str) -> PowerReview | None:
        """The row, if it is due and nobody else has it: it rests until its process must be dead."""
        with self._database.write() as tx:
            row = tx.session.get_one(PowerReview, grant_id)
            if row.due_at is None or row.due_at > tx.now:
                return None
            return row if _move(tx, row, due_at=tx.now + _HELD) else None

    def _go_on(self, row: PowerReview, found: _Found, token: str) -> None:
        with self._database.write() as tx:
            again = tx.now + timedelta(seconds=BETWEEN)
            _move(tx, row, due_at=again, found=found.as_json(), token=token, gives_up_at=None, attempts=0)

    def _gives_up(self, row: PowerReview, problem: aws.AwsError) -> bool:
        """Whether it was tried long enough; otherwise it is due again, from the first page: tokens do not last."""
        with self._database.write() as tx:
            until = row.gives_up_at or tx.now + TRIES_FOR
            if tx.now >= until:
                return True
            again = {"due_at": tx.now + _PAUSES(row.attempts), "attempts": row.attempts + 1}
            _move(tx, row, **again, gives_up_at=until, failure=printable(problem, _WHY), found=None, token=None)
        _log.warning("review_failed", grant_id=row.grant_id, problem=str(problem), gives_up_at=until.isoformat())
        return False

    def _report(self, row: PowerReview, found: _Found, *, more: bool, not_seen: list[str], refused: bool) -> None:
        snapshot: Snapshot | None = None
        try:
            snapshot = self._iam.trail().snapshot()
        except aws.AwsError as problem:
            refused = refused or not isinstance(problem, aws.NotOffered)
            not_seen.append(printable(problem, _WHY))
        with self._database.write() as tx:
            if not _move(tx, row, due_at=None, found=None, token=None):
                return  # somebody else reported it
            audit.of_grant(
                tx,
                "grant.reviewed",
                tx.session.get_one(Grant, row.grant_id),
                by=SYSTEM_ACTOR,
                since=row.since.isoformat(),
                until=row.until.isoformat(),
                count=found.count,
                more=more,
                changes=list(found.changes),
                snapshot=snapshot,
                not_seen=not_seen,
            )
        said = {"grant_id": row.grant_id, "user": row.user, "changes": found.count}
        if refused:
            metrics.POWER_UNSEEN.inc()
            _log.error("power_not_reviewed", **said, not_seen=not_seen)
        else:
            (_log.warning if found.count else _log.info)("power_reviewed", **said, not_seen=not_seen)


def _window(row: PowerReview) -> tuple[datetime, datetime]:
    """What is asked for, the same for each page, as AWS wants it.

    Wider than the grant: what IAM did a moment before it showed the access, or just after it was taken.
    """
    return max(row.since - SETTLES, row.until - OLDEST), row.until + SETTLES


def _move(tx: Tx, row: PowerReview, **values: Any) -> bool:
    """Write these, if the row is still as we left it."""
    was = {"was_id": row.grant_id, "was_due_at": row.due_at}
    if tx.session.connection().execute(_MOVE, {**was, **values}).rowcount != 1:
        return False
    for name, value in values.items():
        set_committed_value(row, name, value)
    return True
