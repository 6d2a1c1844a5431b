"""The documents that are decided: ours for an account that does not exist, and AWS's own as moto carries them."""

import json
from functools import cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data

from app.domain import guardrail_documents, guardrails
from app.services import catalogue

PARTITION, ACCOUNT = "aws", "123456789012"
IAM = f"arn:{PARTITION}:iam::{ACCOUNT}"
AWS = f"arn:{PARTITION}:iam::aws:policy"

Document = dict[str, Any]

FULL_ACCESS = "FullAWSAccess"
"""The SCP that AWS attaches everywhere; without it nothing is allowed (Organizations User Guide, "SCP evaluation")."""
KEY_POLICY = "a key's policy"
"""What a new key says by itself: the account's own policies decide (KMS Developer Guide, "Default key policy")."""
ELSEWHERE: dict[str, Document] = {
    FULL_ACCESS: {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
    KEY_POLICY: {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"{IAM}:root"}, "Action": "kms:*", "Resource": "*"},
        ],
    },
}


@cache
def groups() -> dict[str, tuple[str, ...]]:
    """The policies of each group of the catalogue, force-MFA included, by name."""
    return {
        g.name: (*g.policies, guardrails.FORCE_MFA_NAME) if g.rule.requires_mfa else g.policies
        for g in catalogue.read(None).group
    }


@cache
def ours() -> dict[str, Document]:
    """The documents under test, by name."""
    return guardrail_documents.every(PARTITION, ACCOUNT, catalogue.read(None))


@cache
def aws_managed() -> dict[str, Document]:
    """AWS's own documents of the catalogue's groups."""
    known = json.loads(aws_managed_policies_data)
    wanted = {p for policies in groups().values() for p in policies} - set(ours())
    return {name: known[name]["Document"] for name in sorted(wanted)}
