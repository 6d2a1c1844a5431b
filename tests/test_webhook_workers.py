"""Several who deliver webhooks, and one that dies: each is sent at least once, and by one of them at a time."""

import base64
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.config import Settings
from app.db import Database
from app.main import make_database
from app.models import WebhookDelivery, columns
from app.services import webhooks as services
from app.services.webhook_rounds import _NEXT, WebhookRounds
from tests.conftest import BOTH, Databases
from tests.support.hooks import PI, happen, register, rounds_of, sent, states, turn
from tests.support.receiver import Receiver, receiving
from tests.support.site import until

_CHILD = """
import os, sys, time
from ipaddress import ip_network
from app.clients.webhooks import Poster
from app.config import Settings
from app.main import make_database
from app.services.webhook_rounds import WebhookRounds
settings = Settings(_env_file=None)
rounds = WebhookRounds(make_database(settings), Poster((ip_network("127.0.0.0/8"),)))
while True:
    rounds()
    time.sleep(0.02)
"""


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


@pytest.mark.parametrize("kind", ["sqlite"])
def test_what_was_sent_and_not_noted_by_a_process_that_died_is_sent_again(
    database: Database, settings: Settings, receiver: Receiver
) -> None:
    hook = register(database, f"{receiver.url}/ok")
    happen(database, "bob")
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "GATEHOUSE_DATABASE_URL": settings.database_url,
        "GATEHOUSE_SECRET_KEY": _text(settings.secret_key),
        "GATEHOUSE_AUDIT_KEY": _text(settings.audit_key),
    }
    with subprocess.Popen([sys.executable, "-c", _CHILD], env=env) as child:

        def die() -> None:
            child.send_signal(signal.SIGKILL)
            child.wait(60)

        receiver.on_call = die
        until(lambda: child.poll() is not None)
    receiver.on_call = None
    [row] = sent(database, hook)
    assert (row.state, row.attempts, row.claims) == ("waiting", [], 1)
    with database.write() as tx:  # its lease is over: a short one might have been over while it still lived
        tx.session.execute(sa.update(columns(WebhookDelivery)).values(due_at=tx.now))
    turn(rounds_of(database), lambda: states(database, hook) == ["delivered"])
    assert [call.id for call in receiver.calls] == [row.id] * 2


def _text(key: bytes | None) -> str:
    return base64.urlsafe_b64encode(key or b"").decode()


@BOTH
def test_two_workers_send_each_once(database: Database, settings: Settings, receiver: Receiver) -> None:
    hook = register(database, f"{receiver.url}/ok")
    other = make_database(settings)
    happen(database, *(f"person{number}" for number in range(12)))
    workers = [rounds_of(one) for one in (database, other)]
    done = threading.Event()

    def work(rounds: WebhookRounds) -> None:
        while not done.is_set():
            rounds()

    threads = [threading.Thread(target=work, args=(rounds,)) for rounds in workers]
    for thread in threads:
        thread.start()
    until(lambda: states(database, hook) == ["delivered"] * 12)
    done.set()
    for thread in threads:
        thread.join(60)
    assert [rounds.stop(60) for rounds in workers] == [True, True]
    other.close()
    assert sorted(call.id for call in receiver.calls) == sorted(row.id for row in sent(database, hook))
    assert {row.claims for row in sent(database, hook)} == {1}


@pytest.mark.parametrize("kind", ["postgresql"])
def test_who_comes_second_to_a_delivery_does_not_get_it(database: Database, settings: Settings) -> None:
    hook = register(database, "http://127.0.0.1:1/")
    with database.write() as tx:
        services.ping(tx, PI, hook)
    other = make_database(settings)
    first, second = rounds_of(database), rounds_of(other)
    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.append(second._claim(hook)))
    waits = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with database.write() as tx:
        row = tx.session.connection().execute(_NEXT, {"webhook_id": hook, "now": tx.now}).one()
        assert first._take(tx, row)
        thread.start()  # it sees the delivery still as due, and waits for us

        def stands_behind_us() -> bool:
            with database.look() as look:
                return bool(look.session.connection().execute(waits).scalar_one())

        until(stands_behind_us)
    thread.join(60)
    other.close()
    assert got == [None]
