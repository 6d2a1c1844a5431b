"""Rule 30: the end of administrator power is followed by a snapshot and a report of what was done under it."""

import datetime as dt
import itertools
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from app import metrics
from app.clients import aws
from app.models import Grant, PowerReview, columns
from app.services import sightings
from app.services.reviewing import KEPT, PAGES
from tests.support.fake_iam import FakeIam, Fault
from tests.support.fake_trail import A_PAGE
from tests.support.lab import Lab
from tests.support.one_off import ask as ask_one_off
from tests.test_admin_path import ASK, both, iam, joined, lab, on_sqlite, work

__all__ = ["iam", "lab"]
SECOND, DAY = dt.timedelta(seconds=1), dt.timedelta(days=1)
NEVER = aws.NeedsPerson("LookupEvents", "AccessDeniedException", "no identity-based policy allows it")
EC2_ROLES = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}


@pytest.fixture
def now(lab: Lab) -> None:
    """Reports are due at once, on both databases."""
    database = lab.running.database
    database.terms = replace(database.terms, trail_delay=dt.timedelta())


def ended(lab: Lab, iam: FakeIam, row: Any) -> None:
    lab.post("pi", f"/v1/grants/{row['grant_id']}/revoke", {"reason": "done"}, expect=202)
    work(lab, iam)
    assert lab.get("pi", f"/v1/grants/{row['grant_id']}")["state"] == "revoked"


def lose_the_boundary(lab: Lab, iam: FakeIam) -> None:
    """As if it was seen that somebody took it away."""
    seen = iam.user("bob")
    assert seen is not None
    with lab.running.database.write() as tx:
        sightings.save_user(tx, "default", "bob", replace(seen, boundary=None))


def reports(lab: Lab, row: Any) -> list[Any]:
    items = lab.get("pi", f"{ASK}/{row['id']}/events")["items"]
    return [item for item in items if item["event"] == "grant.reviewed"]


def open_reviews(lab: Lab) -> list[Any]:
    with lab.running.database.read() as tx:
        return list(tx.session.execute(sa.select(columns(PowerReview))).mappings())


@both
@pytest.mark.usefixtures("now")
def test_rule_30_the_end_of_power_is_reported_with_what_was_changed_and_a_snapshot(lab: Lab, iam: FakeIam) -> None:
    row = joined(lab, iam)
    at = dt.datetime.now(dt.UTC)
    parameters = {"userName": "mallory", "policyArn": "arn:x", "password": "hidden-1", "policyDocument": "{}"}
    elements = {"accessKey": {"secretAccessKey": "hidden-2"}}
    iam.history.did("bob", "CreateUser", at - DAY, requestParameters={"userName": "before"})
    iam.history.did("bob", "AttachUserPolicy", at, requestParameters=parameters, responseElements=elements)
    iam.history.did("bob", "ListUsers", at)
    iam.history.did("bob", "RunInstances", at, source="ec2.amazonaws.com")
    iam.history.did("carol", "CreateUser", at, requestParameters={"userName": "other"})
    iam.history.did("bob", "CreateAccessKey", at + SECOND, errorCode="AccessDenied", requestParameters=None)
    ended(lab, iam, row)
    [report] = reports(lab, row)
    data = report["data"]
    assert data["changes"] == [
        {
            "event": "CreateAccessKey",
            "at": (at + SECOND).isoformat(),
            "touched": {},
            "error": "AccessDenied",
            "from": "192.0.2.1",
            "as": "IAMUser",
        },
        {
            "event": "AttachUserPolicy",
            "at": at.isoformat(),
            "touched": {"PolicyArn": "arn:x", "UserName": "mallory"},
            "from": "192.0.2.1",
            "as": "IAMUser",
        },
    ]
    assert (data["count"], data["more"], data["not_seen"]) == (2, False, [])
    assert data["snapshot"] == iam.history.snapshot()
    assert (report["subject"], data["grant_id"], data["group"]) == ("bob", row["grant_id"], "LabAdmin")
    assert "hidden" not in str(report)
    work(lab, iam)
    assert len(reports(lab, row)) == 1
    assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True


@on_sqlite
def test_rule_30_cloudtrail_is_given_a_quarter_of_an_hour(lab: Lab, iam: FakeIam) -> None:
    row = joined(lab, iam)
    ended(lab, iam, row)
    [review] = open_reviews(lab)
    assert review["due_at"] - review["until"] == dt.timedelta(minutes=15)
    assert iam.history.asked == []
    lab.running.database.clock = lambda: review["due_at"]
    work(lab, iam)
    [(user, since, until, _)] = iam.history.asked
    assert user == "bob"
    assert since < review["since"] < review["until"] < until
    assert len(reports(lab, row)) == 1


@on_sqlite
@pytest.mark.usefixtures("now")
def test_rule_30_only_administrator_power_that_was_really_held(lab: Lab, iam: FakeIam) -> None:
    """IAMFullAccess opens everything, but not below the boundary. Whoever has lost that has it all."""
    arn = "arn:aws:iam::aws:policy/IAMFullAccess"
    iam.groups["LabUser"] = {arn: str(iam.policies[arn].sha256)}
    with lab.running.database.write() as tx:
        sightings.save_group(tx, "default", "LabUser", iam.group("LabUser"))
    ended(lab, iam, joined(lab, iam, "LabGuest"))
    ended(lab, iam, joined(lab, iam, "LabUser"))
    assert open_reviews(lab) == []
    row = joined(lab, iam, "LabUser")
    lose_the_boundary(lab, iam)
    ended(lab, iam, row)
    assert len(reports(lab, row)) == 1
    row = joined(lab, iam, "LabGuest")
    with lab.running.database.write() as tx:
        sightings.save_group(tx, "default", "LabGuest", None)  # nobody has read what it gives
    ended(lab, iam, row)
    assert len(reports(lab, row)) == 1


@on_sqlite
@pytest.mark.usefixtures("now")
def test_rule_30_one_off_permissions_too(lab: Lab, iam: FakeIam) -> None:
    weak = ask_one_off(lab, duration="PT1H")
    lab.approve("alice", weak["id"])
    work(lab, iam)
    ended(lab, iam, lab.get("pi", f"{ASK}/{weak['id']}"))
    assert open_reviews(lab) == []
    lose_the_boundary(lab, iam)
    strong = ask_one_off(lab, document=EC2_ROLES, duration="PT1H")
    for by in ("alice", "pi"):
        lab.approve(by, strong["id"])
    work(lab, iam)
    lose_the_boundary(lab, iam)
    ended(lab, iam, lab.get("pi", f"{ASK}/{strong['id']}"))
    assert len(reports(lab, strong)) == 1


@on_sqlite
@pytest.mark.usefixtures("now")
def test_rule_30_many_pages_are_read_and_the_report_stays_small(lab: Lab, iam: FakeIam) -> None:
    row = joined(lab, iam)
    at = dt.datetime.now(dt.UTC)
    for number in range(A_PAGE * 2 + 7):
        iam.history.did("bob", "DeleteUser", at, requestParameters={"userName": f"u{number}"})
    ended(lab, iam, row)
    pump(lab, iam, row)
    [report] = reports(lab, row)
    assert (report["data"]["count"], len(report["data"]["changes"])) == (A_PAGE * 2 + 7, KEPT)
    assert [token for *_, token in iam.history.asked] == [None, "50", "100"]


@on_sqlite
@pytest.mark.usefixtures("now")
def test_rule_30_a_history_without_an_end_is_cut_and_said_so(lab: Lab, iam: FakeIam) -> None:
    row = joined(lab, iam)
    at = dt.datetime.now(dt.UTC)
    for _ in range(A_PAGE * PAGES + 1):
        iam.history.did("bob", "DeleteUser", at)
    ended(lab, iam, row)
    pump(lab, iam, row)
    [report] = reports(lab, row)
    assert (report["data"]["count"], report["data"]["more"]) == (A_PAGE * PAGES, True)


@on_sqlite
@pytest.mark.usefixtures("now")
@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.CRASH])
def test_rule_30_a_report_outlives_what_goes_wrong(lab: Lab, iam: FakeIam, fault: Fault) -> None:
    row = joined(lab, iam)
    iam.history.did("bob", "DeleteUser", dt.datetime.now(dt.UTC))
    ended_but_for_the_report(lab, iam, row)
    iam.read_faults.append(fault)
    work(lab, iam)
    with lab.running.database.write() as tx:  # the time of whoever died with it is over
        reviews = columns(PowerReview)
        tx.session.execute(sa.update(reviews).where(reviews.c.due_at.is_not(None)).values(due_at=tx.now))
    work(lab, iam)
    assert [report["data"]["count"] for report in reports(lab, row)] == [1]


def ended_but_for_the_report(lab: Lab, iam: FakeIam, row: Any) -> None:
    database = lab.running.database
    terms, database.terms = database.terms, replace(database.terms, trail_delay=DAY)
    ended(lab, iam, row)
    database.terms = terms
    with database.write() as tx:
        tx.session.execute(sa.update(columns(PowerReview)).values(due_at=tx.now))


@on_sqlite
@pytest.mark.usefixtures("now")
def test_rule_30_a_refusal_is_tried_for_a_day_and_then_reported_as_that(lab: Lab, iam: FakeIam) -> None:
    row = joined(lab, iam)
    iam.history.refused = NEVER
    before = metrics.POWER_UNSEEN._value.get()
    ended(lab, iam, row)
    assert reports(lab, row) == []
    [review] = open_reviews(lab)
    assert review["attempts"] >= 1
    lab.running.database.clock = lambda: review["gives_up_at"] - SECOND
    work(lab, iam)
    assert reports(lab, row) == []
    lab.running.database.clock = lambda: review["gives_up_at"] + 7200 * SECOND
    work(lab, iam)
    [report] = reports(lab, row)
    assert report["data"]["not_seen"] == [str(NEVER)]
    assert (report["data"]["count"], report["data"]["snapshot"]) == (0, iam.history.snapshot())
    assert metrics.POWER_UNSEEN._value.get() == before + 1


@on_sqlite
@pytest.mark.usefixtures("now")
def test_rule_30_whoever_was_never_given_it_is_not_reported(lab: Lab, iam: FakeIam) -> None:
    later = (dt.datetime.now(dt.UTC) + DAY).isoformat()
    asked = lab.ask("bob", "LabAdmin", duration="PT1H", starts_at=later)
    for by in ("alice", "pi"):
        lab.approve(by, asked["id"])
    lab.post("pi", f"{ASK}/{asked['id']}/cancel", {"reason": "no more"})
    work(lab, iam)
    assert open_reviews(lab) == []


@on_sqlite
@pytest.mark.usefixtures("now")
def test_rule_30_what_is_too_old_for_cloudtrail_is_said(lab: Lab, iam: FakeIam) -> None:
    row = joined(lab, iam)
    grants = columns(Grant)
    with lab.running.database.write() as tx:
        tx.session.execute(sa.update(grants).values(starts_at=tx.now - DAY * 120))
    ended(lab, iam, row)
    [report] = reports(lab, row)
    [(_, since, until, _)] = iam.history.asked
    assert DAY * 88 <= until - since < DAY * 89
    assert report["data"]["not_seen"] == [f"LookupEvents: what was before {since.isoformat()} is too old for it"]


def pump(lab: Lab, iam: FakeIam, row: Any) -> None:
    """Ask for page after page without waiting in between."""
    database = lab.running.database
    begun, turns = database.clock(), itertools.count(1)
    database.clock = lambda: begun + SECOND * next(turns)
    for _ in range(PAGES):
        if reports(lab, row):
            return
        work(lab, iam)
    raise AssertionError(open_reviews(lab))
