"""`gatehouse import`: what stands in an account, through the running server or alone on a database nobody serves."""

import json
from typing import Annotated, Any

import typer

from app import config
from app.api import accounts
from app.cli import runtime, terminal
from app.cli.client import Api
from app.cli.operations import Json, writing
from app.cli.plain import visible
from app.cli.troubles import told
from app.domain.actors import SYSTEM_ACTOR
from app.domain.words import DEFAULT_ACCOUNT
from app.services import importing

_SECONDS = 600.0


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="import")(told()(import_))


def import_(
    account: Annotated[str, typer.Option(help="Which account.")] = DEFAULT_ACCOUNT, as_json: Json = False
) -> None:
    """Take over what stands in an AWS account the first time; then only report. Nothing is written to AWS.

    With GATEHOUSE_URL and GATEHOUSE_TOKEN the running server does it.
    """
    if terminal.server_is_named():
        with Api() as api:
            found = api.post(f"/v1/accounts/{account}/import", seconds=_SECONDS, once=True)
    else:
        settings = config.load()
        with writing(settings) as database:
            outcome = importing.run(database, runtime.reading(settings, database, account), SYSTEM_ACTOR, account)
        found = accounts.view(outcome).model_dump(mode="json")
    typer.echo(json.dumps(found) if as_json else "\n".join(map(visible, _lines(found))))


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [f"differs: {_line(finding)}" for finding in found["differences"]]
    lines += [f"worth a look: {_line(finding)}" for finding in found["findings"]]
    if found["left_out"]:
        lines.append(f"and {found['left_out']} more.")
    if found["first"]:
        counts = f"{found['users']} users, {found['groups']} groups, {found['memberships']} memberships"
        lines.append(f"Imported {counts} of account {found['aws_account_id']} in {found['calls']} calls.")
    if not found["differences"]:
        lines.append("No differences.")
    elif not found["first"]:
        lines.append("Nothing was changed.")
    return lines


def _line(finding: dict[str, Any]) -> str:
    evidence = ", ".join(f"{name} {value}" for name, value in finding["evidence"].items())
    return f"{finding['severity']} {finding['kind']} {finding['subject']} ({evidence}). {finding['remedy']['text']}"
