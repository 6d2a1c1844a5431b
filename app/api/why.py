"""`/v1/users/{name}/access`: why somebody holds what they hold."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.api.door import ReadRequests
from app.api.schemas import View
from app.api.strict import StrictRoute
from app.db import Tx
from app.domain.durations import to_text
from app.domain.states import GrantState
from app.domain.why import Asked, Given, Held, Remains, WhyGranted
from app.domain.why_policies import HeldPolicy
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


class PolicyRemainsView(View):
    """What would be left. `until` is null where no other grant gives the policy, or one without an end does."""

    still_there: bool
    by_grants: list[str]
    until: datetime | None


class WhyPolicyGrantView(View):
    """A grant of a one-off permission with who asked for it and who approved, and what would remain without it."""

    grant_id: str
    state: GrantState
    duration: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    origin: Origin
    note: str | None
    access_request: AskedView | None
    approvals: list[ApprovalView]
    without_it: PolicyRemainsView


class HeldPolicyView(View):
    """An inline policy somebody has. `given_by_gatehouse` is false where IAM was seen to have it and no grant does.

    `document` is what was approved; null where nobody asked for it here. `as_approved` is false where IAM was seen to
    have another document under that name.
    """

    account: str
    name: str
    given_by_gatehouse: bool
    seen: bool | None
    seen_at: datetime | None
    as_approved: bool | None
    document: str | dict[str, Any] | None
    grants: list[WhyPolicyGrantView]
    without_it: PolicyRemainsView


class AccessView(View):
    """Everything somebody holds, and why."""

    user: str
    at: datetime
    groups: list[HeldView]
    policies: list[HeldPolicyView]


AccessUser = Annotated[str, Path(max_length=64, description="Name of the user.")]


@router.get("/{name}/access", response_model=AccessView, summary="Why somebody holds what they hold")
def access(name: AccessUser, door: ReadRequests) -> Response:
    """Each group and inline policy with its grants, requests and approvers, and what would remain without them.

    One's own; anybody's for admin and auditor.
    """

    def look(tx: Tx) -> AccessView:
        user, held, own = why.about(tx, door.caller, name)
        policies = [_held_policy(one) for one in own]
        return AccessView(user=user.name, at=tx.now, groups=[_held(one) for one in held], policies=policies)

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


def _held_policy(held: HeldPolicy) -> HeldPolicyView:
    return HeldPolicyView(
        account=held.account,
        name=held.name,
        given_by_gatehouse=bool(held.grants),
        seen=held.seen,
        seen_at=held.seen_at,
        as_approved=held.as_approved,
        document=held.document,
        grants=[
            WhyPolicyGrantView(**_grant(grant), without_it=_without(held.without(grant.id))) for grant in held.grants
        ],
        without_it=PolicyRemainsView(still_there=False, by_grants=[], until=None),
    )


def _without(others: list[Given]) -> PolicyRemainsView:
    ends = [grant.ends_at for grant in others]
    known = [end for end in ends if end is not None]
    return PolicyRemainsView(
        still_there=bool(others),
        by_grants=[grant.id for grant in others],
        until=max(known) if known and len(known) == len(ends) else None,
    )


def _why(one: WhyGranted) -> WhyGrantView:
    return WhyGrantView(**_grant(one.grant), without_it=_remains(one.remains))


def _grant(grant: Given) -> dict[str, Any]:
    """What both kinds of grants have."""
    lasts = grant.duration_seconds
    return {
        "grant_id": grant.id,
        "state": grant.state,
        "duration": None if lasts is None else to_text(timedelta(seconds=lasts)),
        "starts_at": grant.starts_at,
        "ends_at": grant.ends_at,
        "origin": grant.origin,
        "note": grant.note,
        "access_request": _asked(grant.request) if grant.request else None,
        "approvals": [
            ApprovalView(**{**vars(approval), "channel": Channel(approval.channel)}) for approval in grant.approvals
        ],
    }


def _asked(asked: Asked) -> AskedView:
    fields = {name: value for name, value in vars(asked).items() if name != "change"}
    return AskedView(**{**fields, "kind": Kind(asked.kind)})


def _remains(remains: Remains) -> RemainsView:
    return RemainsView(
        in_group=remains.in_group,
        by_grants=list(remains.by_grants),
        until=remains.until,
        policies_kept=[KeptView(policy=kept.policy, through=list(kept.through)) for kept in remains.policies_kept],
        policies_lost=list(remains.policies_lost),
    )
