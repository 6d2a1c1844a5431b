"""`gatehouse cancel`, `revoke`, `extend`: what becomes of what was asked for or is held."""

from typing import Annotated

import typer

from app.cli.client import Api, segment
from app.cli.exits import Mistake
from app.cli.person import completing, finding, screen, waiting
from app.cli.person.asking import Because, Lasting, Timeout, Wait, duration
from app.cli.person.finding import GRANTS, REQUESTS
from app.cli.person.screen import Json, Yes
from app.cli.person.words import held, now, time_left
from app.domain import durations

Held = Annotated[
    str,
    typer.Argument(
        help="A group or policy that is held, or the id of a grant.",
        metavar="GROUP|GRANT",
        autocompletion=completing.mine,
        show_default=False,
    ),
]
Whose = Annotated[str | None, typer.Option("--user", help="Whose; your own if left out.")]


def cancel(
    request_id: Annotated[
        str,
        typer.Argument(
            help="Its id, or the beginning of it.", autocompletion=completing.open_requests, show_default=False
        ),
    ],
    as_json: Json = False,
) -> None:
    """Take back what was asked for, while it has not begun."""
    with Api() as api:
        row = finding.request(api, request_id, finding.MINE)
        waiting.answer(api, api.post(f"{REQUESTS}/{segment(row['id'])}/cancel"), None, as_json=as_json)


def revoke(access: Held, user: Whose = None, because: Because = None, yes: Yes = False, as_json: Json = False) -> None:
    """End access now: your own, or that of somebody whose group you decide on."""
    with Api() as api:
        grant = finding.grant(api, access, user)
        if screen.can_ask() and not yes:
            screen.confirmed(f"End {grant['user']}'s {held(grant)} now (time left: {time_left(grant, now())})?")
        if because is None:
            because = screen.ask("Why", "no longer needed") if screen.can_ask() and not yes else "no longer needed"
        ended = api.post(f"{GRANTS}/{segment(grant['id'])}/revoke", {"reason": because})
    text = f"{ended['user']}'s {held(ended)}: {ended['state']}"
    screen.give(ended, as_json=as_json, show=lambda out: screen.line(out, text))


def extend(
    access: Held,
    lasting: Lasting = None,
    because: Because = None,
    user: Whose = None,
    wait: Wait = False,
    timeout: Timeout = "10m",
    as_json: Json = False,
) -> None:
    """Ask for a later end of what is held: that long from the moment it is carried out."""
    seconds = duration(timeout).total_seconds()
    if screen.can_ask():
        lasting = lasting or screen.ask("For how long from now (7d, 4h, 90m)")
        because = because or screen.ask("Why")
    if not lasting or not because:
        raise Mistake("Say for how long and why: --for DURATION --because TEXT")
    body = {"duration": durations.to_text(duration(lasting)), "reason": because}
    with Api() as api:
        grant = finding.grant(api, access, user)
        row = api.post(f"{GRANTS}/{segment(grant['id'])}/extend", body)
        waiting.answer(api, row, seconds if wait else None, as_json=as_json)
