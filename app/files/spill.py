"""The spill file: what was taken away while the database could not be written (rule 36).

Its room is taken when it is made, so that a full disk cannot keep a record out. It is a row of slots of one size; a
slot is one sealed line, or empty. A record stays until its rows are written.
"""

import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app import log
from app.domain.keys import derive
from app.domain.sealed import seal, unseal
from app.files.locked import held, read_all, sync_folder, write_all

SIZE = 1024 * 1024
SLOT = 1024
"""Bytes. The longest names that AWS allows leave room."""
_EMPTY = bytes(SLOT)
_log = log.get("spill")


@dataclass(frozen=True)
class Taken:
    """Access that was taken away, and is not yet in the database.

    Attributes:
        group: None of a policy of the user's own.
        due_at: When it had to end.
        taken_at: When IAM, read back, no longer showed it.
        was_there: False when IAM did not show it in the first place.
    """

    grant_id: str
    account: str
    user: str
    group: str | None
    due_at: datetime
    taken_at: datetime
    was_there: bool
    policy: str | None = None

    def as_json(self) -> dict[str, Any]:
        """For the file."""
        return {**asdict(self), "due_at": self.due_at.isoformat(), "taken_at": self.taken_at.isoformat()}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Taken":
        """From the file."""
        times = {name: datetime.fromisoformat(record[name]) for name in ("due_at", "taken_at")}
        return cls(**{**record, **times})


class Spill:
    """The file. Several processes of a host may share it: each record is written back once.

    Args:
        path: Where it is.
        audit_key: The file's own key is derived from it.
    """

    def __init__(self, path: Path, audit_key: bytes) -> None:
        self.path = path
        self._key = derive(audit_key, "spill")
        self._guard = threading.Lock()
        self._said = False

    def prepare(self) -> bool:
        """Take the room on the disk, if it is not taken yet. False: there is none now."""
        try:
            with self._guard, held(self.path) as handle:
                size = os.fstat(handle).st_size
                if size < SIZE:
                    # Written and not only reserved: what a file system reserves it may still refuse.
                    write_all(handle, bytes(SIZE - size), size)
                    sync_folder(self.path)
        except OSError as problem:
            if not self._said:
                _log.error("no_room_for_spill", file=str(self.path), problem=problem.strerror)
            self._said = True
            return False
        return True

    def add(self, taken: Taken) -> bool:
        """Write a record down and wait until it is on the disk. False: it could not be, and the log says why."""
        line = seal(self._key, taken.as_json())
        try:
            with self._guard, held(self.path) as handle:
                free = next((n for n, slot in enumerate(_slots(handle)) if not slot), None)
                if free is None or len(line) > SLOT:
                    _log.error("spill_full", file=str(self.path), grant_id=taken.grant_id)
                    return False
                write_all(handle, line.ljust(SLOT, b"\0"), free * SLOT)
        except OSError as problem:
            _log.error("spill_failed", file=str(self.path), grant_id=taken.grant_id, problem=problem.strerror)
            return False
        return True

    def count(self) -> int:
        """How many records wait to be written back; 0 where there is no file, or none that can be read."""
        try:
            return len(self.waiting()) if self.path.exists() else 0
        except OSError:
            return 0

    def waiting(self) -> dict[int, Taken]:
        """Every record by its slot. A line that is none of ours is emptied, and the log says so.

        Raises:
            OSError: The file cannot be read.
        """
        found, bad = {}, []
        with self._guard, held(self.path) as handle:
            for number, slot in enumerate(_slots(handle)):
                record = unseal(self._key, slot) if slot else None
                if record is not None:
                    found[number] = Taken.from_json(record)
                elif slot:
                    bad.append(number)
            for number in bad:
                # Torn by a crash, or written by somebody else: either way the end itself is still due in its row.
                _log.error("spill_line_bad", file=str(self.path), slot=number)
                write_all(handle, _EMPTY, number * SLOT)
        return found

    def done(self, records: Mapping[int, Taken]) -> None:
        """Empty the slots of these: their rows are written. A slot that holds another record by now stays.

        Raises:
            OSError: The file cannot be written.
        """
        with self._guard, held(self.path) as handle:
            slots = _slots(handle)
            for number, record in records.items():
                if slots[number] == seal(self._key, record.as_json()):
                    write_all(handle, _EMPTY, number * SLOT)


def _slots(handle: int) -> list[bytes]:
    whole = read_all(handle, SIZE)
    return [whole[n : n + SLOT].rstrip(b"\0") for n in range(0, len(whole), SLOT)]
