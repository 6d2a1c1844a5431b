"""`/v1/me/slack`: who I am in Slack."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from app.api.bodies import Body, Code
from app.api.door import AnyToken, WriteRequests
from app.api.schemas import View
from app.api.strict import StrictRoute
from app.db import Tx
from app.errors import BadRequest
from app.models import SlackLink
from app.services import slack_links
from app.services.doors import database_errors

router = APIRouter(prefix="/v1/me/slack", tags=["slack"], route_class=StrictRoute)


class SlackLinkBody(Body):
    """What Slack answered to `/access link`."""

    code: Code
    slack_user_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]


class SlackLinkView(View):
    """A person and their Slack account."""

    user: str
    slack_user_id: str
    slack_name: str
    team_id: str
    may_decide: bool
    linked_at: datetime


def _view(link: SlackLink) -> SlackLinkView:
    return SlackLinkView(**link.model_dump())


@router.get("", response_model=SlackLinkView, summary="Read my link to Slack")
def read(door: AnyToken) -> Response:
    """404 where there is none."""
    return door.read(lambda tx: _view(slack_links.link_of(tx, door.caller.name)))


@router.post("", response_model=SlackLinkView, summary="Link my Slack account")
def link(body: SlackLinkBody, door: WriteRequests) -> Response:
    """Confirms the code of `/access link`. Look whether the account it names is yours.

    Without the scope `requests:decide` on the token, the link may only ask. It replaces an earlier one of yours and
    of that account.
    """
    try:
        return door.write(lambda tx: _view(slack_links.confirm(tx, door.caller, body.code, body.slack_user_id)))
    except BadRequest:
        with database_errors(), door.house.database.write() as tx:
            slack_links.count_wrong(tx, door.caller, body.slack_user_id)
        raise


@router.delete("", status_code=204, response_class=Response, summary="End my link to Slack")
def unlink(door: AnyToken) -> Response:
    """At once; what was asked for through it stays as it is."""

    def change(tx: Tx) -> None:
        slack_links.unlink(tx, door.caller)

    return door.write(change, status=204)
