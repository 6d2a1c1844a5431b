"""One run: clients, chaos and faults until the time is up, then rest, then everything is read and compared."""

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from tests.history import accounts, chaos, clients
from tests.history.check import check
from tests.history.collecting import collect, settle
from tests.history.record import History, Note, Violation
from tests.history.world import World, world
from tests.support.faults import PASSING

FAULTS = 0.03
"""How many of all calls to AWS meet a fault."""


@dataclass(frozen=True)
class Result:
    """What came of a run."""

    history: History
    violations: list[Violation]
    figures: dict[str, str]


def run(
    kind: str, seconds: float, seed: int, folder: Path, postgres: Callable[[], URL], *, faults: float = FAULTS
) -> Result:
    """Make a world, let it be disturbed, and judge it.

    Args:
        kind: `sqlite` or `postgresql`.
        seconds: Of load; making the world and coming to rest take about a minute more.
        seed: Of the clients, the faults and the chaos.
        folder: An empty one; logs are left there.
        postgres: The address of a PostgreSQL server; called where one is needed.
        faults: How many of all calls to AWS meet one, from 0 to 1.
    """
    took = {"made in": time.monotonic()}
    with world(kind, folder, seed, postgres) as place:
        began = dt.datetime.now(dt.UTC)
        _passed(took, "made in", "load and chaos")
        place.proxy.on(None, PASSING, times=None, probability=faults)
        notes = _load(place, seconds, seed)
        _passed(took, "load and chaos", "came to rest in")
        settled = settle(place)
        _passed(took, "came to rest in", "collected in")
        met = Counter(type(fault).__name__ for _, fault in place.proxy.met)
        history = collect(place, notes, began, settled=settled)
        _passed(took, "collected in")
    times = {name: f"{seconds:.1f} s" for name, seconds in took.items()}
    figures = {**_figures(history), "faults met": _counted(met), **times}
    return Result(history, check(history), figures)


def _passed(took: dict[str, float], over: str, begins: str | None = None) -> None:
    now = time.monotonic()
    took[over] = now - took[over]
    if begins is not None:
        took[begins] = now


def _load(place: World, seconds: float, seed: int) -> list[Note]:
    board, befalls = clients.Board(), chaos.everything(place, seed)
    with ThreadPoolExecutor(clients.CLIENTS + len(befalls)) as pool:
        disturbing: list[Future[Any]] = [pool.submit(befall) for befall in befalls]
        playing: list[Future[Any]] = [
            pool.submit(clients.play, place, board, seed, number) for number in range(clients.CLIENTS)
        ]
        until = time.monotonic() + seconds
        while time.monotonic() < until and not any(one.done() for one in (*disturbing, *playing)):
            time.sleep(0.1)
        place.over.set()
        for one in disturbing:
            one.result()
        return sorted((note for one in playing for note in one.result()), key=lambda note: note.began)


def _counted(found: Counter[str]) -> str:
    parts = ", ".join(f"{name} {times}" for name, times in sorted(found.items()))
    return f"{found.total()} ({parts})" if found else "0"


def _figures(history: History) -> dict[str, str]:
    notes, grants = history.notes, history.grants
    return {
        "calls": _counted(Counter(note.verb for note in notes)),
        "answers": _counted(Counter(str(note.status or "none") for note in notes)),
        "503": str(sum(note.status == 503 for note in notes)),
        "access requests": _counted(Counter(f"{r['decision']}/{r['provisioning']}" for r in history.requests)),
        "grants": _counted(Counter(g["end_reason"] or g["state"] for g in grants)),
        "stand at the end": str(len(history.members)),
        "audit events": str(len(history.events)),
        "IAM writes": _counted(Counter(f"{w.action} {w.status}" for w in history.writes)),
        "taken again": str(len(history.events_named("access.taken_again"))),
        "disturbed": _counted(Counter(d.what for d in history.disturbances)),
        "latest end after its due time": f"{accounts.latest_end(history).total_seconds():.1f} s",
    }
