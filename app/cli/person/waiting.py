"""Waiting for a request over long polls, and how a command that files or decides one ends."""

import time
from collections.abc import Iterator
from typing import Any

import typer
from rich.console import Console

from app.cli.client import Api, segment
from app.cli.exits import Exit
from app.cli.person import screen, showing
from app.cli.person.finding import REQUESTS
from app.cli.person.words import given, over, standing

_POLL = 30
"""Seconds that one call waits at most."""
_MORE = 15.0
"""Seconds beyond that for its answer to come."""


def states(api: Api, row: dict[str, Any], seconds: float | None, *, each: int = _POLL) -> Iterator[dict[str, Any]]:
    """A request as it is now and after each look, until it is over or the time is.

    Args:
        seconds: To wait at most; None is for ever.
        each: Seconds after which it is looked at again when nothing is heard.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    yield row
    while not over(row):
        wait = each if deadline is None else min(each, int(deadline - time.monotonic()))
        if wait < 1:
            return
        until = "decided" if row["decision"] == "pending" else "applied"
        row = api.get(f"{REQUESTS}/{segment(row['id'])}", seconds=wait + _MORE, wait=wait, until=until)
        yield row


def answer(api: Api, row: dict[str, Any], seconds: float | None, *, as_json: bool) -> None:
    """Wait where that is wanted, and give the request.

    Args:
        seconds: To wait at most; None is not to wait.

    Raises:
        typer.Exit: It was waited for and is not there.
    """
    if seconds is not None:
        if not as_json:
            typer.echo(f"Asked; the id is {row['id']}. Waiting.", err=True)
        *_, row = states(api, row, seconds)

    def show(out: Console) -> None:
        screen.line(out, f"{row['id']}: {standing(row)}")
        if row["decision"] == "pending":
            showing.ruling(out, row)

    screen.give(row, as_json=as_json, show=show)
    if seconds is not None and ended(row) != Exit.DONE:
        raise typer.Exit(ended(row))


def ended(row: dict[str, Any]) -> Exit:
    """How waiting for it ended."""
    if given(row):
        return Exit.DONE
    return Exit.NOT_GIVEN if over(row) else Exit.WAITING
