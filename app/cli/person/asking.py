"""`gatehouse request`: what is missing is asked for, what it would come to is shown, and then it is filed."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from app.cli.client import Api
from app.cli.exits import Exit, Mistake
from app.cli.person import completing, screen, showing, waiting
from app.cli.person.finding import REQUESTS
from app.cli.person.screen import Json, Yes
from app.cli.person.words import now
from app.domain import durations
from app.errors import GatehouseError

Lasting = Annotated[str | None, typer.Option("--for", help="How long, such as 7d, 4h, 90m or P7D.", metavar="DURATION")]
Because = Annotated[str | None, typer.Option("--because", help="Why, for whoever decides.", metavar="TEXT")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it is carried out, or will not be.")]
Timeout = Annotated[str, typer.Option("--timeout", help="To wait at most; then exit code 4.", metavar="DURATION")]


def request(
    group: Annotated[str | None, typer.Argument(help="The group to join.", autocompletion=completing.groups)] = None,
    lasting: Lasting = None,
    because: Because = None,
    user: Annotated[str | None, typer.Option("--user", help="For whom; for yourself if left out.")] = None,
    starts: Annotated[
        str | None, typer.Option("--starts", help="When it begins: +2h, '2026-12-01 09:00' here, or with a zone.")
    ] = None,
    account: Annotated[str | None, typer.Option("--account", help="In which AWS account.")] = None,
    wait: Wait = False,
    timeout: Timeout = "10m",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it would come to; ask for nothing.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Ask to join a group for a time."""
    seconds = duration(timeout).total_seconds()
    with Api() as api:
        body = _wish(api, group, lasting, because, user, starts, account)
        if dry_run:
            _preview_only(api, body, as_json=as_json)
            return
        if screen.can_ask() and not yes:
            seen = api.post(f"{REQUESTS}/preview", body)
            if seen["refusals"]:
                raise Foreseen(seen["refusals"][0])
            showing.preview(screen.notice(screen.console()), seen)
            screen.confirmed("Ask for this?")
        row = api.post(REQUESTS, body)
        waiting.answer(api, row, seconds if wait else None, as_json=as_json)


def _wish(
    api: Api,
    group: str | None,
    lasting: str | None,
    because: str | None,
    user: str | None,
    starts: str | None,
    account: str | None,
) -> dict[str, Any]:
    """The body to send. Whoever is there is asked for what is missing; nobody else."""
    if screen.can_ask():
        if group is None:
            group = _choose(api)
        if lasting is None:
            lasting = screen.ask("For how long (7d, 4h, 90m; empty for as long as the rule allows)", " ") or None
        if because is None:
            because = screen.ask("Why")
    if group is None:
        raise Mistake("Say which group: gatehouse request GROUP")
    if because is None:
        raise Mistake("Say why: --because TEXT")
    body: dict[str, Any] = {"kind": "group.join", "change": {"group": group}, "reason": because}
    if lasting is not None:
        body["duration"] = durations.to_text(duration(lasting))
    if starts is not None:
        body["starts_at"] = beginning(starts, now())
    more = {"user": user, "account": account}
    return {**body, **{name: value for name, value in more.items() if value is not None}}


def _choose(api: Api) -> str:
    names = [str(one["name"]) for one in api.get("/v1/groups", limit=200)["items"]]
    screen.line(screen.notice(screen.console()), f"Groups: {', '.join(sorted(names))}")
    return screen.ask("Which group")


def _preview_only(api: Api, body: dict[str, Any], *, as_json: bool) -> None:
    seen = api.post(f"{REQUESTS}/preview", body)
    screen.give(seen, as_json=as_json, show=lambda out: showing.preview(out, seen))
    if seen["refusals"]:
        raise typer.Exit(Exit.REFUSED)


class Foreseen(GatehouseError):
    """What the preview says would be refused, which is not asked for then."""

    def __init__(self, no: dict[str, Any]) -> None:
        document = {"type": f"urn:gatehouse:problem:{no['code']}", "title": "Would be refused", "request_id": None}
        super().__init__(str(no["detail"]), code=str(no["code"]))
        self.answered, self.extra = no["status"], {**document, **no}


def duration(text: str) -> timedelta:
    """A duration that somebody typed.

    Raises:
        Mistake: It is none.
    """
    try:
        return durations.typed(text)
    except ValueError as problem:
        raise Mistake(f"{text!r} is no duration: {problem}") from None


def beginning(text: str, at: datetime) -> str:
    """A time that somebody typed, as the API takes it: `+2h`, or by this machine's zone if it has none.

    Raises:
        Mistake: It is none.
    """
    if text.startswith("+"):
        found = at + duration(text[1:])
    else:
        try:
            found = datetime.fromisoformat(text.strip()).astimezone()
        except (ValueError, OverflowError):  # the latter at the ends of the calendar
            raise Mistake(f"{text!r} is no time: write +2h, or 2026-12-01 09:00") from None
    return found.astimezone().isoformat(timespec="seconds")
