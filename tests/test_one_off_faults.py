"""One-off permissions on the strict fake while things go wrong: crashes, lost answers, late writes, no database."""

import datetime as dt
import json
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from app.changes.policy_inline import PolicyInlineBody
from app.db import Database
from app.domain import drift
from app.domain.leaving import DENY_NAME
from app.domain.plans import Operation
from app.domain.words import Kind, Verdict
from app.models import AuditEvent, Grant, Lane
from app.services import decisions, grants, people, requests, sightings
from app.services.drift import findings
from app.services.late_writes import LookAgain
from app.services.without_database import EndsWithoutDatabase
from tests.support.fake_iam import BOUNDARY_ARN, Fault
from tests.support.leaving import Clock, Place, prepare
from tests.support.one_off import policy

PASSING = (Fault.BUSY, Fault.DROPPED, Fault.LOST, Fault.CRASH, Fault.CRASH_AFTER)
HOUR = dt.timedelta(hours=1)
_PUT_RIGHT = sa.select(col(AuditEvent.body)).where(col(AuditEvent.event) == "user.put_right")
OTHER = policy(action="s3:ListBucket", resource="arn:aws:s3:::reads")


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Database]:
    found = prepare(tmp_path_factory.mktemp("one-off") / "lab.db", clock)
    yield found
    found.close()


class Holder(Place):
    """Somebody who is given one-off permissions."""

    def approved(self, document: Any = None, name: str = "console") -> str:
        """pi asks for it, for them, and alice approves."""
        body = PolicyInlineBody(name=name, document=policy() if document is None else document)
        draft = requests.Draft(kind=Kind.POLICY_INLINE, body=body, reason="a test", user=self.name, duration=HOUR)
        asked = self.as_admin("pi", lambda tx, caller: requests.ask(tx, caller, draft))
        yes = Verdict.APPROVE
        self.as_admin("alice", lambda tx, caller: decisions.decide(tx, caller, asked, yes, comment=None))
        return asked

    def given(self, document: Any = None, name: str = "console") -> Grant:
        """The active grant of one."""
        asked = self.approved(document, name)
        self.work(1)
        assert self.row(asked).provisioning == "applied", self.row(asked).failure
        return self.grant(asked)

    def grant(self, request_id: str) -> Grant:
        with self.database.read() as tx:
            [found] = tx.session.scalars(select(Grant).where(col(Grant.access_request_id) == request_id)).all()
            tx.session.expunge(found)
            return found

    def own(self) -> dict[str, Any]:
        """What IAM has, without what was there before."""
        return {name: json.loads(text) for name, text in self.bob.inline.items() if name != "own"}

    def revoked(self, grant: Grant) -> None:
        """pi ends it, and the worker carries that out."""

        def end(tx: Any, caller: Any) -> Any:
            return grants.revoke(tx, caller, grant.id, "done")

        self.as_admin("pi", end)
        self.work(1)


@pytest.fixture
def place(database: Database, clock: Clock) -> Holder:
    found = Holder(database, clock)
    with database.write() as tx:  # as `gatehouse setup` leaves it
        sightings.save_boundary(tx, "default", found.iam.policies[BOUNDARY_ARN])
    return found


@pytest.mark.parametrize("fault", PASSING)
def test_rule_19_whatever_goes_wrong_it_is_given_once_and_taken_away(place: Holder, fault: Fault) -> None:
    place.iam.faults = deque([fault])
    asked = place.approved()
    place.work(6)
    assert place.row(asked).provisioning == "applied"
    assert place.grant(asked).state == "active"
    assert place.own() == {"console": policy()}
    place.iam.faults = deque([fault])
    place.clock.now += HOUR
    place.work(6)
    assert (place.grant(asked).state, place.grant(asked).end_reason) == ("revoked", "expired")
    assert place.own() == {}


def test_rule_19_a_request_that_is_refused_on_the_way_leaves_nothing(place: Holder) -> None:
    place.iam.faults = deque([Fault.DROPPED, Fault.REFUSED])
    asked = place.approved()
    # The answer was lost, then somebody cut off what the request may do: what was written is taken back.
    place.bob.boundary = None
    place.work()
    assert place.row(asked).provisioning == "failed"
    assert place.grant(asked).state == "revoked"
    assert place.own() == {}


def test_rule_28_on_aws_nobody_without_a_boundary_gets_one(place: Holder) -> None:
    place.bob.boundary = None
    asked = place.approved()
    place.work()
    row = place.row(asked)
    assert (row.provisioning, (row.failure or {})["code"]) == ("failed", "guardrails_missing")
    assert place.iam.calls == []


def test_rule_21_another_boundary_voids_the_approval(place: Holder) -> None:
    asked = place.approved()
    boundary = place.bob.boundary or ""
    place.iam.policies[boundary] = place.iam.policies[boundary].__class__(boundary, "sha256:another")
    place.work(1)
    row = place.row(asked)
    first = (row.decision, row.provisioning, row.voids)
    assert first == ("pending", "none", 1)
    assert place.own() == {}


def test_what_iam_already_has_is_counted_before_the_call(place: Holder) -> None:
    place.bob.inline["own"] = json.dumps(policy(resource="arn:aws:s3:::" + "b" * 1600))
    asked = place.approved()
    place.work()
    row = place.row(asked)
    assert (row.provisioning, (row.failure or {})["code"]) == ("failed", "limit_exceeded")
    assert place.iam.calls == []


def test_rule_32_a_put_that_arrives_late_leaves_no_access(place: Holder) -> None:
    grant = place.given()
    put = Operation("iam", "PutUserPolicy", _parameters(place, policy()), "late")
    place.revoked(grant)
    assert place.own() == {}
    place.iam.call(put)
    _look(place)
    assert place.own() == {}
    with place.database.read() as tx:
        said = tx.session.scalars(sa.select(col(AuditEvent.body)).where(col(AuditEvent.event) == "access.taken_again"))
        bodies = [json.loads(body) for body in said]
    assert [b["data"]["policy"] for b in bodies if b["subject"] == place.name] == ["console"]


def test_rule_32_another_document_that_arrives_late_ends_the_grant(place: Holder) -> None:
    kept, grant = place.given(OTHER, "kept"), place.given()
    place.iam.call(Operation("iam", "PutUserPolicy", _parameters(place, OTHER), "late"))
    _look(place)
    place.work(1)
    with place.database.read() as tx:
        found = tx.session.get_one(Grant, grant.id)
        assert (found.state, found.end_reason) == ("revoked", "changed_outside")
        assert tx.session.get_one(Grant, kept.id).state == "active"
    assert place.own() == {"kept": OTHER}


def test_rule_32_another_document_over_what_was_given_a_moment_ago_is_written_over(place: Holder) -> None:
    """It may only be shown still; and if it came late, nobody approved it."""
    grant = _given_now(place)
    place.bob.inline["console"] = json.dumps(OTHER)
    _look(place)
    assert place.own() == {"console": policy()}
    with place.database.read() as tx:
        assert tx.session.get_one(Grant, grant.id).state == "active"
        assert tx.session.get_one(Lane, ("default", place.name)).look_again_at is None
    assert _put_right(place) == ["PutUserPolicy"]


def test_rule_32_what_iam_shows_late_is_written_over_each_time_and_audited_once(place: Holder) -> None:
    grant = _given_now(place)
    place.bob.inline["console"] = json.dumps(OTHER)
    place.iam.faults = deque([Fault.LOST, Fault.LOST])
    for shown in (OTHER, OTHER, policy()):
        _look(place)
        assert place.own() == {"console": shown}
        place.clock.now += dt.timedelta(seconds=5)
    assert _put_right(place) == ["PutUserPolicy"]
    with place.database.read() as tx:
        assert tx.session.get_one(Grant, grant.id).state == "active"


def test_rule_24_nothing_is_written_over_for_somebody_who_is_suspended(place: Holder) -> None:
    _given_now(place)
    place.bob.inline["console"] = json.dumps(OTHER)
    place.ask(Kind.USER_SUSPEND)
    with place.database.read() as tx:
        assert people.get(tx, place.name).state == "suspended"
    _look(place)
    assert place.own() == {"console": OTHER}
    assert _put_right(place) == []
    place.work()
    assert "console" not in place.own()


def test_rule_32_a_user_who_is_not_shown_yet_is_looked_at_again(place: Holder) -> None:
    grant = _given_now(place)
    hidden = place.iam.users.pop(place.name)
    _look(place)
    with place.database.read() as tx:
        assert tx.session.get_one(Grant, grant.id).state == "active"
        assert tx.session.get_one(Lane, ("default", place.name)).look_again_at is not None
    place.iam.users[place.name] = hidden


def test_rule_22_what_was_removed_outside_ends_and_is_not_given_again(place: Holder) -> None:
    grant = place.given()
    del place.bob.inline["console"]
    _look(place)
    place.work(1)
    with place.database.read() as tx:
        found = tx.session.get_one(Grant, grant.id)
        assert (found.state, found.end_reason) == ("revoked", "removed_outside")
    assert place.own() == {}


def test_rule_36_it_ends_without_the_database_and_the_row_follows(place: Holder) -> None:
    grant, kept = place.given(), place.given(OTHER, "kept")
    ends = EndsWithoutDatabase(place.database, lambda _account: place.iam)
    with place.database.write() as tx:
        soon = tx.now + dt.timedelta(minutes=1)
        tx.session.get_one(Grant, grant.id).due_at = soon
    ends.remember()
    place.clock.now += dt.timedelta(minutes=2)
    ends.without_database()
    assert place.own() == {"kept": OTHER}
    place.work(1)
    with place.database.read() as tx:
        assert tx.session.get_one(Grant, grant.id).state == "revoked"
        assert tx.session.get_one(Grant, kept.id).state == "active"


def test_rule_38_the_report_of_a_restored_backup_knows_inline_policies(place: Holder) -> None:
    grant, gone = place.given(), place.given(OTHER, "gone")
    place.bob.inline["console"] = json.dumps(OTHER)
    del place.bob.inline["gone"]
    place.bob.inline[DENY_NAME] = json.dumps(policy("Deny"))
    with place.database.write() as tx:
        tx.session.execute(sa.text("UPDATE account SET setup_at = :now"), {"now": tx.now})
    found: list[drift.Finding] = []
    for part in findings(place.database, lambda _account: place.iam):
        found += [finding for finding in part if finding.subject == place.name]
    assert {(f.kind, f.evidence.get("policy"), f.evidence.get("grant_id")) for f in found if "policy" in f.kind} == {
        ("policy_without_grant", "own", None),
        ("policy_not_as_approved", "console", grant.id),
        ("grant_without_policy", "gone", gone.id),
    }


def _parameters(place: Holder, document: Any) -> dict[str, str]:
    return {"UserName": place.name, "PolicyName": "console", "PolicyDocument": json.dumps(document)}


def _put_right(place: Holder) -> list[str]:
    """The calls that were said to put right what came late."""
    with place.database.read() as tx:
        bodies = [json.loads(body) for body in tx.session.scalars(_PUT_RIGHT)]
    return [o["action"] for b in bodies if b["subject"] == place.name for o in b["data"]["operations"]]


def _given_now(place: Holder) -> Grant:
    """The active grant of one that IAM cannot be believed about yet: `given` lets minutes pass."""
    grant = place.given()
    with place.database.write() as tx:
        tx.session.get_one(Grant, grant.id).starts_at = tx.now
    return grant


def _look(place: Holder) -> None:
    """The second look after a takeover."""
    with place.database.write() as tx:
        tx.session.merge(Lane(account="default", principal=place.name, fence=1, look_again_at=tx.now))
    LookAgain(place.database, place.iam)("default", place.name)
