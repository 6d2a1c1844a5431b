"""Lanes: the right to change one user in one account, with a fence number (rule 32).

Two grants of one person are two rows, so the claim is on the person. A worker that stood still past its lease
finds its fence gone, before each IAM write and inside each writing transaction, and writes nothing more.
On SQLite one process works, one piece after the other, so there is nothing to claim. But what the process before it had
under way when it was killed may still arrive, so these users are looked at once more as well.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from app.changes.of_group import GROUP_LANE
from app.clients import aws
from app.clients.iam import Iam
from app.db import Database, Tx
from app.domain.plans import Operation
from app.domain.states import ENDING_GRANTS, GrantState, Provisioning
from app.domain.words import Kind
from app.models import AccessRequest, Grant, Lane, columns

LEASE = timedelta(seconds=30)
"""How long a claim holds without a sign of life."""
_lanes = columns(Lane)
_NOW = sa.func.clock_timestamp()
_LEASE_END = _NOW + sa.bindparam("lease", type_=sa.Interval)
_FREE = sa.or_(_lanes.c.held_until.is_(None), _lanes.c.held_until <= _NOW)
_OURS = (_lanes.c.fence == sa.bindparam("ours"), _lanes.c.held_until > _NOW)
_locked = _lanes.alias("locked")


def _in_order(*of: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Lock lanes by their names, as a claim does, before one of them is changed: so nobody waits in a ring.

    Two batches of one group deadlocked within seconds without it (measured: ten times in eighty batches of a hundred).
    """
    key = (_locked.c.account, _locked.c.principal)
    return sa.tuple_(_lanes.c.account, _lanes.c.principal).in_(
        sa.select(*key).where(*of).order_by(*key).with_for_update()
    )


_BY_FENCE = _in_order(_locked.c.fence == sa.bindparam("ours"))
_RENEW = sa.update(_lanes).where(*_OURS, _BY_FENCE).values(held_until=_LEASE_END).returning(_NOW.label("now"))
_RELEASE = sa.update(_lanes).where(_lanes.c.fence == sa.bindparam("ours"), _BY_FENCE).values(held_until=None)


def _any_of(name: str, column: sa.ColumnElement[Any], type_: Any) -> sa.ColumnElement[bool]:
    return column == sa.any_(sa.bindparam(name, type_=postgresql.ARRAY(type_)))


_RENEW_ALL = (
    sa.update(_lanes)
    .where(_any_of("all_ours", _lanes.c.fence, sa.BigInteger), _lanes.c.held_until > _NOW)
    .where(_in_order(_any_of("all_ours", _locked.c.fence, sa.BigInteger)))
    .values(held_until=_LEASE_END)
)
_LOOK = sa.select(sa.func.count()).select_from(_lanes).where(*_OURS)
_LOOK_AGAIN = (
    sa.update(_lanes)
    .where(sa.or_(_lanes.c.look_again_at.is_(None), _lanes.c.look_again_at <= _NOW))  # what is planned comes later
    .where(_in_order(_locked.c.account == sa.bindparam("in_account"), _any_of("of", _locked.c.principal, sa.String)))
    .values(look_again_at=_NOW)
)
_requests, _grants = columns(AccessRequest), columns(Grant)
_UNDER_WAY = sorted({*ENDING_GRANTS, GrantState.APPLYING})
_WORKED_ON = sa.union(
    sa.select(_lanes.c.account, _lanes.c.principal).where(_lanes.c.look_again_at.is_not(None)),
    sa.select(_requests.c.account, _requests.c.user).where(_requests.c.provisioning == Provisioning.APPLYING),
    sa.select(_requests.c.account, sa.literal(GROUP_LANE) + _requests.c.change["name"].as_string()).where(
        _requests.c.provisioning == Provisioning.APPLYING,
        _requests.c.kind.in_((Kind.GROUP_CREATE, Kind.GROUP_UPDATE, Kind.GROUP_DELETE)),
    ),
    sa.select(_grants.c.account, _grants.c.user).where(
        sa.or_(_grants.c.state.in_(_UNDER_WAY), _grants.c.due_at <= sa.bindparam("now"))
    ),
)
_NONE_HAD = -1
"""In place of a fence: no lane has it."""


def _claiming() -> sa.Executable:
    """One statement for any number of lanes, built once: building one for each hundred took longer than running it.

    What is held is left out before it is touched, so that nobody waits for the transaction of whoever holds it.
    """
    principal = sa.func.unnest(sa.bindparam("principals", type_=postgresql.ARRAY(sa.String))).column_valued("wanted")
    account = sa.bindparam("in_account", type_=sa.String)
    fence = sa.select(sa.Sequence("lane_fence").next_value()).scalar_subquery()
    held = sa.select(_lanes.c.fence).where(_lanes.c.account == account, _lanes.c.principal == principal, ~_FREE)
    free = ~held.correlate_except(_lanes).exists()
    rows = sa.select(account, principal, fence, _LEASE_END).where(free).order_by(principal)
    new = postgresql.insert(_lanes).from_select(["account", "principal", "fence", "held_until"], rows)
    taken_over = _lanes.c.held_until.is_not(None)  # its holder never let go, and may yet write (rule 32)
    over = _LEASE_END + sa.bindparam("worst_call", type_=sa.Interval)
    return new.on_conflict_do_update(
        index_elements=["account", "principal"],
        set_={
            "fence": new.excluded.fence,
            "held_until": _LEASE_END,
            "look_again_at": sa.case((taken_over, over), else_=_lanes.c.look_again_at),
        },
        where=_FREE,
    ).returning(_lanes.c.principal, _lanes.c.fence)


_CLAIM = _claiming()


class LostClaim(Exception):
    """Somebody else has the lane now, or the lease ran out: leave everything as it is."""


@dataclass(frozen=True)
class Claim:
    """Lanes that were claimed together, under one fence number. `fence` 0: nothing needed claiming."""

    account: str
    principals: frozenset[str]
    fence: int


class Lanes:
    """Claims lanes, and says whether a claim still holds.

    Args:
        database: Its clock decides.
        lease: How long a claim holds without a sign of life.
        worst_call: Seconds that one call to IAM can be under way at most.
    """

    def __init__(self, database: Database, *, lease: timedelta = LEASE, worst_call: float | None = None) -> None:
        self._database, self._lease = database, lease
        self._worst_call = timedelta(seconds=worst_call or aws.worst_call(aws.READ_TIMEOUT))
        self._held: set[int] = set()
        self._renewed = time.monotonic()
        self._begun = False

    def begin(self) -> None:
        """Plan a second look, on SQLite, at whoever was worked on when the process before this one ended (rule 32).

        Elsewhere taking over a lane plans it. Asked again and again, until it could once be written.
        """
        if self._begun or not self._database.is_sqlite:
            return
        with self._database.read() as tx:
            worked_on = tx.session.connection().execute(_WORKED_ON, {"now": tx.now}).all()
        if worked_on:
            with self._database.write() as tx:
                for account, user in worked_on:
                    look_again_at = tx.now + self._worst_call
                    tx.session.merge(Lane(account=account, principal=user, fence=0, look_again_at=look_again_at))
        self._begun = True

    def claim(self, account: str, principals: Iterable[str]) -> Claim:
        """Claim what nobody else holds of these; what could not be had is missing in the answer."""
        wanted = sorted(set(principals))
        if self._database.is_sqlite or not wanted:
            return Claim(account, frozenset(wanted), 0)
        given = {"in_account": account, "principals": wanted, "lease": self._lease, "worst_call": self._worst_call}
        with self._plain() as connection:
            got: dict[str, int] = dict(connection.execute(_CLAIM, given).all())
        fence: int = next(iter(got.values()), _NONE_HAD)
        if got:
            self._held.add(fence)
        return Claim(account, frozenset(got), fence)

    def release(self, claim: Claim) -> None:
        """Let go, so that the next one need not wait for the lease to end. Once: others may be claiming them."""
        if claim.fence in self._held:
            self._held.discard(claim.fence)
            with self._plain() as connection:
                connection.execute(_RELEASE, {"ours": claim.fence})

    def release_in(self, tx: Tx, claim: Claim) -> None:
        """The same, together with what this transaction does. Say `released` when it is over."""
        if claim.fence:
            tx.session.connection().execute(_RELEASE, {"ours": claim.fence})

    def released(self, claim: Claim) -> None:
        """The transaction that let go has ended."""
        self._held.discard(claim.fence)

    def look_again(self, claim: Claim) -> None:
        """A claim was lost, perhaps in the middle of a call, and that is over: look once more what it did (rule 32).

        A process may have stood still for longer than whoever took over waited before looking.
        """
        if claim.fence:
            with self._plain() as connection:
                connection.execute(_LOOK_AGAIN, {"in_account": claim.account, "of": list(claim.principals)})

    def renew(self) -> None:
        """The process lives: keep what it holds. A process that stood still for a lease finds nothing to keep."""
        ours = list(self._held)
        if ours and time.monotonic() - self._renewed > self._lease.total_seconds() / 3:
            self._renewed = time.monotonic()
            with self._plain() as connection:
                connection.execute(_RENEW_ALL, {"all_ours": ours, "lease": self._lease})

    def require(self, claim: Claim, line: sa.Connection | None = None) -> None:
        """Before an IAM write.

        Args:
            line: What `line` answered, where there is more than one write.

        Raises:
            LostClaim: It does not hold any more.
        """
        if claim.fence:
            with nullcontext(line) if line is not None else self._plain() as connection:
                _all_of(claim, connection.execute(_LOOK, {"ours": claim.fence}).scalar_one())

    def line(self, claim: Claim) -> sa.Connection | None:
        """A connection to require the claim on: taking one anew each time costs more than asking. Close it."""
        return _autocommitting(self._database.engine.connect()) if claim.fence else None

    def require_in(self, session: Session, claim: Claim) -> datetime:
        """As the first statement of a writing transaction: the claim holds until it commits, and for a lease after.

        Returns:
            The server's time.

        Raises:
            LostClaim: It does not hold any more.
        """
        renewed = session.connection().execute(_RENEW, {"ours": claim.fence, "lease": self._lease}).scalars().all()
        _all_of(claim, len(renewed))
        if not renewed:
            raise LostClaim(f"no lane in {claim.account} could be had, so nothing is to be written")
        now: datetime = renewed[0]
        return now.astimezone(UTC)

    @contextmanager
    def _plain(self) -> Iterator[sa.Connection]:
        """One statement, one round trip: each of ours commits by itself."""
        with self._database.engine.connect() as connection:
            yield _autocommitting(connection)


def _autocommitting(connection: sa.Connection) -> sa.Connection:
    return connection.execution_options(isolation_level="AUTOCOMMIT")


def _all_of(claim: Claim, held: int) -> None:
    if held != len(claim.principals):
        raise LostClaim(f"fence {claim.fence} in {claim.account} holds {held} of {len(claim.principals)} lanes")


class FencedDatabase:
    """A database whose writing transactions require the claim. It is what the worker's services are given."""

    def __init__(self, database: Database, lanes: Lanes, claim: Claim) -> None:
        self._database, self._lanes, self._claim = database, lanes, claim
        self.read, self.look = database.read, database.look

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction that commits at the end of the block, if the claim holds."""
        begin = partial(self._lanes.require_in, claim=self._claim) if self._claim.fence else None
        with self._database.write(begin) as tx:
            yield tx


class FencedIam:
    """An IAM whose writes require the claim. Close it."""

    def __init__(self, iam: Iam, lanes: Lanes, claim: Claim) -> None:
        self._iam, self._lanes, self._claim = iam, lanes, claim
        self._line: sa.Connection | None = None
        self.emulated = iam.emulated
        self.account, self.user, self.group, self.policy = iam.account, iam.user, iam.group, iam.policy
        self.members, self.belongings, self.inline = iam.members, iam.belongings, iam.inline
        self.password_policy, self.lab_policy, self.key_used = iam.password_policy, iam.lab_policy, iam.key_used
        self.devices, self.spare_devices, self.monitoring = iam.devices, iam.spare_devices, iam.monitoring
        self.group_names, self.trail = iam.group_names, iam.trail

    def call(self, operation: Operation, secret: str | None = None) -> Mapping[str, str]:
        """Make one changing call, if the claim holds."""
        if self._line is None:
            self._line = self._lanes.line(self._claim)
        self._lanes.require(self._claim, self._line)
        return self._iam.call(operation, secret)

    def close(self) -> None:
        """Give back the connection that it asked on."""
        if self._line is not None:
            self._line.close()
