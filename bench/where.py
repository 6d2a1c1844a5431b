"""Where the time of a life goes: each of its steps by itself, on one thread, without HTTP.

    python -m bench.where [--where-lives N] [--on sqlite|postgresql] [--profile STEP]

Processor time is this process's own, so that it says the same on a busy machine; what PostgreSQL's processes need is
not in it. `--profile` prints a profile of one step in place of the table.
"""

import argparse
import contextlib
import cProfile
import pstats
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from app import log
from app.api import views
from app.changes.group_membership import GroupBody
from app.db import Database
from app.domain.actors import Caller
from app.domain.words import Channel, Kind, Verdict
from app.domain.work import Work
from app.services import decisions, requests, tokens
from app.services.reconcile import Reconciler
from bench.common import KINDS, Figure, arguments, report
from bench.free_iam import FreeIam
from bench.lab import Databases, prepare

STEPS = ("who calls", "ask", "approve", "carry out")
_WARM = 20
_PROFILE_LINES = 45


@dataclass
class Cost:
    """What one step took, over all lives."""

    cpu: float = 0.0
    wall: float = 0.0
    statements: int = 0
    profile: cProfile.Profile = field(default_factory=cProfile.Profile)


class Stopwatch:
    """Adds up by step what happens inside `step`."""

    def __init__(self, database: Database, profiled: str | None) -> None:
        self.costs = {name: Cost() for name in STEPS}
        self._profiled, self._statements = profiled, 0
        sa.event.listen(database.engine, "before_cursor_execute", self._count)

    def _count(self, *_of: Any) -> None:
        self._statements += 1

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure one."""
        cost = self.costs[name]
        before, cpu, wall = self._statements, time.process_time(), time.perf_counter()
        with cost.profile if name == self._profiled else contextlib.nullcontext():
            yield
        cost.cpu += time.process_time() - cpu
        cost.wall += time.perf_counter() - wall
        cost.statements += self._statements - before


def measure(databases: Databases, kind: str, lives: int, profiled: str | None) -> dict[str, Cost]:
    """So many lives, one after the other."""
    iam = FreeIam()
    site = prepare(databases, kind, iam, lives + _WARM)
    with contextlib.closing(site.database()) as database:
        reconcile = Reconciler(database, lambda _account: iam)

        def caller(name: str) -> Caller:
            with database.read() as tx:
                return tokens.authenticate(tx, site.tokens[name], channel=Channel.API, request_id="bench")

        def live(number: int, watch: Stopwatch) -> None:
            with watch.step("who calls"):
                pi, alice = caller("pi"), caller("alice")
            draft = requests.Draft(Kind.GROUP_JOIN, GroupBody(group="LabUser"), "bench", user=f"u{number}")
            with watch.step("ask"), database.write() as tx:
                asked = views.access_request(tx, requests.ask(tx, pi, draft))
                asked.model_dump_json()
            with watch.step("approve"), database.write() as tx:
                row = decisions.decide(tx, alice, asked.id, Verdict.APPROVE, comment=None)
                views.access_request(tx, row).model_dump_json()
            with watch.step("carry out"):
                reconcile(Work("request", "default", asked.id))

        _repeat(live, Stopwatch(database, None), range(lives, lives + _WARM))
        return _repeat(live, Stopwatch(database, profiled), range(lives))


def _repeat(live: Callable[[int, Stopwatch], None], watch: Stopwatch, numbers: range) -> dict[str, Cost]:
    for number in numbers:
        live(number, watch)
    return watch.costs


def _figure(kind: str, costs: dict[str, Cost], lives: int) -> Figure:
    found = {
        name: {
            "cpu_ms": round(cost.cpu / lives * 1000, 2),
            "wall_ms": round(cost.wall / lives * 1000, 2),
            "statements": round(cost.statements / lives, 1),
        }
        for name, cost in costs.items()
    }
    whole = sum(cost.cpu for cost in costs.values()) / lives * 1000
    each = ", ".join(f"{name} {f['cpu_ms']:.1f} ms ({f['statements']:.0f})" for name, f in found.items())
    return Figure(
        measure=f"processor time of a life on one thread, {kind}; each step, and its statements",
        wanted="",
        printed=f"{whole:.1f} ms: {each}",
        found=found,
    )


def add_to(parser: argparse.ArgumentParser) -> None:
    """The sizes that can be chosen."""
    parser.add_argument("--where-lives", type=int, default=150)


def run(databases: Databases, chosen: argparse.Namespace) -> list[Figure]:
    """Both databases, or the one chosen."""
    lives: int = chosen.where_lives
    return [_figure(kind, measure(databases, kind, lives, None), lives) for kind in chosen.on or KINDS]


def main() -> None:
    parser = arguments(__doc__)
    add_to(parser)
    parser.add_argument("--profile", choices=STEPS)
    chosen = parser.parse_args()
    log.configure(json_lines=True, level="ERROR")
    with Databases() as databases:
        if chosen.profile is None:
            report(run(databases, chosen), chosen.json)
            return
        for kind in chosen.on or KINDS:
            cost = measure(databases, kind, chosen.where_lives, chosen.profile)[chosen.profile]
            pstats.Stats(cost.profile).sort_stats("tottime").print_stats(_PROFILE_LINES)


if __name__ == "__main__":
    main()
