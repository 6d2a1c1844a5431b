"""Anchors: where the audit once stood, signed and kept outside the database (rule 38).

Whoever can write the database but not this file can cut the end off the audit, or put an old database in place of
the new one, but not unseen.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app import log
from app.domain.keys import derive
from app.domain.sealed import seal, unseal
from app.files.locked import held, read_all, sync_folder, write_all

KEPT = 1000
"""Anchors that stay when the file is written anew."""
_REWRITE_AT = 2 * KEPT
_LONGEST = 512
"""Bytes of a line at most; ours have about 230."""
_MOST_BYTES = 4 * _REWRITE_AT * _LONGEST
_log = log.get("anchors")


@dataclass(frozen=True)
class Anchor:
    """One moment of the audit.

    Attributes:
        seq: Number of the newest event.
        mac: Its MAC.
        at: When it was read from the database, by the database's clock.
    """

    seq: int
    mac: str
    at: datetime


@dataclass(frozen=True)
class Found:
    """What the file says.

    Attributes:
        anchors: Those that hold, oldest first.
        changed: Lines that were written by somebody else, or changed.
    """

    anchors: tuple[Anchor, ...] = ()
    changed: int = 0


class AnchorFile:
    """The file of one host. Several processes may share it.

    Args:
        path: Where it is.
        audit_key: The anchors' own key is derived from it.
    """

    def __init__(self, path: Path, audit_key: bytes) -> None:
        self.path = path
        self._key = derive(audit_key, "anchors")

    def read(self) -> Found:
        """Everything in it. A line that was cut short at the very end is left out: its writer died over it.

        Raises:
            OSError: It cannot be read. That it is not there is no error.
        """
        try:
            with self.path.open("rb") as file:
                begin = max(0, os.fstat(file.fileno()).st_size - _MOST_BYTES)
                file.seek(begin)
                *lines, last = file.read(_MOST_BYTES).split(b"\n")
        except FileNotFoundError:
            return Found()
        del lines[: int(begin > 0)]  # the rest of a line whose beginning was left out
        anchors, changed = [], 0
        for line in filter(None, lines):
            anchor = self._anchor(line)
            if anchor is not None:
                anchors.append(anchor)
            else:
                changed += 1
        if last:
            _log.warning("torn_anchor", file=str(self.path), note="its writer was stopped; it is left out")
        return Found(tuple(anchors), changed)

    def write(self, anchor: Anchor) -> None:
        """Add one, and wait until it is on the disk.

        Raises:
            OSError: The disk is full, or another process keeps the file locked.
        """
        with held(self.path) as handle:
            size = os.fstat(handle).st_size
            end = self._cut_torn(handle, size)
            write_all(handle, self._line(anchor), end)
            if end == 0:
                sync_folder(self.path)
            if end > _REWRITE_AT * len(self._line(anchor)) and not (found := self.read()).changed:
                self._put(found.anchors[-KEPT:])

    def set_aside(self) -> Path:
        """Begin a new file with the anchors that hold, and keep the old one for whoever looks into it.

        Raises:
            OSError: The folder cannot be written.
        """
        with held(self.path):
            good = self.read().anchors
            aside = self.path.with_name(f"{self.path.name}.aside-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
            os.link(self.path, aside)
            self._put(good[-KEPT:])
        return aside

    def _anchor(self, line: bytes) -> Anchor | None:
        record = unseal(self._key, line) if len(line) <= _LONGEST else None
        return None if record is None else Anchor(record["seq"], record["mac"], datetime.fromisoformat(record["at"]))

    def _line(self, anchor: Anchor) -> bytes:
        at = anchor.at.astimezone(UTC).isoformat()
        return seal(self._key, {"seq": anchor.seq, "mac": anchor.mac, "at": at}) + b"\n"

    @staticmethod
    def _cut_torn(handle: int, size: int) -> int:
        """Take a line away that has no end, so that the next does not become a part of it; where to go on."""
        begin = max(0, size - _LONGEST)
        tail = read_all(handle, _LONGEST, begin)
        if not tail or tail.endswith(b"\n"):
            return size
        end = begin + tail.rfind(b"\n") + 1
        os.ftruncate(handle, end)
        return end

    def _put(self, anchors: tuple[Anchor, ...]) -> None:
        """Put a new file in the old one's place in one step. The caller holds the lock on the old one."""
        new = self.path.with_name(f"{self.path.name}.new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            write_all(handle, b"".join(map(self._line, anchors)), 0)
        finally:
            os.close(handle)
        new.replace(self.path)
        sync_folder(self.path)
