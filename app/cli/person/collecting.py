"""`gatehouse secrets` and `collect`: passwords, keys and seeds that wait, each shown once."""

import sys
from typing import Annotated, Any

import typer
from rich.console import Console

from app.cli.client import Api, segment
from app.cli.exits import Mistake
from app.cli.person import completing, finding, screen
from app.cli.person.finding import SECRETS
from app.cli.person.screen import Json
from app.cli.person.words import left, now, shortened
from app.cli.plain import clean

_NAMES = {
    "user_name": "User name",
    "password": "Password",
    "sign_in_url": "Sign in at",
    "access_key_id": "Access key",
    "secret_access_key": "Secret key",
    "serial_number": "Device",
    "base32_seed": "Seed",
}


def secrets(as_json: Json = False) -> None:
    """What waits for me to collect it."""
    with Api() as api:
        rows = list(api.every(SECRETS))

    def show(out: Console) -> None:
        if not rows:
            screen.line(out, "Nothing waits to be collected.")
            return
        short, at = shortened(row["id"] for row in rows), now()
        cells = [(short[row["id"]], row["kind"], row["account"], left(row["expires_at"], at)) for row in rows]
        out.print(screen.table(("Id", "What", "Account", "Time left"), cells))

    screen.give({"items": rows}, as_json=as_json, show=show)


def collect(
    secret_id: Annotated[
        str, typer.Argument(help="Its id, or the beginning.", autocompletion=completing.secrets, show_default=False)
    ],
    as_json: Json = False,
) -> None:
    """Show a password, key or seed. Once: after that it is gone. Only on a terminal, or with --json."""
    if not as_json and not sys.stdout.isatty():
        raise Mistake("A secret is shown on a terminal; elsewhere say --json, and keep what comes")
    with Api() as api:
        found = api.post(f"{SECRETS}/{segment(finding.secret_id(api, secret_id))}/collect", once=True)
    screen.give(found, as_json=as_json, show=lambda out: _show(out, found))


def _show(out: Console, found: dict[str, Any]) -> None:
    for name, value in found.items():
        if name in _NAMES:
            # Never folded or shortened: it is to be copied.
            out.out(f"{_NAMES[name]}: {clean(value)}", highlight=False)
    if found["kind"] == "mfa_seed":
        screen.line(out, "Add the seed to your authenticator, then activate the device with two codes.")
    screen.line(out, "This was shown once and is gone from Gatehouse.")
