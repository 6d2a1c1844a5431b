"""`/v1/audit-events`."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.api import paging, views
from app.api.door import Door, ReadAudit, database_errors, respond
from app.api.pagination import CursorText, Limit
from app.api.schemas import AuditEventView, Page, VerificationView
from app.api.strict import StrictRoute
from app.errors import Forbidden
from app.services import audit, listing

router = APIRouter(prefix="/v1/audit-events", tags=["audit"], route_class=StrictRoute)
Word = Annotated[str | None, Query(max_length=128)]


@router.get("", response_model=Page[AuditEventView], summary="Read the audit")
def list_events(
    door: ReadAudit,
    event: Word = None,
    actor: Word = None,
    subject: Word = None,
    access_request_id: Word = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Response:
    """Newest first, for admin and auditor."""
    _require_reader(door)
    wanted = listing.AuditFilter(event, actor, subject, access_request_id)
    return door.read(
        lambda tx: paging.written(
            door,
            Page[AuditEventView],
            vars(wanted),
            cursor,
            limit,
            lambda before, n: listing.audit_events(tx, wanted, before=before, limit=n),
            lambda rows: [views.audit_event(body) for _, body in rows],
            lambda row: row[0],
        )
    )


@router.get("/verify", response_model=VerificationView, summary="Check the audit chain")
def verify(door: ReadAudit) -> Response:
    """Whether every event is there and unchanged, or where the chain breaks."""
    _require_reader(door)
    with database_errors():
        return respond(VerificationView(**vars(audit.verify(door.house.database))))


def _require_reader(door: Door) -> None:
    if not door.caller.sees_all:
        raise Forbidden("The audit is for admins and auditors.", code="auditors_only")
