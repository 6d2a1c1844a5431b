"""`gatehouse …`: one line and an exit code for whatever goes wrong, never a traceback.

Exit codes: 0 done, 1 refused or not valid, 2 cannot start (a setting, a missing table, a taken port). `catalog plan
--exit-code` alone says 2 when something differs, and 1 for everything else.
"""

import sys

import typer
from sqlalchemy.exc import SQLAlchemyError

from app.cli import catalog, importing, operations, serving
from app.clients.aws import AwsError, Retryable
from app.errors import GatehouseError, StartError

app = typer.Typer(
    name="gatehouse",
    help="The one door to the lab's AWS accounts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
serving.add_to(app)
operations.add_to(app)
importing.add_to(app)
catalog.add_to(app)


def main() -> None:
    """Run a command."""
    try:
        app()
    except StartError as problem:
        _say(str(problem), 2)
    except GatehouseError as refusal:
        _say(refusal.detail, 1)
    except Retryable as problem:
        _say(f"AWS does not answer ({problem}). Check AWS_ENDPOINT_URL, the network and the credentials.", 2)
    except AwsError as problem:
        _say(f"AWS refused: {problem}", 1)
    except SQLAlchemyError as problem:
        _say(f"The database failed: {type(problem).__name__}. Run gatehouse migrate, or look at its log.", 2)


def _say(line: str, code: int) -> None:
    sys.stderr.write(f"gatehouse: {' '.join(line.split())}\n")
    sys.exit(code)
