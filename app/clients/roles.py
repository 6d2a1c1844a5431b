"""Working as a role: short-lived credentials that are fetched again before they end."""

from collections.abc import Mapping
from typing import Any

import boto3
import botocore.session
from botocore.credentials import CredentialProvider, DeferredRefreshableCredentials
from typing_extensions import override

from app import metrics
from app.clients import aws

SESSION_NAME = "gatehouse"
"""Shown in CloudTrail beside the role."""
SECONDS = 3600
"""The longest that every role allows without being told so (IAM User Guide, "maximum session duration")."""
_KEPT = ("AccessKeyId", "SecretAccessKey", "SessionToken")


def session(role_arn: str | None, *, endpoint_url: str | None = None, read_timeout: float) -> boto3.Session:
    """A session with a role's credentials, which are fetched when first needed; without a role with our own.

    Args:
        role_arn: Which role; None: whatever boto3 finds.
        endpoint_url: Overrides `AWS_ENDPOINT_URL`.
        read_timeout: Seconds to wait for an answer, each try.

    Raises:
        NeedsPerson: The AWS configuration (profile, region) cannot be used.
    """
    base = aws.session()
    if role_arn is None:
        return base
    options: dict[str, Any] = {"endpoint_url": endpoint_url, "read_timeout": read_timeout}
    provider = _Assumed(aws.client("sts", attempts=3, of=base, **options), role_arn)
    with aws.translated("make a session", emulated=False):
        of_role = botocore.session.Session()
        of_role.get_component("credential_provider").providers.insert(0, provider)
        return boto3.Session(botocore_session=of_role, region_name=base.region_name or "us-east-1")


class _Assumed(CredentialProvider):
    """Asks STS for them. botocore calls this before any other provider."""

    METHOD = "assume-role"

    def __init__(self, sts: Any, role_arn: str) -> None:
        super().__init__()
        self._sts, self._role_arn = sts, role_arn

    @override
    def load(self) -> DeferredRefreshableCredentials:
        """Credentials that are fetched when first needed, and again shortly before they end."""
        return DeferredRefreshableCredentials(self._fetch, self.METHOD)

    def _fetch(self) -> Mapping[str, str]:
        with metrics.aws_call("AssumeRole"):
            # What botocore raises goes through the call that needed them, which translates it.
            answer = self._sts.assume_role(
                RoleArn=self._role_arn, RoleSessionName=SESSION_NAME, DurationSeconds=SECONDS
            )["Credentials"]
        access_key, secret_key, token = (str(answer[k]) for k in _KEPT)
        expiry_time = answer["Expiration"].isoformat()
        return {"access_key": access_key, "secret_key": secret_key, "token": token, "expiry_time": expiry_time}
