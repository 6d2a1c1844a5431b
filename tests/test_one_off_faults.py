"""One-off permissions on the strict fake while things go wrong: crashes, lost answers, late writes, no database."""

import datetime as dt
import json
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import col, select

from app.changes.policy_inline import PolicyInlineBody
from app.db import Database
from app.domain import drift
from app.domain.leaving import DENY_NAME
from app.domain.words import Kind, Verdict
from app.models import Account, Grant
from app.services import decisions, grants, requests, sightings
from app.services.drift import findings
from app.services.without_database import EndsWithoutDatabase
from tests.support.fake_iam import BOUNDARY_ARN, Fault
from tests.support.leaving import Clock, Place, prepare
from tests.support.one_off import policy

PASSING = (Fault.BUSY, Fault.DROPPED, Fault.LOST, Fault.CRASH, Fault.CRASH_AFTER)
HOUR = dt.timedelta(hours=1)
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
        tx.session.get_one(Account, "default").setup_at = tx.now
    found: list[drift.Finding] = []
    for part in findings(place.database, lambda _account: place.iam):
        found += [finding for finding in part if finding.subject == place.name]
    assert {(f.kind, f.evidence.get("policy"), f.evidence.get("grant_id")) for f in found if "policy" in f.kind} == {
        ("policy_without_grant", "own", None),
        ("policy_not_as_approved", "console", grant.id),
        ("grant_without_policy", "gone", gone.id),
    }
