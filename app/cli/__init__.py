"""`gatehouse …`: one line and an exit code for whatever goes wrong, never a traceback.

Exit codes are in `app.cli.exits`. `catalog plan --exit-code` alone says 2 when something differs, and 1 for everything
else. What is imported here is loaded by each command: nothing of the server (`app.cli.lazy`).
"""

import sys

import typer

from app.cli import exits, person
from app.cli.exits import MEANINGS
from app.cli.lazy import Commands
from app.cli.plain import clean
from app.errors import GatehouseError, StartError

app = typer.Typer(
    name="gatehouse",
    cls=Commands,
    help="The one door to the lab's AWS accounts.",
    epilog="Exit codes: " + "; ".join(f"{code.value} {meaning}" for code, meaning in MEANINGS.items()) + ".",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
person.add_to(app)


def main() -> None:
    """Run a command."""
    try:
        app()
    except StartError as problem:
        _say(str(problem), exits.of(problem))
    except GatehouseError as refusal:
        _say(refusal.detail, exits.of(refusal))


def _say(line: str, code: int) -> None:
    sys.stderr.write(f"gatehouse: {clean(line)}\n")
    sys.exit(code)
