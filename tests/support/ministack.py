"""ministack, the second emulator, as a process of its own (`make .venv-ministack` makes its environment)."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path

import httpx

from tests.support.ports import free_port

PROGRAM = Path(__file__).parents[2] / ".venv-ministack" / "bin" / "ministack"
_START = 120
"""Seconds until it must answer."""


def version() -> str:
    """The version in its environment."""
    places = [str(p) for p in PROGRAM.parents[1].glob("lib/python3*/site-packages")]
    return next(iter(distributions(name="ministack", path=places))).version


@contextmanager
def running(folder: Path, **more: str) -> Iterator[str]:
    """Run it on loopback; its address. `folder` becomes its home and gets its log, `more` goes to its environment."""
    port = free_port()
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)} | more
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([PROGRAM], cwd=folder, env=env, stdout=log, stderr=log) as run,
    ):
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_for(url, run)
            yield url
        finally:
            run.kill()  # it keeps nothing; asked politely it takes seconds


def _wait_for(url: str, run: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START
    while True:
        assert run.poll() is None, "ministack ended"
        try:
            httpx.get(url, timeout=20)
        except httpx.TransportError:
            assert time.monotonic() < deadline, "ministack did not start"
            time.sleep(0.02)
        else:
            return
