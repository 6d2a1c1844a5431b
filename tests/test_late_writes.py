"""Rule 32: the second look after a takeover, on what IAM shows and on what it only does not show yet."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlmodel import select
from typing_extensions import override

from app.clients import aws
from app.db import Database
from app.delivery.due import due
from app.domain.plans import Operation
from app.domain.retries import SETTLES
from app.domain.sightings import SeenUser
from app.domain.work import Work
from app.models import Grant, Lane
from app.services.backoff import Backoff
from app.services.lanes import Lanes
from app.services.late_writes import LookAgain
from app.services.reconcile import Reconciler
from tests.conftest import BOTH, Databases
from tests.support.lab import Lab
from tests.test_lifecycle import boto_iam
from tests.test_rules_over_http import Iam


class Stale(Iam):
    """An IAM whose readings may be from before, or fail."""

    hides: str | None = None
    fails = False

    @override
    def user(self, name: str, *, mfa: bool = False, belongings: bool = False) -> SeenUser | None:
        if self.fails:
            raise aws.Retryable("GetUser", "Throttling", "slow down")
        seen = super().user(name, mfa=mfa, belongings=belongings)
        if seen is None or self.hides is None:
            return seen
        return replace(seen, groups=tuple(g for g in seen.groups if g != self.hides))

    @override
    def members(self, group: str) -> frozenset[str] | None:
        found = super().members(group)
        return found if found is None or group != self.hides else frozenset()


class Killed(BaseException):
    """The process is gone in the middle of a call."""


def killed(_operation: Operation) -> None:
    """Before the first write. When that arrives is up to the test."""
    raise Killed


@pytest.fixture
def lab(databases: Databases) -> Iterator[Lab]:
    with databases.lab("sqlite", with_worker=False) as found:
        yield found


def plan_look(database: Database) -> None:
    with database.write() as tx:
        tx.session.merge(Lane(account="default", principal="bob", fence=1, look_again_at=tx.now))


def planned(database: Database) -> dt.datetime | None:
    with database.read() as tx:
        return tx.session.get_one(Lane, ("default", "bob")).look_again_at


def settle(lab: Lab, iam: Iam) -> None:
    database = lab.running.database
    reconcile = Reconciler(database, lambda _account: iam, Backoff(first=0.01, longest=0.01))
    for _ in range(20):
        with database.read() as tx:
            batch = [work for work in due(tx) if work.what != "lane"]
        for work in batch:
            reconcile(work)
        if not batch:
            return
    raise AssertionError("there is no end of work")


def grant_of_bob(lab: Lab, iam: Iam) -> str:
    asked = lab.ask("bob")
    lab.approve("alice", asked["id"])
    settle(lab, iam)
    return str(lab.get("bob", f"/v1/access-requests/{asked['id']}")["grant_id"])


def settled_long_ago(database: Database, grant_id: str) -> None:
    """Make a grant old enough for IAM to be believed about it."""
    with database.write() as tx:
        tx.session.get_one(Grant, grant_id).starts_at = tx.now - SETTLES


@BOTH
def test_rule_32_what_was_given_a_moment_ago_and_is_not_shown_yet_stays(fresh_on: Lab) -> None:
    database, iam = fresh_on.running.database, Stale(boto_iam(fresh_on))
    grant_id = grant_of_bob(fresh_on, iam)
    plan_look(database)
    look = LookAgain(database, iam)
    iam.hides = "LabGuest"
    look("default", "bob")
    settle(fresh_on, iam)
    assert fresh_on.get("bob", f"/v1/grants/{grant_id}")["state"] == "active"
    assert fresh_on.groups_in_iam("bob") == ["LabGuest"]
    assert planned(database) is not None
    iam.hides = None
    plan_look(database)
    look("default", "bob")
    assert fresh_on.get("bob", f"/v1/grants/{grant_id}")["state"] == "active"
    assert planned(database) is None


@BOTH
def test_rule_32_what_was_given_a_moment_ago_and_is_gone_ends_once_iam_can_be_believed(fresh_on: Lab) -> None:
    database, iam = fresh_on.running.database, Stale(boto_iam(fresh_on))
    grant_id = grant_of_bob(fresh_on, iam)
    plan_look(database)
    fresh_on.iam.remove_user_from_group(UserName="bob", GroupName="LabGuest")
    look = LookAgain(database, iam)
    look("default", "bob")
    assert planned(database) is not None
    settled_long_ago(database, grant_id)
    plan_look(database)
    look("default", "bob")
    settle(fresh_on, iam)
    grant = fresh_on.get("bob", f"/v1/grants/{grant_id}")
    assert (grant["state"], grant["end_reason"]) == ("revoked", "removed_outside")
    assert planned(database) is None


def test_rule_32_what_ended_and_is_there_again_is_taken_away(lab: Lab) -> None:
    iam = Stale(boto_iam(lab))
    grant_id = grant_of_bob(lab, iam)
    lab.post("bob", f"/v1/grants/{grant_id}/revoke", {"reason": "done"}, expect=202)
    settle(lab, iam)
    lab.iam.add_user_to_group(UserName="bob", GroupName="LabGuest")
    plan_look(lab.running.database)
    LookAgain(lab.running.database, iam)("default", "bob")
    assert lab.groups_in_iam("bob") == []
    [event] = lab.get("pi", "/v1/audit-events?event=access.taken_again")["items"]
    assert (event["subject"], event["data"]["group"]) == ("bob", "LabGuest")


def test_rule_32_a_look_that_failed_is_made_again(lab: Lab) -> None:
    iam = Stale(boto_iam(lab))
    plan_look(lab.running.database)
    iam.fails = True
    LookAgain(lab.running.database, iam)("default", "bob")
    again = planned(lab.running.database)
    assert again is not None


def test_rule_32_a_look_planned_meanwhile_stays_planned(lab: Lab) -> None:
    database, iam = lab.running.database, Stale(boto_iam(lab))
    plan_look(database)
    later = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
    with database.write() as tx:
        tx.session.scalars(select(Lane)).one().look_again_at = later
    Reconciler(database, lambda _account: iam)(Work("lane", "default", "bob"))
    assert planned(database) == later


def test_rule_32_what_a_killed_process_had_under_way_is_looked_at_once_more_on_sqlite_too(lab: Lab) -> None:
    """Its call arrives when the next process has given and ended the same access."""
    database, iam = lab.running.database, Iam(boto_iam(lab))
    asked = lab.ask("bob")
    lab.approve("alice", asked["id"])
    with pytest.raises(Killed):
        Reconciler(database, lambda _account: Iam(boto_iam(lab), killed))(Work("request", "default", asked["id"]))

    began = dt.datetime.now(dt.UTC)
    following = Reconciler(database, lambda _account: iam, lanes=Lanes(database, worst_call=20.0))
    following.remember()
    settle(lab, iam)
    grant_id = lab.get("bob", f"/v1/access-requests/{asked['id']}")["grant_id"]
    lab.post("bob", f"/v1/grants/{grant_id}/revoke", {"reason": "done"}, expect=202)
    settle(lab, iam)
    lab.iam.add_user_to_group(UserName="bob", GroupName="LabGuest")

    when = planned(database)
    assert when is not None
    assert when - began >= dt.timedelta(seconds=20)
    following(Work("lane", "default", "bob"))
    assert lab.groups_in_iam("bob") == []


def test_rule_32_a_start_with_nothing_under_way_plans_no_look(lab: Lab) -> None:
    database, iam = lab.running.database, boto_iam(lab)
    grant_of_bob(lab, Stale(iam))
    Reconciler(database, lambda _account: iam).remember()
    with database.read() as tx:
        assert tx.session.scalars(select(Lane)).all() == []
