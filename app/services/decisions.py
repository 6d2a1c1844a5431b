"""Deciding: approve, deny, withdraw. Nobody decides on their own request (rule 2)."""

from dataclasses import replace

from app.db import Tx
from app.domain.actors import Caller
from app.domain.states import DENIED, DecisionState
from app.domain.words import Channel, Verdict
from app.errors import Conflict, Forbidden
from app.models import AccessRequest, Decision
from app.services import approvals, audit, slack_rules, visibility
from app.services.assessment import Assessment, judge, reassess
from app.services.moves import move_request, note_request


def decide(
    tx: Tx,
    caller: Caller,
    request_id: str,
    verdict: Verdict,
    *,
    comment: str | None,
    plan_digest: str | None = None,
) -> AccessRequest:
    """Give a verdict. The same one again is the first answer, also once the request is decided.

    Raises:
        Forbidden: `own_request`, `not_eligible`, `not_in_slack`.
        Conflict: `not_pending`, `plan_changed`.
    """
    row = visibility.locked(tx, caller, request_id)
    assessment = check(tx, caller, row, verdict, plan_digest=plan_digest)
    if assessment is None:
        return row
    standing = approvals.standing(tx, row)
    before = _own(standing, caller.name)
    if before is not None:
        before.void = "replaced"
    made = Decision(
        access_request_id=row.id,
        approver=caller.name,
        verdict=verdict,
        comment=comment,
        plan_digest=row.plan_digest,
        channel=caller.channel or Channel.API,
        at=tx.now,
    )
    approvals.note(tx, row, made)
    audit.of_request(
        tx,
        "decision.made",
        row,
        by=caller,
        verdict=verdict,
        comment=comment,
        plan_digest=row.plan_digest,
    )
    if verdict == Verdict.DENY:
        move_request(tx, row, DENIED, decided_at=tx.now)
        audit.of_request(tx, "access_request.denied", row, by=caller)
    elif approvals.still_good([d for d in [*standing, made] if d.void is None], assessment):
        approvals.grant(tx, caller, row, assessment)
    else:
        note_request(tx, row, ruling=assessment.ruling.as_json())
    return row


def check(
    tx: Tx, caller: Caller, row: AccessRequest, verdict: Verdict, *, plan_digest: str | None
) -> Assessment | None:
    """What a verdict would be refused for, without giving it: before somebody writes down why.

    Returns:
        What is true of the request; None where this verdict of theirs stands already.

    Raises:
        Forbidden, Conflict: As `decide` does.
    """
    if caller.person.counts_as in visibility.parties(tx, row):
        raise Forbidden(
            "Nobody decides on a request they made or that is for them. Ask another approver.", code="own_request"
        )
    before = _own(approvals.standing(tx, row), caller.name)
    if before is not None and before.verdict == verdict:
        return None
    if row.decision != DecisionState.PENDING:
        raise Conflict(f"This request is not pending any more: it is {row.decision}.", code="not_pending")
    if row.lapses_at <= tx.now:
        raise Conflict("This request has lapsed: nobody decided in time. Ask anew.", code="not_pending")
    assessment = reassess(tx, row)
    if assessment.ruling.by_rule is not None:
        # A rule would approve it by now, but it was put before people: they decide.
        ruling = judge(assessment.change, assessment.wish, assessment.case, assessment.seen, None)
        assessment = replace(assessment, ruling=ruling)
    _eligible(caller, verdict, assessment)
    if caller.channel == Channel.SLACK:
        slack_rules.require_decide(tx, row)
    if plan_digest is not None and plan_digest != row.plan_digest:
        raise Conflict("The plan changed since you looked; read it again, then decide.", code="plan_changed")
    return assessment


def withdraw(tx: Tx, caller: Caller, request_id: str) -> AccessRequest:
    """Take one's own approval back while the request is pending."""
    row = visibility.locked(tx, caller, request_id)
    mine = _own(approvals.standing(tx, row), caller.name)
    if row.decision != DecisionState.PENDING:
        raise Conflict(f"This request is not pending any more: it is {row.decision}.", code="not_pending")
    if mine is None:
        raise Conflict("You have not approved this.", code="nothing_to_withdraw")
    mine.void = "withdrawn"
    note_request(tx, row)
    audit.of_request(tx, "decision.withdrawn", row, by=caller)
    return row


def _eligible(caller: Caller, verdict: Verdict, assessment: Assessment) -> None:
    ruling = assessment.ruling
    allowed = ruling.eligible if verdict == Verdict.APPROVE else ruling.may_deny
    if caller.name not in allowed:
        names = ", ".join(sorted(ruling.eligible)) or "nobody now"
        raise Forbidden(f"This is for others to decide: {names}.", code="not_eligible")


def _own(decisions: list[Decision], approver: str) -> Decision | None:
    return next((d for d in decisions if d.approver == approver), None)
