"""`gatehouse watch`: a request as it moves, or everything that is open, until it is over."""

import json
import sys
import time
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from app.cli.client import Api
from app.cli.exits import Exit, Mistake
from app.cli.person import completing, finding, screen, showing, waiting
from app.cli.person.asking import duration
from app.cli.person.finding import REQUESTS
from app.cli.person.screen import Json
from app.cli.person.words import over, standing, wish
from app.cli.plain import clean

_EACH = 5
"""Seconds between looks, where one approval of two is to be seen too."""
_LOOK = 3.0
"""Seconds between looks at lists, which cannot be waited for."""


def watch(
    request_id: Annotated[
        str | None,
        typer.Argument(help="One request, by its id or the beginning of it.", autocompletion=completing.asked),
    ] = None,
    timeout: Annotated[
        str | None, typer.Option("--timeout", help="How long at most; then exit code 4.", metavar="DURATION")
    ] = None,
    as_json: Json = False,
) -> None:
    """Watch a request until it is carried out or will not be; or, without an id, all that is open, until Ctrl-C."""
    seconds = None if timeout is None else duration(timeout).total_seconds()
    if request_id is None and as_json:
        raise Mistake("Say which request: --json gives one document, when it is over")
    with Api() as api:
        if request_id is None:
            _everything(api, seconds)
            raise typer.Exit(Exit.WAITING)
        row = _one(api, finding.request(api, request_id, finding.MINE, finding.TO_APPROVE), seconds, as_json=as_json)
    if as_json:
        typer.echo(json.dumps(row))
    raise typer.Exit(waiting.ended(row))


def _one(api: Api, row: dict[str, Any], seconds: float | None, *, as_json: bool) -> dict[str, Any]:
    out, said, newest = screen.console(), "", row
    if out.is_terminal and not as_json:
        with Live(_picture(row), console=out, refresh_per_second=8) as live:
            for newest in waiting.states(api, row, seconds, each=_EACH):
                live.update(_picture(newest))
        return newest
    for newest in waiting.states(api, row, seconds, each=_EACH):
        if not as_json and standing(newest) != said:
            said = standing(newest)
            screen.line(out, f"{newest['id']} {said}")
            sys.stdout.flush()
    return newest


def _picture(row: dict[str, Any]) -> RenderableType:
    rows = [("Request", row["id"]), ("Who", row["user"]), ("What", wish(row)), ("Why", row["reason"])]
    people = [(d["approver"], f"{d['verdict']} by {d['channel']}", d["comment"]) for d in row["decisions"]]
    parts: list[RenderableType] = [screen.pairs(rows)]
    if people:
        parts.append(screen.table(("Decided by", "Verdict", "Comment"), people))
    state = Text(clean(standing(row)), style="bold")
    parts.append(state if over(row) else Spinner("line", text=state))
    return Group(*parts)


def _everything(api: Api, seconds: float | None) -> None:
    out = screen.console()
    if not out.is_terminal:
        raise Mistake("Say which request, or use a terminal: watch without an id is for looking at")
    deadline = None if seconds is None else time.monotonic() + seconds
    with Live(console=out, refresh_per_second=4) as live:
        while deadline is None or time.monotonic() < deadline:
            live.update(_lists(api))
            time.sleep(_LOOK if deadline is None else max(0.0, min(_LOOK, deadline - time.monotonic())))


def _lists(api: Api) -> RenderableType:
    mine = [row for row in api.get(REQUESTS, mine=True, limit=20)["items"] if not over(row)]
    waits = api.get(REQUESTS, to_approve=True, limit=20)["items"]
    parts: list[RenderableType] = []
    for title, rows, of_others in (("Waits for you", waits, True), ("What you asked", mine, False)):
        parts.append(Text(f"{title}: {len(rows) or 'nothing'}", style="bold"))
        if rows:
            parts.append(showing.listed(rows, of_others=of_others))
    parts.append(Spinner("line", text="Ctrl-C ends this"))
    return Group(*parts)
