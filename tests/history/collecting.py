"""When the time is up: waiting until everything came to rest, and reading all that is to be compared."""

import datetime as dt
import json
import signal
import time
from pathlib import Path
from typing import Any

import httpx

from app.domain.retries import SETTLES
from tests.history.record import History, Note
from tests.history.spans import access_of
from tests.history.world import APPROVALS, World, http

SETTLES_WITHIN = 120.0
"""Seconds for what is under way to come to rest."""
_LONGEST = dt.timedelta(seconds=10)
"""Grants that end within this are waited for: what is active afterwards stays so while it is looked at."""
_LOOKED_AGAIN = dt.timedelta(seconds=5)
"""What a worker that was taken over wrote late is taken back within this, once it is looked for (rule 32)."""
_NOTICED_WITHIN = SETTLES + _LOOKED_AGAIN
"""A grant that lost its access to such a write is over within this: only then IAM is believed about it."""
_UNDER_WAY = (
    "/v1/access-requests?provisioning=queued",
    "/v1/access-requests?provisioning=applying",
    "/v1/access-requests?decision=approved&provisioning=none",
    *(f"/v1/grants?state={state}" for state in ("scheduled", "applying", "revoking", "revoke_failed")),
)


class Reader:
    """Reads as pi.

    Args:
        url: Of a server that runs.
    """

    def __init__(self, client: httpx.Client, world: World, url: str) -> None:
        self._client, self._url = client, url
        self._headers = {"Authorization": f"Bearer {world.site.tokens['pi']}"}

    def get(self, path: str, **parameters: str | int) -> Any:
        """The JSON of an answer that must be 200."""
        answer = self._client.get(self._url + path, headers=self._headers, params=parameters or None)
        answer.raise_for_status()
        return answer.json()

    def all(self, path: str, **parameters: str) -> list[dict[str, Any]]:
        """A whole list, oldest first."""
        page = self.get(path, limit=200, **parameters)
        found = list(page["items"])
        while page["next_cursor"]:
            page = self.get(path, limit=200, cursor=page["next_cursor"], **parameters)
            found += page["items"]
        return found[::-1]


def settle(world: World) -> bool:
    """Nothing goes wrong any more and everybody is awake: wait until nothing is under way. False: it took too long."""
    world.proxy.clear()
    for post in world.workers:
        post.send(signal.SIGCONT)
    quiet_at = time.monotonic() + (world.late + _LOOKED_AGAIN).total_seconds()
    noticed_at = quiet_at + _NOTICED_WITHIN.total_seconds()
    deadline = noticed_at + SETTLES_WITHIN
    with http() as client:
        reader = Reader(client, world, world.servers[0].url)
        while time.monotonic() < deadline:
            if _rests(reader) and time.monotonic() > (quiet_at if _agrees(reader, world) else noticed_at):
                return True
            time.sleep(0.5)
    return False


def _rests(reader: Reader) -> bool:
    if any(reader.get(path)["items"] for path in _UNDER_WAY):
        return False
    soon = (dt.datetime.now(dt.UTC) + _LONGEST).isoformat()
    return not reader.get("/v1/grants", state="active", ends_before=soon)["items"]


def _agrees(reader: Reader, world: World) -> bool:
    """Whether everybody has in IAM what their grants give."""
    active = {access_of(grant) for grant in reader.all("/v1/grants", state="active")}
    return active <= world.members()


def collect(world: World, notes: list[Note], began: dt.datetime, *, settled: bool) -> History:
    """End every process, so that nothing changes any more, and read what there is.

    Args:
        began: What was asked for before is the making of the site.
    """
    codes = {post.name: post.end() for post in (*world.workers, *world.servers)}
    logged = [f"{name} ended with {code}" for name, code in codes.items() if code != 0]
    with world.site.serving("--no-worker") as server, http() as client:
        reader = Reader(client, world, server.said["url"])
        requests = [r for r in reader.all("/v1/access-requests") if dt.datetime.fromisoformat(r["created_at"]) >= began]
        grants, events = reader.all("/v1/grants"), reader.all("/v1/audit-events")
        verified = reader.get("/v1/audit-events/verify")
    return History(
        late=world.late,
        people=world.people,
        approvals=APPROVALS,
        requests=requests,
        grants=grants,
        events=events,
        verified=verified,
        members=world.members(),
        writes=world.proxy.settled(),
        notes=notes,
        disturbances=world.disturbances,
        logged=[*logged, *unexpected(world.site.logs)],
        settled=settled,
    )


def unexpected(logs: Path) -> list[str]:
    """What the processes said that is a mistake of our own: errors with a traceback, and what is no log line."""
    found = dict[str, None]()
    for path in sorted(logs.glob("*.log")):
        for line in path.read_text().splitlines():
            try:
                said = json.loads(line)
            except ValueError:
                found[f"{path.name}: {line}"] = None
                continue
            if "exception" in said:
                last = str(said["exception"]).strip().splitlines()[-1]
                found[f"{path.name}: {said.get('event')}: {last}"] = None
    return list(found)
