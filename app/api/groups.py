"""`/v1/groups`: reading; a change files an access request."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from starlette.responses import Response

from app.api import paging, views
from app.api.bodies import GroupPatch, NewGroup, RuleBody
from app.api.door import ReadDirectory, WriteDirectory
from app.api.pagination import CursorText, Limit
from app.api.schemas import AccessRequestView, GroupView, MemberView, Page, RuleView
from app.api.strict import StrictRoute
from app.changes import REGISTRY
from app.db import Tx
from app.domain.actors import Caller
from app.domain.names import Reason
from app.domain.rules import Rule
from app.domain.words import Kind
from app.errors import PreconditionFailed
from app.services import directory, listing, requests

router = APIRouter(prefix="/v1/groups", tags=["groups"], route_class=StrictRoute)
GroupPath = Annotated[str, Path(max_length=128, description="Name of the group.")]
IfMatch = Annotated[str | None, Header(description="The ETag of the group that you changed.")]


@router.get("", response_model=Page[GroupView], summary="List groups")
def list_groups(door: ReadDirectory, limit: Limit = 50, cursor: CursorText = None) -> Response:
    """The groups that Gatehouse manages, by name."""
    return door.read(
        lambda tx: paging.page(
            door,
            Page[GroupView],
            {},
            cursor,
            limit,
            lambda before, n: listing.groups(tx, before=before, limit=n),
            lambda rows: [views.group(row) for row in rows],
            lambda row: row.name,
        )
    )


@router.post("", status_code=202, response_model=AccessRequestView, summary="Make one")
def create(body: NewGroup, door: WriteDirectory) -> Response:
    """Files `group.create`; there is a group to join once it is approved and carried out."""
    new = body.model_dump(mode="json", exclude={"reason"})
    return door.write(lambda tx: _ask(tx, door.caller, Kind.GROUP_CREATE, new, body.reason), status=202)


@router.get("/{name}", response_model=GroupView, summary="Show one")
def show(name: GroupPath, door: ReadDirectory) -> Response:
    """A group with its policies and its rule."""
    return door.read(lambda tx: views.group(directory.get_group(tx, name)))


@router.get("/{name}/members", response_model=Page[MemberView], summary="Who holds it")
def members(name: GroupPath, door: ReadDirectory, limit: Limit = 50, cursor: CursorText = None) -> Response:
    """Everyone with an active grant, newest first."""

    def look(tx: Tx) -> Page[MemberView]:
        group = directory.get_group(tx, name)
        return paging.page(
            door,
            Page[MemberView],
            {"group": group.name},
            cursor,
            limit,
            lambda before, n: listing.members(tx, group.name, before=before, limit=n),
            lambda rows: [MemberView(user=r.user, grant_id=r.id, ends_at=r.ends_at) for r in rows],
            lambda row: row.id,
        )

    return door.read(look)


@router.get("/{name}/rule", response_model=RuleView, summary="Its approval rule")
def rule(name: GroupPath, door: ReadDirectory) -> Response:
    """Who must approve, for how long at most."""
    return door.read(lambda tx: RuleView.model_validate(directory.get_group(tx, name).rule))


@router.put("/{name}/rule", status_code=202, response_model=AccessRequestView, summary="Change its approval rule")
def put_rule(name: GroupPath, body: RuleBody, door: WriteDirectory, if_match: IfMatch = None) -> Response:
    """Files `group.update` with the whole rule; nothing changes before it is approved."""
    new = Rule.model_validate(body.model_dump(mode="json", exclude={"reason"}))
    return door.write(lambda tx: _file(tx, door.caller, name, {"rule": new}, body.reason, if_match), status=202)


@router.patch("/{name}", status_code=202, response_model=AccessRequestView, summary="Change it")
def patch(name: GroupPath, body: GroupPatch, door: WriteDirectory, if_match: IfMatch = None) -> Response:
    """Files `group.update`; what is left out stays, and nothing changes before it is approved."""
    new = {"description": body.description, "policies": body.policies, "rule": body.rule}
    return door.write(lambda tx: _file(tx, door.caller, name, new, body.reason, if_match), status=202)


@router.delete("/{name}", status_code=202, response_model=AccessRequestView, summary="Delete it")
def delete(
    name: GroupPath,
    door: WriteDirectory,
    reason: Annotated[Reason, Query(description="Why.")] = "asked by DELETE",
    if_match: IfMatch = None,
) -> Response:
    """Files `group.delete`: everybody is taken out of it and it goes from AWS; the name is never used again."""
    return door.write(lambda tx: _file(tx, door.caller, name, None, reason, if_match), status=202)


def _file(
    tx: Tx, caller: Caller, name: str, new: dict[str, Any] | None, reason: str, if_match: str | None
) -> AccessRequestView:
    """File a change of a group that is there, or with no change its deletion."""
    group = directory.get_group(tx, name)
    if if_match is not None and not {"*", f'"{group.version}"'} & {tag.strip() for tag in if_match.split(",")}:
        raise PreconditionFailed("The group changed since you read it; read it again.")
    kind = Kind.GROUP_DELETE if new is None else Kind.GROUP_UPDATE
    return _ask(tx, caller, kind, {"name": group.name, **(new or {})}, reason)


def _ask(tx: Tx, caller: Caller, kind: Kind, change: dict[str, Any], reason: str) -> AccessRequestView:
    draft = requests.Draft(kind=kind, body=REGISTRY[kind].body.model_validate(change), reason=reason)
    return views.access_request(tx, requests.ask(tx, caller, draft))
