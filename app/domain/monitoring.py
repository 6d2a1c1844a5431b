"""Who watches an account: from the trail's log group over metrics of our own and alarms to a mail. Pure.

`AWS/IAM` has no metric of failed sign-ins, so an alarm on one never fires (`iam-facts.md`, 3): the trail's log group is
searched instead (CloudWatch Logs User Guide, "Filter pattern syntax for metric filters").
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.plans import Operation

NAMESPACE = "Gatehouse"
"""Of the metrics. One that begins with `AWS/` is AWS's own."""
PREFIX = "gatehouse-"
TOPIC = f"{PREFIX}alarms"
PERIOD = 300
"""Seconds over which events are counted."""

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Signal:
    """One thing that is watched.

    Attributes:
        name: Of the metric filter and of the alarm.
        metric: Its metric in `NAMESPACE`.
        pattern: What of the trail counts.
        most: More events than this within `PERIOD` raise the alarm.
        what: For people.
    """

    name: str
    metric: str
    pattern: str
    most: int
    what: str


def _any_of(names: Iterable[str]) -> str:
    return " || ".join(f"($.eventName = {name})" for name in names)


_POLICY_EVENTS = (
    *(f"{verb}{whose}Policy" for whose in ("Group", "Role", "User") for verb in ("Attach", "Delete", "Detach", "Put")),
    "CreatePolicy",
    "CreatePolicyVersion",
    "DeletePolicy",
    "DeletePolicyVersion",
    "SetDefaultPolicyVersion",
)
_TRAIL_EVENTS = ("CreateTrail", "DeleteTrail", "PutEventSelectors", "StartLogging", "StopLogging", "UpdateTrail")

SIGNALS = (
    Signal(
        f"{PREFIX}sign-in-failures",
        "ConsoleSignInFailures",
        '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }',
        3,
        "failed sign-ins to the console",
    ),
    Signal(
        f"{PREFIX}sign-in-without-mfa",
        "ConsoleSignInWithoutMfa",
        "{ ($.eventName = ConsoleLogin) && ($.userIdentity.type = IAMUser)"
        " && ($.responseElements.ConsoleLogin = Success) && ($.additionalEventData.MFAUsed != Yes) }",
        0,
        "sign-ins of IAM users without MFA",
    ),
    Signal(
        f"{PREFIX}root-use",
        "RootUse",
        "{ ($.userIdentity.type = Root) && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != AwsServiceEvent) }",
        0,
        "use of the root user",
    ),
    Signal(
        f"{PREFIX}iam-policy-changes",
        "IamPolicyChanges",
        f"{{ ($.eventSource = iam.amazonaws.com) && ({_any_of(_POLICY_EVENTS)}) }}",
        0,
        "changes of IAM policies",
    ),
    Signal(
        f"{PREFIX}trail-changes",
        "CloudTrailChanges",
        f"{{ {_any_of(_TRAIL_EVENTS)} }}",
        0,
        "changes of CloudTrail",
    ),
)


@dataclass(frozen=True)
class Trail:
    """A trail, and the log group it writes to."""

    name: str
    multi_region: bool
    log_group: str | None


@dataclass(frozen=True)
class SeenMonitoring:
    """What was read of an account just now.

    Attributes:
        topic_arn: Of our topic, whether it is there or not.
        log_group: Whether the log group is there.
        topic: Whether our topic is there.
        emails: Who is subscribed to it, in lower case, confirmed or not.
        filters: Parameters of PutMetricFilter that would make what is there, by name.
        alarms: The same of PutMetricAlarm.
        trails: None where they could not be read.
    """

    topic_arn: str
    log_group: bool = False
    topic: bool = False
    emails: frozenset[str] = frozenset()
    filters: Mapping[str, Parameters] = field(default_factory=dict)
    alarms: Mapping[str, Parameters] = field(default_factory=dict)
    trails: tuple[Trail, ...] | None = ()


def missing(log_group: str, email: str, seen: SeenMonitoring | None) -> tuple[Operation, ...]:
    """The calls that remain; all of them where nothing was read yet.

    Args:
        seen: None: asked only, so the topic is named and its ARN not known.
    """
    topic = seen.topic_arn if seen is not None else TOPIC
    filters, alarms = (dict(seen.filters), dict(seen.alarms)) if seen is not None else ({}, {})
    operations = []
    if seen is None or not seen.topic:
        operations.append(Operation("sns", "CreateTopic", {"Name": TOPIC}, f"make the topic {TOPIC}"))
    if seen is None or email.lower() not in seen.emails:
        parameters = {"TopicArn": topic, "Protocol": "email", "Endpoint": email}
        text = f"send the alarms to {email}, who has to confirm that in a mail of AWS's within three days"
        operations.append(Operation("sns", "Subscribe", parameters, text))
    for signal in SIGNALS:
        wanted = filter_of(signal, log_group)
        if filters.get(signal.name) != wanted:
            operations.append(Operation("logs", "PutMetricFilter", wanted, f"count {signal.what} in {log_group}"))
    for signal in SIGNALS:
        alarm = alarm_of(signal, topic)
        if alarms.get(signal.name) != alarm:
            operations.append(Operation("cloudwatch", "PutMetricAlarm", alarm, f"raise an alarm on {signal.what}"))
    return tuple(operations)


def filter_of(signal: Signal, log_group: str) -> dict[str, Any]:
    """The parameters of PutMetricFilter, which replaces one of the same name."""
    return {
        "logGroupName": log_group,
        "filterName": signal.name,
        "filterPattern": signal.pattern,
        "metricTransformations": [
            {"metricName": signal.metric, "metricNamespace": NAMESPACE, "metricValue": "1"},
        ],
    }


def alarm_of(signal: Signal, topic_arn: str) -> dict[str, Any]:
    """The parameters of PutMetricAlarm, which replaces one of the same name. No events are no alarm."""
    return {
        "AlarmName": signal.name,
        "AlarmDescription": f"Gatehouse: {signal.what}",
        "ActionsEnabled": True,
        "AlarmActions": [topic_arn],
        "Namespace": NAMESPACE,
        "MetricName": signal.metric,
        "Statistic": "Sum",
        "Period": PERIOD,
        "EvaluationPeriods": 1,
        "Threshold": float(signal.most),
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }


def blind_spots(log_group: str, trails: tuple[Trail, ...] | None) -> tuple[str, ...]:
    """Why the alarms may see nothing: a missing trail is a finding, not a refusal (contract, section 7)."""
    if trails is None:
        return (f"whether a trail writes to {log_group} could not be seen",)
    here = [trail for trail in trails if trail.log_group == log_group]
    if not here:
        return (f"no trail writes to {log_group}, so no alarm will be raised: make one that does, of all Regions",)
    if not any(trail.multi_region for trail in here):
        names = ", ".join(trail.name for trail in here)
        return (f"{names} sees one Region only; sign-ins and IAM are recorded in another one, perhaps",)
    return ()
