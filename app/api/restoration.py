"""`/v1/restoration`: a restored backup, what it says that AWS does not, and the confirmation (rule 38)."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from starlette.responses import Response

from app.api.bodies import ConfirmBody
from app.api.door import DecideAdmin, ReadAudit
from app.api.schemas import View
from app.api.strict import StrictRoute
from app.db import Tx
from app.errors import Forbidden
from app.models import Restoration
from app.services import restoration

router = APIRouter(prefix="/v1/restoration", tags=["restoration"], route_class=StrictRoute)


class RemedyView(View):
    """What can be done about a finding; where `method` is given, a call that is ready to be sent."""

    text: str
    method: str | None
    path: str | None
    body: dict[str, Any] | None


class FindingView(View):
    """One thing that is not as it should be."""

    kind: str
    severity: Literal["high", "medium"]
    account: str
    subject: str
    evidence: dict[str, Any]
    remedy: RemedyView


class DriftView(View):
    """What the restored database and AWS say differently. Not complete: something could not be read yet."""

    made_at: datetime
    complete: bool
    findings: list[FindingView]
    left_out: int


class ConfirmationView(View):
    """Who confirmed."""

    by: str
    at: datetime
    comment: str


class RestorationView(View):
    """A restored backup. While it is open only removals are carried out."""

    id: str
    state: Literal["open", "confirmed"]
    why: str
    noticed_at: datetime
    head_seq: int
    anchor_seq: int | None
    anchor_at: datetime | None
    report: DriftView | None
    confirmations: list[ConfirmationView]


@router.get("", response_model=RestorationView, summary="Show the newest restored backup")
def show(door: ReadAudit) -> Response:
    """For admin and auditor. 404 where none was ever noticed."""
    if not door.caller.sees_all:
        raise Forbidden("This is for admins and auditors.", code="auditors_only")
    return door.read(lambda tx: _view(restoration.newest(tx)))


@router.post("/confirm", response_model=RestorationView, summary="Confirm a restored backup")
def confirm(body: ConfirmBody, door: DecideAdmin) -> Response:
    """The second of two admins, or the only one, lets everything go on. Read the report first."""

    def change(tx: Tx) -> RestorationView:
        return _view(restoration.confirm(tx, door.caller, body.comment))

    return door.write(change)


def _view(row: Restoration) -> RestorationView:
    said = (
        (row.first_confirmed_by, row.first_confirmed_at, row.first_comment),
        (row.confirmed_by, row.confirmed_at, row.comment),
    )
    confirmations = [ConfirmationView(by=by, at=at, comment=text or "") for by, at, text in said if by and at]
    return RestorationView(
        id=row.id,
        state="open" if row.confirmed_at is None else "confirmed",
        why=row.why,
        noticed_at=row.noticed_at,
        head_seq=row.head_seq,
        anchor_seq=row.anchor_seq,
        anchor_at=row.anchor_at,
        report=None if row.report is None else DriftView.model_validate(row.report),
        confirmations=confirmations,
    )
