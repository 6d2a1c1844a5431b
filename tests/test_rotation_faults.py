"""Rotating a key on the strict fake, on both databases, while every call and every reading in turn goes wrong."""

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
import sqlalchemy as sa
from typing_extensions import override

from app.db import Database
from app.delivery.due import due
from app.domain.plans import Operation
from app.domain.rotations import Outcome
from app.models import KeyRotation, Lane, Secret, Sighting, columns
from app.services.backoff import Backoff
from app.services.reconcile import Reconciler
from tests.conftest import Databases
from tests.support.fake_iam import BOUNDARY_ARN, Account, Died, FakeIam, Fault
from tests.support.fake_users import Key
from tests.support.lab import Lab
from tests.test_lifecycle import boto_iam
from tests.test_rotation import ROTATE, make_due
from tests.test_secret_faults import OLD, Place
from tests.test_secrets import ASK, SECRETS, collect, refused, waiting

PASSING = (Fault.BUSY, Fault.DROPPED, Fault.LOST, Fault.CRASH, Fault.CRASH_AFTER)
ROTATED = ["CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"]
ABANDONED = ["CreateAccessKey", "DeleteAccessKey"]
READS = 10
"""The readings of a whole rotation: five for the new key, then keys before and after each call, and the last use."""


class Late(FakeIam):
    """Calls of a process that died arrive just before the next one.

    Attributes:
        late: The ids of the keys that they make.
    """

    def __init__(self) -> None:
        super().__init__()
        self.late: list[str] = []

    @override
    def call(self, operation: Operation, secret: str | None = None) -> Mapping[str, str]:
        while self.late:
            self.users["bob"].keys[self.late.pop()] = Key("nobody's")
        return super().call(operation, secret)


@dataclass
class Rotating(Place):
    """The same with rotations in it: what a dead worker had claimed is free again at once."""

    iam: Late

    @override
    def once(self) -> None:
        database = self.lab.running.database
        with database.read() as tx:
            batch = due(tx)
        reconcile = Reconciler(database, lambda _account: self.iam, Backoff(first=0.001, longest=0.001))
        for one in batch:
            try:
                reconcile(one)
            except Died:
                with database.write() as tx:  # as if its lease were over
                    tx.session.execute(sa.update(columns(Lane)).values(held_until=None))
                return

    def ended(self, request_id: str) -> str:
        """Work on until the rotation is over."""
        for _ in range(400):
            if found := self.outcome(request_id):
                return found
            self.once()
        raise AssertionError(self.events(request_id))

    def outcome(self, request_id: str) -> str | None:
        rotation = columns(KeyRotation)
        with self.lab.running.database.read() as tx:
            query = sa.select(rotation.c.outcome).where(rotation.c.access_request_id == request_id)
            return tx.session.execute(query).scalar_one_or_none()

    def events(self, request_id: str) -> list[str]:
        items = self.lab.get("pi", f"{ASK}/{request_id}/events")["items"]
        return [e["event"].removeprefix("access_key.") for e in items if e["event"].startswith("access_key.")]


def waits(database: Database, overlap: dt.timedelta, idle: dt.timedelta) -> None:
    database.terms = replace(database.terms, key_overlap=overlap, key_idle=idle)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Lab]:
    with databases.lab(request.param, with_worker=False) as found:
        waits(found.running.database, dt.timedelta(), dt.timedelta())
        yield found


@pytest.fixture
def place(lab: Lab) -> Iterator[Rotating]:
    iam = Late()
    boundary = boto_iam(lab).policy(BOUNDARY_ARN)
    assert boundary is not None
    iam.policies[BOUNDARY_ARN] = boundary  # as it was when the lab was set up
    iam.users["bob"] = Account()
    iam.users["bob"].keys[OLD] = Key("the old one", created=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    yield Rotating(lab, iam)
    assert not iam.faults
    sighting = columns(Sighting)
    with lab.running.database.write() as tx:  # the next test finds nothing waiting, made lately or seen
        for delete in (sa.delete(columns(Secret)), sa.delete(columns(KeyRotation))):
            tx.session.execute(delete)
        tx.session.execute(sa.delete(sighting).where(sighting.c.what == "keys"))


def grid(actions: list[str]) -> pytest.MarkDecorator:
    pairs = [(n, f) for n, f in itertools.product(range(len(actions)), PASSING)]
    return pytest.mark.parametrize(("position", "fault"), pairs, ids=[f"{actions[n]}-{n}-{f.value}" for n, f in pairs])


def only(place: Rotating, new: Any) -> None:
    """The new key is the only one, and what was collected opens it."""
    assert {i: k.secret for i, k in place.bob.keys.items()} == {new["access_key_id"]: new["secret_access_key"]}
    assert place.bob.keys[new["access_key_id"]].active
    assert waiting(place.lab) == []


@grid(ROTATED)
def test_a_call_goes_wrong_on_the_way(place: Rotating, position: int, fault: Fault) -> None:
    request_id = place.ask(ROTATE, key_id=OLD)
    place.iam.faults.extend([*[Fault.NONE] * position, fault])
    place.work(request_id)
    assert place.bob.keys[OLD].active, "it works as long as nobody has the new one"
    new = collect(place.lab)
    assert place.ended(request_id) == Outcome.ROTATED
    assert not place.iam.faults, "each was met"
    only(place, new)
    assert place.events(request_id) == ["rotation_begun", "overlap_begun", "deactivated", "rotation_ended"]


@pytest.mark.parametrize("position", range(READS))
def test_a_reading_dies_on_the_way(place: Rotating, position: int) -> None:
    request_id = place.ask(ROTATE, key_id=OLD)
    place.iam.read_faults.extend([*[Fault.NONE] * position, Fault.CRASH])
    place.work(request_id)
    new = collect(place.lab)
    assert place.ended(request_id) == Outcome.ROTATED
    assert not place.iam.read_faults, "it was met"
    only(place, new)


@grid(ABANDONED)
def test_a_call_goes_wrong_where_nobody_collects(place: Rotating, position: int, fault: Fault) -> None:
    request_id = place.ask(ROTATE, key_id=OLD)
    place.iam.faults.extend([*[Fault.NONE] * position, fault])
    place.work(request_id)
    make_due(place.lab, request_id)
    assert place.ended(request_id) == Outcome.NEVER_COLLECTED
    assert list(place.bob.keys) == [OLD]
    assert place.bob.keys[OLD].active
    assert waiting(place.lab) == []
    assert place.row(request_id)["failure"]["code"] == "never_collected"
    with place.lab.running.database.read() as tx:
        assert tx.session.execute(sa.select(columns(Secret).c.sealed)).scalars().all() == [None]
    assert place.events(request_id) == ["rotation_begun", "rotation_abandoned", "rotation_ended"]


def test_a_refusal_is_told_and_tried_again_for_ever(place: Rotating) -> None:
    request_id = place.ask(ROTATE, key_id=OLD)
    place.work(request_id)
    new = collect(place.lab)
    place.iam.faults.extend([Fault.REFUSED, Fault.REFUSED])
    while place.iam.faults:
        place.once()
    assert place.row(request_id)["failure"]["code"] == "access_denied"
    assert place.ended(request_id) == Outcome.ROTATED
    assert place.row(request_id)["failure"] is None
    only(place, new)
    assert place.events(request_id).count("rotation_failed") == 1


def test_rule_19_a_new_key_that_was_begun_is_taken_back(place: Rotating) -> None:
    request_id = place.ask(ROTATE, key_id=OLD)
    place.iam.faults.extend([Fault.CRASH_AFTER, Fault.REFUSED])
    place.work(request_id, "failed")
    assert list(place.bob.keys) == [OLD]
    assert place.bob.keys[OLD].active
    place.lab.post("pi", f"{ASK}/{request_id}/retry")
    place.work(request_id)
    new = collect(place.lab)
    assert place.ended(request_id) == Outcome.ROTATED
    only(place, new)


def test_an_earlier_call_that_arrives_late_leaves_no_key_that_nobody_holds(place: Rotating) -> None:
    """The process died with its call under way: the key comes between the next one's reading and its call."""
    request_id = place.ask(ROTATE, key_id=OLD)
    place.iam.faults.append(Fault.CRASH)
    place.once()
    place.iam.late.append("AKIALATELATELATE0001")
    place.work(request_id)
    new = collect(place.lab)
    assert not place.iam.late, "it came"
    assert set(place.bob.keys) == {OLD, new["access_key_id"]}


@pytest.mark.parametrize("fault", [Fault.CRASH, Fault.CRASH_AFTER])
def test_collecting_and_the_end_of_the_wait_do_not_both_happen(place: Rotating, fault: Fault) -> None:
    request_id = place.ask(ROTATE, key_id=OLD)
    place.work(request_id)
    [item] = waiting(place.lab)
    make_due(place.lab, request_id)
    place.iam.faults.append(fault)
    place.once()
    assert refused(place.lab, "bob", f"{SECRETS}/{item['id']}/collect") == (410, "gone")
    assert place.ended(request_id) == Outcome.NEVER_COLLECTED
    assert list(place.bob.keys) == [OLD]


def test_a_new_key_in_use_was_collected_before_the_backup_that_was_restored(place: Rotating) -> None:
    request_id = place.ask(ROTATE, key_id=OLD)
    place.work(request_id)
    [new] = set(place.bob.keys) - {OLD}
    place.bob.keys[new].used = dt.datetime.now(dt.UTC)
    make_due(place.lab, request_id)
    assert place.ended(request_id) == Outcome.ROTATED
    assert list(place.bob.keys) == [new]


def test_rule_24_a_suspended_persons_old_key_does_not_come_back(place: Rotating) -> None:
    request_id = place.ask(ROTATE, key_id=OLD)
    place.work(request_id)
    new = collect(place.lab)["access_key_id"]
    suspended = place.lab.post("pi", "/v1/users/bob/suspend", {"reason": "a test"}, expect=202)
    place.iam.faults.append(Fault.BUSY)
    place.work(suspended["id"])
    assert place.ended(request_id) == Outcome.ROTATED
    back = place.lab.post("pi", "/v1/users/bob/resume", {"reason": "a test"}, expect=202)
    place.lab.approve("alice", back["id"])
    place.work(back["id"])
    assert {i: k.active for i, k in place.bob.keys.items()} == {new: True}
