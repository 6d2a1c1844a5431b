"""Whole lives a second (ask, approve, applied) against the floor of two bare inserts a life.

    python -m bench.lives [LIVES]

IAM is answered in-process at no cost, so that our own cost shows; 8 clients, one embedded worker thread.
"""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from app import migrate
from app.config import Settings
from app.domain import names
from app.domain.actors import SYSTEM_ACTOR
from app.domain.words import Role
from app.main import make_database
from app.models import User
from app.services import catalogue, owner, setup, tokens
from bench.server import FreeIam

CLIENTS = 8
KEYS = {
    "GATEHOUSE_SECRET_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "GATEHOUSE_AUDIT_KEY": "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}


class Client:
    """One connection; the standard library's client costs least."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def call(self, method: str, path: str, token: str | None, body: object = None) -> Any:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        text = answer.read()
        assert answer.status < 300, text
        return json.loads(text)


def prepare(url: str, lives: int) -> dict[str, str]:
    """A lab with pi and alice as admins and a user for each life; their tokens."""
    database = make_database(Settings(database_url=url))
    migrate.upgrade(database.engine)
    with database.write() as tx:
        made = {"pi": owner.begin(tx, catalogue.read(None), name="pi", email="pi@lab.example")}
    setup.run(database, FreeIam(), SYSTEM_ACTOR, "default")
    with database.write() as tx:
        alice = _user(tx.now, "alice", [Role.ADMIN, Role.MEMBER])
        tx.session.add_all([alice, *(_user(tx.now, f"u{n}", [Role.MEMBER]) for n in range(lives))])
        tx.session.flush()
        _, made["alice"] = tokens.issue(tx, alice, name="bench", by=SYSTEM_ACTOR, origin="token")
    database.close()
    return made


def _user(now: Any, name: str, roles: list[str]) -> User:
    email = f"{name}@lab.example"
    return User(
        name=name,
        name_key=names.key(name),
        email=email,
        email_key=email,
        roles=roles,
        verified=True,
        created_at=now,
    )


@contextmanager
def serving(what: str, url: str) -> Iterator[str]:
    """A server in a process of its own; its address."""
    command = [sys.executable, "-m", "bench.server", what, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def run(url: str, lives: int, one: Callable[[Client, int], None]) -> None:
    """Do it `lives` times with all clients."""
    todo = iter(range(lives))
    lock = threading.Lock()

    def work() -> None:
        client = Client(url)
        while True:
            with lock:
                number = next(todo, None)
            if number is None:
                return
            one(client, number)

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def lives_a_second(url: str, lives: int) -> float:
    """From the first ask to the last applied."""
    made = prepare(url, lives)
    ids: dict[int, str] = {}

    def life(client: Client, number: int) -> None:
        wish = {"kind": "group.join", "user": f"u{number}", "change": {"group": "LabUser"}, "reason": "bench"}
        asked = client.call("POST", "/v1/access-requests", made["pi"], wish)
        client.call("POST", f"/v1/access-requests/{asked['id']}/approve", made["alice"], {})
        ids[number] = asked["id"]

    with serving("gatehouse", url) as at:
        began = time.perf_counter()
        run(at, lives, life)
        client = Client(at)
        for request_id in ids.values():
            row = client.call("GET", f"/v1/access-requests/{request_id}?wait=60", made["pi"])
            assert row["provisioning"] == "applied", row
        return lives / (time.perf_counter() - began)


def floor_a_second(url: str, lives: int) -> float:
    """Two bare inserts each."""

    def bare(client: Client, number: int) -> None:
        for _ in range(2):
            client.call("POST", "/rows", None, {"kind": "group.join", "user": f"u{number}", "reason": "bench"})

    with serving("floor", url) as at:
        began = time.perf_counter()
        run(at, lives, bare)
        return lives / (time.perf_counter() - began)


def main() -> None:
    lives = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    os.environ.update(KEYS)
    with tempfile.TemporaryDirectory() as folder:
        ours = lives_a_second(f"sqlite:///{folder}/gatehouse.db", lives)
        floor = floor_a_second(f"sqlite:///{folder}/floor.db", lives)
    shown = {"lives_per_s": round(ours, 1), "floor_per_s": round(floor, 1), "ratio": round(ours / floor, 3)}
    print(json.dumps({"database": "sqlite", "clients": CLIENTS, "lives": lives, **shown}))


if __name__ == "__main__":
    main()
