"""CloudWatch Logs, CloudWatch, SNS and CloudTrail as `monitoring.enable` needs them."""

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from botocore import xform_name

from app import metrics
from app.clients import aws
from app.clients.answers import readable
from app.domain import monitoring
from app.domain.monitoring import SeenMonitoring, Trail
from app.domain.plans import Operation

WRITES = {
    "CreateTopic": "sns",
    "PutMetricAlarm": "cloudwatch",
    "PutMetricFilter": "logs",
    "Subscribe": "sns",
}
"""Every call that changes something, with its service. Each may be made again: the same is there then."""
_PAGES = 50
_BUSY = frozenset({"ConcurrentAccess", "ConcurrentAccessException", "OperationAbortedException"})
"""Somebody else changes the same thing in this moment."""
_GONE = frozenset({"NotFound", "NotFoundException", "ResourceNotFoundException"})
"""There is no such topic; no such log group."""
_ALARM = tuple(monitoring.alarm_of(monitoring.SIGNALS[0], ""))


class BotoMonitoring:
    """What watches one account, through boto3. Clients are made when first needed: most accounts never need them.

    Args:
        options: Of `aws.client`: attempts, session, endpoint, patience.
        emulated: The endpoint is not AWS's.
        reads: Waits for its turn before a reading call.
    """

    def __init__(self, options: dict[str, Any], *, emulated: bool, reads: aws.Pace) -> None:
        self._options, self._emulated, self._reads = options, emulated, reads
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    @readable("DescribeMetricFilters")
    def seen(self, log_group: str, account_id: str, partition: str) -> SeenMonitoring:
        """What is there of the chain.

        Args:
            log_group: By its name.
            account_id: 12 digits.
        """
        region = self._client("sns").meta.region_name
        arn = f"arn:{partition}:sns:{region}:{account_id}:{monitoring.TOPIC}"
        emails = self._emails(arn)
        there = self._is_there(log_group)
        return SeenMonitoring(
            topic_arn=arn,
            log_group=there,
            topic=emails is not None,
            emails=emails or frozenset(),
            filters=self._filters(log_group) if there else {},
            alarms=self._alarms(),
            trails=self._trails(),
        )

    def call(self, operation: Operation) -> Mapping[str, str]:
        """Make one changing call. The operation's action is one of `WRITES`, of that service.

        Returns:
            Nothing: no answer holds a secret.
        """
        if WRITES.get(operation.action) != operation.service:
            raise ValueError(f"a plan cannot call {operation.service} {operation.action}")
        self._send(operation.service, operation.action, dict(operation.parameters))
        return {}

    def _is_there(self, log_group: str) -> bool:
        found = self._all("logs", "DescribeLogGroups", "logGroups", "nextToken", logGroupNamePrefix=log_group)
        return any(group["logGroupName"] == log_group for group in found)

    def _filters(self, log_group: str) -> dict[str, Any]:
        wanted = {"logGroupName": log_group, "filterNamePrefix": monitoring.PREFIX}
        return {
            str(f["filterName"]): {
                "logGroupName": log_group,
                "filterName": str(f["filterName"]),
                "filterPattern": str(f.get("filterPattern", "")),
                "metricTransformations": list(f["metricTransformations"]),
            }
            for f in self._all("logs", "DescribeMetricFilters", "metricFilters", "nextToken", **wanted)
        }

    def _alarms(self) -> dict[str, Any]:
        wanted = {"AlarmNamePrefix": monitoring.PREFIX, "AlarmTypes": ["MetricAlarm"]}
        found = self._all("cloudwatch", "DescribeAlarms", "MetricAlarms", "NextToken", **wanted)
        return {str(alarm["AlarmName"]): {key: alarm.get(key) for key in _ALARM} for alarm in found}

    def _emails(self, topic_arn: str) -> frozenset[str] | None:
        """Who is subscribed by mail; None where there is no such topic."""
        try:
            found = list(self._all("sns", "ListSubscriptionsByTopic", "Subscriptions", "NextToken", TopicArn=topic_arn))
        except aws.Gone:
            return None
        return frozenset(str(one["Endpoint"]).lower() for one in found if one["Protocol"] == "email")

    def _trails(self) -> tuple[Trail, ...] | None:
        """None where they may not be read: that is a finding."""
        try:
            self._reads.wait()
            found = self._send("cloudtrail", "DescribeTrails", {"includeShadowTrails": True})["trailList"]
        except (aws.NeedsPerson, aws.NotOffered):
            return None
        return tuple(
            Trail(str(t["Name"]), bool(t.get("IsMultiRegionTrail")), _group_of(t.get("CloudWatchLogsLogGroupArn")))
            for t in found
        )

    def _all(self, service: str, action: str, key: str, token: str, **parameters: Any) -> Iterator[Any]:
        following: dict[str, str] = {}
        for _ in range(_PAGES):
            self._reads.wait()
            page = self._send(service, action, {**parameters, **following})
            yield from page.get(key, ())
            if not page.get(token):
                return
            following = {token: str(page[token])}
        raise aws.NeedsPerson(action, "TooManyPages", f"more than {_PAGES} pages")

    def _send(self, service: str, action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        client = self._client(service)
        try:
            with metrics.aws_call(action), aws.translated(action, emulated=self._emulated), readable(action):
                answer: dict[str, Any] = getattr(client, xform_name(action))(**parameters)
                return answer
        except aws.NeedsPerson as problem:
            if problem.code in _BUSY:
                raise aws.Retryable(problem.action, problem.code, problem.message) from problem
            if problem.code in _GONE:
                raise aws.Gone(problem.action, problem.code, problem.message) from problem
            raise

    def _client(self, service: str) -> Any:
        with self._lock:  # sessions are not to be shared between threads
            if service not in self._clients:
                self._clients[service] = aws.client(service, **self._options)
            return self._clients[service]


def _group_of(arn: str | None) -> str | None:
    """The name in `arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*`."""
    parts = (arn or "").split(":")
    return parts[6] if len(parts) > 6 else None  # noqa: PLR2004 - its place in the ARN
