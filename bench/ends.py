"""Many grants that end in the same second, against the same calls done bare.

    python -m bench.ends [--ends N] [--ends-groups N] [--on sqlite|postgresql] [--iam in-process|moto]

The rows are prepared in the database, the memberships in IAM; then the second comes. Ours is measured from that second
until every row says revoked, which no row does before IAM, read again, shows it gone. Bare is one GetGroup a group
before, a RemoveUserFromGroup for each member, one GetGroup a group after, on as many connections as ours used at a
time. Meanwhile somebody approves a few requests one after the other.
"""

import argparse
import contextlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import boto3
import sqlalchemy as sa

from app.changes.base import remove_member
from app.clients.iam import BotoIam, Iam
from app.domain.states import DecisionState, GrantState, Provisioning
from app.models import AccessRequest, Grant, columns
from bench import free_iam
from bench.common import KINDS, Client, Figure, arguments, median, report, rounded
from bench.lab import Databases, Site, moto, prepare, serving, wait_until

WANTED, SOON = 0.5, 2.0
DELAY = 0.005
"""Seconds that a call to the IAM in the process takes."""
IAMS = {"in-process": f"IAM in-process, {DELAY * 1000:g} ms a call", "moto": "moto over HTTP"}
GROUPS = ("LabUser", "LabGuest", "LabAdmin")
_NEWCOMERS = 3
_LEAD = 8.0
"""Seconds from preparing the rows to the second they end in; the server has to be up by then."""
_LATEST = 600.0
_GONE = "SELECT count(*) FROM access_grant WHERE state = 'revoked'"
_APPROVE_EVERY = 0.7


class Account(Protocol):
    """IAM with its members, where ours and the bare loop find it."""

    iam: Iam

    def fill(self, groups: dict[str, list[str]]) -> None:
        """Put these, and nobody else, into the groups."""

    def ours(self) -> tuple[Path | None, dict[str, str]]:
        """What a server needs to find it: the description of an IAM in its process, and environment variables."""

    def connections(self) -> int:
        """How many calls at a time took members away; 0 where it cannot be told."""

    def is_empty(self, groups: dict[str, list[str]]) -> bool:
        """Whether none of these is a member any more."""


class InProcess:
    """Each process has its own; the server's says in a file what it was asked to take away."""

    def __init__(self, folder: Path) -> None:
        self._path, self._log = folder / "ends.json", folder / "ends.log"
        self.iam: Iam = free_iam.FreeIam()

    def fill(self, groups: dict[str, list[str]]) -> None:
        self.iam = free_iam.FreeIam(DELAY, groups)
        self._log = free_iam.describe(self._path, delay=DELAY, groups=groups)

    def ours(self) -> tuple[Path | None, dict[str, str]]:
        return self._path, {}

    def _removals(self) -> list[list[str]]:
        return [line.split() for line in self._log.read_text().splitlines()]

    def connections(self) -> int:
        return max(int(under_way) for _, under_way in self._removals())

    def is_empty(self, groups: dict[str, list[str]]) -> bool:
        return len(self._removals()) >= sum(len(members) for members in groups.values())


class Moto:
    """One, in a process of its own."""

    def __init__(self, url: str, users: int) -> None:
        self._url = url
        self._boto = BotoIam(pace=None, endpoint_url=url)
        self.iam: Iam = self._boto
        self._client = boto3.client("iam", endpoint_url=url, region_name="us-east-1")
        for group in GROUPS:
            self._client.create_group(GroupName=group)
        for number in range(users):
            self._client.create_user(UserName=f"u{number}", Path="/lab/")

    def fill(self, groups: dict[str, list[str]]) -> None:
        for group in GROUPS:
            is_in, wanted = set(self._boto.members(group) or ()), set(groups.get(group, ()))
            for user in is_in - wanted:
                self._client.remove_user_from_group(GroupName=group, UserName=user)
            for user in wanted - is_in:
                self._client.add_user_to_group(GroupName=group, UserName=user)

    def ours(self) -> tuple[Path | None, dict[str, str]]:
        return None, {"AWS_ENDPOINT_URL": self._url}

    def connections(self) -> int:
        return 0

    def is_empty(self, groups: dict[str, list[str]]) -> bool:
        return not any((self._boto.members(group) or frozenset()) & set(users) for group, users in groups.items())


@dataclass(frozen=True)
class Ours:
    """One measurement of ours.

    Attributes:
        took: Seconds until all was gone.
        applied: Seconds from approving to applied, of each that was approved.
        meanwhile: How many of these were applied while ends were still under way.
    """

    took: float
    applied: list[float]
    meanwhile: int
    connections: int


def measure_ours(databases: Databases, kind: str, account: Account, groups: dict[str, list[str]]) -> Ours:
    """A new database whose grants all end in one second, and a server on it."""
    ends = sum(len(members) for members in groups.values())
    site = prepare(databases, kind, account.iam, ends + _NEWCOMERS)
    account.fill(groups)
    free, env = account.ours()
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=_LEAD)
    _store(site, groups, at)
    with serving(site, free=free, env=env) as url, site.looking() as count:
        asked = _ask(url, site, ends)
        left = at.timestamp() - time.time()
        if left < 0:
            raise SystemExit("the server was up too late for the ends that were prepared")
        time.sleep(left)
        with ThreadPoolExecutor(1) as pool:
            approving = pool.submit(_approve, url, site, asked)
            gone = wait_until(lambda: count(_GONE) >= ends, "every grant revoked", seconds=_LATEST, every=0.05)
            applied = approving.result()
    if not account.is_empty(groups):
        raise SystemExit("rows say gone, and IAM still has members")
    return Ours(
        took=gone - at.timestamp(),
        applied=[took for _, took in applied],
        meanwhile=sum(when < gone for when, _ in applied),
        connections=account.connections(),
    )


def _store(site: Site, groups: dict[str, list[str]], at: datetime) -> None:
    """An applied request and an active grant for each membership."""
    began = at - timedelta(days=1)
    asked, grants = [], []
    for group, users in groups.items():
        for user in users:
            request = AccessRequest(
                kind="group.join",
                account="default",
                user=user,
                requester=user,
                change={"group": group},
                reason="bench",
                decision=DecisionState.APPROVED,
                provisioning=Provisioning.APPLIED,
                ruling={},
                rules_asked={},
                plan={},
                plan_digest="",
                created_at=began,
                lapses_at=at,
                decided_at=began,
                applied_at=began,
            )
            grant = Grant(
                access_request_id=request.id,
                account="default",
                user=user,
                group=group,
                state=GrantState.ACTIVE,
                duration_seconds=24 * 3600,
                ends_at=at,
                due_at=at,
                created_at=began,
            )
            asked.append({**request.model_dump(), "grant_ids": [grant.id]})
            grants.append(grant.model_dump())
    with contextlib.closing(site.database()) as database, database.write() as tx:
        connection = tx.session.connection()
        connection.execute(sa.insert(columns(AccessRequest)), asked)
        connection.execute(sa.insert(columns(Grant)), grants)


def _ask(url: str, site: Site, first: int) -> list[str]:
    """The newcomers' requests."""
    client = Client(url, site.tokens["pi"])
    return [
        client.call(
            "POST",
            "/v1/access-requests",
            {"kind": "group.join", "user": f"u{first + n}", "change": {"group": "LabGuest"}, "reason": "bench"},
        )["id"]
        for n in range(_NEWCOMERS)
    ]


def _approve(url: str, site: Site, asked: Sequence[str]) -> list[tuple[float, float]]:
    """Approve one after the other; when each was applied, by the wall clock, and after how many seconds."""
    client, found = Client(url, site.tokens["alice"]), []
    for request_id in asked:
        time.sleep(_APPROVE_EVERY)
        began = time.monotonic()
        client.send("POST", f"/v1/access-requests/{request_id}/approve", {})
        row = client.call("GET", f"/v1/access-requests/{request_id}?wait=60&until=applied")
        if row["provisioning"] != "applied":
            raise SystemExit(f"not applied: {row['provisioning']} {row['failure']}")
        found.append((time.time(), time.monotonic() - began))
    return found


def measure_bare(account: Account, groups: dict[str, list[str]], connections: int) -> float:
    """The same reads and writes, and nothing else; seconds."""
    account.fill(groups)
    began = time.monotonic()
    with ThreadPoolExecutor(connections) as pool:
        for group, users in groups.items():
            leaving = sorted((account.iam.members(group) or frozenset()) & set(users))
            for _ in pool.map(lambda user, group=group: account.iam.call(remove_member(user, group)), leaving):
                pass
            if (account.iam.members(group) or frozenset()) & set(users):
                raise SystemExit("not gone")
    return time.monotonic() - began


def measure(
    databases: Databases, kind: str, which: str, account: Account, groups: dict[str, list[str]], connections: int
) -> tuple[list[Figure], int]:
    """Bare, ours, bare again; the figures, and how many connections ours used."""
    before = measure_bare(account, groups, connections or 1)
    ours = measure_ours(databases, kind, account, groups)
    used = connections or ours.connections or 1
    bare = [before] if used == (connections or 1) else []
    bare.append(measure_bare(account, groups, used))
    ends = sum(len(users) for users in groups.values())
    ratio = median(bare) / ours.took
    found = {
        "ratio": round(ratio, 3),
        "ends": ends,
        "groups": len(groups),
        "connections": used,
        "ours_s": round(ours.took, 2),
        "bare_s": rounded(bare),
        "applied_s": rounded(ours.applied),
    }
    where = f"{ends:,} ends in one second, {kind}, {IAMS[which]}"
    return [
        Figure(
            measure=f"{where}: speed / the same calls bare, {used} at a time",
            wanted=f"≥ {WANTED}",
            printed=f"{ratio:.2f}: {ours.took:.1f} s / {median(bare):.1f} s",
            met=ratio >= WANTED,
            found=found,
        ),
        Figure(
            measure=f"{where}: a new approval meanwhile, applied after",
            wanted=f"≤ {SOON:g} s",
            printed=f"worst of {len(ours.applied)} {max(ours.applied):.2f} s, {ours.meanwhile} before the last end",
            met=max(ours.applied) <= SOON,
            found=found,
        ),
    ], used


def run(databases: Databases, chosen: argparse.Namespace) -> list[Figure]:
    """Both databases and both kinds of IAM, or those chosen."""
    groups = {
        group: [f"u{n}" for n in range(chosen.ends) if n % chosen.ends_groups == number]
        for number, group in enumerate(GROUPS[: chosen.ends_groups])
    }
    used, figures = dict.fromkeys(KINDS, 0), list[Figure]()
    for which in chosen.iam or IAMS:
        with _account(databases, which, chosen.ends + _NEWCOMERS) as account:
            for kind in chosen.on or KINDS:
                found, used[kind] = measure(databases, kind, which, account, groups, used[kind])
                figures += found
    return figures


@contextlib.contextmanager
def _account(databases: Databases, which: str, users: int) -> Iterator[Account]:
    if which == "in-process":
        yield InProcess(databases.folder)
        return
    with moto() as url:
        yield Moto(url, users)


def add_to(parser: argparse.ArgumentParser) -> None:
    """The sizes that can be chosen."""
    parser.add_argument("--ends", type=int, default=1_000)
    parser.add_argument("--ends-groups", type=int, default=2, choices=range(1, len(GROUPS) + 1))
    parser.add_argument("--iam", choices=IAMS, action="append", help="only with this IAM")


def main() -> None:
    parser = arguments(__doc__)
    add_to(parser)
    chosen = parser.parse_args()
    with Databases() as databases:
        report(run(databases, chosen), chosen.json)


if __name__ == "__main__":
    main()
