"""CloudTrail's own history of an account, and IAM's counts, as the report after administrator power needs them."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from botocore import xform_name

from app import metrics
from app.clients import aws, details
from app.clients.answers import readable
from app.clients.details import ReadsAccounts
from app.domain import found, trail
from app.domain.trail import Page

LOOKUP, SUMMARY = "LookupEvents", "GetAccountSummary"
BETWEEN = 0.5
"""Seconds from one lookup to the next: AWS allows two a second (CloudTrail API reference, LookupEvents)."""
_A_PAGE = 50
_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where IAM, which is global, leaves its events."""
_FRESH = 60.0
"""Seconds for which one snapshot serves: many grants that end together are one moment."""
_COUNTS = ("Groups", "InstanceProfiles", "MFADevices", "MFADevicesInUse", "Policies", "Providers", "Roles", "Users")


Snapshot = dict[str, int | str]


class Trail(Protocol):
    """What was done in an account. Every verb may raise `aws.AwsError`."""

    def changes(self, user: str, since: datetime, until: datetime, token: str | None = None) -> Page:
        """One page of what changed IAM under a user's name.

        Args:
            token: Of the page before.
        """

    def snapshot(self) -> Snapshot:
        """How many users, groups, roles, policies and so on the account has, and a digest of who has what."""


class BotoTrail:
    """The same through boto3. The client is made when first needed: few accounts ever need it.

    Args:
        options: Of `aws.client`: session, endpoint, patience. One attempt each: who asks comes again by itself.
        iam: The account's own client, for its partition and its counts.
        whole: Reads the whole account, for the digest.
        emulated: The endpoint is not AWS's.
        clock: Seconds, monotonic.
        sleep: Waits that many seconds.
    """

    def __init__(
        self,
        options: dict[str, Any],
        iam: Any,
        whole: ReadsAccounts,
        *,
        emulated: bool,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._options, self._iam, self._whole, self._emulated = options, iam, whole, emulated
        self._clock, self._sleep = clock, sleep
        self._next = clock()
        self._client: Any = None
        self._kept: tuple[float, Snapshot] | None = None
        self._lock = threading.Lock()

    def changes(self, user: str, since: datetime, until: datetime, token: str | None = None) -> Page:
        """One page of what changed IAM under a user's name."""
        named = {"AttributeKey": "Username", "AttributeValue": user}
        following = {} if token is None else {"NextToken": token}
        window = {"StartTime": since, "EndTime": until, "MaxResults": _A_PAGE}
        client = self._made()
        try:
            answer = self._send(client, LOOKUP, {"LookupAttributes": [named], **window, **following})
        except aws.Retryable as problem:
            if self._emulated and "<!doctype html" in problem.message.lower():
                raise aws.NotOffered(LOOKUP, "NotImplemented", "this endpoint does not offer it") from problem
            raise
        with readable(LOOKUP):
            return trail.page(answer["Events"], answer.get("NextToken"))

    def snapshot(self) -> Snapshot:
        """How many of what the account has, and a digest of who has what."""
        if self._kept is not None and self._clock() - self._kept[0] < _FRESH:
            return self._kept[1]
        answer = self._send(self._iam, SUMMARY, {})
        with readable(SUMMARY):
            counts = answer["SummaryMap"]
            made: Snapshot = {name: int(counts[name]) for name in _COUNTS if name in counts}
        made["digest"] = found.digest(details.read(self._whole))
        self._kept = self._clock(), made
        return made

    def _send(self, client: Any, action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        with metrics.aws_call(action), aws.translated(action, emulated=self._emulated), readable(action):
            answer: dict[str, Any] = getattr(client, xform_name(action))(**parameters)
            return answer

    def _made(self) -> Any:
        """The client, once it may be used again."""
        with self._lock:  # sessions are not to be shared between threads
            if self._client is None:
                region = _REGIONS.get(str(self._iam.meta.partition))
                self._client = aws.client("cloudtrail", region=region, **{**self._options, "attempts": 1})
            owed = self._next - self._clock()
            self._next = max(self._next, self._clock()) + BETWEEN
        if owed > 0:
            self._sleep(owed)
        return self._client
