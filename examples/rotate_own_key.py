"""A cron job that has its own AWS access key replaced, and keeps the new one where the AWS tools look for it.

The file is a credentials file of AWS's (`~/.aws/credentials`, or another that AWS_SHARED_CREDENTIALS_FILE names). It
comes out open to nobody else. One's own rotation is approved by rule. The old key works on for a day after the new one
was collected.

The secret is given once. So the new file is there before it is collected, and says which request the key comes from. A
run that was cut short is finished by the next one: a key that waits is collected before another rotation is asked for,
and one that was collected and never kept is deleted, since nobody has it. The file's own key works on for a day.

Exit codes: 0 the file holds the new key (or the one in it is young enough), 1 refused, 2 it cannot start, also because
another run is under way.
"""

import argparse
import configparser
import fcntl
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gatehouse_client import AccessKey, Gatehouse, GatehouseError, SettingsError, models
from gatehouse_client.generated.api.access_requests import list_access_request_events

_PATIENCE = 120.0
"""Seconds to wait for the new key to be made."""
_DAY = 86_400
_FROM = "# made by access request "
"""How the new file begins."""


def main() -> int:
    """Run it."""
    arguments = argparse.ArgumentParser(description="Rotate this machine's AWS access key.")
    arguments.add_argument("file", type=Path, help="credentials file of AWS's")
    arguments.add_argument("--profile", default="default")
    arguments.add_argument("--older-than", type=float, default=0, metavar="DAYS", help="leave a younger key alone")
    given = arguments.parse_args()
    try:
        file = given.file.resolve()  # a link stays one
        with alone(file), Gatehouse() as gatehouse:
            found = configparser.ConfigParser(interpolation=None)
            with file.open(encoding="utf-8") as lines:
                found.read_file(lines)
            key_id = found[given.profile]["aws_access_key_id"]
            age = (time.time() - file.stat().st_mtime) / _DAY
            return rotate(gatehouse, file, found, given.profile, key_id, rotate_now=age >= given.older_than)
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
    beside = file.with_name(f".{file.name}.new")
    waiting = next((secret for secret in gatehouse.secrets() if secret.kind == "access_key"), None)
    if waiting is None and beside.exists():
        rotate_now = let_go(gatehouse, beside, key_id) or rotate_now
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
    # For oneself alone (0600). It takes the place of the other once it is whole and on the disk.
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as new:
        new.write(f"{_FROM}{waiting.access_request_id}\n")
        new.flush()
        os.fsync(new.fileno())
        key = gatehouse.collect(waiting.id)
        if not isinstance(key, AccessKey):
            raise TypeError("what waited was no access key")
        found[profile]["aws_access_key_id"] = key.access_key_id
        found[profile]["aws_secret_access_key"] = key.secret_access_key
        found.write(new)
        new.flush()
        os.fsync(new.fileno())
    beside.replace(file)
    print(f"{file.name} holds it. The old one is switched off in a day.")
    return 0


def let_go(gatehouse: Gatehouse, beside: Path, key_id: str) -> bool:
    """Delete the key that an earlier run collected and did not come to keep. Answers whether there was one."""
    said = re.match(re.escape(_FROM) + "([0-9a-f-]{36})\n", beside.read_text(encoding="utf-8"))
    if said is None:  # it was cut short before anything was collected
        return False
    events = gatehouse.every(list_access_request_events.sync_detailed, said[1])
    made = next((event.data["key_id"] for event in events if event.event == "secret.waiting"), key_id)
    if made == key_id:
        return False
    wish = models.AskAccessKeyDelete(
        kind="access_key.delete", change=models.KeyBody(key_id=made), reason="collected by cron, and not kept"
    )
    gatehouse.wait_until_applied(gatehouse.ask(wish), timeout=_PATIENCE)
    print("The key from before was lost, and is deleted.")
    return True


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Only one run at a time: another one would take what this one is about to keep for lost.

    Raises:
        BlockingIOError: Another one is under way.
    """
    with file.open("r+b") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BlockingIOError(f"another run has {file}") from None
        yield


if __name__ == "__main__":
    sys.exit(main())
