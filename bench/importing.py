"""An account of many users imported, beside the bare reading of it: moto over HTTP in a process of its own.

    python -m bench.importing [--import-users N] [--import-rounds N] [--on sqlite|postgresql]

Bare is GetAccountAuthorizationDetails with the same filter and nothing done with the answer. moto answers everything in
one page; AWS sends a thousand things in a page at most, so that its calls are printed as they would be there as well.
"""

import argparse
import contextlib
import math
import time
from collections.abc import Sequence

from app import log
from app.cli.runtime import ACCOUNT_TIMEOUT
from app.clients import details
from app.clients.iam import BotoIam
from app.domain.actors import SYSTEM_ACTOR
from app.services import importing
from bench.common import KINDS, Figure, alternate, arguments, median, report, rounded
from bench.full_iam import EACH, GROUPS
from bench.lab import Databases, prepare, script

MOST = 1.5
"""Times the bare reading."""
_A_PAGE = 1000


class Measured:
    """One database kind: each round has a database of its own."""

    def __init__(self, databases: Databases, kind: str, iam: BotoIam, users: int) -> None:
        self._databases, self._kind, self._iam, self._users = databases, kind, iam, users
        self.calls = 0

    def bare(self) -> float:
        """Seconds of the bare reading."""
        began = time.perf_counter()
        for _ in self._iam.pages(details.ACTION, MaxItems=_A_PAGE, Filter=list(details.KINDS)):
            pass
        return time.perf_counter() - began

    def first(self) -> float:
        """Seconds of a first import."""
        site = prepare(self._databases, self._kind, self._iam, 0)
        with contextlib.closing(site.database()) as database:
            began = time.perf_counter()
            outcome = importing.run(database, self._iam, SYSTEM_ACTOR, "default")
            took = time.perf_counter() - began
            again = importing.run(database, self._iam, SYSTEM_ACTOR, "default")
        self.calls = outcome.calls
        if (outcome.users, outcome.memberships) != (self._users, self._users * EACH) or again.differences:
            raise SystemExit(f"not everything was imported: {outcome.users} users, {len(again.differences)} differ")
        return took


def add_to(parser: argparse.ArgumentParser) -> None:
    """Its sizes."""
    parser.add_argument("--import-users", type=int, default=5000, metavar="N")
    parser.add_argument("--import-rounds", type=int, default=3, metavar="N")


def run(databases: Databases, chosen: argparse.Namespace) -> list[Figure]:
    """A line for each database."""
    with script("bench.full_iam", str(chosen.import_users)) as url:
        iam = BotoIam(endpoint_url=url, read_timeout=ACCOUNT_TIMEOUT)
        return [_figure(Measured(databases, kind, iam, chosen.import_users), kind, chosen) for kind in _kinds(chosen)]


def _kinds(chosen: argparse.Namespace) -> Sequence[str]:
    return chosen.on or KINDS


def _figure(measured: Measured, kind: str, chosen: argparse.Namespace) -> Figure:
    measured.bare()  # the first one makes a connection
    found = alternate(chosen.import_rounds, bare=measured.bare, first=measured.first)
    bare, first = median(found["bare"]), median(found["first"])
    users = chosen.import_users
    on_aws = measured.calls - 1 + math.ceil((users + GROUPS) / _A_PAGE)
    printed = (
        f"{first / bare:.2f}: {first:.2f} s / {bare:.2f} s; {measured.calls} calls, {on_aws} with AWS's pages;"
        f" {users} users, {users * EACH} memberships, {GROUPS} groups"
    )
    return Figure(
        f"first import of {users} users / bare GetAccountAuthorizationDetails, {kind}, moto over HTTP",
        f"≤ {MOST}",
        printed,
        first / bare <= MOST,
        {name: rounded(values) for name, values in found.items()},
    )


def main() -> None:
    """Only this."""
    parser = arguments(__doc__)
    add_to(parser)
    chosen = parser.parse_args()
    log.configure(json_lines=True, level="ERROR")
    with Databases() as databases:
        report(run(databases, chosen), chosen.json)


if __name__ == "__main__":
    main()
