"""`gatehouse link`: my Slack account, confirmed by my own token."""

from typing import Annotated, Any

import typer
from rich.console import Console

from app.cli.client import Api
from app.cli.exits import Mistake
from app.cli.person import screen
from app.cli.person.screen import Json

_LINK = "/v1/me/slack"


def link(
    code: Annotated[str | None, typer.Argument(help="What /access link answered in Slack.")] = None,
    slack_user: Annotated[str | None, typer.Argument(help="The Slack account it named, such as U0123ABCD.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="End the link.")] = False,
    as_json: Json = False,
) -> None:
    """Link my Slack account with the code from there; without a code, show the link."""
    if (code is None) != (slack_user is None) or (remove and code is not None):
        raise Mistake("Give the code and the Slack account, both from the answer to /access link; or --remove alone")
    with Api() as api:
        if remove:
            api.delete(_LINK)
            screen.give({"linked": False}, as_json=as_json, show=lambda out: screen.line(out, "The link has ended."))
            return
        body = {"code": code, "slack_user_id": slack_user}
        found = api.get(_LINK) if code is None else api.post(_LINK, body)
    screen.give(found, as_json=as_json, show=lambda out: _show(out, found))


def _show(out: Console, linked: dict[str, Any]) -> None:
    screen.line(out, f"{linked['slack_name']} ({linked['slack_user_id']}) in Slack is {linked['user']} here.")
    may = "ask and decide" if linked["may_decide"] else "ask, and not decide: your token may not"
    screen.line(out, f"There you can {may}. If that account is not yours: gatehouse link --remove, at once.")
