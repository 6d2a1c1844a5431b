"""Clients that race: each asks, approves, denies, cancels, extends, revokes and leaves as random people."""

import datetime as dt
import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.history.record import Note
from tests.history.world import ADMINS, APPROVALS, POLICIES, World, http

CLIENTS = 8
PAUSE = 0.1
"""Seconds between two calls of one client, at most."""
LASTING, LASTING_SHARE = "PT1H", 0.2
REPEATS = 5
"""How often a call whose answer was lost is sent again with the same key, at most."""
_RECENT, _NEWEST, _NEWEST_SHARE = 24, 6, 0.7
_ASK = "/v1/access-requests"


@dataclass
class Board:
    """What all clients know of: the newest requests with who is in them, and the newest grants with their holders."""

    requests: deque[tuple[str, str, str]] = field(default_factory=lambda: deque(maxlen=_RECENT))
    grants: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=_RECENT))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, row: dict[str, Any]) -> None:
        """Remember a request that was answered, with its grants."""
        with self.lock:
            known = (row["id"], row["requester"], row["user"])
            if known not in self.requests:
                self.requests.append(known)
            for grant_id in row["grant_ids"]:
                if (grant_id, row["user"]) not in self.grants:
                    self.grants.append((grant_id, row["user"]))

    def some_request(self, draw: random.Random) -> tuple[str, str, str] | None:
        """Mostly one of the newest, which nobody has decided yet."""
        with self.lock:
            known = list(self.requests)
        if draw.random() < _NEWEST_SHARE:
            known = known[-_NEWEST:]
        return draw.choice(known) if known else None

    def some_grant(self, draw: random.Random) -> tuple[str, str] | None:
        with self.lock:
            return draw.choice(self.grants) if self.grants else None


class Player:
    """One client.

    Args:
        number: Which; with the run's seed it seeds what it does.
    """

    def __init__(self, world: World, board: Board, seed: int, number: int, client: httpx.Client) -> None:
        self._world, self._board, self._client = world, board, client
        self._name = f"{seed}-{number}"
        self._draw = random.Random(self._name)  # noqa: S311 - a seed is what it is for
        self._keys = 0
        self.notes: list[Note] = []

    def play(self) -> list[Note]:
        """Do this and that until the time is up; what was asked and answered."""
        doing: dict[Callable[[], None], int] = {
            self._join: 24,
            self._one_off: 4,
            self._approve: 36,
            self._deny: 3,
            self._cancel: 2,
            self._withdraw: 3,
            self._retry: 2,
            self._revoke: 2,
            self._extend: 8,
            self._leave: 2,
            self._look: 3,
        }
        choices, weights = list(doing), list(doing.values())
        while not self._world.over.is_set():
            self._draw.choices(choices, weights)[0]()
            self._world.over.wait(self._draw.uniform(0, PAUSE))
        return self.notes

    def _anybody(self) -> str:
        return self._draw.choice(self._world.everybody)

    def _mostly(self, likely: list[str], share: float) -> str:
        """One of these with that probability, otherwise anybody: those who must not are to be refused."""
        return self._draw.choice(likely) if self._draw.random() < share else self._anybody()

    def _duration(self) -> str:
        """Mostly seconds, so that much ends; now and then so long that it is still active when all is compared."""
        return LASTING if self._draw.random() < LASTING_SHARE else f"PT{self._draw.randint(1, 8)}S"

    def _join(self) -> None:
        body: dict[str, Any] = {"kind": "group.join", "change": {"group": self._draw.choice(list(APPROVALS))}}
        if self._draw.random() < 0.97:
            body["duration"] = self._duration()
        if self._draw.random() < 0.05:
            ahead = dt.timedelta(seconds=self._draw.randint(1, 3))
            body["starts_at"] = (dt.datetime.now(dt.UTC) + ahead).isoformat()
        self._ask("ask", body)

    def _one_off(self) -> None:
        name = self._draw.choice(list(POLICIES))
        change = {"name": name, "document": POLICIES[name]}
        self._ask("ask", {"kind": "policy.inline", "change": change, "duration": self._duration()})

    def _leave(self) -> None:
        self._ask("leave", {"kind": "group.leave", "change": {"group": self._draw.choice(list(APPROVALS))}})

    def _ask(self, verb: str, body: dict[str, Any]) -> None:
        who = self._anybody()
        if self._draw.random() < 0.25:
            who, body["user"] = self._mostly(list(ADMINS), 0.7), self._anybody()
        self._post(verb, who, _ASK, body, reason=True)

    def _extend(self) -> None:
        if (found := self._board.some_grant(self._draw)) is not None:
            grant_id, holder = found
            body = {"duration": self._duration()}
            self._post(
                "extend", self._mostly([holder], 0.8), f"/v1/grants/{grant_id}/extend", body, grant_id, reason=True
            )

    def _revoke(self) -> None:
        if (found := self._board.some_grant(self._draw)) is not None:
            grant_id, holder = found
            path = f"/v1/grants/{grant_id}/revoke"
            self._post("revoke", self._mostly([holder, *ADMINS], 0.8), path, {}, grant_id, reason=True)

    def _approve(self) -> None:
        self._on_request("approve", list(ADMINS), 0.9, {})

    def _deny(self) -> None:
        self._on_request("deny", list(ADMINS), 0.8, {"comment": "not now"})

    def _withdraw(self) -> None:
        self._on_request("withdraw", list(ADMINS), 0.9, None)

    def _cancel(self) -> None:
        self._on_request("cancel", [], 0.8, None)

    def _on_request(self, verb: str, likely: list[str], share: float, body: dict[str, Any] | None) -> None:
        if (found := self._board.some_request(self._draw)) is not None:
            request_id, requester, user = found
            who = self._mostly(likely or [requester, user], share)
            self._post(verb, who, f"{_ASK}/{request_id}/{verb}", body, request_id)

    def _retry(self) -> None:
        failed = self._get(f"{_ASK}?decision=approved&provisioning=failed&limit=5")
        if failed:
            request_id = self._draw.choice(failed)["id"]
            who = self._mostly(list(ADMINS), 0.8)
            self._post("retry", who, f"{_ASK}/{request_id}/retry", None, request_id)

    def _look(self) -> None:
        for row in self._get(f"{_ASK}?decision=pending&limit=10"):
            self._board.add(row)

    def _get(self, path: str) -> list[dict[str, Any]]:
        answer = self._send("look", self._draw.choice(ADMINS), "GET", path, None, "", self._key())
        return answer["items"] if answer else []

    def _key(self) -> str:
        self._keys += 1
        return f"{self._name}-{self._keys}"

    def _post(
        self, verb: str, who: str, path: str, body: dict[str, Any] | None, target: str = "", *, reason: bool = False
    ) -> None:
        """Send it; where no answer came, mostly again with the same key."""
        key = self._key()
        sent = {**(body or {}), "reason": key} if reason else body
        for _ in range(self._draw.choice((0, REPEATS, REPEATS)) + 1):
            row = self._send(verb, who, "POST", path, sent, target, key)
            if row is not None and "requester" in row:
                self._board.add(row)
            if not self.notes[-1].unknown or self._world.over.wait(self._draw.uniform(0.1, 0.5)):
                return

    def _send(
        self, verb: str, who: str, method: str, path: str, body: dict[str, Any] | None, target: str, key: str
    ) -> dict[str, Any] | None:
        """One call, noted. The answer's body if it was done."""
        headers = {"Authorization": f"Bearer {self._world.site.tokens[who]}"}
        if method == "POST":
            headers["Idempotency-Key"] = key
        url = self._draw.choice(self._world.servers).url + path
        began = dt.datetime.now(dt.UTC)
        status: int | None = None
        answered: dict[str, Any] = {}
        try:
            answer = self._client.request(method, url, json=body, headers=headers)
            status, answered = answer.status_code, answer.json()
            code = answered.get("code")
        except (httpx.TransportError, ValueError) as problem:
            code = type(problem).__name__
        ended = dt.datetime.now(dt.UTC)
        made = answered.get("id") if status == 201 else None
        self.notes.append(Note(key, who, verb, target, began, ended, status, code, made))
        return answered if self.notes[-1].done else None


def play(world: World, board: Board, seed: int, number: int) -> list[Note]:
    """One client until the time is up; its notes."""
    with http() as client:
        return Player(world, board, seed, number, client).play()
