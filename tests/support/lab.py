"""A running Gatehouse for tests: real server, real database, moto over HTTP, three people with tokens."""

import contextlib
import dataclasses
import datetime as dt
import threading
import time
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import sqlalchemy as sa

from app.cli import runtime
from app.config import Settings
from app.models import Grant, columns
from app.services.backoff import Backoff

STEP = 0.02


@dataclasses.dataclass
class Lab:
    """What a test works with. `tokens` has pi (owner, admin), alice (admin) and bob (member, vouched for)."""

    url: str
    tokens: dict[str, str] = dataclasses.field(repr=False)  # not into the output of a failing test
    iam: Any
    settings: Settings
    running: runtime.Running
    client: httpx.Client

    def call(self, who: str | None, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """One HTTP call as somebody; None is nobody. `options` go to httpx."""
        headers = dict(options.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        if body is not None:
            options["json"] = body
        return self.client.request(method, path, headers=headers, **options)

    def get(self, who: str | None, path: str, **options: Any) -> Any:
        """The JSON of a GET that must answer 200."""
        answer = self.call(who, "GET", path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, who: str | None, path: str, body: Any = None, *, expect: int = 200, **options: Any) -> Any:
        """The JSON of a POST that must answer `expect`."""
        answer = self.call(who, "POST", path, body, **options)
        assert answer.status_code == expect, f"{answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def ask(self, who: str, group: str = "LabGuest", *, expect: int = 201, **wish: Any) -> Any:
        """Ask to join a group."""
        wish = {"kind": "group.join", "change": {"group": group}, "reason": "a test", **wish}
        return self.post(who, "/v1/access-requests", wish, expect=expect)

    def approve(self, who: str, request_id: str, body: Any = None, *, expect: int = 200) -> Any:
        """Approve a request."""
        return self.post(who, f"/v1/access-requests/{request_id}/approve", body, expect=expect)

    def applied(self, request_id: str, who: str = "pi") -> Any:
        """Wait until a request is applied, and answer it."""
        row = self.get(who, f"/v1/access-requests/{request_id}?wait=60&until=applied")
        assert row["provisioning"] == "applied", row
        return row

    def join(self, who: str = "bob", group: str = "LabGuest", *, by: str = "alice", **wish: Any) -> Any:
        """A whole life up to the active grant; answers the grant."""
        request = self.ask(who, group, **wish)
        self.approve(by, request["id"])
        return self.get(who, f"/v1/grants/{self.applied(request['id'])['grant_id']}")

    def grant_until(self, grant_id: str, state: str, *, seconds: float = 60, who: str = "pi") -> Any:
        """Wait until a grant is in a state, and answer it."""
        deadline = time.monotonic() + seconds
        while (row := self.get(who, f"/v1/grants/{grant_id}"))["state"] != state:
            assert time.monotonic() < deadline, row
            time.sleep(STEP)
        return row

    def fall_due(self, grant_id: str, *, after: float = 0) -> Any:
        """Let a grant's time be over now, or `after` some seconds, and answer it.

        One that is short from the beginning is over before a slow machine has looked at it.
        """
        with self.running.database.write() as tx:
            over = tx.now + dt.timedelta(seconds=after)
            row = columns(Grant)
            tx.session.execute(sa.update(row).where(row.c.id == grant_id).values(ends_at=over, due_at=over))
            tx.later = True
        return self.get("pi", f"/v1/grants/{grant_id}")

    def groups_in_iam(self, user: str) -> list[str]:
        """What IAM itself says."""
        return sorted(g["GroupName"] for g in self.iam.list_groups_for_user(UserName=user)["Groups"])

    def register(
        self, name: str, roles: tuple[str, ...] = (), *, by: str = "pi", vouched_by: str | None = None
    ) -> None:
        """Register somebody, get them a token, and have them vouched for."""
        body = {"name": name, "email": f"{name}@lab.example", "roles": list(roles)}
        answer = self.call(by, "POST", "/v1/users", body)
        assert answer.status_code in {201, 202}, answer.text
        for request in answer.json()["access_requests"]:
            if request["decision"] == "pending":
                self.approve("alice" if by == "pi" else "pi", request["id"])
        code = self.post(by, f"/v1/users/{name}/enrolment", expect=201)["code"]
        self.tokens[name] = self.post(None, "/v1/enrolments/redeem", {"code": code})["token"]
        if vouched_by is not None:
            self.post(vouched_by, f"/v1/users/{name}/vouch")


@contextlib.contextmanager
def serving(
    settings: Settings,
    tokens: dict[str, str],
    endpoint_url: str,
    *,
    with_worker: bool = True,
    backoff: Backoff | None = None,
) -> Iterator[Lab]:
    """Run a Gatehouse on a prepared database in a thread of this process.

    Args:
        backoff: Other pauses after failures than the usual.
    """
    with runtime.started(
        settings, host="127.0.0.1", port=0, endpoint_url=endpoint_url, with_worker=with_worker, backoff=backoff
    ) as running:
        thread = threading.Thread(target=running.run, daemon=True)
        thread.start()
        deadline = time.monotonic() + 60
        while not running.server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(STEP)
        iam = boto3.client("iam", endpoint_url=endpoint_url, region_name="us-east-1")
        try:
            with httpx.Client(base_url=running.url, timeout=120) as client:
                yield Lab(running.url, dict(tokens), iam, settings, running, client)
        finally:
            running.server.should_exit = True
            thread.join(60)
