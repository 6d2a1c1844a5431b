"""Many ends of one group: each batch wakes the next one, and waits neither for the timer nor for held lanes."""

import datetime as dt
from collections.abc import Iterator, Mapping

import pytest
import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value
from typing_extensions import override

from app.db import Database
from app.delivery import wakes
from app.delivery.due import due
from app.domain.plans import Operation
from app.domain.states import DecisionState, GrantState, Provisioning
from app.domain.work import Work
from app.errors import Conflict
from app.models import AccessRequest, Grant, Lane, User, columns
from app.services import ends, moves
from app.services.reconcile import Reconciler
from tests.conftest import Databases
from tests.support.fake_iam import Account, FakeIam
from tests.support.lab import Lab

GROUP = "LabGuest"
MANY = ends.BATCH + 3
WORK = Work("ends", "default", GROUP)


@pytest.fixture
def lab(databases: Databases) -> Iterator[Lab]:
    with databases.lab("postgresql", with_worker=False) as found:
        yield found


def grants_due(database: Database, many: int) -> list[str]:
    """That many users u0, u1, … whose grants are due; the ids of the grants."""
    found = []
    with database.write() as tx:
        then = tx.now - dt.timedelta(hours=1)
        for name in (f"u{n}" for n in range(many)):
            email = f"{name}@lab.example"
            tx.session.add(
                User(name=name, name_key=name, email=email, email_key=email, roles=["member"], created_at=then)
            )
            request = AccessRequest(
                kind="group.join",
                account="default",
                user=name,
                requester=name,
                change={"group": GROUP},
                reason="a test",
                decision=DecisionState.APPROVED,
                provisioning=Provisioning.APPLIED,
                ruling={},
                rules_asked={},
                plan={},
                plan_digest="",
                created_at=then,
                lapses_at=then,
            )
            grant = Grant(
                access_request_id=request.id,
                account="default",
                user=name,
                group=GROUP,
                state=GrantState.ACTIVE,
                duration_seconds=60,
                starts_at=then,
                ends_at=tx.now,
                due_at=tx.now,
                created_at=then,
            )
            tx.session.flush()
            tx.session.add(request)
            tx.session.flush()
            tx.session.add(grant)
            found.append(grant.id)
    return found


def iam_with(many: int) -> FakeIam:
    iam = FakeIam()
    iam.groups = {GROUP: {}}
    iam.users |= {f"u{n}": Account(groups={GROUP}) for n in range(many)}
    return iam


def states(database: Database) -> dict[str, int]:
    query = sa.select(columns(Grant).c.state, sa.func.count()).group_by(columns(Grant).c.state)
    with database.read() as tx:
        return {str(state): many for state, many in tx.session.execute(query).all()}


def woken(database: Database) -> list[str]:
    with database.read() as tx:
        return list(tx.session.execute(sa.text("SELECT queueing_lock FROM procrastinate_jobs")).scalars())


def test_rule_31_a_full_batch_wakes_the_next_one_and_the_last_one_nobody(lab: Lab) -> None:
    database, iam = lab.running.database, iam_with(MANY)
    grants_due(database, MANY)
    reconcile = Reconciler(database, lambda _account: iam)
    reconcile(WORK)
    # How many fit into a batch is for the clock as well; that what is left is woken for is not.
    assert states(database)["revoked"] <= ends.BATCH
    assert woken(database) == [f"ends/default/{GROUP}"]
    with database.read() as tx:
        assert ends.due_of(tx, "default", GROUP)  # their lanes are free: whoever is woken can go on
    for _ in range(MANY):
        if states(database) == {"revoked": MANY}:
            break
        reconcile(WORK)
    assert states(database) == {"revoked": MANY}
    assert not any(user.groups for user in iam.users.values())

    with database.write() as tx:
        tx.session.execute(sa.text("DELETE FROM procrastinate_jobs"))
    reconcile(WORK)
    assert woken(database) == []


def test_rule_31_the_timer_does_not_wake_again_for_what_waits_already(lab: Lab) -> None:
    database = lab.running.database
    grants_due(database, 1)

    def tick() -> int:
        with database.write() as tx:
            tx.due |= wakes.unwoken(tx, due(tx))
        with database.read() as tx:  # a collision takes a number as well
            return int(tx.session.execute(sa.text("SELECT last_value FROM procrastinate_jobs_id_seq")).scalar_one())

    numbers = tick()
    assert woken(database) == [f"ends/default/{GROUP}"]
    assert tick() == numbers
    with database.write() as tx:
        tx.session.execute(sa.text("UPDATE procrastinate_jobs SET status = 'doing'"))
    tick()
    assert woken(database) == [f"ends/default/{GROUP}"] * 2  # who works on it now may not see what came due since


def test_rule_32_lanes_of_a_worker_that_died_hold_up_none_of_the_others(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ends, "BUDGET", 60.0)  # all of them in one batch, however slow the machine is
    database, iam = lab.running.database, iam_with(MANY)
    grants_due(database, MANY)
    with database.write() as tx:
        until = tx.now + dt.timedelta(minutes=5)
        held = [
            {"account": "default", "principal": f"u{n}", "fence": 1, "held_until": until} for n in range(ends.BATCH)
        ]
        tx.session.execute(sa.insert(columns(Lane)), held)
    reconcile = Reconciler(database, lambda _account: iam)
    reconcile(WORK)
    assert states(database)["revoked"] == MANY - ends.BATCH
    # What is held is not woken for again and again: the timer comes to it when the lease is over.
    assert woken(database) == []
    reconcile(WORK)
    assert woken(database) == []


def test_rule_32_a_claim_that_was_lost_stops_at_the_next_call(lab: Lab) -> None:
    database = lab.running.database
    grants_due(database, 3)
    asked: list[str] = []

    class Robbed(FakeIam):
        @override
        def call(self, operation: Operation, secret: str | None = None) -> Mapping[str, str]:
            kept = super().call(operation, secret)
            asked.append(operation.parameters["UserName"])
            with database.write() as tx:
                tx.session.execute(sa.update(columns(Lane)).values(fence=columns(Lane).c.fence + 1000))
            return kept

    robbed = Robbed()
    robbed.users = iam_with(3).users
    robbed.groups = {GROUP: {}}
    Reconciler(database, lambda _account: robbed)(WORK)
    assert len(asked) == 1
    assert "revoked" not in states(database)


def test_several_grants_are_moved_together_or_none(lab: Lab) -> None:
    database = lab.running.database
    ids = grants_due(database, 3)
    with pytest.raises(Conflict) as refused:
        move_all(database, ids, GrantState.REVOKED, stale=False)
    assert refused.value.code == "not_possible_now"
    with pytest.raises(Conflict) as refused:
        move_all(database, ids, GrantState.REVOKING, stale=True)
    assert refused.value.code == "changed_meanwhile"
    assert states(database) == {"active": 3}
    move_all(database, ids, GrantState.REVOKING, stale=False)
    assert states(database) == {"revoking": 3}


def move_all(database: Database, ids: list[str], to: GrantState, *, stale: bool) -> None:
    """Move the grants in one go; `stale` as if somebody had changed the last one since it was read."""
    with database.write() as tx:
        rows = [tx.session.get_one(Grant, grant_id) for grant_id in ids]
        if stale:
            set_committed_value(rows[-1], "version", 0)
        moves.move_grants(tx, rows, to, end_reason="expired", due_at=tx.now)
