"""A cron job that has its own AWS access key replaced, and keeps the new one where the AWS tools look for it.

The file is a credentials file of AWS's (`~/.aws/credentials`, or another that AWS_SHARED_CREDENTIALS_FILE names). It
comes out open to nobody else. One's own rotation is approved by rule. The old key works on for a day after the new one
was collected.

The secret is given once. So the new file is there, empty, before it is collected, and a run that was cut short is
finished by the next one: a key that waits is collected before another rotation is asked for.

Exit codes: 0 the file holds the new key (or the one in it is young enough), 1 refused, 2 it cannot start.
"""

import argparse
import configparser
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from gatehouse_client import AccessKey, Gatehouse, GatehouseError, SettingsError

_PATIENCE = 120.0
"""Seconds to wait for the new key to be made."""
_DAY = 86_400


def main() -> int:
    """Run it."""
    arguments = argparse.ArgumentParser(description="Rotate this machine's AWS access key.")
    arguments.add_argument("file", type=Path, help="credentials file of AWS's")
    arguments.add_argument("--profile", default="default")
    arguments.add_argument("--older-than", type=float, default=0, metavar="DAYS", help="leave a younger key alone")
    given = arguments.parse_args()
    try:
        found = configparser.ConfigParser(interpolation=None)
        with given.file.open(encoding="utf-8") as lines:
            found.read_file(lines)
        key_id = found[given.profile]["aws_access_key_id"]
        age = (time.time() - given.file.stat().st_mtime) / _DAY
        with Gatehouse() as gatehouse:
            return rotate(gatehouse, given.file, found, given.profile, key_id, rotate_now=age >= given.older_than)
    except (OSError, KeyError, configparser.Error, SettingsError) as problem:
        print(f"cannot start: {type(problem).__name__}: {problem}", file=sys.stderr)
        return 2
    except GatehouseError as problem:
        print(problem, file=sys.stderr)
        return 1


def rotate(
    gatehouse: Gatehouse, file: Path, found: configparser.ConfigParser, profile: str, key_id: str, *, rotate_now: bool
) -> int:
    """Collect what waits, or have a new key made and collect that."""
    waiting = next((secret for secret in gatehouse.secrets() if secret.kind == "access_key"), None)
    if waiting is None:
        if not rotate_now:
            print("The key is young enough.")
            return 0
        request = gatehouse.rotate_key(key_id, reason="rotated by cron")
        request = gatehouse.wait_until_applied(request, timeout=_PATIENCE)
        waiting = next((secret for secret in gatehouse.secrets() if secret.access_request_id == request.id), None)
        if waiting is None:
            print("A new key was made, and somebody else collected it.", file=sys.stderr)
            return 1
        print("A new key was made.")
    else:
        print("A key from before waits.")
    with replacing(file) as new:
        key = gatehouse.collect(waiting.id)
        if not isinstance(key, AccessKey):
            raise TypeError("what waited was no access key")
        found[profile]["aws_access_key_id"] = key.access_key_id
        found[profile]["aws_secret_access_key"] = key.secret_access_key
        found.write(new)
    print(f"{file.name} holds it. The old one is switched off in a day.")
    return 0


@contextmanager
def replacing(file: Path) -> Iterator[TextIO]:
    """A file for oneself alone (0600) that takes the place of another once it is whole and on the disk."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as new:
            yield new
            new.flush()
            os.fsync(new.fileno())
        Path(name).replace(file)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


if __name__ == "__main__":
    sys.exit(main())
