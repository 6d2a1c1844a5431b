"""`/v1/users`, `/v1/me`."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from pydantic import Field
from starlette.responses import Response

from app.api import paging, views
from app.api.bodies import LeavingBody, RegisterBody, UserPatch
from app.api.door import AdminDirectory, AnyToken, Decide, Door, ReadDirectory, WriteDirectory
from app.api.pagination import CursorText, Limit
from app.api.schemas import AccessRequestView, CodeView, MailedView, MeView, Page, RegisteredView, UserView
from app.api.strict import StrictRoute
from app.db import Tx
from app.domain.names import Reason
from app.domain.states import DecisionState
from app.domain.words import Kind, Role, UserState
from app.errors import PreconditionFailed
from app.services import directory, listing, me, onboarding, tokens

router = APIRouter(prefix="/v1", tags=["users"], route_class=StrictRoute)


class FiledView(AccessRequestView):
    """An access request that was filed in place of what was asked for."""

    status_code: Annotated[int, Field(exclude=True)] = 202


UserPath = Annotated[str, Path(max_length=64, description="Name of the user.")]


@router.get("/me", response_model=MeView, summary="Who am I")
def who_am_i(door: AnyToken) -> Response:
    """Who is calling, what they may do, what they hold."""

    def look(tx: Tx) -> MeView:
        mine = me.about(tx, door.caller)
        return MeView(
            user=views.user(tx, mine.user),
            name=mine.user.name,
            roles=[Role(r) for r in mine.user.roles],
            scopes=sorted(door.caller.scopes),
            may=mine.may,
            approves=mine.approves,
            grants=[views.grant(g) for g in mine.grants],
            token_id=door.caller.token_id,
            token_expires_at=door.caller.token_ends,
        )

    return door.read(look)


@router.get("/users", response_model=Page[UserView], summary="List users")
def list_users(
    door: ReadDirectory,
    search: Annotated[str | None, Query(min_length=1, max_length=100, description="Part of name or e-mail.")] = None,
    state: UserState | None = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Response:
    """Newest first; deleted ones only with `state=deleted`."""
    return door.read(
        lambda tx: paging.page(
            door,
            Page[UserView],
            {"search": search, "state": state},
            cursor,
            limit,
            lambda before, n: listing.users(tx, search=search, state=state, before=before, limit=n),
            lambda rows: views.users(tx, rows),
            lambda row: row.id,
        )
    )


@router.post(
    "/users",
    status_code=201,
    response_model=RegisteredView,
    responses={202: {"model": RegisteredView, "description": "Registered; something waits for approval."}},
    summary="Register a person or a service",
)
def register(body: RegisterBody, door: WriteDirectory) -> Response:
    """Registered at once as a plain member; IAM and further roles are access requests."""

    def change(tx: Tx) -> RegisteredView:
        wanted = onboarding.Newcomer(
            name=body.name,
            email=body.email,
            roles=frozenset(body.roles),
            iam=body.iam,
            groups=body.groups,
            owner=body.owner,
            reason=body.reason,
        )
        user, filed = onboarding.register(tx, door.caller, wanted)
        shown = views.access_requests(tx, filed)
        waiting = any(r.decision == DecisionState.PENDING for r in shown)
        return RegisteredView(user=views.user(tx, user), access_requests=shown, status_code=202 if waiting else 201)

    return door.write(change, status=201)


@router.get("/users/{name}", response_model=UserView, summary="Show one")
def show(name: UserPath, door: ReadDirectory) -> Response:
    """A user."""
    return door.read(lambda tx: views.user(tx, directory.get_user(tx, name)))


@router.patch("/users/{name}", status_code=202, response_model=RegisteredView, summary="Change roles")
def patch(
    name: UserPath,
    body: UserPatch,
    door: WriteDirectory,
    if_match: Annotated[str | None, Header(description="The ETag of what you changed.")] = None,
) -> Response:
    """Files `user.roles`; nothing changes before it is approved."""

    def change(tx: Tx) -> RegisteredView:
        user = directory.get_user(tx, name, lock=True)
        if if_match is not None and not {"*", f'"{user.version}"'} & {tag.strip() for tag in if_match.split(",")}:
            raise PreconditionFailed("The user changed since you read it; read it again.")
        filed = onboarding.ask_roles(tx, door.caller, user.name, frozenset(body.roles), body.reason)
        tx.session.refresh(user)
        return RegisteredView(
            user=views.user(tx, user), access_requests=views.access_requests(tx, [filed]), status_code=202
        )

    return door.write(change, status=202)


@router.post("/users/{name}/vouch", response_model=UserView, summary="Vouch for somebody")
def vouch(name: UserPath, door: Decide) -> Response:
    """By an admin who did not hand out the code: from then on more than one hand stands behind them."""
    return door.write(lambda tx: views.user(tx, directory.vouch(tx, door.caller, name)))


@router.post("/users/{name}/suspend", status_code=202, response_model=AccessRequestView, summary="Suspend somebody")
def suspend(name: UserPath, door: WriteDirectory, body: LeavingBody | None = None) -> Response:
    """Files `user.suspend`. Asked by an admin it holds at once: no token works, and AWS follows."""
    return _file(door, Kind.USER_SUSPEND, name, (body or LeavingBody()).reason)


@router.post("/users/{name}/resume", status_code=202, response_model=AccessRequestView, summary="Bring somebody back")
def resume(name: UserPath, door: WriteDirectory, body: LeavingBody | None = None) -> Response:
    """Files `user.resume`: what the suspension took comes back, and no more."""
    return _file(door, Kind.USER_RESUME, name, (body or LeavingBody()).reason)


@router.delete("/users/{name}", status_code=202, response_model=AccessRequestView, summary="Delete somebody")
def delete(
    name: UserPath,
    door: WriteDirectory,
    reason: Annotated[Reason, Query(description="Why.")] = "asked by DELETE",
) -> Response:
    """Files `user.delete`: everything they have in AWS goes, then they; the name is never used again."""
    return _file(door, Kind.USER_DELETE, name, reason)


def _file(door: Door, kind: Kind, name: str, reason: str) -> Response:
    return door.write(
        lambda tx: views.access_request(tx, onboarding.ask_leaving(tx, door.caller, kind, name, reason)), status=202
    )


@router.post(
    "/users/{name}/enrolment",
    status_code=201,
    response_model=CodeView | MailedView,
    responses={202: {"model": AccessRequestView, "description": "Enrolled already: another admin has to approve."}},
    summary="Hand out a code",
)
def enrol(name: UserPath, door: AdminDirectory, body: LeavingBody | None = None) -> Response:
    """A one-time code, good for 24 hours, for somebody who has no token yet.

    Where mail is configured it is mailed to them, and not answered.
    For somebody who had one this files `user.enrol`; once that is approved, the same call by who asked gives the code.
    """
    reason = (body or LeavingBody()).reason

    def change(tx: Tx) -> CodeView | MailedView | FiledView:
        if tokens.needs_request(tx, door.caller, name):
            filed = onboarding.ask_enrolment(tx, door.caller, name, reason)
            return FiledView(**dict(views.access_request(tx, filed)))
        if door.house.settings.mail() is not None:
            return MailedView(expires_at=tokens.mail_out(tx, door.caller, name))
        code, expires_at = tokens.hand_out(tx, door.caller, name)
        return CodeView(code=code, expires_at=expires_at)

    return door.write(change, status=201, secret=lambda answer: isinstance(answer, CodeView))
