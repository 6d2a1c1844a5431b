"""The real `gatehouse`: with somebody at a keyboard, and what it loads."""

import contextlib
import importlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from app.cli import lazy
from app.cli.exits import Exit
from tests.conftest import Databases
from tests.support.lab import Lab
from tests.support.site import GATEHOUSE

SERVER = ("alembic", "boto3", "fastapi", "procrastinate", "pydantic_settings", "slack_bolt", "sqlalchemy", "sqlmodel")
_LOADED = f"""
import sys
from app import cli
try:
    cli.main()
finally:
    print(sorted(set({SERVER!r}) & set(sys.modules)), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def lab(databases: Databases) -> Iterator[Lab]:
    """One running lab for the whole module."""
    with databases.lab("sqlite") as found:
        yield found


@pytest.fixture
def interruptible() -> Iterator[None]:
    """As at a terminal: a suite that a script put into the background ignores Ctrl-C, and so would what it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def env_of(lab: Lab, who: str, home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TERM": "xterm",
        "COLUMNS": "80",
        "GATEHOUSE_URL": lab.url,
        "GATEHOUSE_TOKEN": lab.tokens[who],
    }


class Keyboard:
    """Somebody at a terminal of their own."""

    def __init__(self, process: subprocess.Popen[bytes], end: int) -> None:
        self.process, self._end, self.seen = process, end, ""

    def until(self, text: str, seconds: float = 120) -> None:
        """Read until this stands there, whatever colours it has."""
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if not self._read(0.5):
                assert text in self.seen, self.seen
                return

    def type(self, text: str) -> None:
        """Press these keys."""
        os.write(self._end, text.encode())

    def ended(self, seconds: float = 120) -> int:
        """Wait for the end; the exit code. What is painted over and over is no end."""
        deadline = time.monotonic() + seconds
        while self._read(0.5):
            assert time.monotonic() < deadline, self.seen
        return self.process.wait(60)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._end], [], [], seconds)[0]:
            return self.process.poll() is None
        try:
            part = os.read(self._end, 65536)
        except OSError:  # how Linux says that the other end was closed
            return False
        self.seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", part.decode(errors="replace"))
        return bool(part)


@contextlib.contextmanager
def keyboard(*arguments: str, env: dict[str, str], folder: Path) -> Iterator[Keyboard]:
    """Run a command at a pseudo terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [GATEHOUSE, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=env,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        try:
            yield Keyboard(process, ours)
        finally:
            if process.poll() is None:
                process.kill()
            os.close(ours)


def test_asked_for_what_is_missing_then_watched(lab: Lab, tmp_path: Path) -> None:
    bob, alice = (env_of(lab, who, tmp_path) for who in ("bob", "alice"))
    with keyboard("request", env=bob, folder=tmp_path) as keys:
        for question, answer in (
            ("Which group", "LabGuest"),
            ("For how long", "7d"),
            ("Why", "reading"),
            ("Ask for this?", "y"),
        ):
            keys.until(question)
            if question == "Ask for this?":
                assert "add bob to the group LabGuest" in keys.seen
                assert lab.get("bob", "/v1/access-requests?decision=pending&mine=true")["items"] == []
            keys.type(f"{answer}\n")
        assert keys.ended() == Exit.DONE, keys.seen
    [asked] = lab.get("bob", "/v1/access-requests?decision=pending&mine=true")["items"]
    assert (asked["duration"], asked["reason"]) == ("P7D", "reading")

    with keyboard("watch", asked["id"], env=bob, folder=tmp_path) as watching:
        watching.until("waits for approval (0 of 1)")
        with keyboard("approve", asked["id"][:13], env=alice, folder=tmp_path) as keys:
            keys.until("Approve this?")
            keys.type("n\n")
            assert keys.ended() == Exit.REFUSED
        assert lab.get("bob", f"/v1/access-requests/{asked['id']}")["decision"] == "pending"
        lab.approve("alice", asked["id"])
        watching.until("applied")
        assert watching.ended() == Exit.DONE


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_is_an_end_like_any_other(lab: Lab, tmp_path: Path) -> None:
    with keyboard("watch", env=env_of(lab, "alice", tmp_path), folder=tmp_path) as keys:
        keys.until("Waits for you: nothing")
        os.killpg(keys.process.pid, signal.SIGINT)
        assert keys.ended() == Exit.INTERRUPTED
        assert "Traceback" not in keys.seen


def test_each_command_of_the_host_is_found() -> None:
    """A module's commands are run by name, so a new one has to be named."""
    modules = {module for module, _ in lazy.COMMANDS.values()}
    found = set()
    for module in modules:
        app = typer.Typer()
        importlib.import_module(f"app.cli.{module}").add_to(app)
        found |= {(name, module) for name in typer.main.get_group(app).commands}
    assert {(name, module) for name, (module, _) in lazy.COMMANDS.items()} == found


def test_what_a_person_runs_loads_nothing_of_the_server(lab: Lab, tmp_path: Path) -> None:
    env = env_of(lab, "bob", tmp_path)
    command = [sys.executable, "-c", _LOADED, "mine"]
    mine = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert (mine.returncode, mine.stderr.splitlines()[-1]) == (0, "[]")
