"""`gatehouse link`: who I am in Slack."""

from typing import Annotated

import typer
from rich.console import Console

from app.cli.client import Api
from app.cli.person import screen
from app.cli.person.screen import Json


def link(
    code: Annotated[str, typer.Argument(help="What /access link answered in Slack.", show_default=False)],
    slack_user_id: Annotated[
        str, typer.Argument(help="The id that it named beside the code.", metavar="SLACK_ID", show_default=False)
    ],
    as_json: Json = False,
) -> None:
    """Link my Slack account, so that I can ask there, and decide where my token may."""
    with Api() as api:
        linked = api.post("/v1/me/slack", {"code": code, "slack_user_id": slack_user_id})
    may = "ask and decide" if linked["may_decide"] else "ask, and not decide: your token may not"

    def show(out: Console) -> None:
        screen.line(out, f"{linked['slack_name']} ({linked['slack_user_id']}) in Slack is {linked['user']} here.")
        screen.line(out, f"There you can {may}.")

    screen.give(linked, as_json=as_json, show=show)
