"""`/v1/me/notices`: how one wants to hear of what."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, create_model
from starlette.responses import Response

from app.api.door import ReadRequests, WriteRequests
from app.api.strict import StrictRoute
from app.db import Tx
from app.domain.notices import CHOOSABLE, NEVER_OFF, Choice, Topic, Way
from app.services import notice_choices

router = APIRouter(prefix="/v1", tags=["users"], route_class=StrictRoute)
_DEFAULT: Any = notice_choices.DEFAULT

_WAYS: dict[str, Any] = {topic.value: (Way if topic in NEVER_OFF else Choice, _DEFAULT) for topic in CHOOSABLE}

_SHOWN: dict[str, Any] = {name: (kind, ...) for name, (kind, _) in _WAYS.items()}


class _Ways(BaseModel):
    model_config = ConfigDict(extra="forbid")


NoticesBody: Any = create_model(
    "NoticesBody",
    __base__=_Ways,
    __doc__="How I want to hear of what. `slack` is Slack where I am linked, else mail; what is left out is that.",
    **_WAYS,
)
NoticesView: Any = create_model(
    "NoticesView",
    __doc__="How I hear of what. What keeps my own access safe cannot be turned off.",
    **_SHOWN,
)


@router.get("/me/notices", response_model=NoticesView, summary="How I hear of what")
def show(door: ReadRequests) -> Response:
    """By topic: `slack`, `mail` or `off`."""
    return door.read(lambda tx: NoticesView(**notice_choices.of(tx, door.caller.name)))


@router.put("/me/notices", response_model=NoticesView, summary="Choose how I hear of what")
def choose(body: NoticesBody, door: WriteRequests) -> Response:
    """In place of all that was chosen before."""
    wanted: dict[Topic, Choice] = {Topic(name): way for name, way in body.model_dump().items()}

    def change(tx: Tx) -> BaseModel:
        view: BaseModel = NoticesView(**notice_choices.choose(tx, door.caller, wanted))
        return view

    return door.write(change)
