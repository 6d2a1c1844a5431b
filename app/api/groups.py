"""`/v1/groups`: reading. Changes are access requests of kinds that come later."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.api import paging, views
from app.api.door import ReadDirectory
from app.api.pagination import CursorText, Limit
from app.api.schemas import GroupView, MemberView, Page, RuleView
from app.api.strict import StrictRoute
from app.db import Tx
from app.services import directory, listing

router = APIRouter(prefix="/v1/groups", tags=["groups"], route_class=StrictRoute)
GroupPath = Annotated[str, Path(max_length=128, description="Name of the group.")]


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
