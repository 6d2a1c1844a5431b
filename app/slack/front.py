"""What is looked at before Bolt sees anything: who signed it, whose workspace it is, whether it has a shape.

Pure functions of what was sent. Bolt's own check of the signature is not used: it answers in other forms than ours,
and it believes in headers that stand there twice.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError, model_validator

from app.clients.slack import may_answer
from app.config import Slack
from app.errors import BadRequest, Unauthenticated

OLDEST = 300
"""Seconds that a signature is good for, either way: Slack's own advice."""
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
Text = Annotated[str, Field(max_length=65_536)]


def require_signed(
    secret: str, signatures: Sequence[str], timestamps: Sequence[str], body: bytes, *, now: float
) -> None:
    """Refuse what Slack did not sign for us, just now.

    The form is Slack's: `v0=` and the HMAC-SHA256 of `v0:<timestamp>:<body>`
    (https://docs.slack.dev/authentication/verifying-requests-from-slack).

    Args:
        secret: The app's signing secret.
        signatures: Every X-Slack-Signature that was sent.
        timestamps: Every X-Slack-Request-Timestamp.
        now: Seconds since 1970.

    Raises:
        Unauthenticated: One answer, whatever is wrong.
    """
    good = len(signatures) == len(timestamps) == 1
    good = good and bool(_SIGNATURE.fullmatch(signatures[0]) and _TIMESTAMP.fullmatch(timestamps[0]))
    if good:
        signed = b"v0:" + timestamps[0].encode() + b":" + body
        ours = "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        good = hmac.compare_digest(ours, signatures[0]) and abs(now - int(timestamps[0])) <= OLDEST
    if not good:
        raise Unauthenticated("This is not signed by Slack for this app, or too long ago.", code="bad_signature")


class _Loose(BaseModel):
    """Slack adds fields whenever it likes; those we build on must be what they are."""

    model_config = ConfigDict(extra="allow", strict=True)


class _Named(_Loose):
    id: Id
    team_id: Id | None = None


class _Command(_Loose):
    api_app_id: Id
    team_id: Id
    user_id: Id
    command: Annotated[str, Field(pattern=r"^/\S{1,64}$")]
    text: Text = ""
    user_name: Text = ""
    channel_id: Text = ""
    response_url: Text | None = None
    trigger_id: Text = ""


class _Happening(_Loose):
    type: Id
    user: Id | dict[str, Any] | None = None
    tab: Text | None = None


class _Event(_Loose):
    type: Literal["event_callback"]
    api_app_id: Id
    team_id: Id
    event: _Happening
    event_id: Id | None = None


class _Action(_Loose):
    type: Id
    action_id: Annotated[str, Field(min_length=1, max_length=255)]
    block_id: Text = ""
    value: Text | None = None


class _Filled(_Loose):
    values: dict[str, dict[str, dict[str, Any]]] = {}


class _View(_Loose):
    id: Id
    callback_id: Text = ""
    private_metadata: Text = ""
    state: _Filled | None = None


class _Interaction(_Loose):
    type: Literal["block_actions", "view_submission", "view_closed", "shortcut", "message_action", "block_suggestion"]
    api_app_id: Id
    team: _Named
    user: _Named
    actions: Annotated[list[_Action], Field(max_length=25)] = []
    view: _View | None = None
    message: dict[str, Any] | None = None
    container: dict[str, Any] | None = None
    channel: _Named | None = None
    response_url: Text | None = None
    trigger_id: Text = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.type == "block_actions" and not self.actions:
            raise ValueError("a click clicks something")
        if self.type.startswith("view_") and self.view is None:
            raise ValueError("a view is sent with its view")
        return self


def _kind(body: Any) -> str:
    if not isinstance(body, Mapping):
        return "interaction"
    if "command" in body:
        return "command"
    return "event" if body.get("type") == "event_callback" else "interaction"


_Body = TypeAdapter[_Command | _Event | _Interaction](
    Annotated[
        Annotated[_Command, Tag("command")]
        | Annotated[_Event, Tag("event")]
        | Annotated[_Interaction, Tag("interaction")],
        Discriminator(_kind),
    ]
)


def require_ours(slack: Slack, body: Any) -> None:
    """Refuse what has no shape that we know, and what comes from another app or workspace.

    People of other workspaces sit in shared channels: their clicks are told to us as well, and are nobody's here.

    Raises:
        BadRequest: `bad_payload`.
        Unauthenticated: `wrong_workspace`.
    """
    try:
        found = _Body.validate_python(body)
    except ValidationError as problem:
        # The kind and the field, which are words of ours; what lies deeper may be the sender's.
        where = ".".join(str(part) for part in problem.errors(include_input=False, include_url=False)[0]["loc"][:2])
        raise BadRequest(f"This is nothing that Slack sends ({where or 'kind'}).", code="bad_payload") from None
    teams = {found.team.id, found.user.team_id} - {None} if isinstance(found, _Interaction) else {found.team_id}
    if found.api_app_id != slack.app_id or teams != {slack.team_id}:
        raise Unauthenticated("This is another app's or another workspace's.", code="wrong_workspace")
    url = None if isinstance(found, _Event) else found.response_url
    if url and not may_answer(slack, url):
        raise BadRequest("The response_url is not Slack's.", code="bad_response_url")
