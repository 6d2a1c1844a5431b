"""Waiting for a request over long polls, and how a command that files or decides one ends."""

import math
import time
from collections.abc import Iterator
from typing import Any

import typer
from rich.console import Console

from app.cli.client import Api, segment
from app.cli.exits import Exit, NoAnswer
from app.cli.person import screen, showing
from app.cli.person.finding import REQUESTS
from app.cli.person.words import given, over, standing
from app.cli.plain import clean

_POLL = 30
"""Seconds that one call waits at most."""
_MORE = 15.0
"""Seconds beyond that for its answer to come."""
_LEAST = 1.0
"""Seconds from one look to the next where nothing has changed."""


def states(api: Api, row: dict[str, Any], seconds: float | None, *, each: int = _POLL) -> Iterator[dict[str, Any]]:
    """A request as it is now and after each look, until it is over or the time is.

    Args:
        seconds: To wait at most; None is for ever.
        each: Seconds after which it is looked at again when nothing is heard.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    yield row
    while not over(row):
        began = time.monotonic()
        wait = each if deadline is None else min(each, math.ceil(deadline - began))
        if wait < 1:
            return
        until = "decided" if row["decision"] == "pending" else "applied"
        before = standing(row)
        row = api.get(f"{REQUESTS}/{segment(row['id'])}", seconds=wait + _MORE, wait=wait, until=until)
        yield row
        # Too many waiting at once are answered at once (rule 35): that is no reason to ask without end.
        time.sleep(max(0.0, _LEAST - (time.monotonic() - began)) if standing(row) == before else 0)


def answer(api: Api, row: dict[str, Any], seconds: float | None, *, as_json: bool) -> None:
    """Wait where that is wanted, and give the request.

    Args:
        seconds: To wait at most; None is not to wait.

    Raises:
        typer.Exit: It was waited for and is not there.
    """
    code = Exit.DONE
    if seconds is not None:
        typer.echo(f"Asked; the id is {clean(row['id'])}. Waiting.", err=True)
        try:
            for newest in states(api, row, seconds):
                row = newest
            code = ended(row)
        except NoAnswer as lost:  # what was asked for is asked for all the same
            typer.echo(f"gatehouse: {clean(lost)}", err=True)
            code = Exit.NO_ANSWER

    def show(out: Console) -> None:
        screen.line(out, f"{row['id']}: {standing(row)}")
        if row["decision"] == "pending":
            showing.ruling(out, row)

    screen.give(row, as_json=as_json, show=show)
    if code != Exit.DONE:
        raise typer.Exit(code)


def ended(row: dict[str, Any]) -> Exit:
    """How waiting for it ended."""
    if given(row):
        return Exit.DONE
    return Exit.NOT_GIVEN if over(row) else Exit.WAITING
