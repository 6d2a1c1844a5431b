"""Whole lives a second (ask, approve, applied) against the floor of two bare inserts a life.

    python -m bench.lives [--lives N] [--lives-rounds N] [--on sqlite|postgresql]

IAM is answered in-process at no cost, so that our own cost shows. A life ends when its row says applied; clients do
not wait for that, they go on with the next one, and the clock stops with the last.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench import free_iam
from bench.common import KINDS, Client, Figure, alternate, arguments, median, report, rounded, spread
from bench.lab import Databases, Site, prepare, script, serving, wait_until

CLIENTS = 8
WANTED = {"sqlite": 0.3, "postgresql": 0.2}
_WORKERS = {"sqlite": (0,), "postgresql": (1, 0)}
"""Worker processes beside the server: on PostgreSQL as `compose.yaml` runs it, and with all in one process."""
_WARM = 2 * CLIENTS
_APPLIED = "SELECT count(*) FROM access_request WHERE provisioning = 'applied'"


def lives_a_second(url: str, site: Site, first: int, lives: int, group: str = "LabUser") -> float:
    """From the first ask to the last applied, for the users from `first` on."""

    def life(client: Client, number: int) -> None:
        user = f"u{first + number}"
        wish = {"kind": "group.join", "user": user, "change": {"group": group}, "reason": "bench"}
        asked = client.call("POST", "/v1/access-requests", wish, token=site.tokens["pi"])
        client.send("POST", f"/v1/access-requests/{asked['id']}/approve", {}, token=site.tokens["alice"])

    with site.looking() as count:
        done = count(_APPLIED) + lives
        began = time.time()
        spread(url, CLIENTS, lives, life)
        ended = wait_until(lambda: count(_APPLIED) == done, "every life applied", seconds=120)
    return lives / (ended - began)


def floor_a_second(url: str, lives: int) -> float:
    """Two bare inserts each."""

    def bare(client: Client, number: int) -> None:
        for _ in range(2):
            client.send("POST", "/rows", {"kind": "group.join", "user": f"u{number}", "reason": "bench"})

    began = time.time()
    spread(url, CLIENTS, lives, bare)
    return lives / (time.time() - began)


def measure(databases: Databases, kind: str, *, lives: int, rounds: int, workers: int) -> Figure:
    """Ours and the floor in turn, each time on a new database, both warmed up."""

    def ours() -> float:
        site = prepare(databases, kind, free_iam.FreeIam(), lives + _WARM)
        described = databases.folder / "free.json"
        free_iam.describe(described)
        with serving(site, free=described, workers=workers) as url:
            lives_a_second(url, site, lives, _WARM)
            return lives_a_second(url, site, 0, lives)

    def floor() -> float:
        with _plain(databases, kind) as url:
            floor_a_second(url, _WARM)
            return floor_a_second(url, lives)

    found = alternate(rounds, ours=ours, floor=floor)
    ratio = median(found["ours"]) / median(found["floor"])
    each = [o / f for o, f in zip(found["ours"], found["floor"], strict=True)]
    where = f"{workers} worker process(es)" if workers else "the worker in the server"
    return Figure(
        measure=f"whole lives a second / two bare inserts, {kind}, {CLIENTS} clients, {where}",
        wanted=f"≥ {WANTED[kind]}",
        printed=f"{ratio:.2f} ({min(each):.2f} to {max(each):.2f}): "
        f"{median(found['ours']):.1f} / {median(found['floor']):.1f} a second",
        met=ratio >= WANTED[kind],
        found={
            "ratio": round(ratio, 3),
            "lives": lives,
            "workers": workers,
            **{name: rounded(values) for name, values in found.items()},
        },
    )


@contextmanager
def _plain(databases: Databases, kind: str) -> Iterator[str]:
    with script("bench.plain", databases.empty(kind)) as url:
        yield url


def add_to(parser: argparse.ArgumentParser) -> None:
    """The sizes that can be chosen."""
    parser.add_argument("--lives", type=int, default=300)
    parser.add_argument("--lives-rounds", type=int, default=3)


def run(databases: Databases, chosen: argparse.Namespace) -> list[Figure]:
    """Both databases, or the one chosen."""
    return [
        measure(databases, kind, lives=chosen.lives, rounds=chosen.lives_rounds, workers=workers)
        for kind in chosen.on or KINDS
        for workers in _WORKERS[kind]
    ]


def main() -> None:
    parser = arguments(__doc__)
    add_to(parser)
    chosen = parser.parse_args()
    with Databases() as databases:
        report(run(databases, chosen), chosen.json)


if __name__ == "__main__":
    main()
