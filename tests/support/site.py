"""Gatehouse as real processes: a folder with settings, the commands run in it, and servers and workers to be killed."""

import base64
import contextlib
import dataclasses
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

GATEHOUSE = Path(sys.executable).with_name("gatehouse")
STEP = 0.05
_MOTO = """
import sys, time
from app.cli.simulation import simulated_aws
with simulated_aws() as url:
    print(url, flush=True)
    sys.stdin.read()
"""


def key() -> str:
    """32 random bytes, as the settings take them."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


@contextlib.contextmanager
def moto_process() -> Iterator[str]:
    """An AWS in a process of its own, as yet empty; its address."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", _MOTO], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate("")


@dataclasses.dataclass
class Site:
    """A folder with a database, the settings for it, and the tokens of its people."""

    folder: Path
    env: dict[str, str] = dataclasses.field(repr=False)
    tokens: dict[str, str] = dataclasses.field(default_factory=dict, repr=False)

    def but(self, **env: str | None) -> "Site":
        """The same with other settings; None takes one away."""
        merged = {k: v for k, v in {**self.env, **env}.items() if v is not None}
        return dataclasses.replace(self, env=merged)

    def copied(self, folder: Path, **env: str) -> "Site":
        """The same in another folder, with an SQLite database's files copied along."""
        shutil.copytree(self.folder, folder)
        return dataclasses.replace(self.but(**env), folder=folder)

    @property
    def logs(self) -> Path:
        """Where its processes say what they have to say: beside the folder, which is theirs alone."""
        return self.folder.with_name(f"{self.folder.name}-said")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [GATEHOUSE, *arguments],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        """What a command that must succeed prints: one JSON document and nothing else."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def refused(self, *arguments: str, code: int = 2) -> str:
        """The one line that a command that must not succeed prints."""
        done = self.run(*arguments)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        [line] = done.stderr.splitlines()
        assert line.startswith("gatehouse: ")
        return line

    @contextlib.contextmanager
    def process(self, *arguments: str, stdout: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[str]]:
        """A command that goes on; killed at the end if it still runs. What it says goes to a file."""
        self.logs.mkdir(exist_ok=True)
        said = self.logs / f"{time.monotonic_ns()}-{arguments[0]}.log"
        with (
            said.open("w") as stderr,
            subprocess.Popen(
                [GATEHOUSE, *arguments], cwd=self.folder, env=self.env, stdout=stdout, stderr=stderr, text=True
            ) as process,
        ):
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGCONT)
                    process.kill()
                process.wait(60)

    @contextlib.contextmanager
    def serving(self, *arguments: str) -> Iterator["Server"]:
        """A server in a process of its own."""
        with self.process("serve", "--port", "0", "--json", *arguments, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, self.said()
            said = json.loads(line)
            with httpx.Client(base_url=said["url"], timeout=120) as client:
                yield Server(process, said, client, {**self.tokens, **said["tokens"]}, self)

    @contextlib.contextmanager
    def working(self) -> Iterator[subprocess.Popen[str]]:
        """A worker in a process of its own, once it works."""
        word = '"event": "working"'
        before = self.said().count(word)
        with self.process("worker") as process:
            until(lambda: self.said().count(word) > before or process.poll() is not None, said=self.said)
            assert process.poll() is None, self.said()
            yield process

    def said(self) -> str:
        """What the processes of this folder said on stderr."""
        return "".join(path.read_text() for path in sorted(self.logs.glob("*.log")))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the SQLite file says while no process runs."""
        with contextlib.closing(sqlite3.connect(self.folder / "gatehouse.db")) as connection:
            return connection.execute(query).fetchall()

    def enrol(self) -> None:
        """init, setup, and pi, alice and bob, all by the real commands."""
        self.tokens["pi"] = self.json("init", "--owner", "pi", "--email", "pi@lab.example", "--json")["token"]
        first = self.json("setup", "--json")
        assert first["differences"] == []
        with self.serving() as server:
            for name, roles in (("alice", ["admin"]), ("bob", [])):
                body = {"name": name, "email": f"{name}@lab.example", "roles": roles}
                server.call("pi", "POST", "/v1/users", body, expect=201)
                code = server.call("pi", "POST", f"/v1/users/{name}/enrolment", expect=201)["code"]
                self.tokens[name] = server.call(None, "POST", "/v1/enrolments/redeem", {"code": code})["token"]
            assert server.terminate()[0] == 0


def new_site(folder: Path, aws: str, database_url: str = "sqlite:///gatehouse.db") -> Site:
    """Settings and keys for a new Gatehouse."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": aws,
        "GATEHOUSE_DATABASE_URL": database_url,
        "GATEHOUSE_SECRET_KEY": key(),
        "GATEHOUSE_AUDIT_KEY": key(),
        "GATEHOUSE_REQUIRE_MFA": "false",
    }
    return Site(folder, env)


@dataclasses.dataclass
class Server:
    """A running `gatehouse serve`."""

    process: subprocess.Popen[str]
    said: dict[str, Any] = dataclasses.field(repr=False)
    client: httpx.Client
    tokens: dict[str, str] = dataclasses.field(repr=False)
    site: Site

    def call(self, who: str | None, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        """One call that must answer `expect`."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        answer = self.client.request(method, path, json=body, headers=headers)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def ask(self, duration: str, who: str = "bob", group: str = "LabGuest") -> str:
        """Somebody asks for a group; the id of the request."""
        body = {"kind": "group.join", "change": {"group": group}, "duration": duration, "reason": "a test"}
        return str(self.call(who, "POST", "/v1/access-requests", body, expect=201)["id"])

    def approve(self, request_id: str) -> None:
        """alice approves."""
        self.call("alice", "POST", f"/v1/access-requests/{request_id}/approve")

    def asked_and_approved(self, duration: str) -> str:
        """Both; the id of the request."""
        request_id = self.ask(duration)
        self.approve(request_id)
        return request_id

    def applied(self, request_id: str) -> Any:
        """Wait until a request is applied, and answer it."""
        row = self.call("pi", "GET", f"/v1/access-requests/{request_id}?wait=60&until=applied")
        assert row["provisioning"] == "applied", (row, self.site.said())
        return row

    def grant_of(self, request_id: str) -> Any:
        """The grant of a request."""
        row = self.call("pi", "GET", f"/v1/access-requests/{request_id}")
        return self.call("pi", "GET", f"/v1/grants/{row['grant_id']}")

    def grant_until(self, request_id: str, state: str, seconds: float = 120) -> Any:
        """Wait until the grant of a request is in a state, and answer it."""
        until(lambda: self.grant_of(request_id)["state"] == state, seconds, self.site.said)
        return self.grant_of(request_id)

    def audit_holds(self) -> None:
        """The whole chain is as it was written."""
        assert self.call("pi", "GET", "/v1/audit-events/verify")["valid"] is True

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        assert self.process.wait(60) == -signal.SIGKILL

    def terminate(self) -> tuple[int, str]:
        """SIGTERM; the exit code and what was said on stderr."""
        self.process.terminate()
        self.process.wait(120)
        return self.process.returncode, self.site.said()


def until(holds: Callable[[], bool], seconds: float = 120, said: Callable[[], str] = str) -> None:
    """Wait until it holds; fail with what was said when it takes too long."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, said()
        time.sleep(STEP)
