"""What approvals amount to: by a rule or by people, granted, or void."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.db import Tx, insert
from app.domain.access import Access
from app.domain.actors import SYSTEM_ACTOR, Actor
from app.domain.plans import Plan
from app.domain.states import APPLIED, APPLYING, APPROVED, FAILED, PENDING, QUEUED
from app.domain.words import Channel, Verdict
from app.errors import Conflict
from app.models import AccessRequest, Decision, RequestGroup
from app.services import audit, grants, leaving, restoration
from app.services.assessment import Assessment, reassess
from app.services.moves import move_request, note_request

VOIDS_ALLOWED = 2
"""The third void is a failure: somebody must look why the account keeps changing (rule 21)."""

_RULE = "rule:"
_DECISIONS = (
    select(Decision).where(col(Decision.access_request_id) == sa.bindparam("request_id")).order_by(col(Decision.id))
)


def decisions(tx: Tx, request_id: str) -> list[Decision]:
    """Every decision on a request, oldest first, void ones too."""
    if request_id not in tx.decisions:
        tx.decisions[request_id] = list(tx.session.scalars(_DECISIONS, {"request_id": request_id}))
    return tx.decisions[request_id]


def standing(tx: Tx, row: AccessRequest) -> list[Decision]:
    """The decisions that count, oldest first."""
    return [made for made in decisions(tx, row.id) if made.void is None]


def note(tx: Tx, row: AccessRequest, made: Decision) -> None:
    """Store a decision."""
    decisions(tx, row.id).append(made)
    insert(tx, made)


def still_good(decisions: list[Decision], assessment: Assessment) -> bool:
    """Say whether these approvals are enough under the rules as they are now (rules 5 and 18)."""
    approvers = {d.approver for d in decisions if d.verdict == Verdict.APPROVE}
    if assessment.ruling.by_rule is not None:
        return True
    return assessment.ruling.met_by(approvers)


def lacking(decisions: list[Decision], assessment: Assessment) -> str:
    """Why approvals are not enough any more, in words."""
    approvers = {d.approver for d in decisions if d.verdict == Verdict.APPROVE}
    if approvers <= assessment.ruling.eligible:
        return "more must agree than did: what it gives, or a rule, is not what it was"
    return "an approver is no longer eligible"


def decide_by_rule(tx: Tx, by: Actor, row: AccessRequest, assessment: Assessment) -> None:
    """Let the rule approve at once, as a decision like any other."""
    ruling = assessment.ruling
    name = f"{_RULE}{ruling.by_rule}"
    made = Decision(
        access_request_id=row.id,
        approver=name,
        verdict=Verdict.APPROVE,
        comment=ruling.reasons[0],
        plan_digest=row.plan_digest,
        channel=Channel.RULE,
        at=tx.now,
    )
    note(tx, row, made)
    audit.of_request(
        tx,
        "access_request.approved_by_rule",
        row,
        by=by,
        rule=name,
        reason=ruling.reasons[0],
    )
    grant(tx, by, row, assessment)


def grant(tx: Tx, by: Actor, row: AccessRequest, assessment: Assessment) -> None:
    """Turn a request that has its approvals into work. In-database changes are carried out right here."""
    change = assessment.change
    begins = max(tx.now, row.starts_at or tx.now)
    decided: dict[str, Any] = {
        "decided_at": tx.now,
        "lapses_at": begins + tx.terms.lapse_after,
        "ruling": assessment.ruling.as_json(),
    }
    audit.of_request(
        tx,
        "access_request.approved",
        row,
        by=by,
        plan_digest=row.plan_digest,
        required_approvals=assessment.ruling.required_approvals,
        reasons=list(assessment.ruling.reasons),
    )
    if change.is_in_database(assessment.wish) or change.of_person or (change.of_group and not change.of_policy):
        for refusal in change.refusals(assessment.wish, assessment.case, assessment.seen):
            raise Conflict(refusal.detail, code=refusal.code)  # what was asked for no longer fits
    if change.of_person:
        leaving.approved(tx, by, row)
    if change.is_in_database(assessment.wish):
        if restoration.is_open(tx):
            raise Conflict(
                "A restored backup is not confirmed yet; until then nothing but removals is carried out.",
                code="restored",
            )
        move_request(tx, row, QUEUED, **decided)
        move_request(tx, row, APPLYING)
        change.save(tx.session, assessment.wish)
        move_request(tx, row, APPLIED, applied_at=tx.now)
        audit.of_request(tx, "access_request.applied", row, by=by)
        return
    if change.takes_away:
        for group in assessment.case.groups:
            access = Access("group", group.name)
            grants.end_all(tx, by, account=row.account, user=row.user, access=access, reason="left", why=row.reason)
    if change.gives_access:
        decided["grant_ids"] = grants.make_for(tx, row, assessment)
    move_request(tx, row, QUEUED if begins <= tx.now else APPROVED, due_at=begins, attempts=0, failure=None, **decided)


def void(tx: Tx, row: AccessRequest, why: str, *, plan: Plan | None = None) -> None:
    """Make the approvals of an approved request void and ask again, loudly (rules 18 and 21).

    Args:
        why: The reason, for the decisions, the audit and whoever looks.
        plan: The plan as it is now, when that is what changed.
    """
    for decision in standing(tx, row):
        decision.void = why
    grants.drop_scheduled(tx, row, "approval_void")
    fresh: dict[str, Any] = {"voids": row.voids + 1, "grant_ids": []}
    if plan is not None:
        fresh |= {"plan": plan.as_json(), "plan_digest": plan.digest}
    audit.of_request(
        tx,
        "access_request.approvals_void",
        row,
        by=SYSTEM_ACTOR,
        reason=why,
        old_digest=row.plan_digest,
        new_digest=fresh.get("plan_digest", row.plan_digest),
    )
    if row.voids >= VOIDS_ALLOWED:
        failure = problem(tx.now, "plan_keeps_changing", f"Approvals became void three times; the last time: {why}")
        move_request(tx, row, FAILED, failure=failure, due_at=row.lapses_at, **fresh)
        return
    lapses_at = tx.now + tx.terms.lapse_after
    move_request(
        tx, row, PENDING, decided_at=None, lapses_at=lapses_at, due_at=lapses_at, failure=None, attempts=0, **fresh
    )
    assessment = reassess(tx, row)
    _name_groups(tx, row, assessment)
    if assessment.ruling.by_rule is not None:
        decide_by_rule(tx, SYSTEM_ACTOR, row, assessment)
    else:
        note_request(tx, row, ruling=assessment.ruling.as_json())


def _name_groups(tx: Tx, row: AccessRequest, assessment: Assessment) -> None:
    """Those who approve for a group that a policy was attached to meanwhile see the request from now on."""
    new = {g.name: g.now.model_dump(mode="json") for g in assessment.case.groups if g.name not in row.rules_asked}
    for group in new:
        insert(tx, RequestGroup(group=group, access_request_id=row.id))
    if new:
        note_request(tx, row, rules_asked={**row.rules_asked, **new})


def problem(at: datetime, code: str, detail: str, **more: Any) -> dict[str, Any]:
    """A `failure` that a person can act on."""
    extra: Mapping[str, Any] = more
    return {"code": code, "detail": detail, "at": at.isoformat().replace("+00:00", "Z"), **extra}
