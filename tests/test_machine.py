"""Random lives against a small model, written from the rules and not from the code: who may, what follows, what never.

Services are driven directly, on SQLite, with an IAM in memory that fails on order and a clock that we turn.
"""

import datetime as dt
import itertools
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import col, select
from typing_extensions import override

from app import migrate
from app.changes.group_membership import GroupBody
from app.db import Database, Tx
from app.delivery.due import due
from app.domain import canonical
from app.domain.actors import SYSTEM_ACTOR, Caller
from app.domain.rules import Catalogue, CatalogueGroup, Rule
from app.domain.sightings import SeenGroup, SeenPolicy
from app.domain.states import ENDING_GRANTS, LIVE_GRANTS, DecisionState, GrantState, Provisioning
from app.domain.words import Channel, Kind, Scope, UserState, Verdict
from app.errors import GatehouseError
from app.models import AccessRequest, Account, Decision, Grant, User
from app.services import audit, decisions, directory, grants, owner, people, requests, sightings
from app.services.backoff import Backoff
from app.services.reconcile import Reconciler
from app.terms import Terms
from tests.support.fake_iam import ACCOUNT, BOUNDARY_ARN, Died, FakeIam, Fault
from tests.support.fake_iam import Account as IamUser

KEY = bytes(range(32))
BEGIN = dt.datetime(2026, 1, 5, 8, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
LAPSE = 12 * HOUR
ROUNDS = 60

ADMINS = frozenset({"pi", "alice", "zoe"})
PEOPLE = ("pi", "alice", "zoe", "carol", "bob", "dora")
ROBOT = "robot"
EVERYONE = (*PEOPLE, ROBOT)
OWNER_OF = {ROBOT: "bob"}
ENROLLED_BY = {"dora": "pi"}
"""Not vouched for: pi and dora are one hand."""


@dataclass(frozen=True)
class Lab:
    """A group's rule as the model knows it."""

    required: int
    approvers: tuple[str, ...]
    longest: int
    denies: bool = False


GROUPS = {
    "Reading": Lab(1, ("role:admin",), 24),
    "Power": Lab(2, ("role:admin",), 4),
    "Club": Lab(2, ("carol", "group:Reading"), 6),
    "Fence": Lab(1, ("role:admin",), 24, denies=True),
}

who = st.sampled_from(EVERYONE)
asking = st.sampled_from(["bob", "dora", "carol", "bob", "dora", *EVERYONE])
for_whom = st.sampled_from([None, None, None, None, None, *EVERYONE])
group_names = st.sampled_from(sorted(GROUPS))
picks = st.integers(0, 3)
stumbling = st.sampled_from(list(Fault))
hours = st.sampled_from([None, 1, 3, 5, 30])


def behind(name: str) -> str:
    """The person that somebody counts as."""
    return OWNER_OF.get(name, name)


def digest_of(user_id: str, group: str, version: int) -> str:
    """What an approval of a join is for (rule 21), spelled out again."""
    return canonical.digest(
        {
            "kind": "group.join",
            "account": "default",
            "user_id": user_id,
            "groups": [{"name": group, "policies": [{"name": "only", "sha256": f"{group}-v{version}"}]}],
            "boundary": {"arn": BOUNDARY_ARN, "sha256": "boundary-v1"},
        }
    )


def prepare(path: Path) -> None:
    """A database with the groups and the people, set up and with nothing asked."""
    database = Database(f"sqlite:///{path}", audit_key=KEY, clock=lambda: BEGIN)
    migrate.upgrade(database.engine)
    catalogue = Catalogue(
        group=tuple(
            CatalogueGroup(
                name=name,
                rule=Rule(
                    required_approvals=g.required, approvers=g.approvers, max_duration=dt.timedelta(hours=g.longest)
                ),
            )
            for name, g in GROUPS.items()
        )
    )
    with database.write() as tx:
        owner.begin(tx, catalogue, name="pi", email="pi@lab.example")
        account = tx.session.get_one(Account, "default")
        account.aws_account_id, account.setup_at = ACCOUNT, tx.now
        for name in EVERYONE[1:]:
            new = directory.new_user(tx, name=name, email=f"{name}@lab.example", service_owner=OWNER_OF.get(name))
            user = directory.register(tx, SYSTEM_ACTOR, new)
            user.verified, user.enrolled_by = name not in ENROLLED_BY, ENROLLED_BY.get(name)
            if name in ADMINS:
                user.roles = ["admin", "member"]
            tx.session.flush()
        sightings.save_boundary(tx, "default", SeenPolicy(BOUNDARY_ARN, "boundary-v1", has_deny=True))
        for name, lab in GROUPS.items():
            seen = SeenGroup(name, (SeenPolicy("only", f"{name}-v1", lab.denies),))
            sightings.save_group(tx, "default", name, seen)
    database.close()


class LabIam(FakeIam):
    """Only the group Fence denies; policies share one name."""

    @override
    def group(self, name: str) -> SeenGroup | None:
        found = super().group(name)
        if found is None:
            return None
        return SeenGroup(name, tuple(SeenPolicy(p.name, p.sha256, GROUPS[name].denies) for p in found.policies))


def fresh_iam() -> LabIam:
    iam = LabIam()
    iam.groups = {name: {"only": f"{name}-v1"} for name in GROUPS}
    iam.users = {name: IamUser() for name in EVERYONE}
    return iam


@dataclass
class Wish:
    """What the model keeps of a request beyond its row."""

    approvals: set[str] = field(default_factory=set)
    denied_by: str | None = None
    decided: bool = False
    disturbed: bool = False
    """A fault, a crash or somebody else came in between; only the invariants are known then."""


_copies = itertools.count()


class Life(RuleBasedStateMachine):
    """One lab, one account, one worker."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.path = self.template.with_name(f"life{next(_copies)}.db")
        shutil.copy(self.template, self.path)
        self.now = BEGIN
        self.database = Database(
            f"sqlite:///{self.path}", audit_key=KEY, terms=Terms(lapse_after=LAPSE), clock=lambda: self.now
        )
        self.iam = fresh_iam()
        backoff = Backoff(first=1, longest=60, jitter=lambda: 0.5)
        self.reconcile = Reconciler(self.database, lambda _account: self.iam, backoff)
        self.versions = dict.fromkeys(GROUPS, 1)
        self.wishes: dict[str, Wish] = {}
        self.suspended: set[str] = set()
        self.ended: dict[str, tuple[str, str]] = {}
        self.seen_end: set[str] = set()
        with self.database.read() as tx:
            self.ids = {u.name: u.id for u in tx.session.scalars(select(User))}
        self.look()

    @override
    def teardown(self) -> None:
        self.settle()
        self.database.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    # What is there.

    def look(self) -> None:
        """Read the rows: newest first."""
        with self.database.read() as tx:
            self.rows = list(tx.session.scalars(select(AccessRequest).order_by(col(AccessRequest.id).desc())))
            self.grants = list(tx.session.scalars(select(Grant).order_by(col(Grant.id).desc())))
            self.votes = list(tx.session.scalars(select(Decision).order_by(col(Decision.id))))
            tx.session.expunge_all()

    def row(self, pick: int) -> AccessRequest:
        """One of the newest requests, the open ones first."""
        ordered = sorted(self.rows, key=lambda r: r.provisioning == "applied" or r.decision not in OPEN)
        return ordered[pick % len(ordered)]

    def grant(self, pick: int) -> Grant:
        """One of the newest grants, the live ones first."""
        ordered = sorted(self.grants, key=lambda g: g.state == "revoked")
        return ordered[pick % len(ordered)]

    def caller(self, tx: Tx, name: str) -> Caller:
        person = people.get(tx, name).person
        return Caller(name, Channel.API, "machine", person=person, scopes=frozenset(Scope))

    def attempt(self, name: str, do: Callable[[Tx, Caller], object]) -> str | None:
        """Do something as somebody in a transaction of its own; the code of the refusal."""
        try:
            with self.database.write() as tx:
                do(tx, self.caller(tx, name))
        except GatehouseError as refusal:
            return refusal.code
        finally:
            self.look()
        return None

    # The rules, said again.

    def named(self, approvers: tuple[str, ...]) -> frozenset[str]:
        found: set[str] = set()
        for entry in approvers:
            if entry == "role:admin":
                found |= ADMINS
            elif entry.startswith("group:"):
                found |= {g.user for g in self.grants if g.group == entry[6:] and g.state == "active"}
            else:
                found.add(entry)
        return frozenset(found - {ROBOT})

    def ruling(self, kind: str, asker: str, user: str, group: str) -> tuple[int, frozenset[str], frozenset[str]]:
        """How many approvals, who may give one, who may deny (rules 2, 4, 6, 8)."""
        lab = GROUPS[group] if kind == "group.join" else Lab(1, ("role:admin",), 0)
        parties = {behind(asker), behind(user)}
        others = self.named(lab.approvers) - parties
        active = others - self.suspended
        barred = {
            a
            for a in active
            for p in parties
            if (ENROLLED_BY.get(a) == p or ENROLLED_BY.get(p) == a) and ADMINS - {a, p}
        }
        return max(1, min(lab.required, len(others))), active - barred, active

    def approves(self, name: str, group: str) -> bool:
        return name != ROBOT and name in self.named(GROUPS[group].approvers)

    def may_see(self, name: str, row: AccessRequest) -> bool:
        mine = behind(name) in {behind(row.user), behind(row.requester)}
        return mine or name in ADMINS or self.approves(name, row.change["group"])

    def live(self, user: str, group: str) -> list[Grant]:
        return [g for g in self.grants if (g.user, g.group) == (user, group) and g.state in LIVE_GRANTS]

    def open_twin(self, kind: str, user: str, group: str) -> bool:
        return any(
            (r.kind, r.user, r.change["group"]) == (kind, user, group)
            and r.decision in OPEN
            and r.provisioning in {"none", "queued", "applying"}
            for r in self.rows
        )

    def refusals(
        self, kind: str, asker: str, user: str, group: str, duration: int | None, *, extends: bool
    ) -> tuple[set[str], set[str]]:
        """Codes that must be among the reasons to refuse, and codes that may be."""
        same = behind(asker) == behind(user)
        if not same and behind(asker) not in ADMINS and not self.approves(behind(asker), group):
            return {"not_for_others"}, set()
        must, may = set(), set()
        if self.open_twin(kind, user, group):
            must.add("already_pending")
        _, eligible, _ = self.ruling(kind, asker, user, group)
        if kind == "group.join":
            if user in self.suspended:
                must.add("user_suspended")
            if self.live(user, group) and not extends:
                must.add("already_has_access")
            if duration is not None and duration > GROUPS[group].longest:
                must.add("duration_too_long")
            if not eligible:
                must.add("no_eligible_approver")
        else:
            if GROUPS[group].denies and not eligible:
                must.add("no_eligible_approver")
            if not any(g.state == "active" for g in self.live(user, group)):
                may.add("not_a_member")
        return must, may

    # What people do.

    def draft(
        self, kind: Kind, user: str | None, group: str, duration: int | None, starts: int | None
    ) -> requests.Draft:
        return requests.Draft(
            kind=kind,
            body=GroupBody(group=group),
            reason="a life",
            user=user,
            duration=dt.timedelta(hours=duration) if duration else None,
            starts_at=self.now + dt.timedelta(hours=starts) if starts else None,
        )

    def acting(self, name: str) -> bool:
        return name not in self.suspended

    @initialize(wants=st.lists(st.tuples(asking, group_names, hours), min_size=1, max_size=4), faults=st.booleans())
    def begin(self, wants: list[tuple[str, str, int | None]], faults: bool) -> None:  # noqa: FBT001 - drawn
        """A lab where something is under way, or held."""
        for asker, group, duration in wants:
            self.join(asker, None, group, duration)
        if not faults:
            self.run(10)

    @rule(asker=asking, other=for_whom, group=group_names, duration=hours)
    def join(self, asker: str, other: str | None, group: str, duration: int | None) -> None:
        """Asked and approved."""
        before = len(self.rows)
        self.ask(asker, other, group, duration, None)
        if len(self.rows) > before:
            self.approve_by_the_right_people(0, 1)

    @rule(asker=asking, group=group_names, duration=hours, fault=stumbling, reads=st.integers(0, 9))
    def stumble(self, asker: str, group: str, duration: int | None, fault: Fault, reads: int) -> None:
        """Asked, approved, begun, and then something fails."""
        self.join(asker, None, group, duration)
        self.worker_with_faults([fault], [Fault.NONE] * reads + [Fault.BUSY], 9)

    @precondition(lambda self: any(g.state == "active" for g in self.grants))
    @rule(pick=picks, duration=st.sampled_from([3, 5, 20]), reads=st.none() | st.integers(0, 5))
    def go_on(self, pick: int, duration: int, reads: int | None) -> None:
        """An extension, asked by the holder and approved, and perhaps begun."""
        before = len(self.rows)
        self.extend(self.grant(pick).user, pick, duration)
        if len(self.rows) > before:
            self.approve_by_the_right_people(0, 2)
            if reads is not None:
                self.worker_with_faults([], [Fault.NONE] * reads + [Fault.BUSY], 9)

    @rule(asker=asking, other=for_whom, group=group_names, duration=hours, starts=st.sampled_from([None, None, 2]))
    def ask(self, asker: str, other: str | None, group: str, duration: int | None, starts: int | None) -> None:
        if not self.acting(asker):
            return
        user = other or asker
        must, may = self.refusals("group.join", asker, user, group, duration, extends=False)
        before = len(self.rows)
        draft = self.draft(Kind.GROUP_JOIN, other, group, duration, starts)
        code = self.attempt(asker, lambda tx, caller: requests.ask(tx, caller, draft))
        self.answered(code, must, may)
        assert len(self.rows) - before == (code is None)
        if code is None:
            row = self.rows[0]
            assert (row.decision, row.provisioning) == ("pending", "none"), "access always needs a second person"
            assert row.duration_seconds == (duration or GROUPS[group].longest) * 3600
            self.wishes[row.id] = Wish()
            required, eligible, _ = self.ruling(row.kind, asker, user, group)
            assert row.ruling["required_approvals"] == required
            assert row.ruling["eligible_approvers"] == sorted(eligible)

    @rule(asker=asking, other=for_whom, group=group_names, duration=hours)
    def preview(self, asker: str, other: str | None, group: str, duration: int | None) -> None:
        must, _ = self.refusals("group.join", asker, other or asker, group, duration, extends=False)
        draft = self.draft(Kind.GROUP_JOIN, other, group, duration, None)
        before = len(self.rows)
        with self.database.read() as tx:
            try:
                answer = requests.preview(tx, self.caller(tx, asker), draft)
                codes = {r.code for r in answer.refusals}
            except GatehouseError as refusal:
                codes = {refusal.code}
        self.look()
        assert codes == must
        assert len(self.rows) == before

    @precondition(lambda self: self.grants)
    @rule(asker=asking, other=for_whom, pick=picks, group=group_names)
    def leave(self, asker: str, other: str | None, pick: int, group: str) -> None:
        user = other or asker
        held = [g for g in self.grants if g.state == "active"]
        if held and other is None:
            asker, user, group = (held[pick % len(held)].user,) * 2 + (group_of(held[pick % len(held)]),)
        if not self.acting(asker):
            return
        must, may = self.refusals("group.leave", asker, user, group, None, extends=False)
        draft = self.draft(Kind.GROUP_LEAVE, user, group, None, None)
        code = self.attempt(asker, lambda tx, caller: requests.ask(tx, caller, draft))
        self.answered(code, must, may)
        if code is not None:
            return
        row = self.rows[0]
        self.wishes[row.id] = Wish()
        if GROUPS[group].denies:
            assert row.decision == "pending", "leaving a Deny is not less access (rule 3)"
        else:
            assert (row.decision, row.provisioning) == ("approved", "queued")
            self.everything_ends(user, group)

    def everything_ends(self, user: str, group: str) -> None:
        """Rule 22: no live grant is left, and nothing asked for it is left open."""
        assert not self.live(user, group)
        for r in self.rows:
            if (r.kind, r.user, r.change["group"]) == ("group.join", user, group):
                assert r.decision not in OPEN or r.provisioning not in {"none", "queued"}, r.state

    @precondition(lambda self: self.grants)
    @rule(asker=who, pick=picks, duration=st.sampled_from([1, 3, 5, 30]))
    def extend(self, asker: str, pick: int, duration: int) -> None:
        grant = self.grant(pick)
        if not self.acting(asker):
            return
        sees = self.sees_grant(asker, grant)
        must, may = self.refusals("group.join", asker, grant.user, group_of(grant), duration, extends=True)
        if not sees:
            must, may = {"grant_not_found"}, set()
        elif grant.state != "active":
            must, may = {"grant_ended"}, set()
        elif grant.ends_at and self.now + dt.timedelta(hours=duration) <= grant.ends_at:
            must, may = {"not_later"}, set()
        code = self.attempt(
            asker,
            lambda tx, caller: requests.extend(tx, caller, grant.id, dt.timedelta(hours=duration), "longer"),
        )
        self.answered(code, must, may)
        if code is None:
            assert self.rows[0].decision == "pending"
            assert self.rows[0].extends == grant.id
            self.wishes[self.rows[0].id] = Wish()

    def sees_grant(self, name: str, grant: Grant) -> bool:
        return name in ADMINS or behind(name) == behind(grant.user) or self.approves(name, group_of(grant))

    @staticmethod
    def answered(code: str | None, must: set[str], may: set[str]) -> None:
        if must:
            assert code in must | may
        else:
            assert code is None or code in may

    @precondition(lambda self: self.rows)
    @rule(approver=who, pick=picks, verdict=st.sampled_from([*[Verdict.APPROVE] * 5, Verdict.DENY]), old=st.booleans())
    def decide(self, approver: str, pick: int, verdict: Verdict, old: bool) -> None:  # noqa: FBT001 - drawn
        row = self.row(pick)
        if not self.acting(approver):
            return
        self._decide(row, approver, verdict, "sha256:old" if old and pick == 3 else None)

    @precondition(lambda self: any(r.decision == "pending" for r in self.rows))
    @rule(pick=picks, order=st.integers(0, 5))
    def approve_by_the_right_people(self, pick: int, order: int) -> None:
        waiting = [r for r in self.rows if r.decision == "pending"]
        row = waiting[pick % len(waiting)]
        required, eligible, _ = self.ruling(row.kind, row.requester, row.user, row.change["group"])
        ranked = sorted(eligible)
        for approver in (ranked[order % len(ranked) :] + ranked)[:required] if ranked else []:
            self._decide(next(r for r in self.rows if r.id == row.id), approver, Verdict.APPROVE, None)

    def _decide(self, row: AccessRequest, approver: str, verdict: Verdict, digest: str | None) -> None:
        wish = self.wishes[row.id]
        group = row.change["group"]
        required, eligible, may_deny = self.ruling(row.kind, row.requester, row.user, group)
        allowed = eligible if verdict == Verdict.APPROVE else may_deny
        again = wish.denied_by == approver if verdict == Verdict.DENY else approver in wish.approvals
        expected = self._refused(row, approver, again=again, allowed=approver in allowed, old=digest is not None)
        state = row.state
        code = self.attempt(
            approver,
            lambda tx, c: decisions.decide(tx, c, row.id, verdict, comment=None, plan_digest=digest),
        )
        assert code == expected
        after = next(r for r in self.rows if r.id == row.id)
        if code is not None or again:
            assert after.state == state
            return
        if verdict == Verdict.DENY:
            wish.denied_by, wish.decided = approver, True
            assert after.state == ("denied", "none")
            return
        wish.approvals.add(approver)
        if len(wish.approvals & eligible) < required:
            assert after.state == state
            return
        wish.decided = True
        later = row.starts_at is not None and row.starts_at > self.now
        assert after.state == ("approved", "none" if later else "queued")
        made = [g for g in self.grants if g.id in after.grant_ids]
        assert [g.state for g in made] == (["scheduled"] if row.kind == "group.join" else [])
        if row.kind == "group.leave":
            self.everything_ends(row.user, group)

    def _refused(self, row: AccessRequest, approver: str, *, again: bool, allowed: bool, old: bool) -> str | None:
        if not self.may_see(approver, row):
            return "access_request_not_found"
        if behind(approver) in {behind(row.requester), behind(row.user)}:
            return "own_request"
        if again:
            return None
        if row.decision != "pending" or row.lapses_at <= self.now:
            return "not_pending"
        if not allowed:
            return "not_eligible"
        return "plan_changed" if old else None

    @precondition(lambda self: self.rows)
    @rule(approver=who, pick=picks)
    def withdraw(self, approver: str, pick: int) -> None:
        row = self.row(pick)
        if not self.acting(approver):
            return
        wish = self.wishes[row.id]
        expected: str | None = None
        if not self.may_see(approver, row):
            expected = "access_request_not_found"
        elif row.decision != "pending":
            expected = "not_pending"
        elif approver not in wish.approvals:
            expected = "nothing_to_withdraw"
        code = self.attempt(approver, lambda tx, caller: decisions.withdraw(tx, caller, row.id))
        assert code == expected
        if code is None:
            wish.approvals.remove(approver)

    @precondition(lambda self: self.rows)
    @rule(name=who, pick=picks)
    def cancel(self, name: str, pick: int) -> None:
        row = self.row(pick)
        if not self.acting(name):
            return
        expected: str | None = None
        theirs = behind(name) in {behind(row.requester), behind(row.user)}
        if not self.may_see(name, row):
            expected = "access_request_not_found"
        elif not theirs and not (name in ADMINS and row.decision == "approved"):
            expected = "not_yours_to_cancel"
        elif row.decision not in OPEN:
            expected = "not_pending"
        elif row.provisioning in {"applying", "applied"}:
            expected = "already_begun"
        code = self.attempt(name, lambda tx, caller: requests.cancel(tx, caller, row.id))
        assert code == expected
        if code is None:
            after = next(r for r in self.rows if r.id == row.id)
            assert after.decision == "cancelled"

    @precondition(lambda self: any(r.provisioning == "failed" for r in self.rows))
    @rule(name=who, pick=picks)
    def retry(self, name: str, pick: int) -> None:
        failed = [r for r in self.rows if r.provisioning == "failed"]
        row = failed[pick % len(failed)]
        if not self.acting(name):
            return
        group = row.change["group"]
        wish = self.wishes[row.id]
        required, eligible, _ = self.ruling(row.kind, row.requester, row.user, group)
        by_rule = row.kind == "group.leave" and not GROUPS[group].denies
        expected: set[str | None] = {None}
        if not self.may_see(name, row):
            expected = {"access_request_not_found"}
        elif name not in ADMINS:
            expected = {"admin_only"}
        elif row.decision != "approved":
            expected = {"not_failed"}
        elif len(wish.approvals & eligible) < required and not by_rule:
            expected = {"approval_void"}
        else:
            reasons = set()
            if self.open_twin(row.kind, row.user, group):
                reasons.add("already_pending")
            if row.kind == "group.join" and row.extends is None and self.live(row.user, group):
                reasons.add("already_has_access")
            expected = {*reasons} or {None}
        code = self.attempt(name, lambda tx, caller: requests.retry(tx, caller, row.id))
        assert code in expected
        if code is None:
            after = next(r for r in self.rows if r.id == row.id)
            assert after.state == ("approved", "queued")

    @precondition(lambda self: self.grants)
    @rule(name=who, pick=picks)
    def revoke(self, name: str, pick: int) -> None:
        grant = self.grant(pick)
        if not self.acting(name):
            return
        expected: str | None = None
        holder, group = behind(name) == behind(grant.user), group_of(grant)
        if not self.sees_grant(name, grant):
            expected = "grant_not_found"
        elif holder and name not in ADMINS and not self.approves(name, group) and GROUPS[group].denies:
            expected = "not_less_access"
        elif grant.state == "revoked":
            expected = "grant_ended"
        was = grant.state
        code = self.attempt(name, lambda tx, caller: grants.revoke(tx, caller, grant.id, "enough"))
        assert code == expected
        if code is None and was in LIVE_GRANTS:
            self.everything_ends(grant.user, group)

    @rule(name=st.sampled_from(["alice", "carol", "dora"]))
    def suspend_or_resume(self, name: str) -> None:
        """Straight in the database: the request for it comes with another issue, its effects are here."""
        self.suspended ^= {name}
        state = UserState.SUSPENDED if name in self.suspended else UserState.ACTIVE
        with self.database.write() as tx:
            directory.get_user(tx, name, lock=True).state = state
        for wish in self.wishes.values():
            wish.disturbed = True

    # What the world does.

    @rule(group=group_names)
    def policy_changes(self, group: str) -> None:
        self.versions[group] += 1
        self.iam.groups[group]["only"] = f"{group}-v{self.versions[group]}"

    @rule(step=st.sampled_from([dt.timedelta(seconds=2), dt.timedelta(minutes=5), HOUR, 4 * HOUR, 13 * HOUR]))
    def time_passes(self, step: dt.timedelta) -> None:
        self.now += step

    @rule(pieces=st.integers(1, 5))
    def worker(self, pieces: int) -> None:
        self.run(pieces)

    @precondition(lambda self: self.rows)
    @rule(
        faults=st.lists(st.sampled_from(list(Fault)), max_size=3),
        reads=st.lists(st.sampled_from([Fault.NONE, Fault.NONE, Fault.NONE, *Fault]), max_size=8),
        pieces=st.integers(1, 4),
    )
    def worker_with_faults(self, faults: list[Fault], reads: list[Fault], pieces: int) -> None:
        self.iam.faults.extend(faults)
        self.iam.read_faults.extend(reads)
        self.run(pieces)

    @rule(skip=st.integers(0, 5), name=who, pick=picks, what=st.sampled_from(["cancel", "revoke", "policy"]))
    def worker_interrupted(self, skip: int, name: str, pick: int, what: str) -> None:
        """Somebody comes in while the worker waits for AWS."""
        if not self.acting(name) or not self.rows:
            return

        def meanwhile() -> None:
            if skip_left:
                skip_left.pop()
                self.iam.during = meanwhile
            elif what == "policy":
                self.policy_changes("Reading")
            elif what == "revoke" and self.grants:
                self.attempt(name, lambda tx, c: grants.revoke(tx, c, self.grant(pick).id, "now"))
            elif what == "cancel":
                self.attempt(name, lambda tx, c: requests.cancel(tx, c, self.row(pick).id))

        skip_left = [None] * skip
        self.iam.during = meanwhile
        self.run(4)

    def run(self, pieces: int) -> None:
        """The worker does some pieces, or dies."""
        disturbed = bool(self.iam.faults or self.iam.read_faults or self.iam.during)
        before = {r.id: r for r in self.rows}
        with self.database.read() as tx:
            batch = due(tx)
        rulings = {r.id: self.ruling(r.kind, r.requester, r.user, r.change["group"]) for r in self.rows}
        try:
            for work in batch[:pieces]:
                self.reconcile(work)
        except Died:
            pass  # the next run is the restart
        self.iam.faults.clear()
        self.iam.read_faults.clear()
        self.iam.during = None
        self.look()
        for row in self.rows:
            if disturbed:
                self.wishes[row.id].disturbed = True
            elif row.provisioning == "applied" != before[row.id].provisioning and row.kind == "group.join":
                current = digest_of(self.ids[row.user], row.change["group"], self.versions[row.change["group"]])
                assert row.plan_digest == current, "carried out what nobody approved"
            self.legal(before[row.id], row, rulings[row.id], disturbed=disturbed)

    def legal(
        self,
        was: AccessRequest,
        row: AccessRequest,
        ruling: tuple[int, frozenset[str], frozenset[str]],
        *,
        disturbed: bool,
    ) -> None:
        """What a worker may make of a request."""
        if was.state == row.state and was.voids == row.voids:
            return
        wish = self.wishes[row.id]
        gone = {row.user, row.requester} & self.suspended
        if row.voids > was.voids:
            required, eligible, _ = ruling
            now_required, now_eligible, _ = self.ruling(row.kind, row.requester, row.user, row.change["group"])
            lost = len(wish.approvals & eligible) < required or len(wish.approvals & now_eligible) < now_required
            assert lost or was.plan_digest != row.plan_digest, "approvals void for no reason"
            assert row.kind != "group.leave", "taking away is never void"
            assert row.voids <= 3
            assert row.state == (("approved", "failed") if row.voids == 3 else ("pending", "none"))
            wish.approvals.clear()
            wish.decided = False
        elif row.decision == "lapsed":
            assert self.now >= was.lapses_at
        elif row.decision == "cancelled":
            assert gone or disturbed, "cancelled by the worker for no reason"
        elif row.provisioning == "failed" and not wish.disturbed:
            assert row.extends is not None or row.kind == "group.leave", row.failure

    @rule()
    def settle(self) -> None:
        """AWS is well and the worker catches up with everything: from here all is known."""
        sure = [r.id for r in self.rows if self.certain(r)]
        for _ in range(ROUNDS):
            with self.database.read() as tx:
                batch = due(tx)
            if batch:
                self.run(len(batch))
                continue
            busy = [r.due_at for r in self.rows if r.provisioning in {"queued", "applying"}]
            busy += [g.due_at for g in self.grants if g.state in {"applying", *ENDING_GRANTS}]
            if not busy:
                break
            assert all(at is not None for at in busy), "work that nobody will ever come back to"
            self.now = max(self.now, min(at for at in busy if at is not None))
        else:
            raise AssertionError([(r.state, r.failure) for r in self.rows if r.due_at and r.due_at <= self.now])
        active = {(g.user, g.group) for g in self.grants if g.state == "active"}
        assert self.iam.memberships() == active
        assert {g.state for g in self.grants} <= {"scheduled", "active", "revoked"}
        assert all(g.ends_at and g.ends_at > self.now for g in self.grants if g.state == "active")
        assert all(r.lapses_at > self.now for r in self.rows if r.decision == "pending")
        for row in self.rows:
            if row.id in sure:
                assert row.state == ("approved", "applied")
                (grant,) = [g for g in self.grants if g.id in row.grant_ids]
                assert grant.state == "active" or grant.end_reason == "expired"
        assert audit.verify(self.database).valid

    def certain(self, row: AccessRequest) -> bool:
        """Whether nothing speaks against carrying out this request, now."""
        group = row.change["group"]
        begins = row.starts_at is None or row.starts_at <= self.now
        digest = digest_of(self.ids[row.user], group, self.versions[group])
        return (
            row.kind == "group.join"
            and row.state in {("approved", "queued"), ("approved", "none")}
            and begins
            and not self.wishes[row.id].disturbed
            and row.extends is None
            and group != "Club"
            and not {row.user, row.requester} & self.suspended
            and len(self.wishes[row.id].approvals & self.ruling(row.kind, row.requester, row.user, group)[1])
            >= self.ruling(row.kind, row.requester, row.user, group)[0]
            and row.plan_digest == digest
            and row.lapses_at > self.now + HOUR
        )

    # What must hold after each step, whatever happened.

    @invariant()
    def iam_and_grants_agree(self) -> None:
        members = self.iam.memberships()
        held = {(g.user, g.group) for g in self.grants if g.state in {"applying", "active", *ENDING_GRANTS}}
        assert members <= held, "access in IAM that no grant stands for"
        assert {(g.user, g.group) for g in self.grants if g.state == "active"} <= members

    @invariant()
    def nobody_decides_for_themselves(self) -> None:
        rows = {r.id: r for r in self.rows}
        for vote in self.votes:
            row = rows[vote.access_request_id]
            assert behind(vote.approver) not in {behind(row.requester), behind(row.user)}
            assert vote.approver != ROBOT
            if vote.approver.startswith("rule:"):
                assert row.kind == "group.leave"
                assert not GROUPS[row.change["group"]].denies

    @invariant()
    def approved_means_enough_approvals(self) -> None:
        standing = Counter(v.access_request_id for v in self.votes if v.void is None and v.verdict == Verdict.APPROVE)
        for row in self.rows:
            if row.decision == "approved" and row.voids < 3:
                assert standing[row.id] >= max(1, row.ruling["required_approvals"])
            for vote in self.votes:
                if vote.access_request_id == row.id and vote.void is None:
                    assert vote.plan_digest == row.plan_digest, "an approval of something else"

    @invariant()
    def an_outcome_is_for_good(self) -> None:
        for row in self.rows:
            if row.id in self.ended:
                assert row.state == self.ended[row.id]
            elif row.decision not in OPEN or row.provisioning == "applied":
                self.ended[row.id] = row.state
        for grant in self.grants:
            assert grant.id not in self.seen_end or grant.state == "revoked"
            if grant.state == "revoked":
                self.seen_end.add(grant.id)
                assert grant.end_reason is not None
                assert grant.ended_at is not None

    @invariant()
    def requests_and_grants_fit(self) -> None:
        grants_of = {r.id: [g for g in self.grants if g.id in r.grant_ids] for r in self.rows}
        for row in self.rows:
            states = {g.state for g in grants_of[row.id]}
            assert states <= FITTING[row.provisioning if row.decision in OPEN else row.decision], (row.state, states)
        current = {g.id for some in grants_of.values() for g in some}
        assert {g.state for g in self.grants if g.id not in current} <= {"revoked"}

    @invariant()
    def one_grant_of_an_access(self) -> None:
        extending = {r.id for r in self.rows if r.extends is not None}
        first = Counter(
            (g.user, g.group) for g in self.grants if g.state in LIVE_GRANTS and g.access_request_id not in extending
        )
        assert not first or max(first.values()) == 1

    @invariant()
    def an_active_grant_ends_on_time(self) -> None:
        for grant in self.grants:
            if grant.state == "active":
                assert grant.starts_at is not None
                assert grant.duration_seconds is not None
                assert grant.ends_at == grant.due_at == grant.starts_at + dt.timedelta(seconds=grant.duration_seconds)
                assert grant.duration_seconds <= GROUPS[group_of(grant)].longest * 3600


def group_of(grant: Grant) -> str:
    """This test knows memberships only."""
    assert grant.group is not None
    return grant.group


OPEN = frozenset({DecisionState.PENDING, DecisionState.APPROVED})
_S = GrantState
FITTING: dict[str, set[GrantState]] = {
    Provisioning.NONE: {_S.SCHEDULED},
    Provisioning.QUEUED: {_S.SCHEDULED},
    Provisioning.APPLYING: {_S.APPLYING, _S.REVOKING, _S.REVOKED, _S.REVOKE_FAILED},
    Provisioning.APPLIED: {_S.ACTIVE, _S.REVOKING, _S.REVOKED, _S.REVOKE_FAILED},
    Provisioning.FAILED: {_S.REVOKED},
    DecisionState.DENIED: {_S.REVOKED},
    DecisionState.CANCELLED: {_S.REVOKED},
    DecisionState.LAPSED: {_S.REVOKED},
}
"""Rule 19: what is failed, cancelled or lapsed has nothing left in IAM."""


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("machine") / "template.db"
    prepare(path)
    return path


EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "120"))
STEPS = int(os.environ.get("MACHINE_STEPS", "40"))


def test_any_life_follows_the_rules(template: Path) -> None:
    run_state_machine_as_test(
        type("PreparedLife", (Life,), {"template": template}),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize="MACHINE_EXAMPLES" not in os.environ,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


# Lives that once went wrong, or nearly: the random ones find them seldom.


@pytest.fixture
def life(template: Path) -> Iterator[Life]:
    made = type("PreparedLife", (Life,), {"template": template})()
    yield made
    _holds(made)
    made.teardown()


def _holds(life: Life) -> None:
    life.iam_and_grants_agree()
    life.approved_means_enough_approvals()
    life.requests_and_grants_fit()
    life.one_grant_of_an_access()
    life.an_active_grant_ends_on_time()


def _begun(life: Life, fault: Fault = Fault.DROPPED) -> None:
    life.join("dora", None, "Reading", None)
    life.iam.faults.append(fault)
    life.run(9)
    assert life.rows[0].state == ("approved", "applying")


def test_rule_22_what_was_revoked_while_it_was_begun_is_not_given_once_more(life: Life) -> None:
    _begun(life)
    life.revoke("alice", 0)
    life.run(9)
    assert life.grants[0].state == "revoked"
    life.now += HOUR
    life.run(9)
    assert life.iam.calls == ["AddUserToGroup", "RemoveUserFromGroup"]
    life.settle()
    assert life.rows[0].state == ("approved", "failed")
    assert life.rows[0].failure is not None
    assert life.rows[0].failure["code"] == "revoked"


def test_rule_22_a_newer_grant_outlives_a_leave_that_had_to_wait(life: Life) -> None:
    life.join("bob", None, "Reading", None)
    life.run(9)
    life.leave("bob", None, 0, "Reading")
    life.worker_with_faults([Fault.BUSY, Fault.BUSY], [], 9)
    life.join("bob", None, "Reading", None)
    life.run(9)
    assert life.grants[0].state == "active"
    life.settle()
    _holds(life)
    assert ("bob", "Reading") in life.iam.memberships()
    assert [g.state for g in life.grants] == ["active", "revoked"]


def test_rule_23_an_extension_that_was_begun_takes_over_what_runs_out_meanwhile(life: Life) -> None:
    life.join("bob", None, "Reading", None)
    life.run(9)
    life.now += 23 * HOUR
    life.go_on(0, 20, 3)
    assert life.rows[0].state == ("approved", "applying")
    life.now += 2 * HOUR
    life.worker_with_faults([], [Fault.BUSY], 9)
    assert (life.grants[1].state, life.grants[1].continued_by) == ("revoked", life.grants[0].id)
    life.settle()
    assert life.rows[0].state == ("approved", "applied")
    assert life.iam.calls == ["AddUserToGroup"]


def test_rule_22_an_end_by_time_leaves_the_access_that_another_grant_gives(life: Life) -> None:
    life.join("bob", None, "Reading", None)
    life.run(9)
    life.now += 5 * HOUR
    life.go_on(0, 20, None)
    life.run(9)
    life.now += 19 * HOUR + dt.timedelta(minutes=30)
    life.run(9)
    _holds(life)
    assert [g.state for g in life.grants] == ["active", "revoked"]
    assert life.iam.calls == ["AddUserToGroup"]
    life.now += HOUR
    life.settle()
    assert life.iam.memberships() == set()


def test_rule_24_what_was_begun_is_undone_when_its_user_is_suspended(life: Life) -> None:
    _begun(life)
    life.suspend_or_resume("dora")
    life.settle()
    assert life.rows[0].state == ("approved", "failed")
    assert life.rows[0].failure is not None
    assert life.rows[0].failure["code"] == "party_gone"
    assert life.iam.memberships() == set()


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.CRASH, Fault.CRASH_AFTER, Fault.BUSY, Fault.DROPPED])
def test_rule_19_nothing_is_active_or_revoked_before_iam_says_so(life: Life, fault: Fault) -> None:
    _begun(life, fault)
    assert life.grants[0].state == "applying"
    life.settle()
    assert life.grants[0].state == "active"
    life.now += 24 * HOUR
    life.iam.faults.append(fault)
    life.run(1)
    if fault is Fault.DROPPED:
        assert life.grants[0].state == "revoked"  # the answer was lost, and reading back showed that it was done
    else:
        assert life.grants[0].state in ENDING_GRANTS
    _holds(life)
    life.settle()
    assert (life.grants[0].state, life.grants[0].end_reason) == ("revoked", "expired")


@pytest.mark.parametrize("who_revokes", ["alice", "dora"])
def test_a_revoke_while_the_answer_is_awaited_wins(life: Life, who_revokes: str) -> None:
    life.join("dora", None, "Reading", None)
    life.worker_interrupted(4, who_revokes, 0, "revoke")
    assert life.rows[0].due_at == life.now, "undone at once, not after a rest"
    life.settle()
    assert life.rows[0].state == ("approved", "failed")
    assert life.iam.memberships() == set()


def test_rule_21_the_third_void_is_a_failure(life: Life) -> None:
    life.join("bob", None, "Reading", None)
    for _ in range(3):
        assert life.rows[0].state == ("approved", "queued")
        life.policy_changes("Reading")
        life.run(9)
        if life.rows[0].decision == "pending":
            life.approve_by_the_right_people(0, 0)
    assert life.rows[0].state == ("approved", "failed")
    life.retry("alice", 0)
    life.settle()
    assert life.iam.calls == []


@pytest.mark.parametrize("shorter_after", ["asking", "approval"])
def test_rule_5_a_rule_made_shorter_meanwhile_binds_the_grant(life: Life, shorter_after: str) -> None:
    life.ask("bob", None, "Reading", None, None)
    if shorter_after == "approval":
        life.approve_by_the_right_people(0, 0)
    with life.database.write() as tx:
        group = directory.get_group(tx, "Reading")
        group.rule = {**group.rule, "max_duration": "PT2H"}
    if shorter_after == "asking":
        life.approve_by_the_right_people(0, 0)
        assert life.grants[0].duration_seconds == 2 * 3600
    life.run(9)
    assert life.grants[0].state == "active"
    assert life.grants[0].duration_seconds == 2 * 3600
