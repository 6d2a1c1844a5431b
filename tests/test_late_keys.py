"""Rule 32 for access keys: what a process that is gone still had under way is deleted, and nobody else's is."""

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from app.domain.work import Work
from app.models import Lane, Secret, columns
from app.services.reconcile import Reconciler
from tests.conftest import Databases
from tests.support.fake_iam import BOUNDARY_ARN, Account, FakeIam, Fault
from tests.support.fake_users import Key
from tests.support.lab import Lab
from tests.test_lifecycle import boto_iam
from tests.test_secret_faults import CREATE, Place
from tests.test_secrets import collect

LATE, OTHER = "AKIALATELATELATE0001", "AKIAOTHEROTHEROTHER1"


@pytest.fixture(scope="module")
def lab(databases: Databases) -> Iterator[Lab]:
    with databases.lab("sqlite", with_worker=False) as found:
        yield found


@pytest.fixture
def place(lab: Lab) -> Iterator[Place]:
    iam = FakeIam()
    boundary = boto_iam(lab).policy(BOUNDARY_ARN)
    assert boundary is not None
    iam.policies[BOUNDARY_ARN] = boundary  # as it was when the lab was set up
    iam.users["bob"] = Account()
    yield Place(lab, iam)
    with lab.running.database.write() as tx:
        for table in (Secret, Lane):
            tx.session.execute(sa.delete(columns(table)))


def look(place: Place) -> bool:
    """The second look at bob; whether it is over."""
    database = place.lab.running.database
    with database.write() as tx:
        tx.session.merge(Lane(account="default", principal="bob", fence=0, look_again_at=tx.now))
    Reconciler(database, lambda _account: place.iam)(Work("lane", "default", "bob"))
    with database.read() as tx:
        return tx.session.get_one(Lane, ("default", "bob")).look_again_at is None


def taken(place: Place) -> list[str]:
    items = place.lab.get("pi", "/v1/audit-events?event=access_key.taken_again")["items"]
    return [key for event in items for key in event["data"]["key_ids"]]


def test_rule_32_a_key_that_came_late_is_deleted_and_the_one_in_use_is_not(place: Place) -> None:
    place.done(CREATE)
    held = collect(place.lab)["access_key_id"]
    place.bob.keys[LATE] = Key("nobody's")
    assert look(place)
    assert list(place.bob.keys) == [held]
    assert taken(place) == [LATE]
    assert look(place), "and there is nothing more to do"


def test_rule_32_also_after_the_request_was_taken_back(place: Place) -> None:
    request_id = place.ask(CREATE)
    place.iam.faults.extend([Fault.CRASH, Fault.REFUSED])
    place.work(request_id, "failed")
    place.bob.keys[LATE] = Key("nobody's")
    assert look(place)
    assert place.bob.keys == {}


def test_rule_32_it_waits_while_a_key_is_being_made(place: Place) -> None:
    request_id = place.ask(CREATE)
    place.iam.faults.append(Fault.CRASH_AFTER)
    place.once()
    assert not look(place)
    assert len(place.bob.keys) == 1, "that one the request itself deletes"
    place.work(request_id)
    assert look(place)
    assert list(place.bob.keys) == [collect(place.lab)["access_key_id"]]


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.REFUSED, Fault.DROPPED, Fault.LOST])
def test_rule_32_what_could_not_be_deleted_is_looked_at_again(place: Place, fault: Fault) -> None:
    place.done(CREATE)
    place.bob.keys[LATE] = Key("nobody's")
    place.iam.faults.append(fault)
    assert not look(place)
    assert look(place)
    assert LATE not in place.bob.keys


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_key_made_at_another_time_is_somebodys(place: Place, hours: int) -> None:
    place.done(CREATE)
    place.bob.keys[OTHER] = Key("theirs", created=dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours))
    assert look(place)
    assert OTHER in place.bob.keys


def test_a_key_that_was_there_before_is_somebodys(place: Place) -> None:
    place.bob.keys[OTHER] = Key("theirs")
    place.done(CREATE)
    assert look(place)
    assert OTHER in place.bob.keys
