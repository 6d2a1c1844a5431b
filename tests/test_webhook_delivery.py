"""Delivering webhooks: retries, slow and odd receivers, owners who leave, what is let go of."""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from typing_extensions import override

from app.clients.webhooks import Outcome, Poster
from app.config import Settings
from app.db import Database
from app.domain import endpoints, webhooks
from app.domain.words import UserState
from app.main import make_database
from app.models import Notice, User, Webhook, WebhookDelivery, columns
from app.services import following, housekeeping
from app.services import webhooks as services
from app.services.announcing import Announcer
from app.services.webhook_rounds import WebhookRounds
from tests.conftest import Databases
from tests.support.hooks import LOOPBACK, PI, happen, hook_of, register, rounds_of, sent, states, turn
from tests.support.receiver import METADATA, Receiver, receiving
from tests.support.site import until

SQLITE = pytest.mark.parametrize("kind", ["sqlite"])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def settings(databases: Databases, kind: str) -> Settings:
    return databases.prepared(kind)[0]


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    made = make_database(settings)
    yield made
    made.close()


@SQLITE
def test_what_fails_is_sent_again_under_the_same_id(database: Database, receiver: Receiver) -> None:
    receiver.answers["/flaky"] = [500, 301, 204]
    hook = register(database, f"{receiver.url}/flaky")
    rounds = rounds_of(database, 0.01, 0.01, 0.01)
    happen(database, "bob")
    turn(rounds, lambda: states(database, hook) == ["delivered"])
    [row] = sent(database, hook)
    assert [tried["status"] for tried in row.attempts] == [500, 301, 204]
    assert {call.id for call in receiver.calls} == {row.id}
    assert len({call.body for call in receiver.calls}) == 1
    assert hook_of(database, hook).failing_since is None


@SQLITE
def test_after_its_tries_it_is_given_up_and_can_be_sent_again(database: Database, receiver: Receiver) -> None:
    receiver.answers["/bad"] = [500, 500, 200]
    hook = register(database, f"{receiver.url}/bad")
    rounds = rounds_of(database, 0.01)
    happen(database, "bob")
    turn(rounds, lambda: states(database, hook) == ["failed"])
    assert len(receiver.calls) == 2
    assert hook_of(database, hook).failing_since is not None
    with database.write() as tx:
        services.resend(tx, PI, hook, sent(database, hook)[0].id)
    turn(rounds, lambda: states(database, hook) == ["delivered"])
    assert [tried["status"] for tried in sent(database, hook)[0].attempts] == [500, 500, 200]


@SQLITE
def test_a_slow_endpoint_delays_no_other(database: Database, receiver: Receiver) -> None:
    slow, quick = (register(database, f"{receiver.url}/{name}") for name in ("slow", "ok"))
    rounds = rounds_of(database)
    happen(database, "bob", "alice")
    turn(rounds, lambda: states(database, quick) == ["delivered"] * 2)
    assert states(database, slow) == ["waiting"] * 2
    receiver.free.set()
    turn(rounds, lambda: states(database, slow) == ["delivered"] * 2)


@SQLITE
def test_what_happened_before_and_what_it_did_not_ask_for_is_not_sent(database: Database, receiver: Receiver) -> None:
    first = register(database, f"{receiver.url}/first", "user.*")
    happen(database, "before")
    second = register(database, f"{receiver.url}/second", "user.vouched")
    third = register(database, f"{receiver.url}/third", "grant.*", "group.created")
    happen(database, "after")
    rounds = rounds_of(database)
    turn(rounds, lambda: states(database, first) == ["delivered"] * 2)
    turn(rounds, lambda: states(database, second) == ["delivered"])
    assert [b'"after"' in call.body for call in receiver.got("/second")] == [True]
    assert sent(database, third) == []


@pytest.mark.parametrize(
    ("path", "error", "status"),
    [("/drip", "timeout", None), ("/redirect", None, 302), ("/huge", None, 200), ("/junk", "not_http", None)],
)
def test_odd_answers_are_sized_timed_and_not_followed(
    receiver: Receiver, path: str, error: str | None, status: int | None
) -> None:
    receiver.answers["/redirect"], receiver.headers["Location"] = [302], METADATA
    whole = 0.5 if error == "timeout" else 60.0
    outcome = Poster(LOOPBACK, whole=whole).post(endpoints.parse(receiver.url + path), b"{}", {})
    assert (outcome.error, outcome.status) == (error, status)
    until(lambda: receiver.calls != [])  # who is given up early may be heard later
    assert len(receiver.calls) == 1
    if path == "/huge":
        assert receiver.cut_off.wait(60)


def test_nobody_there_is_an_outcome() -> None:
    outcome = Poster(LOOPBACK).post(endpoints.parse("http://127.0.0.1:1/"), b"{}", {})
    assert (outcome.error, outcome.status) == ("connect_failed", None)


def test_pauses_grow_over_a_day_and_retry_after_is_kept_to_within_bounds() -> None:
    pauses = [webhooks.pause(number, 0.5) for number in range(1, 8)]
    assert sum((pause for pause in pauses if pause), timedelta()) < webhooks.GIVEN_UP_AFTER
    assert webhooks.pause(8, 0.5) is None
    assert webhooks.pause(1, 0.5, 90) == timedelta(seconds=90)
    assert webhooks.pause(2, 0.5, 1) == timedelta(minutes=5)
    assert webhooks.pause(1, 0.5, 1e9) == timedelta(hours=8)
    assert webhooks.pause(1, 0.0) == timedelta(seconds=4)


@SQLITE
def test_who_asks_us_to_wait_is_waited_for(database: Database, receiver: Receiver) -> None:
    receiver.answers["/busy"], receiver.headers["Retry-After"] = [503], "3000"
    hook = register(database, f"{receiver.url}/busy")
    happen(database, "bob")
    turn(rounds_of(database, 0.01), lambda: sent(database, hook) != [] and sent(database, hook)[0].failures == 1)
    [row] = sent(database, hook)
    assert row.due_at is not None
    assert row.due_at > database.clock() + timedelta(seconds=2900)


@SQLITE
@pytest.mark.parametrize("loses", [{"roles": ["member"]}, {"state": UserState.SUSPENDED}, {"state": UserState.DELETED}])
def test_whoever_is_no_active_admin_any_more_hears_nothing(
    database: Database, receiver: Receiver, loses: dict[str, Any]
) -> None:
    hook = register(database, f"{receiver.url}/ok")
    users = columns(User)
    with database.write() as tx:
        tx.session.execute(sa.update(users).where(users.c.name == "pi").values(**loses))
    happen(database, "bob")
    rounds = rounds_of(database)
    turn(rounds, lambda: hook_of(database, hook).disabled_why == "owner")
    rounds()
    assert receiver.calls == []
    assert sent(database, hook) == []


@SQLITE
def test_a_mistake_of_ours_is_a_try_like_others(database: Database) -> None:
    class Broken(Poster):
        @override
        def post(self, *_: Any) -> Outcome:
            raise RuntimeError

    hook = register(database, "https://hooks.lab.example/")
    happen(database, "bob")
    turn(WebhookRounds(database, Broken(), pauses=(0.01,)), lambda: states(database, hook) == ["failed"])
    assert [tried["error"] for tried in sent(database, hook)[0].attempts] == ["internal_error"] * 2


@SQLITE
def test_after_five_quiet_days_one_failure_turns_nothing_off(database: Database, receiver: Receiver) -> None:
    receiver.answers["/blip"] = [502, 200]
    hook = register(database, f"{receiver.url}/blip")
    with database.write() as tx:
        tx.session.execute(sa.update(columns(Webhook)).values(failing_since=tx.now - timedelta(days=6)))
    happen(database, "bob")
    turn(rounds_of(database, 0.01), lambda: states(database, hook) in (["delivered"], ["failed"]))
    assert (states(database, hook), hook_of(database, hook).disabled_why) == (["delivered"], None)


@SQLITE
def test_after_five_days_of_failing_it_is_turned_off_and_its_owner_told(database: Database, receiver: Receiver) -> None:
    receiver.answers["/bad"] = [500]
    hook = register(database, f"{receiver.url}/bad")
    hooks = columns(Webhook)
    with database.write() as tx:
        tx.session.execute(sa.update(hooks).values(failing_since=tx.now - timedelta(days=5)))
    with database.write() as tx:
        following.begin(tx, "people")
    happen(database, "bob", "alice")
    turn(rounds_of(database, 0.01), lambda: hook_of(database, hook).disabled_why == "failing")
    following.follow(database, "people", Announcer(channel=False))
    with database.look() as tx:
        [(whom, text)] = tx.session.execute(sa.select(columns(Notice).c.whom, columns(Notice).c.text)).all()
    assert (whom, "127.0.0.1 was turned off: nothing arrived there for five days." in text) == ("pi", True)
    assert states(database, hook) == ["failed", "failed"]
    assert len(receiver.calls) == 3  # each once, and one of them to its end


@SQLITE
def test_what_is_old_is_tidied_and_what_waits_is_not(database: Database, receiver: Receiver) -> None:
    hook = register(database, f"{receiver.url}/ok")
    happen(database, "bob")
    turn(rounds_of(database), lambda: states(database, hook) == ["delivered"])
    with database.write() as tx:
        services.ping(tx, PI, hook)
        services.rotate(tx, PI, hook)
        old = {"created_at": tx.now - timedelta(days=31)}
        tx.session.execute(sa.update(columns(WebhookDelivery)).values(**old))
        tx.session.execute(sa.update(columns(Webhook)).values(before_ends_at=tx.now - timedelta(seconds=1)))
    housekeeping.tidy(database)
    assert [row.type for row in sent(database, hook)] == ["webhook.ping"]
    assert hook_of(database, hook).sealed_before is None


@SQLITE
def test_with_another_key_nothing_is_sent_and_the_log_says_so(
    database: Database, settings: Settings, receiver: Receiver
) -> None:
    hook = register(database, f"{receiver.url}/ok")
    happen(database, "bob")
    other = make_database(settings.model_copy(update={"secret_key": os.urandom(32)}))
    turn(rounds_of(other), lambda: sent(database, hook) != [] and sent(database, hook)[0].failures == 1)
    other.close()
    assert [tried["error"] for tried in sent(database, hook)[0].attempts] == ["secret_unreadable"]
    assert receiver.calls == []
