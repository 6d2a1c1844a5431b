"""Nightly offboarding: whoever's last day in a CSV is over loses all access at once, and their deletion is asked for.

The file has a header and the columns `name` and `last_day` (2026-11-30). Taking away never waits, so a suspension that
an admin asks for needs nobody else; the deletion waits for a second admin. Run it every night: what was done is left.

Exit codes: 0 all is done or asked for, 1 something could not be, 2 it cannot start; then nothing was done.
"""

import argparse
import csv
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gatehouse_client import (
    AlreadyPending,
    Gatehouse,
    GatehouseError,
    NotApplied,
    NotFound,
    SettingsError,
    Unreachable,
)

_PATIENCE = 60.0
"""Seconds to wait for one suspension to be carried out."""


@dataclass(frozen=True)
class Leaving:
    """One line of the file."""

    name: str
    last_day: date


def main() -> int:
    """Run it."""
    arguments = argparse.ArgumentParser(description="Suspend whoever left, and ask for their deletion.")
    arguments.add_argument("file", type=Path, help="CSV with the columns name and last_day")
    arguments.add_argument("--today", type=date.fromisoformat, default=None, help="another day than today")
    given = arguments.parse_args()
    today = given.today or date.today()  # noqa: DTZ011 - the lab's day, where this runs
    try:
        leaving = read(given.file)
        with Gatehouse() as gatehouse:
            gatehouse.who_am_i()
            return offboard(gatehouse, [one for one in leaving if one.last_day < today])
    except (OSError, ValueError, csv.Error, SettingsError, Unreachable) as problem:
        print(problem, file=sys.stderr)
        return 2
    except GatehouseError as problem:
        print(problem, file=sys.stderr)
        return 1


def read(file: Path) -> list[Leaving]:
    """The whole file, before anything is done.

    Raises:
        ValueError: A line is not as it should be.
    """
    found = []
    with file.open(newline="", encoding="utf-8-sig") as lines:  # Excel begins a file with a mark
        rows = csv.DictReader(lines)
        if not {"name", "last_day"} <= set(rows.fieldnames or ()):
            raise ValueError(f"{file} needs a header with name and last_day")
        for row in rows:
            name = (row["name"] or "").strip()
            try:
                found.append(Leaving(name, date.fromisoformat((row["last_day"] or "").strip())))
            except ValueError:
                raise ValueError(f"{file}, line {rows.line_num}: last_day is a date like 2026-11-30") from None
            if not name:
                raise ValueError(f"{file}, line {rows.line_num}: there is no name")
    return found


def offboard(gatehouse: Gatehouse, leaving: list[Leaving]) -> int:
    """Do it for each; one that goes wrong keeps nobody else."""
    failed = 0
    for one in leaving:
        try:
            said = leave(gatehouse, one)
        except (GatehouseError, NotApplied) as problem:
            failed += 1
            said = f"NOT DONE: {problem}"
        print(f"{one.name}: {said}", flush=True)
    print(f"{len(leaving)} left, {failed} could not be offboarded.")
    return 1 if failed else 0


def leave(gatehouse: Gatehouse, one: Leaving) -> str:
    """Suspend one and ask for the deletion; what was done."""
    try:
        state = gatehouse.user(one.name).state
    except NotFound:
        return "not known"
    if state == "deleted":
        return "deleted already"
    reason = f"left the lab, last day {one.last_day}"
    done = []
    if state == "active":
        gatehouse.wait_until_applied(gatehouse.suspend(one.name, reason=reason), timeout=_PATIENCE)
        done.append("suspended")
    else:
        done.append("suspended already")
    try:
        request = gatehouse.delete_user(one.name, reason=reason)
        done.append(f"asked for deletion, which {' or '.join(request.ruling.eligible_approvers)} can approve")
    except AlreadyPending:
        done.append("deletion waits for approval")
    return ", ".join(done)


if __name__ == "__main__":
    sys.exit(main())
