"""The log of every IAM write that reached the backend, in memory and as a file."""

import dataclasses
import datetime as dt
import json
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from tests.support.faults import Call


@dataclasses.dataclass(frozen=True)
class Write:
    """One changing call that reached the backend.

    Attributes:
        seq: Counted from 1. For one principal this is the order in which the backend made them.
        caller: Whose access key signed it.
        arrived, passed_on, answered: Monotonic seconds; when it came from the caller, and went to and from the backend.
        at: The wall clock when the backend answered.
        status: The backend's; None: it never answered, so nobody knows.
        delivered: Whether the caller got the answer; None: not yet.
    """

    seq: int
    action: str
    parameters: dict[str, str]
    caller: str
    arrived: float
    passed_on: float
    answered: float
    at: str
    status: int | None
    delivered: bool | None = None

    @property
    def done(self) -> bool:
        """Whether the backend said done."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def user(self) -> str | None:
        return self.parameters.get("UserName")


class WriteLog:
    """Every write in order, in memory and on request in a file of JSON lines."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.Lock()
        self._writes: list[Write] = []
        self._file: TextIO | None = path.open("a", encoding="utf-8") if path else None

    def add(self, call: Call, passed_on: float, status: int | None) -> Write:
        now = dt.datetime.now(dt.UTC).isoformat()
        with self._lock:
            seq = len(self._writes) + 1
            times = call.arrived, passed_on, time.monotonic()
            write = Write(seq, call.action, dict(call.parameters), call.caller, *times, now, status)
            self._writes.append(write)
            self._line(dataclasses.asdict(write))
            return write

    def delivered(self, write: Write, *, yes: bool) -> None:
        with self._lock:
            self._writes[write.seq - 1] = dataclasses.replace(write, delivered=yes)
            self._line({"seq": write.seq, "delivered": yes})

    def all(self) -> list[Write]:
        with self._lock:
            return list(self._writes)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _line(self, content: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(content) + "\n")
            self._file.flush()


def read_log(path: Path) -> list[Write]:
    """The writes of a log file; it may still be written to."""
    found: dict[int, dict[str, Any]] = {}
    for line in path.read_text("utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            content = json.loads(line)
            found.setdefault(content["seq"], {}).update(content)
    return [Write(**found[seq]) for seq in sorted(found)]
