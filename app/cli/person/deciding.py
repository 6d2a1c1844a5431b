"""`gatehouse approve` and `deny`."""

from typing import Annotated, Any

import typer

from app.cli.client import Api, segment
from app.cli.exits import Mistake
from app.cli.person import completing, finding, screen, showing, waiting
from app.cli.person.finding import REQUESTS
from app.cli.person.screen import Json, Yes

Waiting = Annotated[
    str, typer.Argument(help="Its id, or the beginning of it.", autocompletion=completing.to_decide, show_default=False)
]


def approve(
    request_id: Waiting,
    comment: Annotated[str | None, typer.Option("--comment", help="For the record.")] = None,
    digest: Annotated[str | None, typer.Option("--digest", help="Only if the plan still has this digest.")] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Approve an access request, of the plan that is shown."""
    with Api() as api:
        row = _shown(api, request_id, ask="Approve this?", yes=yes)
        body = {"comment": comment, "plan_digest": digest or row["plan"]["digest"]}
        _decide(api, row, "approve", body, as_json=as_json)


def deny(
    request_id: Waiting,
    comment: Annotated[str | None, typer.Option("--comment", help="Why not; whoever asked reads it.")] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Deny an access request. One denial ends it."""
    with Api() as api:
        if comment is None and not screen.can_ask():
            raise Mistake("Say why: --comment TEXT")
        row = _shown(api, request_id, ask=None if comment is None else "Deny this?", yes=yes)
        if comment is None:
            comment = screen.ask("Why not")
        _decide(api, row, "deny", {"comment": comment}, as_json=as_json)


def _shown(api: Api, request_id: str, *, ask: str | None, yes: bool) -> dict[str, Any]:
    row = finding.request(api, request_id, finding.TO_APPROVE)
    if screen.can_ask() and not yes:
        showing.request(screen.notice(screen.console()), row)
        if ask:
            screen.confirmed(ask)
    return row


def _decide(api: Api, row: dict[str, Any], verdict: str, body: dict[str, Any], *, as_json: bool) -> None:
    sent = {name: value for name, value in body.items() if value is not None}
    decided = api.post(f"{REQUESTS}/{segment(row['id'])}/{verdict}", sent)
    waiting.answer(api, decided, None, as_json=as_json)
