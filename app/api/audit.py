"""`/v1/audit-events`."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.api import paging, written
from app.api.door import ListAudit, ReadAudit, Reader, respond
from app.api.entry import EntryRoute
from app.api.pagination import CursorText, Limit
from app.api.schemas import AuditEventView, Page, VerificationView
from app.db import Tx
from app.errors import Forbidden
from app.services import audit, listing
from app.services.doors import database_errors

router = APIRouter(prefix="/v1/audit-events", tags=["audit"], route_class=EntryRoute)
Word = Annotated[str | None, Query(max_length=128)]


@router.get("", response_model=Page[AuditEventView], summary="Read the audit")
def list_events(
    door: ListAudit,
    event: Word = None,
    actor: Word = None,
    subject: Word = None,
    access_request_id: Word = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Response:
    """Newest first, for admin and auditor."""
    wanted = listing.AuditFilter(event, actor, subject, access_request_id)

    def look(tx: Tx) -> paging.WrittenPage:
        _require_reader(door)
        return paging.written(
            door,
            Page[AuditEventView],
            vars(wanted),
            cursor,
            limit,
            lambda before, n: listing.audit_events(tx, wanted, before=before, limit=n),
            written.audit_events,
            lambda row: row[0],
        )

    return door.read(look)


@router.get("/verify", response_model=VerificationView, summary="Check the audit chain")
def verify(door: ReadAudit) -> Response:
    """Whether every event is there and unchanged, or where the chain breaks."""
    _require_reader(door)
    with database_errors():
        return respond(VerificationView(**vars(audit.verify(door.house.database))))


def _require_reader(door: Reader) -> None:
    if not door.caller.sees_all:
        raise Forbidden("The audit is for admins and auditors.", code="auditors_only")
