"""Ends go on while the database cannot be written (rule 36).

Their intent was audited when the access was given, so they need no row now: what must end soon is kept in memory,
taken away when its time has come, recorded in the spill file, and written to the rows later.
"""

import itertools
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from app import log
from app.clients import aws
from app.clients.iam import Iam
from app.db import Database, Tx
from app.domain.access import place
from app.domain.retries import is_settled
from app.domain.states import GrantState
from app.errors import Unavailable
from app.files.spill import Spill, Taken
from app.models import Account, Grant, columns
from app.services import directory
from app.services.backoff import Backoff
from app.services.removals import TakenOut, take_out
from app.services.spilled import write_down

AHEAD = timedelta(hours=1)
"""Ends in this time are kept in memory."""
MOST = 10_000
"""Ends kept in memory at most, the next ones first."""
EVERY, SOONEST = 1.0, 0.2
"""Seconds between two readings of the list; the second where something changed in between."""
_SHARE = 20
"""A reading is followed by a pause of at least that many times what it took."""
_BATCH = 50
"""Ends taken away, and records written back, in one go."""
_BUDGET = 20.0
"""Seconds of calls to IAM before the caller gets its turn again."""
_log = log.get("without_database")

_grants, _accounts = columns(Grant), columns(Account)
_others = _grants.alias()
_ONGOING = (GrantState.APPLYING, GrantState.ACTIVE)
_COMING = (
    # Every grant that is not over has its end, its undoing or its next try as `due_at`.
    sa.select(*(_grants.c[n] for n in ("id", "account", "user", "group", "policy", "due_at", "starts_at")))
    .where(_grants.c.due_at <= sa.bindparam("until"))
    .order_by(_grants.c.due_at)
    .limit(MOST)
)
_HELD = (
    # Other grants of the same access: it is theirs to end.
    sa.select(_grants.c.id, _others.c.id.label("other"), _others.c.due_at)
    .join(
        _others,
        sa.and_(
            _others.c.account == _grants.c.account,
            _others.c.user == _grants.c.user,
            sa.or_(_others.c.group == _grants.c.group, _others.c.policy == _grants.c.policy),
            _others.c.id != _grants.c.id,
            _others.c.state.in_(_ONGOING),
        ),
    )
    .where(_grants.c.due_at <= sa.bindparam("until"))
)
_ACCOUNTS = sa.select(_accounts.c.name, _accounts.c.aws_account_id)


@dataclass
class Coming:
    """An end that comes.

    Attributes:
        held_by: Other grants that give the same access, with their ends; None has no end in sight.
        attempts: How often IAM refused to take it away.
        not_before: On the monotonic clock; pauses after a refusal.
    """

    grant_id: str
    account: str
    user: str
    group: str | None
    policy: str | None
    due_at: datetime
    starts_at: datetime | None
    held_by: dict[str, datetime | None] = field(default_factory=dict)
    attempts: int = 0
    not_before: float = 0.0

    @property
    def place(self) -> str:
        """Where it ends together with others."""
        return place(self.user, self.group)

    @property
    def name(self) -> str:
        """What is taken away there."""
        return self.policy or self.user


class EndsWithoutDatabase:
    """The list in memory, and what is done with it.

    Args:
        database: Asked for what comes, while it answers.
        iam_of: The IAM of an account, by its name.
        spill: Where it is recorded what was taken away. Without one that is only in the log, and the row that is
            still due finds it gone.
        backoff: How long to wait after IAM refused.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        database: Database,
        iam_of: Callable[[str], Iam],
        spill: Spill | None = None,
        backoff: Backoff | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._iam_of, self._spill = database, iam_of, spill
        self._backoff, self._clock = backoff or Backoff(longest=30.0), clock
        self._coming: dict[str, Coming] = {}
        self._taken: set[str] = set()
        self._accounts: dict[str, str | None] = {}
        self._admin_groups: frozenset[str] = frozenset()
        self._checked: set[str] = set()
        self._then: tuple[float, datetime] | None = None
        self._pause = 0.0
        self._changed = True
        self._prepared = self._spilled = False
        self._writing_back = threading.Lock()
        self._prepare()
        database.after_commit.append(self._note)

    def remember(self) -> None:
        """The database answers: write down what it missed, and keep in memory what must end soon.

        Raises:
            SQLAlchemyError, Unavailable: It does not answer after all. Whatever else goes wrong is logged: work
                that goes on with the database must not stop for what is only there for want of it.
        """
        try:
            self.write_back()
            passed = EVERY if self._then is None else self._clock() - self._then[0]
            if passed >= max(self._pause, SOONEST if self._changed else EVERY):
                self._prepare()
                self._read()
        except (SQLAlchemyError, Unavailable):
            raise
        except Exception:  # noqa: BLE001 - as said above
            _log.exception("remember_failed")

    def without_database(self) -> None:
        """Take away what has to end by now. Never raises: whoever calls has nothing to fall back on."""
        try:
            self._refresh()
            self._end_due()
        except Exception:  # noqa: BLE001 - see above
            _log.exception("ends_without_database_failed")

    def write_back(self) -> None:
        """Write the rows of what was taken away meanwhile, before anything else is done with them.

        Raises:
            SQLAlchemyError: The database cannot be written yet.
        """
        if not self._spilled or self._spill is None:
            return
        with self._writing_back:
            try:
                records = list(self._spill.waiting().items())
                while records:
                    batch, records = dict(records[:_BATCH]), records[_BATCH:]
                    with self._database.write() as tx:
                        for taken in batch.values():
                            write_down(tx, taken)
                    self._spill.done(batch)
                    _log.warning("written_back", ends=len(batch))
            except OSError as problem:
                _log.error("spill_not_read", file=str(self._spill.path), problem=problem.strerror)
                return
            self._spilled = False
            self._taken.clear()

    def _note(self, tx: Tx) -> None:
        if tx.touched:
            self._changed = True

    def _prepare(self) -> None:
        if self._spill is not None and not self._prepared:
            self._prepared = self._spill.prepare()
            with suppress(OSError):
                # What an earlier process left in it: written back as soon as it can be, and not taken away again.
                self._taken |= {taken.grant_id for taken in self._spill.waiting().values()}
            self._spilled = bool(self._taken)

    def _read(self) -> None:
        began, self._changed = self._clock(), False
        with self._database.look() as tx:
            read, until = tx.session.connection().execute, {"until": tx.now + AHEAD}
            coming = {row.id: Coming(*row) for row in read(_COMING, until)}
            for grant_id, other, due_at in read(_HELD, until):
                if grant_id in coming:
                    coming[grant_id].held_by[other] = due_at
            self._accounts = {row.name: row.aws_account_id for row in read(_ACCOUNTS)}
            self._admin_groups = directory.admin_groups(tx)
            self._then = (self._clock(), tx.now)
        for grant_id, known in self._coming.items():
            if grant_id in coming:
                coming[grant_id].attempts, coming[grant_id].not_before = known.attempts, known.not_before
        self._coming = coming
        self._taken.intersection_update(coming)
        self._pause = _SHARE * (self._clock() - began)

    def _refresh(self) -> None:
        """A full disk can still be read, and what it says now is better than what we remember."""
        try:
            self._read()
        except (SQLAlchemyError, Unavailable) as problem:
            _log.warning("going_by_memory", ends=len(self._coming), problem=type(problem).__name__)

    def _now(self) -> datetime | None:
        """The database's time, counted on from when it last told us. None before that."""
        if self._database.is_sqlite:
            return self._database.clock()
        if self._then is None:
            return None
        return self._then[1] + timedelta(seconds=self._clock() - self._then[0])

    def _end_due(self) -> None:
        now, until = self._now(), self._clock() + _BUDGET
        if now is None:
            return
        due = [end for end in self._coming.values() if end.due_at <= now and self._is_to_go(end, now)]
        due.sort(key=lambda end: (end.account, end.place))
        for (account, where), ends in itertools.groupby(due, key=lambda end: (end.account, end.place)):
            while batch := list(itertools.islice(ends, _BATCH)):
                if self._clock() > until:
                    return
                self._end(account, where, batch)

    def _is_to_go(self, end: Coming, now: datetime) -> bool:
        held = any(due_at is None or due_at > now for due_at in end.held_by.values())
        return not held and end.grant_id not in self._taken and end.not_before <= self._clock()

    def _end(self, account: str, where: str, ends: list[Coming]) -> None:
        names = frozenset(end.name for end in ends)
        now = self._now()
        unsettled = {e.name for e in ends if e.starts_at is None or (now and not is_settled(e.starts_at, now))}
        never_shown = {e.name for e in ends if e.starts_at is None}
        try:
            taken = take_out(
                self._iam(account),
                where,
                names,
                unsettled=unsettled,
                never_shown=never_shown,
                admin_groups=self._admin_groups,
            )
        except aws.AwsError as problem:  # of another account, or no credentials at all
            taken = TakenOut(frozenset(), dict.fromkeys(names, problem))
        for end in ends:
            if end.name in taken.still_in:
                end.attempts += 1
                end.not_before = self._clock() + self._backoff(end.attempts).total_seconds()
                why = str(taken.still_in[end.name])
                _log.error("end_failed", grant_id=end.grant_id, user=end.user, where=where, why=why)
            else:
                self._record(end, was_there=end.name in taken.before)

    def _record(self, end: Coming, *, was_there: bool) -> None:
        self._taken.add(end.grant_id)
        taken_at = self._now() or end.due_at
        taken = Taken(end.grant_id, end.account, end.user, end.group, end.due_at, taken_at, was_there, end.policy)
        written = self._spill is not None and self._spill.add(taken)
        self._spilled = self._spilled or written
        _log.warning("ended_without_database", **taken.as_json(), spilled=written)

    def _iam(self, account: str) -> Iam:
        """The account's IAM, once it has said that it is that account: elsewhere nobody has access to take away."""
        iam = self._iam_of(account)
        if account not in self._checked:
            found, expected = iam.account()[0], self._accounts.get(account)
            if expected is not None and found != expected:
                text = f"the credentials are for account {found}, and {account} is {expected}"
                raise aws.NeedsPerson("GetCallerIdentity", "WrongAccount", text)
            self._checked.add(account)
        return iam
