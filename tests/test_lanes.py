"""Lanes on PostgreSQL: every statement on several of them locks them in one order, so that nobody waits in a ring."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import Database
from app.models import Lane, columns
from app.services.lanes import Claim, Lanes, LostClaim
from tests.conftest import Databases
from tests.support.lab import Lab

USERS = [f"u{n:02}" for n in range(30)]
MIDDLE = "u15"
BEFORE = set(USERS[:16])
LONGEST = 60.0
"""Seconds that something here may take."""
_lanes = columns(Lane)
_LOCK_ONE = sa.select(_lanes.c.principal).where(_lanes.c.principal == MIDDLE).with_for_update()
_FREE = sa.select(_lanes.c.principal).with_for_update(skip_locked=True)
_WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@pytest.fixture
def lab(databases: Databases) -> Iterator[Lab]:
    with databases.lab("postgresql", with_worker=False) as found:
        yield found


def waiting(database: Database) -> bool:
    with database.engine.connect() as connection:
        return bool(connection.execute(_WAITING).scalar_one())


def locked_while_waiting(database: Database, statement: Callable[[], object]) -> set[str]:
    """Which lanes a statement has locked when it comes to the one in the middle, which somebody else has."""
    with database.engine.connect() as other, other.begin():
        other.execute(_LOCK_ONE)
        thread = threading.Thread(target=statement)
        thread.start()
        until = time.monotonic() + LONGEST
        while not waiting(database):
            assert time.monotonic() < until, "it never came to the one in the middle"
            time.sleep(0.01)
        with database.engine.connect() as third, third.begin():
            free = set(third.execute(_FREE).scalars())
    thread.join(LONGEST)
    assert not thread.is_alive()
    return set(USERS) - free


def stir(database: Database) -> None:
    """Let the rows lie in another order than that of their names, in the table and in its indexes."""
    for value in (sa.func.now() + timedelta(days=1), None):
        for user in random.Random(3).sample(USERS, len(USERS)):  # noqa: S311 - an order, no secret
            with database.engine.begin() as connection:
                connection.execute(sa.update(_lanes).where(_lanes.c.principal == user).values(look_again_at=value))


def require(lanes: Lanes, database: Database, claim: Claim) -> None:
    def begin(session: Session) -> datetime:
        return lanes.require_in(session, claim)

    with database.write(begin):
        pass


@pytest.mark.parametrize("what", ["claim", "require", "release", "look_again", "renew"])
def test_rule_32_lanes_are_locked_in_the_order_of_their_names(lab: Lab, what: str) -> None:
    database = lab.running.database
    lanes = Lanes(database, lease=timedelta(seconds=30))
    claim = lanes.claim("default", USERS)
    if what == "claim":
        lanes.release(claim)
    stir(database)
    lanes._renewed -= 30
    statements: dict[str, Callable[[], object]] = {
        "claim": lambda: lanes.claim("default", reversed(USERS)),
        "require": lambda: require(lanes, database, claim),
        "release": lambda: lanes.release(claim),
        "look_again": lambda: lanes.look_again(claim),
        "renew": lanes.renew,
    }
    assert locked_while_waiting(database, statements[what]) == BEFORE


def test_what_could_not_be_had_is_not_kept_nor_written_with(lab: Lab) -> None:
    database = lab.running.database
    one, other = Lanes(database), Lanes(database)
    held = one.claim("default", ["alice"])
    empty = other.claim("default", ["alice"])
    assert empty.principals == frozenset()
    with pytest.raises(LostClaim):
        require(other, database, empty)
    other.release(empty)
    one.require(held)
