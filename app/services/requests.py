"""Asking: the only door. Preview, ask, cancel, retry, and who may see what."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.changes import REGISTRY
from app.db import Tx, insert
from app.domain.actors import Caller
from app.domain.durations import to_text
from app.domain.plans import Plan
from app.domain.rulings import Refusal
from app.domain.states import (
    CANCELLED,
    CANCELLED_FAILED,
    QUEUED,
    DecisionState,
    Provisioning,
)
from app.domain.words import DEFAULT_ACCOUNT, Kind
from app.errors import Conflict, Forbidden, GatehouseError, Invalid, NotFound
from app.models import AccessRequest, RequestGroup, columns, new_id
from app.services import adopting, approvals, audit, directory, grants, in_the_way, leaving, people, shelf, visibility
from app.services.assessment import Assessment, assess, reassess
from app.services.moves import move_request
from app.services.people import Known

_requests = columns(AccessRequest)
_SAME = sa.select(_requests.c.id, _requests.c.same_change, _requests.c.decision).where(
    _requests.c.same_change.in_(sa.bindparam("same", expanding=True))
)
AHEAD = timedelta(days=30)
"""How far ahead `starts_at` may lie (rule 20)."""
_SKEW = timedelta(minutes=5)
_REFUSED: dict[int, type[GatehouseError]] = {403: Forbidden, 404: NotFound, 409: Conflict, 422: Invalid}


@dataclass(frozen=True)
class Draft:
    """What somebody asks for. `user` None is the caller; `body` is the kind's `change`, read."""

    kind: Kind
    body: Any
    reason: str
    user: str | None = None
    account: str = DEFAULT_ACCOUNT
    duration: timedelta | None = None
    starts_at: datetime | None = None
    emergency: bool = False
    extends: str | None = None


@dataclass(frozen=True)
class Answer:
    """What a draft comes to: everything a preview shows."""

    draft: Draft
    subject: Known
    assessment: Assessment
    plan: Plan
    refusals: tuple[Refusal, ...]


def look_at(tx: Tx, caller: Caller, draft: Draft, *, request_id: str, store: bool) -> Answer:
    """Find the ruling, the plan and every refusal of a draft.

    Args:
        store: Register somebody unknown whom an admin has an IAM user made for; a preview does not.

    Raises:
        NotFound: The user, the group or the account does not exist.
        Forbidden: The caller may not ask for this user (rule 1).
    """
    if draft.kind == Kind.GRANT_ADOPT:
        body, user, account = adopting.resolved(tx, caller, draft.body, draft.user, draft.account)
        draft = replace(draft, body=body, user=user, account=account, extends=body.grant_id)
    subject = _subject(tx, caller, draft, store=store)
    assessment = assess(
        tx,
        kind=draft.kind,
        account=draft.account,
        asker=caller.name,
        subject=subject,
        body=draft.body,
        request_id=request_id,
        duration=draft.duration,
    )
    _may_ask(caller, assessment)
    if draft.duration is None and draft.kind in {Kind.GROUP_JOIN, Kind.GRANT_ADOPT}:
        draft = replace(draft, duration=assessment.ruling.max_duration)  # rule 20
    refusals = [
        *_timing(tx, draft, assessment),
        *leaving.suspended(subject, assessment),
        *assessment.change.refusals(assessment.wish, assessment.case, assessment.seen),
        *_in_the_way(tx, draft, assessment),
        *assessment.ruling.refusals,
    ]
    plan = assessment.change.plan(assessment.wish, assessment.seen)
    return Answer(draft, subject, assessment, plan, tuple(refusals))


def preview(tx: Tx, caller: Caller, draft: Draft) -> Answer:
    """The ruling and the plan; nothing is stored."""
    return look_at(tx, caller, draft, request_id=new_id(), store=False)


def ask(tx: Tx, caller: Caller, draft: Draft) -> AccessRequest:
    """File an access request. A rule that approves does so in the same transaction.

    Raises:
        GatehouseError: The first refusal, with its code.
    """
    answer = look_at(tx, caller, draft, request_id=(request_id := new_id()), store=True)
    if answer.refusals:
        first = answer.refusals[0]
        raise _REFUSED[first.status](first.detail, code=first.code, **first.extra)
    draft, assessment, plan = answer.draft, answer.assessment, answer.plan
    lapses_at = tx.now + tx.terms.lapse_after
    row = AccessRequest(
        id=request_id,
        kind=draft.kind,
        account=draft.account,
        user=answer.subject.name,
        requester=caller.name,
        change=draft.body.model_dump(mode="json"),
        reason=draft.reason,
        duration_seconds=int(draft.duration.total_seconds()) if draft.duration else None,
        starts_at=draft.starts_at,
        extends=draft.extends,
        same_change=assessment.same_change,
        ruling=assessment.ruling.as_json(),
        rules_asked={g.name: g.asked.model_dump(mode="json") for g in assessment.case.groups},
        plan=plan.as_json(),
        plan_digest=plan.digest,
        due_at=lapses_at,
        created_at=tx.now,
        lapses_at=lapses_at,
    )
    insert(tx, row)
    tx.decisions[row.id] = []  # nobody can have decided on it yet
    for group in assessment.case.groups:
        insert(tx, RequestGroup(group=group.name, access_request_id=row.id))
    tx.touched.add(row.id)
    audit.of_request(
        tx,
        "access_request.asked",
        row,
        by=caller,
        kind=row.kind,
        account=row.account,
        change=row.change,
        reason=row.reason,
        duration=to_text(draft.duration) if draft.duration else None,
        starts_at=draft.starts_at.isoformat() if draft.starts_at else None,
        plan_digest=row.plan_digest,
        ruling=row.ruling,
        extends=row.extends,
    )
    if assessment.ruling.by_rule is not None:
        approvals.decide_by_rule(tx, caller, row, assessment)
    return row


def _subject(tx: Tx, caller: Caller, draft: Draft, *, store: bool) -> Known:
    name = draft.user or caller.name
    known = people.find(tx, name, lock=store)
    email = draft.body.email if draft.kind == Kind.USER_CREATE else None
    if known is None and draft.kind == Kind.USER_CREATE and caller.is_admin:
        if email is None:
            raise Invalid(f"{name} is not registered yet; give an e-mail address.", code="email_missing")
        new = directory.new_user(tx, name=name, email=email)
        return Known.of(directory.register(tx, caller, new) if store else new)
    user = people.there(known, name)
    if email is not None and email.casefold() != user.email_key:
        raise Invalid(f"{name} is registered with another e-mail address.", code="email_differs")
    return user


def _may_ask(caller: Caller, assessment: Assessment) -> None:
    """Rule 1: for oneself; for another as an admin or as an approver of every group named."""
    case = assessment.case
    if case.subject.counts_as == caller.person.counts_as:
        return
    person = case.roster.people.get(caller.person.counts_as)
    if person is not None and person.is_admin:
        return
    names = [case.roster.named_by(g.now.approvers) for g in case.groups]
    if not names or any(caller.person.counts_as not in allowed for allowed in names):
        raise Forbidden(
            f"You can ask for yourself. Asking for {assessment.wish.user} needs an admin or an approver of the group.",
            code="not_for_others",
        )


def _timing(tx: Tx, draft: Draft, assessment: Assessment) -> list[Refusal]:
    refused = []
    if draft.emergency:
        text = "Emergency access is not built yet; ask without it."
        refused.append(Refusal(422, "emergency_not_available", text))
    given = assessment.change.gives(assessment.wish.body)
    if not draft.duration and any(access.of == "policy" for access in given):
        text = "A one-off permission always has an end: say for how long, such as P1D."
        refused.append(Refusal(422, "duration_missing", text))  # rule 20
    if not given and (draft.duration or draft.starts_at):
        text = f"{draft.kind} has no duration and no start here; leave both out."
        refused.append(Refusal(422, "duration_not_used", text))
    if draft.starts_at and draft.starts_at > tx.now + AHEAD:
        refused.append(Refusal(422, "starts_too_late", "starts_at may be at most 30 days ahead."))
    if draft.starts_at and draft.starts_at < tx.now - _SKEW:
        refused.append(Refusal(422, "starts_in_the_past", "starts_at is in the past; leave it out to start now."))
    return refused


def _in_the_way(tx: Tx, draft: Draft, assessment: Assessment) -> list[Refusal]:
    refused = []
    wish = assessment.wish
    if draft.extends is None or draft.kind == Kind.GRANT_ADOPT:
        refused += in_the_way.of(tx, assessment)
    if draft.kind == Kind.USER_RESUME:
        refused += leaving.in_the_way(tx, wish.user)
    named = () if assessment.change.of_policy else assessment.case.groups
    deletions = [shelf.deletion_of(wish.account, group.name) for group in named]
    for other in tx.session.connection().execute(_SAME, {"same": [assessment.same_change, *deletions]}):
        extra = {"access_request_id": other.id}
        if other.same_change == assessment.same_change:
            text = f"The same change is already asked for, in access request {other.id}."
            refused.insert(0, Refusal(409, "already_pending", text, extra))
        elif other.decision == DecisionState.APPROVED:
            text = f"A group named here is being deleted, in access request {other.id}."
            refused.insert(0, Refusal(409, "group_being_deleted", text, extra))
    return refused


def cancel(tx: Tx, caller: Caller, request_id: str) -> AccessRequest:
    """Take a request back: requester or subject; an admin too once it is approved (rule 18)."""
    row = visibility.locked(tx, caller, request_id)
    theirs = caller.person.counts_as in visibility.parties(tx, row)
    if not theirs and not (caller.is_admin and row.decision == DecisionState.APPROVED):
        raise Forbidden("Only who asked or who it is for can cancel this.", code="not_yours_to_cancel")
    if REGISTRY[Kind(row.kind)].of_person:
        leaving.require_cancellable(tx, caller, row)
    if row.decision not in {DecisionState.PENDING, DecisionState.APPROVED}:
        raise Conflict(f"This request is {row.decision} already.", code="not_pending")
    if row.provisioning in {Provisioning.APPLYING, Provisioning.APPLIED}:
        raise Conflict("This is being carried out; end the grant instead.", code="already_begun")
    failed = row.provisioning == Provisioning.FAILED
    grants.drop_scheduled(tx, row, "cancelled")
    move_request(tx, row, CANCELLED_FAILED if failed else CANCELLED, decided_at=row.decided_at or tx.now)
    audit.of_request(tx, "access_request.cancelled", row, by=caller)
    return row


def retry(tx: Tx, caller: Caller, request_id: str) -> AccessRequest:
    """Put a failed request back to work, if its approvals are still good (rules 18 and 20)."""
    row = visibility.locked(tx, caller, request_id)
    if not caller.is_admin:
        raise Forbidden("Only an admin can retry.", code="admin_only")
    if row.provisioning != Provisioning.FAILED or row.decision != DecisionState.APPROVED:
        raise Conflict("Only a request that failed can be retried.", code="not_failed")
    assessment = reassess(tx, row)
    if any(group.deleted for group in assessment.wish.managed.values()):
        raise Conflict("A group that it names is deleted.", code="group_deleted")
    if not approvals.still_good(approvals.standing(tx, row), assessment):
        raise Conflict("Its approvals no longer count; ask anew.", code="approval_void")
    for access in assessment.change.gives(assessment.wish.body):
        held = grants.live_id(tx, row.account, row.user, access)
        if held not in {None, row.extends}:
            raise Conflict(f"{row.user} has {access.name} by now.", code="already_has_access", grant_id=held)
    same = assessment.same_change
    if (other := tx.session.connection().execute(_SAME, {"same": [same]}).first()) is not None:
        raise Conflict("The same change is asked for again.", code="already_pending", access_request_id=other.id)
    ids = grants.make_for(tx, row, assessment) if assessment.change.gives_access else []
    move_request(tx, row, QUEUED, due_at=tx.now, attempts=0, failure=None, grant_ids=ids, same_change=same)
    audit.of_request(tx, "access_request.retried", row, by=caller)
    return row


def extend(tx: Tx, caller: Caller, grant_id: str, duration: timedelta, reason: str) -> AccessRequest:
    """Ask for a later end: a new grant that overlaps, under the same rule as the first (rule 23)."""
    grant = grants.extendable(tx, caller, grant_id, duration)
    kind, change = grants.wish_for(tx, grant)
    body = REGISTRY[kind].body.model_validate(change)
    draft = Draft(kind, body, reason, grant.user, grant.account, duration, extends=grant.id)
    return ask(tx, caller, draft)
