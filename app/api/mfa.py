"""`/v1/users/{name}/mfa`: what somebody has, and the second step of enrolling a device of one's own."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from app.api.bodies import Body
from app.api.door import Door, ReadRequests, WriteRequests
from app.api.schemas import View
from app.api.strict import StrictRoute
from app.db import Tx
from app.domain.words import DEFAULT_ACCOUNT
from app.errors import Unavailable
from app.services import mfa
from app.services.direct import Direct
from app.services.doors import database_errors

router = APIRouter(prefix="/v1/users", tags=["users"], route_class=StrictRoute)
MfaUser = Annotated[str, Path(max_length=64, description="Name of the user.")]
AccountName = Annotated[str, Field(min_length=1, max_length=64)]
Code = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="Six digits.")]


class ActivateBody(Body):
    """Two codes of the device that follow each other, the older one first. They are kept nowhere."""

    code1: Code
    code2: Code
    account: AccountName = DEFAULT_ACCOUNT


class DeviceView(View):
    """An MFA device."""

    serial_number: str
    kind: Literal["virtual", "security_key", "hardware"]
    enabled_at: datetime | None


class EnrolmentView(View):
    """A device that was made and is not activated yet. Its seed is collected once, at `/v1/secrets`."""

    access_request_id: str
    serial_number: str
    collected: bool
    expires_at: datetime


class MfaView(View):
    """What was last seen in AWS. `devices` is null where nobody ever looked."""

    user: str
    account: str
    seen_at: datetime | None
    devices: list[DeviceView] | None
    enrolment: EnrolmentView | None


@router.get("/{name}/mfa", response_model=MfaView, summary="Show somebody's MFA devices")
def show(
    name: MfaUser,
    door: ReadRequests,
    account: Annotated[str, Query(min_length=1, max_length=64)] = DEFAULT_ACCOUNT,
    refresh: Annotated[bool, Query(description="Read AWS first.")] = False,
) -> Response:
    """One's own; anybody's for admin and auditor."""
    if refresh:
        with database_errors():
            mfa.refresh(door.house.database, _direct(door), door.caller, name, account)
    return door.read(lambda tx: _view(tx, door, name, account))


@router.post("/{name}/mfa/activate", response_model=MfaView, summary="Activate one's own new MFA device")
def activate(name: MfaUser, body: ActivateBody, door: WriteRequests) -> Response:
    """The second step of `mfa.enrol`, within 72 hours. What waits for a device goes on at once."""
    codes = f"{body.code1} {body.code2}"
    return door.write_after(
        lambda: mfa.activate(door.house.database, _direct(door), door.caller, name, body.account, codes),
        lambda tx, _: _view(tx, door, name, body.account),
    )


def _direct(door: Door) -> Direct:
    if door.house.direct is None:
        raise Unavailable("This process does not speak to AWS.", code="aws_unavailable")
    return door.house.direct


def _view(tx: Tx, door: Door, name: str, account: str) -> MfaView:
    found = mfa.status(tx, door.caller, name, account)
    row = found.enrolment
    enrolment = None
    if row is not None and row.key_id is not None and row.expires_at is not None:
        enrolment = EnrolmentView(
            access_request_id=row.access_request_id,
            serial_number=row.key_id,
            collected=row.collected_at is not None,
            expires_at=row.expires_at,
        )
    shown = None
    if found.devices is not None:
        shown = [DeviceView(serial_number=d.serial, kind=d.kind, enabled_at=d.enabled_at) for d in found.devices]
    return MfaView(user=found.user, account=found.account, seen_at=found.seen_at, devices=shown, enrolment=enrolment)
