"""`monitoring.enable` over HTTP with moto behind it, and on the strict fake while calls go wrong."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from app.domain.monitoring import NAMESPACE, SIGNALS, TOPIC, Trail, alarm_of, missing
from tests.conftest import Databases
from tests.support.fake_iam import Account, Fault
from tests.support.fake_monitoring import TOPIC_ARN
from tests.support.lab import Lab
from tests.test_secret_faults import Place, place  # noqa: F401 - place is a fixture
from tests.test_secrets import ASK, wish

GROUP, EMAIL = "CloudTrail/logs", "pi@lab.example"
CHANGE = {"log_group": GROUP, "email": EMAIL}
CALLS = ["CreateTopic", "Subscribe", *["PutMetricFilter"] * 5, *["PutMetricAlarm"] * 5]
TRAIL = Trail("all", multi_region=True, log_group=GROUP)


@pytest.fixture(scope="module")
def lab(databases: Databases) -> Iterator[Lab]:
    with databases.lab("sqlite", with_worker=False) as found:
        yield found


@pytest.fixture
def working(databases: Databases) -> Iterator[Lab]:
    with databases.lab("sqlite") as found:
        yield found


def client(lab: Lab, service: str) -> Any:
    url = lab.iam.meta.endpoint_url
    return boto3.client(service, endpoint_url=url, region_name="us-east-1")  # type: ignore[call-overload] # a variable


def findings(lab: Lab, request_id: str) -> list[str]:
    [applied] = lab.get("pi", f"/v1/audit-events?event=access_request.applied&access_request_id={request_id}")["items"]
    found: list[str] = applied["data"]["findings"]
    return found


def test_the_whole_chain_is_made_once_another_admin_agrees(working: Lab) -> None:
    lab = working
    asked = lab.post("pi", ASK, wish("monitoring.enable", CHANGE), expect=201)
    assert asked["decision"] == "pending"
    assert [o["action"] for o in asked["plan"]["operations"]] == CALLS
    lab.approve("alice", asked["id"])
    row = lab.get("pi", f"{ASK}/{asked['id']}?wait=60&until=applied")
    assert (row["provisioning"], row["failure"]["code"]) == ("failed", "no_log_group")

    logs, alarms, topics = (client(lab, service) for service in ("logs", "cloudwatch", "sns"))
    logs.create_log_group(logGroupName=GROUP)
    lab.post("pi", f"{ASK}/{asked['id']}/retry")
    lab.applied(asked["id"])
    assert findings(lab, asked["id"]) == [
        f"no trail writes to {GROUP}, so no alarm will be raised: make one that does, of all Regions"
    ]
    filters = logs.describe_metric_filters(logGroupName=GROUP)["metricFilters"]
    counted = {f["metricTransformations"][0]["metricName"] for f in filters}
    made = {a["AlarmName"]: a for a in alarms.describe_alarms(AlarmNamePrefix="gatehouse-")["MetricAlarms"]}
    assert counted == {a["MetricName"] for a in made.values()} == {s.metric for s in SIGNALS}
    topic = f"arn:aws:sns:us-east-1:123456789012:{TOPIC}"
    keys = ("Namespace", "Statistic", "Period", "ComparisonOperator", "TreatMissingData", "AlarmActions")
    for alarm in made.values():
        assert [alarm[k] for k in keys] == [NAMESPACE, "Sum", 300, "GreaterThanThreshold", "notBreaching", [topic]]
    assert made["gatehouse-sign-in-failures"]["Threshold"] == 3
    [subscribed] = topics.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (subscribed["Protocol"], subscribed["Endpoint"]) == ("email", EMAIL)

    again = lab.post("alice", ASK, wish("monitoring.enable", CHANGE), expect=201)
    lab.approve("pi", again["id"])
    lab.applied(again["id"])
    query = f"event=access_request.applying&access_request_id={again['id']}"
    assert lab.get("pi", f"/v1/audit-events?{query}")["items"][0]["data"]["operations"] == [], "nothing was left to do"


def test_no_metric_is_in_a_namespace_of_awss() -> None:
    """`AWS/IAM` `ConsoleSignInFailures` does not exist: an alarm on it never fires (`iam-facts.md`, 3)."""
    assert not NAMESPACE.startswith("AWS/")
    for signal in SIGNALS:
        assert len(signal.pattern) <= 1024, "CloudWatch Logs API Reference, PutMetricFilter"
        assert alarm_of(signal, "x")["TreatMissingData"] == "notBreaching"
    assert len({s.name for s in SIGNALS}) == len({s.metric for s in SIGNALS}) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"log_group": GROUP},
        {"email": EMAIL},
        {**CHANGE, "email": "pi"},
        {**CHANGE, "log_group": "a b"},
        {**CHANGE, "x": 1},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_when_asked(lab: Lab, change: dict[str, Any]) -> None:
    assert lab.call("pi", "POST", ASK, wish("monitoring.enable", change)).status_code == 422
    answer = lab.call("pi", "POST", ASK, wish("monitoring.enable", CHANGE, user="bob"))
    assert answer.json()["code"] == "user_not_used"


@pytest.fixture
def ready(place: Place) -> Place:  # noqa: F811
    place.iam.users["pi"] = Account()
    place.iam.log_groups.add(GROUP)
    place.iam.trails = (TRAIL,)
    return place


def agreed(ready: Place) -> str:
    asked = ready.lab.post("pi", ASK, wish("monitoring.enable", CHANGE), expect=201)
    ready.lab.approve("alice", asked["id"])
    return str(asked["id"])


def nothing_left(ready: Place) -> bool:
    return missing(GROUP, EMAIL, ready.iam.shown(GROUP)) == ()


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.DROPPED, Fault.CRASH, Fault.CRASH_AFTER, Fault.LOST])
@pytest.mark.parametrize("position", [0, 1, 6, 11])
def test_a_call_goes_wrong(ready: Place, fault: Fault, position: int) -> None:
    request_id = agreed(ready)
    ready.iam.faults.extend([Fault.NONE] * position + [fault])
    ready.work(request_id)
    assert not ready.iam.faults, "it was met"
    assert nothing_left(ready)
    assert findings(ready.lab, request_id) == []


def test_a_refusal_half_way_is_finished_by_a_retry(ready: Place) -> None:
    request_id = agreed(ready)
    ready.iam.faults.extend([Fault.NONE] * 4 + [Fault.REFUSED])
    assert ready.work(request_id, "failed")["failure"]["code"] == "access_denied"
    ready.lab.post("pi", f"{ASK}/{request_id}/retry")
    ready.work(request_id)
    assert sorted(ready.iam.calls) == sorted(CALLS), "what was made is not made again"


def test_what_somebody_changed_is_put_back_and_nothing_else(ready: Place) -> None:
    ready.work(agreed(ready))
    ready.iam.alarms["gatehouse-root-use"]["ActionsEnabled"] = False
    ready.iam.alarms["gatehouse-somebodys"] = {}
    ready.iam.topics[TOPIC_ARN].add("other@lab.example")
    ready.iam.calls.clear()
    ready.work(agreed(ready))
    assert ready.iam.calls == ["PutMetricAlarm"]
    assert "gatehouse-somebodys" in ready.iam.alarms


@pytest.mark.parametrize(
    ("trails", "said"),
    [
        (None, "could not be seen"),
        ((), "no trail writes to"),
        ((Trail("other", multi_region=True, log_group="elsewhere"),), "no trail writes to"),
        ((Trail("here", multi_region=False, log_group=GROUP),), "sees one Region only"),
    ],
)
def test_a_missing_trail_is_a_finding_and_no_refusal(ready: Place, trails: tuple[Trail, ...] | None, said: str) -> None:
    ready.iam.trails = trails
    request_id = agreed(ready)
    ready.work(request_id)
    [finding] = findings(ready.lab, request_id)
    assert said in finding
    assert nothing_left(ready)
