"""The real `gatehouse` command with IAM answered in its process: BENCH_IAM names the file that describes it.

The class is put in the place of `BotoIam` before anything imports that, so that what is measured is what the
command starts, with its own settings, threads and pools, and not parts put together here in some other way.
"""

import os
import sys
from pathlib import Path
from typing import Any

from app.clients import iam
from bench.free_iam import FreeIam


def main() -> None:
    """Run a command."""
    free = FreeIam.from_file(Path(os.environ["BENCH_IAM"]))

    def made(**_settings: Any) -> FreeIam:
        return free

    iam.BotoIam = made  # type: ignore[assignment,misc] # as this module's docstring says
    from app import cli  # noqa: PLC0415 - only now

    sys.exit(cli.main())  # type: ignore[func-returns-value] # it ends by itself


if __name__ == "__main__":
    main()
