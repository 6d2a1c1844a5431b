"""Importing and adopting on the strict fake, while calls go wrong; services driven directly."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from app.changes.grant_adopt import GrantAdoptBody
from app.clients import aws
from app.domain.access import Access
from app.domain.actors import SYSTEM_ACTOR
from app.domain.words import Kind, Verdict
from app.models import Account, Grant
from app.services import decisions, importing, requests, sightings
from app.services import grants as services
from tests.support.fake_iam import BOUNDARY_ARN, Fault
from tests.support.leaving import DOCUMENT, Clock, Place, prepare


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Somebody new in IAM with one of everything, in the group Reading."""
    clock = Clock()
    place = Place(prepare(tmp_path / "gatehouse.db", clock), clock)
    with place.database.write() as tx:  # as setup does
        sightings.save_boundary(tx, "default", place.iam.policies[BOUNDARY_ARN])
    yield place
    place.database.close()


def imported(place: Place) -> importing.Outcome:
    found = importing.run(place.database, place.iam, SYSTEM_ACTOR, "default")
    place.clock.now += dt.timedelta(hours=1)
    return found


def grants(place: Place) -> list[Grant]:
    with place.database.read() as tx:
        found = list(tx.session.scalars(select(Grant).order_by(col(Grant.id))))
        tx.session.expunge_all()
        return found


def adopt(place: Place) -> str:
    """pi asks, alice approves."""
    body = GrantAdoptBody(grant_id=grants(place)[0].id)
    draft = requests.Draft(Kind.GRANT_ADOPT, body, "still needed")
    asked = place.as_admin("pi", lambda tx, caller: requests.ask(tx, caller, draft))
    yes = Verdict.APPROVE
    place.as_admin("alice", lambda tx, caller: decisions.decide(tx, caller, asked, yes, comment=None))
    return asked


def test_an_import_takes_what_it_finds_and_calls_nothing_that_changes(place: Place) -> None:
    place.iam.page_size = 1
    found = imported(place)
    assert (found.first, found.users, found.groups, found.memberships) == (True, 0, 0, 1)
    assert found.differences == ()
    assert [f.kind for f in found.findings] == ["policies_on_user"]
    assert found.findings[0].evidence == {
        "inline": ["own"],
        "attached": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
    }
    assert place.iam.calls == []
    assert found.calls == 1 + place.iam.calls_of_details
    [grant] = grants(place)
    assert (grant.user, grant.group, grant.ends_at, grant.due_at) == (place.name, "Reading", None, None)


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.REFUSED, Fault.DROPPED])
def test_an_import_that_aws_does_not_answer_writes_nothing(place: Place, fault: Fault) -> None:
    place.iam.read_faults.append(fault)
    with pytest.raises(aws.AwsError):
        imported(place)
    assert grants(place) == []
    with place.database.read() as tx:
        assert tx.session.get_one(Account, "default").imported_at is None
    assert imported(place).memberships == 1


def test_rule_29_what_ended_while_the_account_was_read_is_not_taken_for_standing(place: Place) -> None:
    imported(place)
    grant = grants(place)[0]
    with place.database.write() as tx:
        tx.session.get_one(Account, "default").imported_at = None
        row = tx.session.get_one(Grant, grant.id)
        row.state, row.ended_at = "revoked", tx.now  # type: ignore[assignment] # by its value
    assert imported(place).memberships == 0
    again = imported(place)
    assert [d.kind for d in again.differences] == ["membership_without_grant"], "an hour later IAM must be believed"
    assert again.differences[0].remedy.body is not None
    assert again.differences[0].remedy.body["change"] == {"group": "Reading"}


def test_the_users_without_a_boundary_are_said_in_one_line(place: Place) -> None:
    place.bob.boundary = None
    [bare] = [f for f in imported(place).findings if f.kind == "no_boundary"]
    assert bare.evidence == {"users": [place.name], "how_many": 1}


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.DROPPED, Fault.CRASH, Fault.CRASH_AFTER])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_adopting_goes_on_after_whatever_goes_wrong_and_changes_nothing_in_iam(
    place: Place, fault: Fault, at: int
) -> None:
    imported(place)
    place.iam.read_faults.extend([Fault.NONE] * at + [fault])
    asked = adopt(place)
    place.work(4)
    assert place.row(asked).provisioning == "applied"
    old, new = grants(place)
    assert (old.state, old.end_reason, old.continued_by) == ("revoked", "adopted", new.id)
    assert (new.state, new.access_request_id) == ("active", asked)
    assert place.iam.calls == []
    assert "Reading" in place.bob.groups


def test_rule_22_a_revoke_while_it_is_adopted_takes_the_access_away(place: Place) -> None:
    imported(place)
    asked = adopt(place)

    def revoked() -> None:
        with place.database.write() as tx:
            of = {"account": "default", "user": place.name, "reason": "revoked", "why": "now"}
            services.end_all(tx, SYSTEM_ACTOR, access=Access("group", "Reading"), **of)

    place.iam.during = revoked
    place.work()
    assert place.row(asked).decision == "cancelled" or place.row(asked).provisioning == "failed"
    assert "Reading" not in place.bob.groups
    assert {grant.state for grant in grants(place)} == {"revoked"}


def test_rule_29_a_changed_group_voids_what_was_approved(place: Place) -> None:
    imported(place)
    asked = adopt(place)
    place.iam.groups["Reading"] = {"inline:more": DOCUMENT}
    place.work(1)
    assert (place.row(asked).decision, place.row(asked).voids) == ("pending", 1)
    [old] = [g for g in grants(place) if g.origin == "imported"]
    assert old.state == "active"
