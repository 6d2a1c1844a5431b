"""`/v1/users/{name}/access`: why somebody holds what they hold."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.api.door import ReadRequests
from app.api.schemas import View
from app.api.strict import StrictRoute
from app.db import Tx
from app.domain.durations import to_text
from app.domain.states import GrantState
from app.domain.why import Asked, Held, Remains, WhyGranted
from app.domain.words import Channel, Kind, Origin
from app.services import why

router = APIRouter(prefix="/v1/users", tags=["users"], route_class=StrictRoute)


class ApprovalView(View):
    """An approval that counted. `by_rule` is true where no person gave it."""

    approver: str
    by_rule: bool
    channel: Channel
    at: datetime
    comment: str | None


class AskedView(View):
    """The access request behind a grant."""

    id: str
    kind: Kind
    requester: str
    reason: str
    extends: str | None
    created_at: datetime
    decided_at: datetime | None


class KeptView(View):
    """A policy that would still apply, and the groups through which."""

    policy: str
    through: list[str]


class RemainsView(View):
    """What would be left. `until` is null where nothing keeps the membership, or something without an end does."""

    in_group: bool
    by_grants: list[str]
    until: datetime | None
    policies_kept: list[KeptView]
    policies_lost: list[str]


class WhyGrantView(View):
    """A grant with who asked for it and who approved, and what would remain without it.

    `note` says what an imported one is, which nobody asked for.
    """

    grant_id: str
    state: GrantState
    duration: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    origin: Origin
    note: str | None
    access_request: AskedView | None
    approvals: list[ApprovalView]
    without_it: RemainsView


class HeldView(View):
    """A group somebody holds. `given_by_gatehouse` is false where IAM was seen to have it and no grant does."""

    account: str
    group: str
    given_by_gatehouse: bool
    seen: bool | None
    seen_at: datetime | None
    policies: list[str]
    grants: list[WhyGrantView]
    without_it: RemainsView


class AccessView(View):
    """Everything somebody holds, and why."""

    user: str
    at: datetime
    groups: list[HeldView]


AccessUser = Annotated[str, Path(max_length=64, description="Name of the user.")]


@router.get("/{name}/access", response_model=AccessView, summary="Why somebody holds what they hold")
def access(name: AccessUser, door: ReadRequests) -> Response:
    """Each group with its grants, requests and approvers, and what would remain without them.

    One's own; anybody's for admin and auditor.
    """

    def look(tx: Tx) -> AccessView:
        user, held = why.about(tx, door.caller, name)
        return AccessView(user=user.name, at=tx.now, groups=[_held(one) for one in held])

    return door.read(look)


def _held(held: Held) -> HeldView:
    return HeldView(
        account=held.place.account,
        group=held.place.group,
        given_by_gatehouse=held.given_by_gatehouse,
        seen=held.seen,
        seen_at=held.seen_at,
        policies=list(held.policies),
        grants=[_why(one) for one in held.grants],
        without_it=_remains(held.remains),
    )


def _why(one: WhyGranted) -> WhyGrantView:
    grant = one.grant
    lasts = grant.duration_seconds
    return WhyGrantView(
        grant_id=grant.id,
        state=grant.state,
        duration=None if lasts is None else to_text(timedelta(seconds=lasts)),
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        origin=grant.origin,
        note=grant.note,
        access_request=_asked(grant.request) if grant.request else None,
        approvals=[
            ApprovalView(**{**vars(approval), "channel": Channel(approval.channel)}) for approval in grant.approvals
        ],
        without_it=_remains(one.remains),
    )


def _asked(asked: Asked) -> AskedView:
    return AskedView(**{**vars(asked), "kind": Kind(asked.kind)})


def _remains(remains: Remains) -> RemainsView:
    return RemainsView(
        in_group=remains.in_group,
        by_grants=list(remains.by_grants),
        until=remains.until,
        policies_kept=[KeptView(policy=kept.policy, through=list(kept.through)) for kept in remains.policies_kept],
        policies_lost=list(remains.policies_lost),
    )
