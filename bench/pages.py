"""A page of 50 access requests and of audit events: as the table grows, and against the naive list of models.

    python -m bench.pages [--few N] [--many N] [--pages N] [--on sqlite|postgresql]

Pages are read by pi, one at a time, from two servers on databases of both sizes in turn. The naive handlers read the
same large database: one looks the token and its owner up first, as ours does, the other does not ask who calls. What
is wanted is wanted against the first, which does the same work; the second is printed beside it. Neither shows the
decisions of a request, which ours does.
"""

import argparse
import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

from bench import free_iam
from bench.common import KINDS, Client, Figure, arguments, median, report
from bench.filling import fill
from bench.lab import Databases, Site, prepare, script, serving, wait_until

LIST = {"access requests": "/v1/access-requests", "audit events": "/v1/audit-events"}
NAIVE = {"access requests": "/requests", "audit events": "/events"}
GROWTH, SPEED = 1.3, 2.0
_PAGE, _LONGEST_PAGE = 50, 200
_USERS = 50
_ROUNDS = 5
_APPLIED = "SELECT count(*) FROM access_request WHERE provisioning = 'applied'"


@dataclass(frozen=True)
class Spot:
    """A page that is asked for again and again."""

    client: Client
    path: str

    def time(self, times: int) -> list[float]:
        """Milliseconds of each of so many times."""
        found = []
        for _ in range(times):
            began = time.perf_counter()
            self.client.send("GET", self.path)
            found.append((time.perf_counter() - began) * 1000)
        return found


def measure(databases: Databases, kind: str, *, few: int, many: int, pages: int) -> list[Figure]:
    """Growth, and speed against the naive handler, of both lists."""
    with contextlib.ExitStack() as stack:
        spots: dict[tuple[str, str, str], Spot] = {}
        for size, rows in (("few", few), ("many", many)):
            site, free = _one_life(databases, kind)
            fill(site, rows, _USERS)
            client = Client(stack.enter_context(serving(site, free=free)), site.tokens["pi"])
            for what, path in LIST.items():
                spots[what, size, "first"] = Spot(client, f"{path}?limit={_PAGE}")
                spots[what, size, "middle"] = Spot(client, f"{path}?limit={_PAGE}&cursor={_middle(client, path, rows)}")
            if size == "many":
                plain = Client(stack.enter_context(script("bench.plain", site.owner_url)), site.tokens["pi"])
                for what, path in NAIVE.items():
                    spots[what, "naive", "first"] = Spot(plain, f"{path}?limit={_PAGE}")
                    spots[what, "naive", "middle"] = Spot(plain, f"{path}?limit={_PAGE}&offset={rows // 2}")
                    spots[what, "guarded", "first"] = Spot(plain, f"/guarded{path}?limit={_PAGE}")
                    spots[what, "guarded", "middle"] = Spot(plain, f"/guarded{path}?limit={_PAGE}&offset={rows // 2}")
        taken = _take(spots, pages)
    return [figure for what in LIST for figure in _figures(what, kind, taken, few, many)]


def _one_life(databases: Databases, kind: str) -> tuple[Site, Path]:
    """A database with one whole life in it, whose rows the others are made after."""
    site, free = prepare(databases, kind, free_iam.FreeIam(), _USERS), databases.folder / "free.json"
    free_iam.describe(free)
    with serving(site, free=free) as url, site.looking() as count:
        client = Client(url, site.tokens["pi"])
        wish = {"kind": "group.join", "user": "u0", "change": {"group": "LabUser"}, "reason": "bench"}
        asked = client.call("POST", LIST["access requests"], wish)
        client.send("POST", f"{LIST['access requests']}/{asked['id']}/approve", {}, token=site.tokens["alice"])
        wait_until(lambda: count(_APPLIED) == 1, "the first life applied", seconds=60)
    return site, free


def _middle(client: Client, path: str, rows: int) -> str:
    """The cursor behind the row in the middle, come to as every client has to."""
    cursor = ""
    for _ in range(max(1, rows // 2 // _LONGEST_PAGE)):
        cursor = client.call("GET", f"{path}?limit={_LONGEST_PAGE}{cursor and f'&cursor={cursor}'}")["next_cursor"]
    return cursor


def _take(spots: dict[tuple[str, str, str], Spot], pages: int) -> dict[tuple[str, str, str], float]:
    """The median of each, in milliseconds."""
    taken: dict[tuple[str, str, str], list[float]] = {where: [] for where in spots}
    for spot in spots.values():
        spot.time(5)  # the first ones build statements and fill caches
    for _ in range(_ROUNDS):
        for where, spot in spots.items():
            taken[where] += spot.time(pages)
    return {where: median(each) for where, each in taken.items()}


def _figures(
    what: str, kind: str, taken: dict[tuple[str, str, str], float], few: int, many: int
) -> tuple[Figure, Figure]:
    first, middle = (taken[what, "many", page] / taken[what, "few", page] for page in ("first", "middle"))
    faster, faster_middle = (taken[what, "guarded", page] / taken[what, "many", page] for page in ("first", "middle"))
    open_first, open_middle = (taken[what, "naive", page] / taken[what, "many", page] for page in ("first", "middle"))
    found = {f"{size}_{page}_ms": round(ms, 2) for (of, size, page), ms in taken.items() if of == what}
    return (
        Figure(
            measure=f"page of {_PAGE} {what}, time at {many:,} rows / at {few:,}, {kind}",
            wanted=f"< {GROWTH}",
            printed=f"first page {first:.2f}, in the middle {middle:.2f} "
            f"({taken[what, 'few', 'first']:.1f} ms and {taken[what, 'few', 'middle']:.1f} ms at {few:,})",
            met=max(first, middle) < GROWTH,
            found={"first": round(first, 3), "middle": round(middle, 3), **found},
        ),
        Figure(
            measure=f"page of {_PAGE} {what} at {many:,} rows, speed / naive list[Model] that asks who calls, {kind}",
            wanted=f"≥ {SPEED:g}",
            printed=f"first page {faster:.2f}, in the middle {faster_middle:.2f}, "
            f"where the naive one lets anybody read {open_first:.2f} and {open_middle:.2f} "
            f"({taken[what, 'many', 'first']:.1f} ms / {taken[what, 'guarded', 'first']:.1f} ms)",
            met=min(faster, faster_middle) >= SPEED,
            found={
                "first": round(faster, 3),
                "middle": round(faster_middle, 3),
                "open_first": round(open_first, 3),
                "open_middle": round(open_middle, 3),
                **found,
            },
        ),
    )


def add_to(parser: argparse.ArgumentParser) -> None:
    """The sizes that can be chosen."""
    parser.add_argument("--few", type=int, default=1_000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--pages", type=int, default=30, help="times that each page is read in a round")


def run(databases: Databases, chosen: argparse.Namespace) -> list[Figure]:
    """Both databases, or the one chosen."""
    figures: list[Figure] = []
    for kind in chosen.on or KINDS:
        figures += measure(databases, kind, few=chosen.few, many=chosen.many, pages=chosen.pages)
    return figures


def main() -> None:
    parser = arguments(__doc__)
    add_to(parser)
    chosen = parser.parse_args()
    with Databases() as databases:
        report(run(databases, chosen), chosen.json)


if __name__ == "__main__":
    main()
