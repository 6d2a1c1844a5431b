"""Opening and locking a small file that several processes of one host share."""

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from app.errors import StartError

LOCK_WAIT = 2.0
"""Seconds. A holder needs milliseconds, unless it was stopped in between."""
_STEP = 0.01
_NEVER = frozenset({errno.EACCES, errno.EISDIR, errno.ENOENT, errno.ENOTDIR, errno.EPERM, errno.EROFS})
_OPEN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


def place(chosen: Path | None, database_url: str, ending: str) -> Path:
    """Where such a file is: as set, beside an SQLite database, or in the working folder."""
    if chosen is not None:
        return chosen
    url = make_url(database_url)
    beside = url.database if url.get_backend_name() == "sqlite" else None
    return Path(f"{beside or 'gatehouse'}.{ending}")


def require_usable(path: Path, setting: str) -> None:
    """Refuse to start where such a file could never be written; a full disk is no reason to, since ends must go on.

    Raises:
        StartError: The folder is missing or forbidden, or the file is not ours to write.
    """
    try:
        os.close(os.open(path, _OPEN, 0o600))
    except OSError as problem:
        if problem.errno in _NEVER:
            why = f"{path} cannot be written: {problem.strerror}"
            raise StartError(f"{why}. Choose another place with {setting}") from None


@contextlib.contextmanager
def held(path: Path) -> Iterator[int]:
    """The open file, locked against the other processes until the end of the block.

    Raises:
        OSError: It cannot be opened, or another process keeps it locked.
    """
    handle = _locked(path)
    try:
        yield handle
    finally:
        os.close(handle)  # closing lets go of the lock


def _locked(path: Path) -> int:
    deadline = time.monotonic() + LOCK_WAIT
    while True:
        handle = os.open(path, _OPEN, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(path, handle):
                return handle
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(handle)
                raise
        except OSError:
            os.close(handle)
            raise
        os.close(handle)
        time.sleep(_STEP)


def _is_still(path: Path, handle: int) -> bool:
    """Whether the path names what was opened: somebody may have put a new file there meanwhile."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(handle)
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def write_all(handle: int, data: bytes, offset: int) -> None:
    """Write all of it at a place in the file, and wait until it is on the disk."""
    while data:
        written = os.pwrite(handle, data, offset)
        data, offset = data[written:], offset + written
    os.fsync(handle)


def read_all(handle: int, size: int, offset: int = 0) -> bytes:
    """At most `size` bytes from a place in the file."""
    found = bytearray()
    while len(found) < size and (piece := os.pread(handle, size - len(found), offset + len(found))):
        found += piece
    return bytes(found)


def sync_folder(path: Path) -> None:
    """Make a new name in a folder as lasting as the file itself."""
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
