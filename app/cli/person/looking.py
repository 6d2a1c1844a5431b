"""`gatehouse mine`, `pending`, `show`, `why`."""

from itertools import islice
from typing import Annotated, Any

import typer
from rich.console import Console

from app.cli.client import Api, segment
from app.cli.person import completing, finding, screen, showing
from app.cli.person.finding import REQUESTS
from app.cli.person.screen import Json
from app.cli.person.words import when

_RECENT = 20
_MOST = 1000
_EVENTS = 200

RequestId = Annotated[
    str, typer.Argument(help="Its id, or the beginning of it.", autocompletion=completing.asked, show_default=False)
]


def mine(as_json: Json = False) -> None:
    """What I hold and how much time is left, and what I asked for lately."""
    with Api() as api:
        held = api.get("/v1/me")["grants"]
        asked = api.get(REQUESTS, mine=True, limit=_RECENT)["items"]

    def show(out: Console) -> None:
        if held:
            showing.grants(out, held)
        else:
            screen.line(out, "You hold nothing.")
        if asked:
            out.print()
            showing.requests(out, asked, of_others=False)

    screen.give({"grants": held, "access_requests": asked}, as_json=as_json, show=show)


def pending(as_json: Json = False) -> None:
    """What waits for my decision."""
    with Api() as api:
        rows = list(islice(api.every(REQUESTS, to_approve=True), _MOST))

    def show(out: Console) -> None:
        if not rows:
            screen.line(out, "Nothing waits for you.")
            return
        showing.requests(out, rows, of_others=True)
        out.print()
        screen.line(out, "gatehouse show ID says more; then gatehouse approve ID, or gatehouse deny ID --comment TEXT.")

    screen.give({"items": rows}, as_json=as_json, show=show)


def show(request_id: RequestId, as_json: Json = False) -> None:
    """One access request: who, what, why, who has to approve, what would be done, and what happened so far."""
    with Api() as api:
        row = finding.request(api, request_id, finding.MINE, finding.TO_APPROVE)
        events = [] if as_json else api.get(f"{REQUESTS}/{segment(row['id'])}/events", limit=_EVENTS)["items"]
    screen.give(row, as_json=as_json, show=lambda out: showing.request(out, row, events))


def why(
    user: Annotated[str | None, typer.Argument(help="Whose access; your own if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Why somebody holds what they hold: asked by whom, approved by whom, until when."""
    with Api() as api:
        name = user or api.get("/v1/me")["name"]
        found = api.get(f"/v1/users/{segment(name)}/access")
    screen.give(found, as_json=as_json, show=lambda out: _explain(out, found))


def _explain(out: Console, found: dict[str, Any]) -> None:
    things = [(one["group"], one) for one in found["groups"]]
    things += [(f"policy {one['name']}", one) for one in found["policies"]]
    if not things:
        screen.line(out, f"{found['user']} holds nothing that Gatehouse knows of.")
    for number, (name, one) in enumerate(things):
        if number:
            out.print()
        screen.line(out, f"{found['user']} holds {name} in account {one['account']}:")
        if not one["given_by_gatehouse"]:
            screen.line(out, "- IAM was seen to have it, and Gatehouse did not give it.")
        for grant in one["grants"]:
            for text in _grant(grant):
                screen.line(out, f"- {text}")


def _grant(grant: dict[str, Any]) -> list[str]:
    until = f"until {when(grant['ends_at'])}" if grant["ends_at"] else "without an end"
    lines = [f"{grant['state']}, {until}"]
    asked = grant["access_request"]
    if asked:
        lines.append(f"asked for by {asked['requester']} at {when(asked['created_at'])}: {asked['reason']}")
    if grant["note"]:
        lines.append(grant["note"])
    for one in grant["approvals"]:
        comment = f": {one['comment']}" if one["comment"] else ""
        lines.append(f"approved by {one['approver']} at {when(one['at'])}{comment}")
    stays = grant["without_it"]
    others = ", ".join(stays["by_grants"])
    kept = stays.get("in_group", stays.get("still_there"))
    lines.append(f"without it, the access would {f'stay, by {others}' if kept else 'end'}")
    return lines
