"""Whole lives a second against the floor of two bare inserts a life."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from app import migrate
from app.config import Settings
from app.domain import names
from app.domain.actors import SYSTEM_ACTOR
from app.domain.words import Channel, Role
from app.main import make_database
from app.models import Sighting, User
from app.services import catalogue, owner, setup, tokens
from bench.server import FreeIam

CLIENTS = 8


def prepare(url: str, lives: int) -> dict[str, str]:
    """A lab with pi and alice as admins and a user for each life."""
    settings = Settings(database_url=url)
    database = make_database(settings)
    migrate.upgrade(database.engine)
    with database.write() as tx:
        made = {"pi": owner.begin(tx, catalogue.read(None), name="pi", email="pi@lab.example")}
    setup.run(database, FreeIam(), SYSTEM_ACTOR, "default")
    with database.write() as tx:
        for name in ["alice", *(f"u{n}" for n in range(lives))]:
            admin = name == "alice"
            user = User(
                name=name, name_key=names.key(name), email=f"{name}@x.y", email_key=f"{name}@x.y",
                roles=[Role.ADMIN, Role.MEMBER] if admin else [Role.MEMBER], verified=True, created_at=tx.now,
            )
            tx.session.add(user)
            if admin:
                tx.session.flush()
                _, made["alice"] = tokens.issue(tx, user, name="b", by=SYSTEM_ACTOR, origin="token")
    database.close()
    return made


class Client:
    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def call(self, method: str, path: str, token: str | None, body: object = None) -> dict:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        assert answer.status < 300, text
        return json.loads(text)


def run(url: str, lives: int, one) -> float:
    """Lives a second with CLIENTS clients."""
    todo = iter(range(lives))
    lock = threading.Lock()

    def work() -> None:
        client = Client(url)
        while True:
            with lock:
                n = next(todo, None)
            if n is None:
                return
            one(client, n)

    threads = [threading.Thread(target=work) for _ in range(CLIENTS)]
    began = time.perf_counter()
    for t in threads: t.start()
    for t in threads: t.join()
    return began


def serve(what: str, url: str):
    command = [sys.executable, "-m", "bench.server", what, url]
    if os.environ.get("PROFILE") and what == "gatehouse":
        command = [*os.environ["PROFILE"].split(), *command]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return server, server.stdout.readline().strip()


def main() -> None:
    lives = int(sys.argv[1])
    base = sys.argv[2] if len(sys.argv) > 2 else "sqlite"
    keys = {"GATEHOUSE_SECRET_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "GATEHOUSE_AUDIT_KEY": "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
    os.environ.update(keys)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/g.db" if base == "sqlite" else base
        made = prepare(url, lives)
        server, at = serve("gatehouse", url)
        last = {}
        def life(client, n):
            row = client.call("POST", "/v1/access-requests", made["pi"], {"kind": "group.join", "user": f"u{n}", "change": {"group": "LabUser"}, "reason": "bench", "duration": "P7D"})
            client.call("POST", f"/v1/access-requests/{row['id']}/approve", made["alice"], {})
            last[n] = row["id"]
        began = run(at, lives, life)
        asked = time.perf_counter() - began
        client = Client(at)
        for n in range(lives):
            row = client.call("GET", f"/v1/access-requests/{last[n]}?wait=60", made["pi"])
            assert row["provisioning"] == "applied", row
        took = time.perf_counter() - began
        server.terminate(); server.wait()
        floor_url = f"sqlite:///{folder}/f.db" if base == "sqlite" else base
        server, at = serve("floor", floor_url)
        def bare(client, n):
            for _ in range(2):
                client.call("POST", "/rows", None, {"kind": "group.join", "user": f"u{n}", "reason": "bench"})
        began = run(at, lives, bare)
        floor = time.perf_counter() - began
        server.terminate(); server.wait()
    print(json.dumps({"lives_per_s": lives / took, "decided_per_s": lives / asked, "floor_per_s": lives / floor, "ratio": floor / took}))


if __name__ == "__main__":
    main()
