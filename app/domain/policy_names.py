"""What a policy is called: by its ARN, by the name of one of the lab's own, or by the name of one of AWS's. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from app.domain.guardrails import (
    ADMIN_BOUNDARY_NAME,
    BOUNDARY_NAME,
    FORCE_MFA_NAME,
    GOVERNANCE_PATH,
    USER_PATH,
    aws_policy_arn,
)
from app.domain.names import NAME_PATTERN, key

_POLICY = r"^(arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/[!-~]{1,600}|[A-Za-z0-9_+=,.@-]{1,128})$"
PolicyRef = Annotated[str, Field(min_length=1, max_length=700, pattern=_POLICY)]
"""How a request names a policy of a group."""
PolicyName = Annotated[str, Field(min_length=1, max_length=128, pattern=NAME_PATTERN)]
"""The name of a policy of the lab's own ("IAM and AWS STS quotas": 128 characters)."""
GUARDRAILS = frozenset(key(n) for n in (BOUNDARY_NAME, ADMIN_BOUNDARY_NAME, FORCE_MFA_NAME))
"""Names that no policy of the lab's own may have, in any letters: IAM keeps one list of names for all paths."""


@dataclass(frozen=True)
class PolicyNames:
    """How names of policies are read in one account.

    Attributes:
        account_id: 12 digits; None before `gatehouse setup`.
        ours: The lab's own policies, each under the key of its name, as its name is written.
        used: The keys of names that groups use for AWS's policies.
    """

    partition: str = "aws"
    account_id: str | None = None
    ours: Mapping[str, str] = field(default_factory=dict)
    used: frozenset[str] = frozenset()

    def arn(self, policy: str) -> str:
        """The ARN of a policy that a group names: an ARN stays; a name is the lab's own where it has one, else AWS's.

        `policy.create` takes no name that a group uses for one of AWS's, so that what a name means does not change.
        """
        if policy.startswith("arn:"):
            return policy
        own = self.ours.get(key(policy))
        return aws_policy_arn(self.partition, policy) if own is None else self.lab_arn(own)

    def lab_arn(self, name: str) -> str:
        """The ARN of a policy of the lab's own."""
        return f"arn:{self.partition}:iam::{self.account_id or ''}:policy{USER_PATH}{name}"


def is_guardrail(policy: str) -> bool:
    """Whether an ARN or a name is one of Gatehouse's own policies, which only `gatehouse setup` writes."""
    return f":policy{GOVERNANCE_PATH}" in policy or key(policy) in GUARDRAILS
