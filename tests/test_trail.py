"""The port that asks CloudTrail, over both emulators and an endpoint in our hands; rule 30's reports over HTTP."""

import datetime as dt
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from app.clients import aws
from app.clients.iam import BotoIam
from app.clients.trail import BETWEEN, BotoTrail
from app.domain.trail import page
from tests.conftest import Databases
from tests.support import ministack
from tests.support.lab import STEP, Lab
from tests.support.one_off import ASK, ask, policy

WHEN = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
AROUND = (dt.timedelta(hours=-1), dt.timedelta(minutes=1))


def event(**more: Any) -> dict[str, Any]:
    return {"EventName": "CreateUser", "EventTime": WHEN, "EventSource": "iam.amazonaws.com", **more}


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A ministack that keeps what was done."""
    with ministack.running(tmp_path_factory.mktemp("recording"), CLOUDTRAIL_RECORDING="1") as url:
        yield url


def test_rule_30_ministack_says_what_was_changed(recording: str) -> None:
    port = BotoIam(endpoint_url=recording)
    boto = boto3.client("iam", endpoint_url=recording, region_name="us-east-1")
    before = port.trail().snapshot()
    boto.create_user(UserName="mallory")
    now = dt.datetime.now(dt.UTC)
    made, *_ = port.trail().changes("test", now + AROUND[0], now + AROUND[1]).changes
    assert (made["touched"], made["from"], made["as"]) == ({"UserName": "mallory"}, "127.0.0.1", "IAMUser")
    assert made["event"] == "POST.iam", "it knows no names of IAM's calls; AWS says CreateUser"
    assert port.trail().changes("nobody", now + AROUND[0], now + AROUND[1]).changes == ()
    assert port.trail().snapshot() is before, "one for all that ends together"
    after = BotoIam(endpoint_url=recording).trail().snapshot()
    assert int(after["Users"]) == int(before["Users"]) + 1
    assert after["digest"] != before["digest"]


def test_rule_28_moto_does_not_offer_it_and_the_report_of_rule_30_says_so(databases: Databases) -> None:
    """moto keeps no boundary, so that a permission for all of IAM is administrator power there."""
    with databases.lab("sqlite") as lab:
        lab.running.database.terms = replace(lab.running.database.terms, trail_delay=dt.timedelta())
        asked = ask(lab, document=policy(action="iam:*", resource="*"), duration="PT1S")
        for by in ("alice", "pi"):
            if lab.get("pi", f"{ASK}/{asked['id']}")["decision"] == "pending":
                lab.approve(by, asked["id"])
        grant_id = lab.applied(asked["id"])["grant_id"]
        lab.grant_until(grant_id, "revoked")
        report = reported(lab, asked["id"])
        assert report["not_seen"] == ["LookupEvents: this endpoint does not offer it"]
        assert (report["count"], report["changes"]) == (0, [])
        assert report["snapshot"]["Users"] >= 1
        assert report["snapshot"]["digest"].startswith("sha256:")


def reported(lab: Lab, request_id: str) -> Any:
    deadline = time.monotonic() + 60
    while (last := lab.get("pi", f"{ASK}/{request_id}/events")["items"][-1])["event"] != "grant.reviewed":
        assert time.monotonic() < deadline, last
        time.sleep(STEP)
    return last["data"]


def test_rule_30_what_is_kept_is_bounded_printable_and_no_secret() -> None:
    given = {"userName": "x\x00\ud800" + "y" * 999, "password": "hidden", "tags": [{"key": "hidden"}], "path": {}}
    whole = {"requestParameters": given, "responseElements": {"secretAccessKey": "hidden"}, "errorMessage": "hidden"}
    [made] = page([event(ReadOnly="false", CloudTrailEvent=json.dumps(whole))]).changes
    assert made == {"event": "CreateUser", "at": WHEN.isoformat(), "touched": {"UserName": "x" + "y" * 197}}


@pytest.mark.parametrize("whole", ["", "{", "[]", "null", '{"requestParameters": 7, "userIdentity": []}', 7, None])
def test_rule_30_an_event_that_cannot_be_read_is_not_hidden(whole: Any) -> None:
    [made] = page([event(CloudTrailEvent=whole)]).changes
    assert (made["event"], made["touched"]) == ("CreateUser", {})


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({"ReadOnly": "true"}, 0),
        ({"ReadOnly": "false", "EventName": "GetSomethingNew"}, 1),
        ({"EventName": "ListUsers"}, 0),
        ({"EventName": "GenerateCredentialReport"}, 0),
        ({"EventSource": "s3.amazonaws.com"}, 0),
    ],
)
def test_rule_30_only_what_changed_iam_is_kept(more: dict[str, Any], kept: int) -> None:
    assert len(page([event(**more)]).changes) == kept


@pytest.mark.parametrize(
    ("events", "token"), [([{}], None), ([None], None), (7, None), ([], ""), ([], 7), ([], "x" * 9000)]
)
def test_an_answer_that_is_not_what_aws_promises_is_no_page(events: Any, token: Any) -> None:
    with pytest.raises((ValueError, LookupError, TypeError, AttributeError)):
        page(events, token)


def test_at_most_two_lookups_a_second(recording: str) -> None:
    slept: list[float] = []
    options = {"attempts": 1, "endpoint_url": recording}
    iam = BotoIam(endpoint_url=recording)
    client = boto3.client("iam", endpoint_url=recording, region_name="us-east-1")
    asks = BotoTrail(options, client, iam, emulated=True, clock=lambda: 7.0, sleep=slept.append)
    for _ in range(3):
        asks.changes("bob", WHEN, WHEN)
    assert slept == [BETWEEN, BETWEEN * 2]


def test_where_nobody_answers_it_is_asked_again() -> None:
    iam = BotoIam(endpoint_url="http://127.0.0.1:9", attempts=1)
    with pytest.raises(aws.Retryable):
        iam.trail().changes("bob", WHEN, WHEN)
