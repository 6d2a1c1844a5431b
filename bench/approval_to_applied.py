"""Approval to applied, one at a time, and how late an 8-second grant is gone from IAM: moto on loopback.

Three processes: this one, `gatehouse serve` on SQLite, and moto. What IAM says is read from moto itself.
"""

import base64
import contextlib
import datetime as dt
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import httpx

GATEHOUSE = Path(sys.executable).with_name("gatehouse")
LIVES, ENDS, SECONDS, POLL = 30, 3, 8, 0.02
GROUP = "LabUser"
_MOTO = """
import sys
from app.cli.simulation import simulated_aws
with simulated_aws() as url:
    print(url, flush=True)
    sys.stdin.read()
"""


class Lab:
    """A running Gatehouse, its people, and IAM behind its back."""

    def __init__(self, url: str, pi: str, iam: Any) -> None:
        self.iam, self._tokens = iam, {"pi": pi}
        self._client = httpx.Client(base_url=url, timeout=60)

    def call(self, who: str | None, method: str, path: str, body: Any = None) -> Any:
        """One HTTP call; anything but success ends the bench."""
        headers = {"Authorization": f"Bearer {self._tokens[who]}"} if who else {}
        answer = self._client.request(method, path, json=body, headers=headers)
        if answer.is_error:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def enrol(self, name: str, *roles: str) -> None:
        """Register somebody and get them a token."""
        self.call("pi", "POST", "/v1/users", {"name": name, "email": f"{name}@lab.example", "roles": list(roles)})
        code = self.call("pi", "POST", f"/v1/users/{name}/enrolment")["code"]
        self._tokens[name] = self.call(None, "POST", "/v1/enrolments/redeem", {"code": code})["token"]
        self.iam.create_user(UserName=name, Path="/lab/")

    def give(self, name: str, duration: str) -> tuple[float, str]:
        """Ask, approve, wait until applied: milliseconds from approving to applied, and the grant's id."""
        wish = {"kind": "group.join", "change": {"group": GROUP}, "duration": duration, "reason": "a measurement"}
        path = f"/v1/access-requests/{self.call(name, 'POST', '/v1/access-requests', wish)['id']}"
        began = time.perf_counter()
        self.call("alice", "POST", f"{path}/approve", {})
        row = self.call(name, "GET", f"{path}?wait=30&until=applied")
        took = (time.perf_counter() - began) * 1000
        if row["provisioning"] != "applied" or not self.holds(name):
            raise SystemExit(f"not applied: {row['failure']}")
        return took, row["grant_id"]

    def holds(self, name: str) -> bool:
        """What IAM says."""
        return GROUP in {g["GroupName"] for g in self.iam.list_groups_for_user(UserName=name)["Groups"]}

    def life(self, name: str) -> float:
        """Give and take away again."""
        took, grant_id = self.give(name, "P1D")
        self.call(name, "POST", f"/v1/grants/{grant_id}/revoke", {"reason": "measured"})
        while self.call(name, "GET", f"/v1/grants/{grant_id}")["state"] != "revoked":
            time.sleep(POLL)
        return took

    def lateness(self, name: str) -> float:
        """Seconds from a grant's end until IAM no longer shows the membership."""
        _, grant_id = self.give(name, f"PT{SECONDS}S")
        ends_at = dt.datetime.fromisoformat(self.call(name, "GET", f"/v1/grants/{grant_id}")["ends_at"])
        time.sleep(max(0.0, (ends_at - dt.datetime.now(dt.UTC)).total_seconds() - 0.5))
        while self.holds(name):
            time.sleep(POLL)
        return (dt.datetime.now(dt.UTC) - ends_at).total_seconds()


def main() -> None:
    """Measure, and print a table and one line of JSON."""
    with running() as lab:
        lab.enrol("alice", "admin")
        people = [f"user{n}" for n in range(ENDS)]
        for name in people:
            lab.enrol(name)
        lab.life(people[0])  # the first call of all loads policies in moto
        times = sorted(lab.life(people[0]) for _ in range(LIVES))
        with ThreadPoolExecutor(ENDS) as pool:
            late = list(pool.map(lab.lateness, people))
    found: dict[str, Any] = {
        "approval_to_applied_ms": {
            "n": LIVES,
            "median": round(statistics.median(times), 1),
            "p95": round(statistics.quantiles(times, n=20, method="inclusive")[-1], 1),
            "max": round(times[-1], 1),
        },
        "gone_after_end_s": {"n": ENDS, "duration": SECONDS, "each": [round(x, 3) for x in late]},
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite, moto on loopback",
    }
    applied = found["approval_to_applied_ms"]
    sys.stdout.write(f"approval to applied   n={LIVES}   median {applied['median']} ms   p95 {applied['p95']} ms\n")
    sys.stdout.write(f"gone from IAM after the end of {SECONDS} s   n={ENDS}   worst {max(late):.3f} s\n")
    sys.stdout.write(json.dumps(found) + "\n")


@contextlib.contextmanager
def running() -> Iterator[Lab]:
    """Start moto, init, setup and serve; end all of it afterwards."""
    with tempfile.TemporaryDirectory(prefix="gatehouse-bench-") as folder, contextlib.ExitStack() as stack:
        root = Path(__file__).parents[1]
        moto = stack.enter_context(_process([sys.executable, "-c", _MOTO], root, dict(os.environ)))
        endpoint_url = _line(moto)
        env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "GATEHOUSE_"))},
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": endpoint_url,
            "GATEHOUSE_SECRET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "GATEHOUSE_AUDIT_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "GATEHOUSE_REQUIRE_MFA": "false",
            "GATEHOUSE_RATE_LIMIT": "off",
            "GATEHOUSE_LOG_LEVEL": "ERROR",
        }
        init = [str(GATEHOUSE), "init", "--owner", "pi", "--email", "pi@lab.example", "--json"]
        pi = json.loads(subprocess.check_output(init, cwd=folder, env=env))["token"]
        subprocess.check_output([str(GATEHOUSE), "setup", "--json"], cwd=folder, env=env)
        serve = stack.enter_context(_process([str(GATEHOUSE), "serve", "--port", "0", "--json"], Path(folder), env))
        url = json.loads(_line(serve))["url"]
        os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
        yield Lab(url, pi, boto3.client("iam", endpoint_url=endpoint_url, region_name="us-east-1"))


@contextlib.contextmanager
def _process(command: list[str], folder: Path, env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def _line(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline().strip() if process.stdout else ""
    if not line:
        raise SystemExit("a process did not start")
    return line


if __name__ == "__main__":
    main()
