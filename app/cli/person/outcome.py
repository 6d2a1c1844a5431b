"""How a person's command ends: one line on stderr, an exit code, and with `--json` always one document on stdout."""

import functools
import json
import sys
from collections.abc import Callable
from typing import Any

import typer

from app.cli import exits
from app.cli.exits import Exit, NoAnswer
from app.cli.plain import clean
from app.errors import GatehouseError, StartError

_CODES = {Exit.NO_ANSWER: "no_answer", Exit.USAGE: "wrong_use"}


def told(command: Callable[..., None]) -> Callable[..., None]:
    """The same command, saying what goes wrong."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except (GatehouseError, StartError) as problem:
            _end(problem, as_json=bool(options.get("as_json")))
        except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as problem:
            # Another version's answer, or not Gatehouse's: nothing of what it said can be relied on.
            text = f"What Gatehouse answered is not what this version of gatehouse reads ({type(problem).__name__})"
            _end(NoAnswer(text), as_json=bool(options.get("as_json")))
        except BrokenPipeError:  # whoever read it has read enough
            raise
        except OSError as problem:
            sys.stderr.write(f"gatehouse: What came of it cannot be written: {problem.strerror}\n")
            raise typer.Exit(Exit.USAGE) from None
        except (KeyboardInterrupt, typer.Abort):
            sys.stderr.write("\n")
            raise typer.Exit(Exit.INTERRUPTED) from None

    return run


def _end(problem: GatehouseError | StartError, *, as_json: bool) -> None:
    code = exits.of(problem)
    if as_json:
        typer.echo(json.dumps(document(problem)))
    known = f" ({problem.code})" if isinstance(problem, GatehouseError) else ""
    sys.stderr.write(f"gatehouse: {clean(f'{problem}{known}')}\n")
    raise typer.Exit(code)


def document(problem: GatehouseError | StartError) -> dict[str, Any]:
    """Gatehouse's problem document, or one like it for what was not Gatehouse's to say; its `status` is null."""
    if isinstance(problem, GatehouseError) and problem.extra.get("code"):
        return problem.extra
    code = problem.code if isinstance(problem, GatehouseError) else _CODES[exits.of(problem)]
    known = {"type": f"urn:gatehouse:problem:{code}", "title": "Not done", "status": None}
    return {**known, "detail": str(problem), "code": code, "request_id": None}
