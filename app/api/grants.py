"""`/v1/grants`."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app.api import paging, views
from app.api.bodies import ExtendBody, Moment, ReasonBody
from app.api.door import ReadRequests, WriteRequests
from app.api.pagination import CursorText, Limit
from app.api.schemas import AccessRequestView, GrantView, Page
from app.api.strict import StrictRoute
from app.domain.names import GroupName
from app.domain.states import GrantState
from app.services import grants, listing, requests

router = APIRouter(prefix="/v1/grants", tags=["grants"], route_class=StrictRoute)
GrantId = Annotated[str, Path(max_length=64, description="Id of the grant.")]


@router.get("", response_model=Page[GrantView], summary="List grants")
def list_grants(
    door: ReadRequests,
    user: Annotated[str | None, Query(max_length=64)] = None,
    group: GroupName | None = None,
    state: GrantState | None = None,
    ends_before: Moment | None = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Response:
    """Newest first. A member sees their own and those of groups they approve."""
    wanted = listing.GrantFilter(user, group, state, ends_before)
    return door.read(
        lambda tx: paging.page(
            door,
            Page[GrantView],
            vars(wanted),
            cursor,
            limit,
            lambda before, n: listing.grants(tx, door.caller, wanted, before=before, limit=n),
            lambda rows: [views.grant(row) for row in rows],
            lambda row: row.id,
        )
    )


@router.get("/{grant_id}", response_model=GrantView, summary="Show one")
def show(grant_id: GrantId, door: ReadRequests) -> Response:
    """A grant with its state and end."""
    return door.read(lambda tx: views.grant(grants.get_visible(tx, door.caller, grant_id)))


@router.post("/{grant_id}/revoke", status_code=202, response_model=GrantView, summary="End access now")
def revoke(grant_id: GrantId, body: ReasonBody, door: WriteRequests) -> Response:
    """By the holder, an approver of the group, or an admin. Ends every grant of this access."""
    return door.write(lambda tx: views.grant(grants.revoke(tx, door.caller, grant_id, body.reason)), status=202)


@router.post("/{grant_id}/extend", status_code=201, response_model=AccessRequestView, summary="Ask for a later end")
def extend(grant_id: GrantId, body: ExtendBody, door: WriteRequests) -> Response:
    """A new access request under the group's own rule."""
    return door.write(
        lambda tx: views.access_request(tx, requests.extend(tx, door.caller, grant_id, body.duration, body.reason)),
        status=201,
    )
