"""`/v1/access-requests`."""

import asyncio
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from app.api import paging, views, written
from app.api.bodies import ApproveBody, AskBody, DenyBody
from app.api.door import AdminRequests, Decide, Door, ListRequests, ReadRequests, WriteRequests
from app.api.entry import EntryRoute
from app.api.pagination import CursorText, Limit
from app.api.schemas import AccessRequestView, AuditEventView, Page, PreviewView
from app.db import Tx
from app.domain.names import GroupName
from app.domain.states import DecisionState, Provisioning
from app.domain.words import Kind, Verdict
from app.models import AccessRequest
from app.services import audit, decisions, listing, requests, visibility
from app.services.doors import database_errors

router = APIRouter(prefix="/v1/access-requests", tags=["access requests"], route_class=EntryRoute)
RequestId = Annotated[str, Path(max_length=64, description="Id of the access request.")]
_POLL = 1.0
"""Seconds after which a waiting caller looks again, in case the change was made by another process."""


@router.post("", status_code=201, response_model=AccessRequestView, summary="Ask for a change")
def ask(body: AskBody, door: WriteRequests) -> Response:
    """File an access request. Where a rule approves, the answer is approved already."""
    return door.write(lambda tx: views.access_request(tx, requests.ask(tx, door.caller, _draft(body))), status=201)


@router.post("/preview", response_model=PreviewView, summary="Show ruling and plan, store nothing")
def preview(body: AskBody, door: ReadRequests) -> Response:
    """What asking would answer; what would be refused is in `refusals`."""
    return door.read(lambda tx: views.preview(requests.preview(tx, door.caller, _draft(body)), door.caller.name))


def _draft(body: Any) -> requests.Draft:
    return requests.Draft(
        kind=Kind(body.kind),
        body=body.change,
        reason=body.reason,
        user=body.user,
        account=body.account,
        duration=body.duration,
        starts_at=body.starts_at,
        emergency=body.emergency,
    )


@router.get("", response_model=Page[AccessRequestView], summary="List access requests")
def list_requests(
    door: ListRequests,
    decision: DecisionState | None = None,
    provisioning: Provisioning | None = None,
    user: Annotated[str | None, Query(max_length=64)] = None,
    kind: Kind | None = None,
    group: GroupName | None = None,
    mine: bool = False,
    to_approve: bool = False,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Response:
    """Newest first. A member sees their own and those to approve; admin and auditor see all."""
    wanted = listing.RequestFilter(decision, provisioning, user, kind, group, mine, to_approve)
    return door.read(
        lambda tx: paging.written(
            door,
            Page[AccessRequestView],
            vars(wanted),
            cursor,
            limit,
            lambda before, n: listing.requests(tx, door.caller, wanted, before=before, limit=n),
            written.requests,
            lambda row: row.id,
        )
    )


@router.get("/{request_id}", response_model=AccessRequestView, summary="Show one, or wait for it")
async def show(
    request_id: RequestId,
    door: ReadRequests,
    wait: Annotated[int, Query(ge=0, le=60, description="Seconds to wait at most.")] = 0,
    until: Annotated[Literal["decided", "applied"], Query(description="What to wait for.")] = "applied",
) -> Response:
    """Answers as soon as `until` holds, or after `wait` seconds with what is true then."""

    def look(tx: Tx) -> AccessRequestView:
        return views.access_request(tx, visibility.get_visible(tx, door.caller, request_id))

    if not wait:
        return await run_in_threadpool(door.read, look)
    return await _wait(door, request_id, wait, until, look)


async def _wait(door: Door, request_id: str, wait: int, until: str, look: Any) -> Response:
    def over() -> bool:
        with database_errors(), door.house.database.look() as tx:
            return _holds(visibility.get_visible(tx, door.caller, request_id), until)

    deadline = time.monotonic() + wait
    async with door.house.bell.listening(request_id, door.caller.name) as event:
        while event is not None:
            event.clear()
            left = deadline - time.monotonic()
            if await run_in_threadpool(over) or left <= 0:
                break
            try:
                async with asyncio.timeout(min(_POLL, left)):
                    await event.wait()
            except TimeoutError:
                continue  # time to look by ourselves
    return await run_in_threadpool(door.read, look)


def _holds(row: AccessRequest, until: str) -> bool:
    """Whether there is nothing more to wait for. What can no longer come true counts as well."""
    if row.decision == DecisionState.PENDING:
        return False
    if until == "decided" or row.decision != DecisionState.APPROVED:
        return True
    return row.provisioning in {Provisioning.APPLIED, Provisioning.FAILED}


@router.get("/{request_id}/events", response_model=Page[AuditEventView], summary="Its history")
def history(request_id: RequestId, door: ReadRequests, limit: Limit = 50, cursor: CursorText = None) -> Response:
    """Everything that happened to it, oldest first."""

    def look(tx: Tx) -> paging.WrittenPage:
        row = visibility.get_visible(tx, door.caller, request_id)
        return paging.written(
            door,
            Page[AuditEventView],
            {"history_of": row.id},
            cursor,
            limit,
            lambda after, n: audit.history(tx, row.id, after=after, limit=n),
            written.audit_events,
            lambda event: event[0],
        )

    return door.read(look)


@router.post("/{request_id}/approve", response_model=AccessRequestView, summary="Approve")
def approve(request_id: RequestId, door: Decide, body: ApproveBody | None = None) -> Response:
    """For eligible approvers; never for who asked or whom it is for."""
    return _decide(door, request_id, Verdict.APPROVE, body or ApproveBody())


@router.post("/{request_id}/deny", response_model=AccessRequestView, summary="Deny")
def deny(request_id: RequestId, body: DenyBody, door: Decide) -> Response:
    """One denial ends it."""
    return _decide(door, request_id, Verdict.DENY, body)


def _decide(door: Door, request_id: str, verdict: Verdict, body: ApproveBody | DenyBody) -> Response:
    return door.write(
        lambda tx: views.access_request(
            tx,
            decisions.decide(tx, door.caller, request_id, verdict, comment=body.comment, plan_digest=body.plan_digest),
        )
    )


@router.post("/{request_id}/withdraw", response_model=AccessRequestView, summary="Withdraw an approval")
def withdraw(request_id: RequestId, door: Decide) -> Response:
    """One's own, while the request is pending."""
    return door.write(lambda tx: views.access_request(tx, decisions.withdraw(tx, door.caller, request_id)))


@router.post("/{request_id}/cancel", response_model=AccessRequestView, summary="Cancel")
def cancel(request_id: RequestId, door: WriteRequests) -> Response:
    """By who asked or whom it is for, while it has not begun."""
    return door.write(lambda tx: views.access_request(tx, requests.cancel(tx, door.caller, request_id)))


@router.post("/{request_id}/retry", response_model=AccessRequestView, summary="Retry what failed")
def retry(request_id: RequestId, door: AdminRequests) -> Response:
    """By an admin, while its approvals are still good."""
    return door.write(lambda tx: views.access_request(tx, requests.retry(tx, door.caller, request_id)))
