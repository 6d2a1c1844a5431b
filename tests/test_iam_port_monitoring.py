"""The port and what watches an account: log group, metric filters, topic, subscription, alarms."""

import pytest

from app.clients import aws
from app.domain.monitoring import SIGNALS, alarm_of, filter_of, missing
from app.domain.plans import Operation
from tests.support.deviations import behaviour
from tests.support.iam_ports import HttpPort, Port, new_name

EMAIL = "Pi@lab.example"


def made(port: Port) -> str:
    """Make the whole chain; its log group."""
    group = port.log_group()
    for operation in missing(group, EMAIL, port.iam.monitoring(group)):
        port.iam.call(operation)
    return group


@behaviour
def test_monitoring_missing(port: Port) -> str:
    return "there" if port.iam.monitoring(new_name("trail")).log_group else "not there"


@behaviour
def test_monitoring_none(port: Port) -> str:
    group = port.log_group()
    seen = port.iam.monitoring(group)
    alarms = {name for name in seen.alarms if name not in {s.name for s in SIGNALS}}  # the account is shared
    return f"no topic, {len(seen.filters)} filters, {len(alarms)} alarms"


@behaviour
def test_monitoring_made(port: Port) -> str:
    group = made(port)
    seen = port.iam.monitoring(group)
    assert (seen.topic, seen.emails) == (True, frozenset({EMAIL.lower()}))
    assert seen.topic_arn == f"arn:aws:sns:us-east-1:{port.account}:gatehouse-alarms"
    first = missing(group, EMAIL, seen)
    made_again = [port.iam.call(o) for o in missing(group, EMAIL, None)[2:7]]
    assert made_again == [{}] * 5
    second = missing(group, EMAIL, port.iam.monitoring(group))
    return f"{first or 'nothing'} left, and again {second or 'nothing'}"


@behaviour
def test_monitoring_changed(port: Port) -> str:
    group = made(port)
    seen = port.iam.monitoring(group)
    signal = SIGNALS[1]
    port.iam.call(Operation("logs", "PutMetricFilter", {**filter_of(signal, group), "filterPattern": "{ x }"}, "x"))
    alarm = {**alarm_of(signal, seen.topic_arn), "Threshold": 99.0}
    port.iam.call(Operation("cloudwatch", "PutMetricAlarm", alarm, "x"))
    return ", ".join(o.action for o in missing(group, EMAIL, port.iam.monitoring(group)))


@behaviour
def test_put_filter_missing(port: Port) -> str:
    wanted = filter_of(SIGNALS[0], new_name("trail"))
    try:
        port.iam.call(Operation("logs", "PutMetricFilter", wanted, "x"))
    except aws.Gone:
        return "NoSuchEntity"
    return "done"


def test_metric_filters_on_later_pages_are_seen(ministack_port: HttpPort) -> None:
    """ministack answers 50 at a time, as AWS does."""
    group = made(ministack_port)
    for number in range(55):
        before = {**filter_of(SIGNALS[0], group), "filterName": f"gatehouse-a{number:02d}"}
        ministack_port.iam.call(Operation("logs", "PutMetricFilter", before, "x"))
    seen = ministack_port.iam.monitoring(group)
    assert len(seen.filters) == 55 + len(SIGNALS)
    assert missing(group, EMAIL, seen) == ()


@pytest.mark.parametrize("service", ["iam", "cloudwatch"])
def test_a_plan_can_call_nothing_else(ministack_port: HttpPort, service: str) -> None:
    with pytest.raises(ValueError, match="a plan cannot call"):
        ministack_port.iam.call(Operation(service, "DeleteAlarms", {"AlarmNames": []}, "x"))
