"""The real `gatehouse` command with IAM answered in its process: BENCH_IAM names the file that describes it.

A function is put in the place of `as_roles` before anything imports that, so that what is measured is what the
command starts, with its own settings, threads and pools, and not parts put together here in some other way.
"""

import os
import sys
from pathlib import Path
from typing import Any

from app.clients import two_roles
from bench.free_iam import FreeIam


def main() -> None:
    """Run a command."""
    free = FreeIam.from_file(Path(os.environ["BENCH_IAM"]))

    def made(first: str | None, second: str | None, **_settings: Any) -> FreeIam:  # noqa: ARG001 - as that one has them
        return free

    two_roles.as_roles = made  # as this module's docstring says
    from app import cli  # noqa: PLC0415 - only now

    sys.exit(cli.main())  # type: ignore[func-returns-value] # it ends by itself


if __name__ == "__main__":
    main()
