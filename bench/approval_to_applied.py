"""Approval to applied, one at a time, and how late an 8-second grant is gone from IAM: moto on loopback.

    python -m bench.approval_to_applied [--approvals N]

Three processes: this one, `gatehouse serve` on SQLite, and moto. What IAM says is read from moto itself.
"""

import argparse
import datetime as dt
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3

from app.clients.iam import BotoIam
from bench.common import Client, Figure, arguments, report, rounded
from bench.lab import Databases, Site, moto, prepare, serving

MEDIAN, LATE = 300.0, 2.0
_ENDS, _SECONDS = 3, 8
_POLL = 0.02
_GROUP = "LabUser"


class Lab:
    """A running Gatehouse, and IAM behind its back."""

    def __init__(self, url: str, site: Site, iam: Any) -> None:
        self._url, self._site, self._iam = url, site, iam

    def give(self, client: Client, name: str, duration: str) -> tuple[float, str]:
        """Ask, approve, wait until applied: milliseconds from approving to applied, and the grant's id."""
        pi, alice = self._site.tokens["pi"], self._site.tokens["alice"]
        wish = {
            "kind": "group.join",
            "user": name,
            "change": {"group": _GROUP},
            "duration": duration,
            "reason": "bench",
        }
        asked = client.call("POST", "/v1/access-requests", wish, token=pi)
        path = f"/v1/access-requests/{asked['id']}"
        began = time.perf_counter()
        client.send("POST", f"{path}/approve", {}, token=alice)
        row = client.call("GET", f"{path}?wait=30&until=applied", token=pi)
        took = (time.perf_counter() - began) * 1000
        if row["provisioning"] != "applied" or not self.holds(name):
            raise SystemExit(f"not applied: {row['failure']}")
        return took, row["grant_id"]

    def holds(self, name: str) -> bool:
        """What IAM says."""
        return _GROUP in {g["GroupName"] for g in self._iam.list_groups_for_user(UserName=name)["Groups"]}

    def life(self, client: Client, name: str) -> float:
        """Give and take away again; milliseconds from approving to applied."""
        pi = self._site.tokens["pi"]
        took, grant_id = self.give(client, name, "P1D")
        client.send("POST", f"/v1/grants/{grant_id}/revoke", {"reason": "measured"}, token=pi)
        while client.call("GET", f"/v1/grants/{grant_id}", token=pi)["state"] != "revoked":
            time.sleep(_POLL)
        return took

    def lateness(self, name: str) -> float:
        """Seconds from a grant's end until IAM no longer shows the membership."""
        client = Client(self._url, self._site.tokens["pi"])
        _, grant_id = self.give(client, name, f"PT{_SECONDS}S")
        ends_at = dt.datetime.fromisoformat(client.call("GET", f"/v1/grants/{grant_id}")["ends_at"])
        time.sleep(max(0.0, (ends_at - dt.datetime.now(dt.UTC)).total_seconds() - 0.5))
        while self.holds(name):
            time.sleep(_POLL)
        return (dt.datetime.now(dt.UTC) - ends_at).total_seconds()


def measure(databases: Databases, approvals: int) -> list[Figure]:
    """Both."""
    people = [f"u{n}" for n in range(_ENDS)]
    with moto() as endpoint_url:
        iam = boto3.client("iam", endpoint_url=endpoint_url, region_name="us-east-1")
        for name in people:
            iam.create_user(UserName=name, Path="/lab/")
        site = prepare(databases, "sqlite", BotoIam(pace=None, endpoint_url=endpoint_url), _ENDS)
        with serving(site, env={"AWS_ENDPOINT_URL": endpoint_url}) as url:
            lab, client = Lab(url, site, iam), Client(url)
            lab.life(client, people[0])  # the first call of all loads policies in moto
            times = sorted(lab.life(client, people[0]) for _ in range(approvals))
            with ThreadPoolExecutor(_ENDS) as pool:
                late = list(pool.map(lab.lateness, people))
    middle, p95 = statistics.median(times), statistics.quantiles(times, n=20, method="inclusive")[-1]
    return [
        Figure(
            measure=f"approval → applied, sqlite, moto over HTTP, one at a time, n = {approvals}",
            wanted=f"median < {MEDIAN:g} ms",
            printed=f"median {middle:.1f} ms, p95 {p95:.1f} ms",
            met=middle < MEDIAN,
            found={"median_ms": round(middle, 1), "p95_ms": round(p95, 1), "max_ms": round(times[-1], 1)},
        ),
        Figure(
            measure=f"an {_SECONDS}-second grant gone from IAM after its end, sqlite, {_ENDS} in parallel",
            wanted=f"≤ {LATE:g} s",
            printed=f"worst {max(late):.3f} s",
            met=max(late) <= LATE,
            found={"each_s": rounded(late, 3)},
        ),
    ]


def add_to(parser: argparse.ArgumentParser) -> None:
    """The sizes that can be chosen."""
    parser.add_argument("--approvals", type=int, default=30)


def run(databases: Databases, chosen: argparse.Namespace) -> list[Figure]:
    """On SQLite only."""
    if chosen.on and "sqlite" not in chosen.on:
        return []
    return measure(databases, chosen.approvals)


def main() -> None:
    parser = arguments(__doc__)
    add_to(parser)
    chosen = parser.parse_args()
    with Databases() as databases:
        report(run(databases, chosen), chosen.json)


if __name__ == "__main__":
    main()
