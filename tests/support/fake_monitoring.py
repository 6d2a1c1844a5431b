"""The fake's log groups, metric filters, topics and alarms: what `monitoring.enable` makes, and what it refuses."""

from collections.abc import Mapping
from typing import Any

from app.clients import aws
from app.domain import monitoring
from app.domain.monitoring import SeenMonitoring, Trail
from tests.support.fake_users import ACCOUNT

TOPIC_ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}:{monitoring.TOPIC}"


class Monitors:
    """What watches the account.

    Attributes:
        log_groups: Their names.
        topics: Subscribed mail addresses by topic.
        trails: None: they may not be read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.log_groups: set[str] = set()
        self.filters: dict[tuple[str, str], dict[str, Any]] = {}
        self.alarms: dict[str, dict[str, Any]] = {}
        self.topics: dict[str, set[str]] = {}
        self.trails: tuple[Trail, ...] | None = ()

    def shown(self, log_group: str) -> SeenMonitoring:
        """What is there."""
        return SeenMonitoring(
            topic_arn=TOPIC_ARN,
            log_group=log_group in self.log_groups,
            topic=TOPIC_ARN in self.topics,
            emails=frozenset(self.topics.get(TOPIC_ARN, ())),
            filters={name: made for (group, name), made in self.filters.items() if group == log_group},
            alarms=dict(self.alarms),
            trails=self.trails,
        )

    def _CreateTopic(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        self.topics.setdefault(f"arn:aws:sns:us-east-1:{ACCOUNT}:{parameters['Name']}", set())

    def _Subscribe(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        if parameters["TopicArn"] not in self.topics:
            raise aws.Gone("Subscribe", "NotFound", "there is no such topic")
        assert parameters["Protocol"] == "email"
        self.topics[parameters["TopicArn"]].add(parameters["Endpoint"].lower())

    def _PutMetricFilter(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        if parameters["logGroupName"] not in self.log_groups:
            raise aws.Gone("PutMetricFilter", "ResourceNotFoundException", "there is no such log group")
        assert len(parameters["filterPattern"]) <= 1024, "CloudWatch Logs API Reference, PutMetricFilter"
        self.filters[parameters["logGroupName"], parameters["filterName"]] = dict(parameters)

    def _PutMetricAlarm(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        self.alarms[parameters["AlarmName"]] = dict(parameters)
