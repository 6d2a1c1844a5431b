"""`gatehouse login`, `whoami`, `logout`."""

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from app.cli import terminal
from app.cli.client import Api, Refused, segment
from app.cli.exits import Mistake
from app.cli.person import screen
from app.cli.person.screen import Json
from app.cli.person.words import when
from app.cli.terminal import Door

_LONGEST = 1024
"""Characters of a code or token at most."""


def login(
    url: Annotated[str | None, typer.Argument(help="Where Gatehouse is, such as https://gate.example.")] = None,
    token: Annotated[bool, typer.Option("--token", help="Read a token you have already, in place of a code.")] = False,
    insecure: Annotated[bool, typer.Option("--insecure", help="Plain http to another machine is meant.")] = False,
    as_json: Json = False,
) -> None:
    """Log in with the code that an admin handed out.

    The code, or with --token a token, is asked for, or read from stdin.
    """
    terminal.prepare()
    url = terminal.address(url or _known_url(), insecure=insecure)
    text = _read("Token" if token else "Code")
    if token:
        door = terminal.checked(Door(url, text, insecure))
    else:
        with Api(Door(url, "", insecure)) as api:
            found = api.post("/v1/enrolments/redeem", {"code": text}, once=True)["token"]
        door = terminal.checked(Door(url, str(found), insecure))
        place = terminal.store(door)  # at once: the code is spent
    with Api(door) as api:
        me = api.get("/v1/me")
    place = terminal.store(door)
    if os.environ.get(terminal.TOKEN):
        typer.echo(f"{terminal.TOKEN} is set here, and goes before what was stored now.", err=True)
    said = {"url": url, "name": me["name"], "token_expires_at": me["token_expires_at"]}

    def show(out: Console) -> None:
        screen.line(out, f"Logged in to {url} as {me['name']}, until {when(me['token_expires_at'])}.")
        screen.line(out, f"The token is in {place}, for nobody else to read. gatehouse logout ends it.")

    screen.give(said, as_json=as_json, show=show)


def whoami(as_json: Json = False) -> None:
    """Who I am to Gatehouse, and what I may do."""
    with Api() as api:
        me = api.get("/v1/me")
    rows = [
        ("Name", me["name"]),
        ("Roles", ", ".join(me["roles"])),
        ("At", api.door.url),
        ("May", "; ".join(me["may"])),
        ("Decides on", ", ".join(me["approves"])),
        ("Token until", when(me["token_expires_at"])),
    ]
    screen.give(me, as_json=as_json, show=lambda out: out.print(screen.pairs(rows)))


def logout(
    keep: Annotated[bool, typer.Option("--keep", help="Forget the token here, and do not end it.")] = False,
    as_json: Json = False,
) -> None:
    """End the token that login stored, and forget it."""
    door = terminal.stored()
    ended = False
    if door is not None and not keep:
        ended = _end(terminal.checked(door))
    terminal.forget()
    text = "Nobody was logged in." if door is None else "Logged out." if ended else "Logged out here."
    screen.give({"ended": ended}, as_json=as_json, show=lambda out: screen.line(out, text))


def _end(door: Door) -> bool:
    try:
        with Api(door) as api:
            api.delete(f"/v1/tokens/{segment(api.get('/v1/me')['token_id'])}")
    except Refused as no:
        if no.answered != 401:  # noqa: PLR2004 - it has ended already
            raise
        return False
    return True


def _known_url() -> str:
    before = os.environ.get(terminal.URL)
    if not before and screen.can_ask():
        return screen.ask("Where is Gatehouse")
    if not before:
        raise Mistake("Say where Gatehouse is: gatehouse login https://…")
    return before


def _read(what: str) -> str:
    """A code or token: typed unseen, or the first line of stdin."""
    given = "" if sys.stdin is None or screen.can_ask() else sys.stdin.readline(_LONGEST)
    text = screen.ask(what, hidden=True) if screen.can_ask() else given.strip()
    if not text:
        raise Mistake(f"The {what.lower()} is missing: type it, or give it on stdin")
    return text
