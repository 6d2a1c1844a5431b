"""Everything a run needs: an AWS, the proxy before it, a site of real processes, and people with tokens."""

import contextlib
import datetime as dt
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
from sqlalchemy.engine import URL

from app.clients import aws
from tests.history.record import Disturbance, People
from tests.support.fault_proxy import FaultProxy
from tests.support.site import Server, Site, moto_process
from tests.support.sites import Sites

ADMINS = ("pi", "alice", "carol")
MEMBERS = ("bob", "dora", "emil", "fay", "gus", "hana", "ivo", "jill")
STRANGERS = ("ivo", "jill")
"""Nobody has vouched for these."""
SERVICES: Mapping[str, str] = {"robot": "bob", "helper": "alice"}
IN_IAM = ("carol", *MEMBERS, "robot")
"""The others can be asked for as well; then IAM has no such user."""
POLICIES: Mapping[str, dict[str, Any]] = {
    name: {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    for name, action in (("console", "ec2:GetConsoleOutput"), ("buckets", "s3:ListAllMyBuckets"))
}
"""One-off permissions, none of them administrator power."""
APPROVALS: Mapping[str, int] = {"LabGuest": 1, "LabUser": 1, "LabAdmin": 2}
"""The groups of the catalogue, with how many their rules want."""
LEASE, AWS_TIMEOUT = 2.0, 1.0
"""Seconds, as `Sites` sets them."""
WORST_CALL = aws.worst_call(AWS_TIMEOUT)
"""Seconds that a call may be under way at most, also when its process is gone."""
GOES_DOWN = 120.0
"""Seconds for a process to end when asked to."""


class Post:
    """One process that is killed, stopped and started again.

    Attributes:
        url: Where it listens, or listened last.
        server: A server as tests talk to it, the one that runs now.
        befalling: Held by whoever does something to it, so that two do not at once.
    """

    def __init__(self, name: str, site: Site, *arguments: str) -> None:
        self.name, self.url = name, ""
        self.server: Server | None = None
        self.befalling = threading.Lock()
        self._site, self._arguments = site, arguments
        self._process: subprocess.Popen[str] | None = None
        self._life = contextlib.ExitStack()

    def start(self) -> None:
        """Start it anew, and wait until it serves or works."""
        if self._arguments[0] == "worker":
            self._process = self._life.enter_context(self._site.working())
            return
        self.server = server = self._life.enter_context(self._site.serving(*self._arguments[1:]))
        self._process, self.url = server.process, server.said["url"]

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._life.close()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def end(self) -> int:
        """Let it end by itself; its exit code."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(GOES_DOWN)
        self._life.close()
        return code

    def close(self) -> None:
        """Whatever it does: it is over."""
        self._life.close()


@dataclass
class World:
    """A run's parts.

    Attributes:
        servers: What clients talk to.
        workers: Empty on SQLite, where the server works as well.
        over: Set when the time is up.
    """

    kind: str
    site: Site
    proxy: FaultProxy
    moto: str
    servers: list[Post]
    workers: list[Post]
    disturbances: list[Disturbance] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def everybody(self) -> list[str]:
        """Everybody who has a token."""
        return [*ADMINS, *MEMBERS, *SERVICES]

    @property
    def people(self) -> People:
        """Who is who."""
        owners = {name: SERVICES.get(name) for name in self.everybody}
        return People(owners, frozenset(ADMINS), frozenset(("pi", name) for name in STRANGERS))

    @property
    def late(self) -> dt.timedelta:
        """How long after a takeover a write of the one before may still arrive."""
        return dt.timedelta(seconds=LEASE + WORST_CALL)

    def members(self) -> frozenset[tuple[str, str]]:
        """Who is in which group and has which inline policy, as IAM itself says it."""
        iam = _iam(self.moto)
        groups = [g["GroupName"] for page in iam.get_paginator("list_groups").paginate() for g in page["Groups"]]
        members = {(u["UserName"], g) for g in groups for u in iam.get_group(GroupName=g)["Users"]}
        names = [u["UserName"] for page in iam.get_paginator("list_users").paginate() for u in page["Users"]]
        own = {(name, f"inline:{p}") for name in names for p in iam.list_user_policies(UserName=name)["PolicyNames"]}
        return frozenset(members | own)


def _iam(url: str) -> Any:
    # A session of its own: two runs may go on side by side, and making clients of a shared one is not safe then.
    return boto3.Session().client("iam", endpoint_url=url, region_name="us-east-1")


@contextlib.contextmanager
def world(kind: str, folder: Path, seed: int, postgres: Callable[[], URL]) -> Iterator[World]:
    """A site at work, with nothing going wrong yet.

    Args:
        kind: `sqlite`: one server, which works as well. `postgresql`: two servers and two workers.
        folder: Where its files go, what its processes say among them.
        seed: Of the proxy's faults.
    """
    with moto_process() as moto, FaultProxy(moto, seed=seed, log=folder / "writes.jsonl") as proxy:
        site = Sites(folder, moto, postgres).new(kind, proxy.url)
        site = site.but(GATEHOUSE_RATE_LIMIT="off", GATEHOUSE_LOG_LEVEL="WARNING")
        for name in IN_IAM:
            _iam(moto).create_user(UserName=name, Path="/lab/")
        servers, workers = _posts(kind, site)
        made = World(kind, site, proxy, moto, servers, workers)
        try:
            for post in (*servers, *workers):
                post.start()
            assert servers[0].server is not None
            _enrol(servers[0].server, site)
            yield made
        finally:
            for post in (*servers, *workers):
                post.close()


def _posts(kind: str, site: Site) -> tuple[list[Post], list[Post]]:
    if kind == "sqlite":
        return [_post("server", site, "serve")], []
    servers = [_post(f"server-{n}", site, "serve", "--no-worker") for n in (1, 2)]
    telling = site.but(GATEHOUSE_LOG_LEVEL="INFO")  # a worker says when it works
    return servers, [_post(f"worker-{n}", telling, "worker") for n in (1, 2)]


def _post(name: str, site: Site, *arguments: str) -> Post:
    """Its access key bears its name, so that the proxy knows whose a call is."""
    return Post(name, site.but(AWS_ACCESS_KEY_ID=name), *arguments)


def _enrol(server: Server, site: Site) -> None:
    """Everybody beside pi, alice and bob, whom every site has."""
    for name in (*ADMINS, *MEMBERS, *SERVICES):
        if name not in site.tokens:
            _register(server, name)
            code = server.call("pi", "POST", f"/v1/users/{name}/enrolment", expect=201)["code"]
            site.tokens[name] = server.call(None, "POST", "/v1/enrolments/redeem", {"code": code})["token"]
            server.tokens[name] = site.tokens[name]
    for by, name in (("carol", "alice"), ("alice", "carol"), *(("alice", n) for n in MEMBERS if n not in STRANGERS)):
        server.call(by, "POST", f"/v1/users/{name}/vouch")


def _register(server: Server, name: str) -> None:
    body: dict[str, Any] = {"name": name, "email": f"{name}@lab.example", "roles": []}
    if name in SERVICES:
        body |= {"roles": ["service"], "owner": SERVICES[name]}
    elif name in ADMINS:
        body["roles"] = ["admin"]
    filed = server.call("pi", "POST", "/v1/users", body, expect=202 if name in ADMINS else 201)
    for row in filed["access_requests"]:
        server.approve(row["id"])


def http() -> httpx.Client:
    """A client that gives up on its own."""
    return httpx.Client(timeout=httpx.Timeout(30, connect=5))
