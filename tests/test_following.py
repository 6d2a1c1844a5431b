"""Following the audit: each event is handled once, in order, whoever follows, and never before its change is there."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from app.db import Database, Tx
from app.delivery.courier import Courier, stop_all
from app.domain.actors import SYSTEM_ACTOR
from app.main import make_database
from app.models import Follower
from app.services import audit, following
from app.services.following import Event
from tests.conftest import BOTH, Databases
from tests.support.site import until

NAME = "test"


@pytest.fixture
def database(databases: Databases, kind: str) -> Iterator[Database]:
    made = make_database(databases.prepared(kind)[0])
    with made.write() as tx:
        following.begin(tx, NAME)
    yield made
    made.close()


def happen(database: Database, *events: str) -> None:
    for event in events:
        with database.write() as tx:
            audit.record(tx, event, by=SYSTEM_ACTOR, subject="bob", of=event)


class Told:
    """Remembers what it was handed, as rows would."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, _tx: Tx, events: list[Event]) -> None:
        self.events += events

    @property
    def names(self) -> list[str]:
        return [event.event for event in self.events]


@BOTH
def test_what_happens_is_handled_once_and_in_order(database: Database) -> None:
    told = Told()
    happen(database, *(f"test.happened_{number}" for number in range(5)))
    assert following.behind(database, NAME) == 5
    assert [following.follow(database, NAME, told, most=2) for _ in range(4)] == [2, 2, 1, 0]
    assert told.names == [f"test.happened_{number}" for number in range(5)]
    assert (told.events[0].subject, told.events[0].data) == ("bob", {"of": "test.happened_0"})


@BOTH
def test_what_could_not_be_written_down_is_handled_again(database: Database) -> None:
    def broken(_tx: Tx, _events: list[Event]) -> None:
        raise RuntimeError

    happen(database, "test.happened")
    with pytest.raises(RuntimeError):
        following.follow(database, NAME, broken)
    told = Told()
    following.follow(database, NAME, told)
    assert told.names == ["test.happened"]


@BOTH
def test_several_followers_of_one_name_take_turns(database: Database) -> None:
    told, lock = Told(), threading.Lock()

    def handle(tx: Tx, events: list[Event]) -> None:
        with lock:
            told(tx, events)

    happen(database, *(f"test.happened_{number}" for number in range(20)))

    def work() -> None:
        while following.follow(database, NAME, handle, most=3):
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert told.names == [f"test.happened_{number}" for number in range(20)]


@BOTH
def test_who_begins_hears_of_what_comes_and_may_leave_out_what_was_missed(database: Database) -> None:
    happen(database, "test.before")
    with database.write() as tx:
        following.begin(tx, NAME, at_the_head=True)
        following.begin(tx, "another")
    happen(database, "test.after")
    for name in (NAME, "another"):
        told = Told()
        following.follow(database, name, told)
        assert told.names == ["test.after"]


@pytest.mark.parametrize("kind", ["postgresql"])
def test_who_lets_one_begin_that_begins_in_this_moment_waits_for_it(database: Database) -> None:
    def begin() -> None:
        with database.write() as tx:
            following.begin(tx, "another")
        begun.append("second")

    begun: list[str] = []
    second = threading.Thread(target=begin)
    waits = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with database.write() as tx:
        following.begin(tx, "another")
        second.start()

        def stands_behind_us() -> bool:
            with database.look() as look:
                return bool(look.session.connection().execute(waits).scalar_one())

        until(stands_behind_us)
        begun.append("first")
    second.join(60)
    assert begun == ["first", "second"]


@BOTH
def test_rule_38_a_follower_ahead_of_a_restored_audit_begins_at_its_head(database: Database) -> None:
    with database.write() as tx:
        row = tx.session.get(Follower, NAME)
        assert row is not None
        row.seq += 1000
    assert following.behind(database, NAME) == 0
    with database.write() as tx:
        following.begin(tx, NAME)
    told = Told()
    happen(database, "test.after")
    following.follow(database, NAME, told)
    assert told.names == ["test.after"]


@pytest.mark.parametrize("pause", [1.0, 1000.0], ids=["somebody listens", "nobody does"])
@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_courier_hears_of_commits_and_lives_through_failures(database: Database, pause: float) -> None:
    told, rounds = Told(), []

    def round_() -> float:
        rounds.append(1)
        if len(rounds) == 1:
            raise OSError
        return 0.0 if following.follow(database, NAME, told) else pause

    courier = Courier(database, NAME, round_, after_failure=0.05)
    courier.start()
    happen(database, "test.happened")
    until(lambda: told.names == ["test.happened"])
    assert stop_all([courier], 60)
    happen(database, "test.later")
    assert following.behind(database, NAME) == 1


@pytest.mark.parametrize("kind", ["postgresql"])
def test_processes_that_start_together_begin_together(database: Database) -> None:
    problems: list[BaseException] = []

    def begin() -> None:
        try:
            with database.write() as tx:
                following.begin(tx, "new")
        except Exception as problem:  # noqa: BLE001 - it is what the test looks for
            problems.append(problem)

    def waits() -> bool:
        with database.read() as tx:
            found = tx.session.connection().execute(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted"))
            return bool(found.scalar_one())

    second = threading.Thread(target=begin)
    with database.write() as tx:
        following.begin(tx, "new")
        second.start()
        until(waits)
    second.join(60)
    assert problems == []
