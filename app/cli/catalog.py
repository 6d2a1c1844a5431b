"""`gatehouse catalog plan|apply FILE`: the groups of a file against those of a running Gatehouse.

`plan` shows what differs and files nothing; `apply` files the requests that this needs, which people then approve as
ever. Exit codes: 0 nothing differs, or it was shown or filed; 1 something went wrong or was refused; with
`plan --exit-code` 2 something differs. Filing twice is harmless: what is asked for already is said, with its id.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from app.changes import REGISTRY
from app.cli.client import Api, Refused
from app.cli.plain import visible
from app.domain import catalogue_plan
from app.domain.catalogue_plan import CataloguePlan, Found, Step
from app.domain.words import Kind
from app.errors import GatehouseError, StartError
from app.services import catalogue

DIFFERS = 2
"""Exit code of `plan --exit-code` where something differs."""
_REQUESTS = "/v1/access-requests"

File = Annotated[Path, typer.Argument(help="A TOML file like app/catalog/default.toml.", show_default=False)]
Delete = Annotated[bool, typer.Option("--delete", help="Also delete groups that the file does not name.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Why = Annotated[str | None, typer.Option("--reason", help="Why, for whoever approves. Default: the file's name.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    below = typer.Typer(help="The catalogue as code, through a running server.", no_args_is_help=True)
    below.command(name="plan")(plan)
    below.command(name="apply")(apply)
    app.add_typer(below, name="catalog")


def plan(
    file: File,
    delete: Delete = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 2 when something differs.")] = False,
    as_json: Json = False,
) -> None:
    """Show what the file would change, and what each change needs. Nothing is filed."""
    try:
        with Api() as api:
            found = _compare(api, file, delete=delete)
            shown = [_preview(api, step, _reason(file, None)) for step in found.steps]
    except StartError as problem:
        if not exit_code:
            raise
        raise GatehouseError(str(problem)) from None  # its usual exit code says here that something differs
    if as_json:
        typer.echo(json.dumps(_as_json(found, shown)))
    else:
        _tell(found, shown)
    if exit_code and found.steps:
        raise typer.Exit(DIFFERS)


def apply(file: File, delete: Delete = False, reason: Why = None, as_json: Json = False) -> None:
    """File the requests that lead to what the file says. Nothing changes before they are approved."""
    with Api() as api:
        found = _compare(api, file, delete=delete)
        done = [_file(api, step, _reason(file, reason)) for step in found.steps]
    if as_json:
        typer.echo(json.dumps(_as_json(found, done)))
    else:
        _tell(found, done)
    if any(one["refusals"] for one in done):
        raise typer.Exit(1)


def _compare(api: Api, file: Path, *, delete: bool) -> CataloguePlan:
    wanted = catalogue.read(file)
    found = [Found.from_json(group) for group in api.every("/v1/groups")]
    return catalogue_plan.make(wanted, found, delete=delete)


def _reason(file: Path, given: str | None) -> str:
    return given or f"the catalogue {file.name}"


def _wish(step: Step, reason: str) -> dict[str, Any]:
    return {"kind": step.kind, "change": dict(step.change), "reason": reason}


def _preview(api: Api, step: Step, reason: str) -> dict[str, Any]:
    """What filing it would answer."""
    try:
        said = api.post(f"{_REQUESTS}/preview", _wish(step, reason))
    except Refused as no:
        return {"ruling": None, "already_pending": None, "refusals": [_no(no.answered, no.code, no.detail)]}
    refusals = [_no(r["status"], r["code"], r["detail"]) for r in said["refusals"]]
    pending = next((r["detail"] for r in refusals if r["code"] == "already_pending"), None)
    return {
        "ruling": said["ruling"],
        "already_pending": pending,
        "refusals": [r for r in refusals if r["code"] != "already_pending"],
    }


def _file(api: Api, step: Step, reason: str) -> dict[str, Any]:
    """File it, or find it filed."""
    try:
        made = api.post(_REQUESTS, _wish(step, reason))
    except Refused as no:
        if no.code != "already_pending":
            return {"access_request_id": None, "filed": False, "refusals": [_no(no.answered, no.code, no.detail)]}
        return _found(api, step, no)
    except StartError as lost:
        # Those before it are filed all the same, and have to be said. Doing it again files nothing twice.
        return {"access_request_id": None, "filed": False, "refusals": [_no(503, "no_answer", str(lost))]}
    kept = {name: made[name] for name in ("decision", "provisioning", "ruling")}
    return {"access_request_id": made["id"], "filed": True, "refusals": [], **kept}


def _found(api: Api, step: Step, no: Refused) -> dict[str, Any]:
    """What is asked for already. A group is made once, so the open request may say otherwise than the file does now."""
    request_id = no.extra["access_request_id"]
    wanted = REGISTRY[step.kind].body.model_validate(dict(step.change)).model_dump(mode="json")
    try:
        same = api.get(f"{_REQUESTS}/{request_id}")["change"] == wanted
    except Refused:
        same = True  # not ours to see
    text = f"Access request {request_id} asks for this group otherwise. Cancel it, or have it decided, first."
    refusals = [] if same else [_no(no.answered, "asked_otherwise", text)]
    return {"access_request_id": request_id, "filed": False, "refusals": refusals}


def _no(status: int, code: str, detail: str) -> dict[str, Any]:
    return {"status": status, "code": code, "detail": detail}


def _as_json(found: CataloguePlan, outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    steps = [
        {
            "kind": step.kind,
            "group": step.group,
            "change": dict(step.change),
            "differences": [vars(one) for one in step.differences],
            **outcome,
        }
        for step, outcome in zip(found.steps, outcomes, strict=True)
    ]
    return {"changes": steps, "left_alone": found.left_alone, "fixed": found.fixed}


def _tell(found: CataloguePlan, outcomes: list[dict[str, Any]]) -> None:
    for step, outcome in zip(found.steps, outcomes, strict=True):
        for line in (*step.lines(), *(f"    {text}" for text in _outcome(outcome))):
            typer.echo(visible(line))
    for text in found.fixed:
        typer.echo(visible(f"! {text}"))
    if found.left_alone:
        names = visible(", ".join(found.left_alone))
        typer.echo(f"Not in the file and left alone: {names} (--delete would delete them)")
    counts = [found.count(kind) for kind in (Kind.GROUP_CREATE, Kind.GROUP_UPDATE, Kind.GROUP_DELETE)]
    typer.echo("{} to create, {} to change, {} to delete.".format(*counts) if found.steps else "No changes.")


def _outcome(outcome: dict[str, Any]) -> list[str]:
    said = [f"refused: {no['detail']} ({no['code']})" for no in outcome["refusals"]]
    if outcome.get("already_pending"):
        said.append(outcome["already_pending"])
    elif outcome.get("access_request_id") and not (outcome["filed"] or outcome["refusals"]):
        said.append(f"asked for already, in access request {outcome['access_request_id']}")
    elif outcome.get("filed"):
        state = outcome["decision"] if outcome["provisioning"] == "none" else outcome["provisioning"]
        said.append(f"filed as access request {outcome['access_request_id']}: {state}")
    ruling = outcome.get("ruling")
    if ruling and not (outcome["refusals"] or outcome.get("already_pending")):
        needs = "; ".join(ruling["reasons"])
        said.append(needs if outcome.get("decision") in {None, "pending"} else f"approved: {needs}")
    return said
