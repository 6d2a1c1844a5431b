"""Carrying out an approved request: read IAM, compare, call what is missing, read back, record."""

from datetime import timedelta

from app import log
from app.changes import Change
from app.changes.base import Wish
from app.clients import aws
from app.clients.iam import Iam
from app.db import Transactions, Tx
from app.domain.actors import SYSTEM_ACTOR
from app.domain.plans import CannotCarryOut, Plan
from app.domain.retries import Failure, TakeBack, TryAgain
from app.domain.sightings import Seen
from app.domain.states import (
    APPLIED,
    APPLYING,
    APPROVED,
    ENDING_GRANTS,
    QUEUED,
    GrantState,
)
from app.models import AccessRequest, Grant
from app.services import (
    adopting,
    approvals,
    audit,
    grants,
    group_ends,
    group_outcomes,
    handover,
    leaving,
    outcomes,
    resting,
    secrets,
    sightings,
)
from app.services.assessment import Assessment, reassess, wish_of
from app.services.backoff import Backoff
from app.services.ends import EndGrants
from app.services.handover import Handover
from app.services.moves import move_grant, move_request, note_request
from app.services.resting import OPEN

_log = log.get("carrying_out")


class CarryOut:
    """Carries out one request; calling it again is the recovery.

    Args:
        database: Where rows and audit are.
        iam: The account's IAM.
        backoff: How long to wait after a failure that may pass.
    """

    def __init__(self, database: Transactions, iam: Iam, backoff: Backoff) -> None:
        self._database, self._iam, self._backoff = database, iam, backoff
        self._handover = Handover(database, iam)

    def __call__(self, request_id: str) -> None:
        """Bring one request as far as it can go now."""
        with self._database.look() as tx:
            row = tx.session.get_one(AccessRequest, request_id)
            lasting = row.state == APPLYING or (row.state == QUEUED and outcomes.is_lasting(row))
            overdue = row.lapses_at <= tx.now and not lasting
            undoing = row.state == APPLYING and row.failure is not None and bool(row.failure.get("undoing"))
            able = row.state == APPLYING or outcomes.can_act(tx, row)  # what was begun is at least undone
            early = row.state == APPROVED and row.starts_at is not None and row.starts_at > tx.now
            wanted = wish_of(tx, row) if row.state in OPEN and not overdue and able and not early else None
        if overdue:
            resting.lapse(self._database, request_id)
        elif wanted is None:
            resting.close_or_rest(self._database, request_id)
        elif undoing:
            self._undo(request_id, *wanted)
        else:
            self._apply(request_id, *wanted)

    def _apply(self, request_id: str, change: Change, wish: Wish) -> None:
        try:
            seen = self._observe(request_id, change, wish)
            plan = change.plan(wish, seen)
            if not self._begin(request_id, change, seen, plan):
                return
            findings = [*plan.notes, *self._call(request_id, change, plan, seen)]
            seen = self._handover.noted(request_id, change.read_back(self._iam, wish, seen))
            if seen.emulated and (left := change.plan(wish, seen)).operations:
                # An emulator may drop what CreateUser was given; the call of its own says so (rule 28).
                findings += self._call(request_id, change, left, seen)
                seen = self._handover.noted(request_id, change.read_back(self._iam, wish, seen))
            outcomes.require_shown(change.plan(wish, seen), findings)
        except (aws.AwsError, CannotCarryOut) as problem:
            self._not_done(request_id, outcomes.failure_of(problem))
        else:
            self._finish(request_id, change, wish, seen, findings)

    def _observe(self, request_id: str, change: Change, wish: Wish) -> Seen:
        """Read IAM. What looks done before we begin may only be shown still, or not shown yet."""
        seen = self._handover.noted(request_id, change.observe(self._iam, wish))
        groups = change.groups(wish.body)
        if change.of_group:
            with self._database.look() as tx:
                group_ends.require_settled(tx, tx.session.get_one(AccessRequest, request_id), seen)
            return seen
        shown = [g for g in groups if seen.is_member(g)]
        if change.takes_away and not groups:
            with self._database.look() as tx:
                row = tx.session.get_one(AccessRequest, request_id)
                handover.require_shown_gone(tx, row, seen)
                if change.of_person and seen.user is None:
                    outcomes.require_never_made(tx, row)
        elif ((shown or seen.inline) and change.gives_access) or (change.takes_away and not shown):
            with self._database.look() as tx:
                row = tx.session.get_one(AccessRequest, request_id)
                if change.gives_access:
                    return outcomes.without_doubtful(tx, row, seen)
                outcomes.require_ended(tx, row)
        return seen

    def _call(self, request_id: str, change: Change, plan: Plan, seen: Seen) -> list[str]:
        """Make the calls; what an emulator does not offer is a finding and the work goes on (rule 28)."""
        findings = []
        for operation in plan.operations:
            try:
                self._handover.call(request_id, operation, seen)
            except aws.NotOffered:
                findings.append(f"{operation.action}: this endpoint does not offer it")
            except aws.Gone:
                if not change.gone_is_done:
                    raise
        return findings

    def _begin(self, request_id: str, change: Change, seen: Seen, plan: Plan) -> bool:
        """Check everyone and every rule again, then make the intent durable. False: it is not to be done."""
        with self._database.write() as tx:
            if change.of_group:
                group_ends.hold(tx, request_id)
            row = outcomes.hold(tx, request_id)
            current = grants.of_request(tx, row)
            if row.state not in OPEN or not self._may_go_on(tx, row, current):
                return False
            assessment = reassess(tx, row)
            assessment = group_outcomes.noted(tx, row, assessment, seen)
            if row.state == APPROVED:
                move_request(tx, row, QUEUED)
            if not self._still_approved(tx, row, assessment, plan):
                return False
            if change.takes_away and outcomes.is_given_again(tx, row, assessment):
                return False
            if change.of_person:
                leaving.begun(tx, row, seen)
            if change.of_group:
                group_ends.begun(tx, row)
            if row.state == QUEUED:
                for grant in current:
                    longest = grants.longest(assessment, grant.access)
                    seconds = min(grant.duration_seconds or longest, longest)  # rule 5
                    # The undo is due before the first write is made (rule 19).
                    undo_at = tx.now + timedelta(seconds=seconds)
                    move_grant(tx, grant, GrantState.APPLYING, due_at=undo_at, duration_seconds=seconds)
                move_request(tx, row, APPLYING, **handover.begun(tx, row, plan, seen))
                audit.of_request(
                    tx,
                    "access_request.applying",
                    row,
                    by=SYSTEM_ACTOR,
                    operations=[o.as_json() for o in plan.operations],
                )
            return True

    def _may_go_on(self, tx: Tx, row: AccessRequest, current: list[Grant]) -> bool:
        if not outcomes.can_act(tx, row):
            if row.state == APPLYING:
                outcomes.undo_from(tx, row, "party_gone", "The asker or the user it is for is suspended or gone.")
            return False
        if row.state != APPLYING and any(g.state != GrantState.SCHEDULED for g in current):
            outcomes.close(tx, row, "what it was to give was taken back before it began")
            return False
        if row.state == APPLYING and any(g.state != GrantState.APPLYING for g in current):
            # Taken back after it was begun: going on would give the access once more.
            outcomes.undo_from(tx, row, "revoked", "The access was taken back while it was being given.")
            return False
        return True

    def _still_approved(self, tx: Tx, row: AccessRequest, assessment: Assessment, plan: Plan) -> bool:
        if assessment.change.takes_away:
            return True  # rule 21: what only takes away is never void
        if row.extends is not None and not outcomes.extends_still(tx, row, row.extends, plan):
            gone = "The access to be extended is gone; ask for it anew."
            end = outcomes.undo_from if row.state == APPLYING else outcomes.failed
            end(tx, row, "grant_ended", gone)
            return False
        changed = not plan.is_what(row.plan_digest)
        if not changed and approvals.still_good(approvals.standing(tx, row), assessment):
            return True
        why = (
            "the policies or the boundary are not what was approved"
            if changed
            else approvals.lacking(approvals.standing(tx, row), assessment)
        )
        if row.state == APPLYING:
            outcomes.undo_from(tx, row, "plan_changed", f"While it was carried out, {why}.")
        else:
            approvals.void(tx, row, why, plan=plan if changed else None)
        return False

    def _finish(self, request_id: str, change: Change, wish: Wish, seen: Seen, findings: list[str]) -> None:
        """IAM shows it: from here the clock of each grant runs, and its end is due."""
        with self._database.write() as tx:
            if change.of_person:
                leaving.hold(tx, request_id)
            if change.of_group:
                group_ends.hold(tx, request_id)
            row = outcomes.hold(tx, request_id)
            if row.state != APPLYING:
                return
            if change.of_group and not group_outcomes.group_changed(tx, row, change, wish, seen):
                return
            sightings.save_user(tx, row.account, row.user, seen.user)
            sightings.save_inline(tx, row.account, row.user, seen.inline)
            current = grants.of_request(tx, row)
            if any(g.state != GrantState.APPLYING for g in current):
                outcomes.undo_from(tx, row, "revoked", "The access was taken back while it was being given.")
                return
            for grant in current:
                outcomes.activate(tx, grant)
            adopting.took_over(tx, row)
            move_request(tx, row, APPLIED, applied_at=tx.now, failure=None, **handover.finish(tx, row, seen))
            if change.of_person:
                leaving.applied(tx, row)
            audit.of_request(
                tx,
                "access_request.applied",
                row,
                by=SYSTEM_ACTOR,
                findings=list(dict.fromkeys(findings)),
            )

    def _undo(self, request_id: str, change: Change, wish: Wish) -> None:
        """Take back what was begun, read that back, and only then say failed (rule 19)."""
        try:
            with self._database.read() as tx:
                row = tx.session.get_one(AccessRequest, request_id)
                ending = [(g.place, g.id) for g in grants.of_request(tx, row) if g.state in ENDING_GRANTS]
            for place, grant_id in ending:
                EndGrants(self._database, self._iam, self._backoff)(place, [grant_id])
            for operation in change.undo(wish, self._handover.noted(request_id, change.observe(self._iam, wish))):
                self._iam.call(operation)
            if change.undo(wish, self._handover.noted(request_id, change.observe(self._iam, wish))):
                raise aws.Retryable("GetUser", "NotShownYet", "IAM still shows what was undone")
            undone = True
        except aws.AwsError as problem:
            _log.warning("undo_failed", access_request_id=request_id, problem=str(problem))
            undone = False
        with self._database.write() as tx:
            row = outcomes.hold(tx, request_id)
            if row.state != APPLYING:
                return
            if undone and all(g.state == GrantState.REVOKED for g in grants.of_request(tx, row)):
                secrets.forget(tx, request_id)
                failure = {k: v for k, v in (row.failure or {}).items() if k != "undoing"}
                outcomes.failed(tx, row, **failure)
                return
            pause = self._backoff(row.attempts)  # taking back is tried for ever
            note_request(tx, row, attempts=row.attempts + 1, due_at=tx.now + pause)

    def _not_done(self, request_id: str, failure: Failure) -> None:
        """Try again, take back what was begun, or say failed, as `domain/retries.py` decides."""
        with self._database.write() as tx:
            row = outcomes.hold(tx, request_id)
            if row.state not in OPEN:
                return
            standing = outcomes.standing(tx, row, failure)
            decision = self._backoff.decide(failure, standing)
            if isinstance(decision, TryAgain):
                again = {"attempts": row.attempts + 1, "due_at": tx.now + decision.pause}
                note_request(tx, row, failure=outcomes.again(tx.now, failure, standing), **again)
                return
            if isinstance(decision, TakeBack):
                outcomes.undo_from(tx, row, **outcomes.words(decision.failure))
                return
            if row.state == APPROVED:
                move_request(tx, row, QUEUED)
            outcomes.failed(tx, row, **outcomes.words(decision.failure))
