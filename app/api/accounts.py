"""`/v1/accounts`: the AWS accounts that Gatehouse reaches, and importing what stands in them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.api import paging
from app.api.door import AdminDirectory, Door, ReadDirectory
from app.api.pagination import CursorText, Limit
from app.api.restoration import FindingView
from app.api.schemas import Page, View
from app.api.strict import StrictRoute
from app.clients import aws
from app.domain.drift import Finding
from app.errors import Conflict, Forbidden, Unavailable
from app.models import Account
from app.services import accounts, importing
from app.services.assessment import get_account
from app.services.importing import Outcome

router = APIRouter(prefix="/v1/accounts", tags=["accounts"], route_class=StrictRoute)
AccountId = Annotated[str, Path(max_length=64, description="Id of the account, which is its name.")]
SHOWN = 1000
"""Findings of a kind in one answer; how many more there were is said."""


class AccountView(View):
    """An AWS account. Its `id` is the `account` of a request; the times are of the first setup and import."""

    id: str
    name: str
    aws_account_id: str | None
    partition: str
    setup_at: datetime | None
    imported_at: datetime | None


class ImportView(View):
    """What an import came to. The first one takes over what it finds; a later one changes nothing."""

    account: str
    aws_account_id: str
    first: bool
    calls: int
    users: int
    groups: int
    memberships: int
    differences: list[FindingView]
    findings: list[FindingView]
    left_out: int


@router.get("", response_model=Page[AccountView], summary="List accounts")
def list_accounts(door: ReadDirectory, limit: Limit = 50, cursor: CursorText = None) -> Response:
    """The AWS accounts that are registered here, by name."""
    return door.read(
        lambda tx: paging.page(
            door,
            Page[AccountView],
            {},
            cursor,
            limit,
            lambda before, n: accounts.listed(tx, before=before, limit=n),
            lambda rows: [_view(row) for row in rows],
            lambda row: row.name,
        )
    )


@router.get("/{account_id}", response_model=AccountView, summary="Show one")
def show(account_id: AccountId, door: ReadDirectory) -> Response:
    """An account."""
    return door.read(lambda tx: _view(get_account(tx, account_id)))


@router.post("/{account_id}/import", response_model=ImportView, summary="Import what stands in an account")
def import_(account_id: AccountId, door: AdminDirectory) -> Response:
    """By an admin. The first time people, groups and memberships are taken over as standing grants without an end.

    Every other time it only reports what differs. Nothing is written to AWS.
    """
    return door.write_after(lambda: _run(door, account_id), lambda _tx, outcome: view(outcome))


def _run(door: Door, account_id: str) -> Outcome:
    if not door.caller.is_admin:
        raise Forbidden("Only an admin can import an account.", code="admin_only")
    with door.house.database.look() as tx:
        get_account(tx, account_id)
    if door.house.reads_account is None:
        raise Unavailable("This process does not reach AWS.", code="aws_unavailable")
    try:
        # Outside any transaction: AWS is read first, and then written down.
        reader = door.house.reads_account(account_id)
        return importing.run(door.house.database, reader, door.caller, account_id)
    except aws.Retryable as problem:
        text = f"AWS does not answer ({problem}); try again in a moment."
        raise Unavailable(text, code="aws_unavailable") from problem
    except aws.AwsError as problem:
        text = f"AWS refused ({problem}). Mend what it names, then try again."
        raise Conflict(text, code="aws_refused") from problem


def view(outcome: Outcome) -> ImportView:
    """The answer to an import."""
    everything = (outcome.differences, outcome.findings)
    return ImportView(
        **{n: v for n, v in vars(outcome).items() if n not in {"differences", "findings"}},
        differences=_findings(outcome.differences),
        findings=_findings(outcome.findings),
        left_out=sum(max(0, len(found) - SHOWN) for found in everything),
    )


def _findings(found: tuple[Finding, ...]) -> list[FindingView]:
    return [FindingView.model_validate(finding.as_json()) for finding in found[:SHOWN]]


def _view(row: Account) -> AccountView:
    return AccountView(
        id=row.name,
        name=row.name,
        aws_account_id=row.aws_account_id,
        partition=row.partition,
        setup_at=row.setup_at,
        imported_at=row.imported_at,
    )
