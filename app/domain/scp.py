"""The service control policy: in the organization's accounts nobody but the governance roles changes IAM. Pure."""

from typing import Any

from app.domain.guardrails import GOVERNANCE_PATH

SCP_NAME = "GatehouseSCP"

_SELF_SERVICE = [
    "iam:ChangePassword",
    "iam:CreateAccessKey",
    "iam:DeactivateMFADevice",
    "iam:DeleteAccessKey",
    "iam:EnableMFADevice",
    "iam:ResyncMFADevice",
    "iam:UpdateAccessKey",
]
"""What people do to their own IAM user. Virtual MFA devices are resources of their own."""

_IAM_WRITES = [
    "iam:Accept*",
    "iam:Add*",
    "iam:Associate*",
    "iam:Attach*",
    "iam:Change*",
    "iam:Create*",
    "iam:Deactivate*",
    "iam:Delete*",
    "iam:Detach*",
    "iam:Disable*",
    "iam:Enable*",
    "iam:Put*",
    "iam:Reject*",
    "iam:Remove*",
    "iam:Reset*",
    "iam:Resync*",
    "iam:Send*",
    "iam:Set*",
    "iam:Tag*",
    "iam:Untag*",
    "iam:Update*",
    "iam:Upload*",
]


def scp(partition: str) -> dict[str, Any]:
    """Nobody but the governance roles changes IAM, whatever they are allowed; for an organization to attach.

    What people must do for themselves (password, MFA, own keys) stays open on themselves only. Attached beside
    `FullAWSAccess`, to accounts whose governance roles are there already.
    """
    # Roles and root have no user name, and a variable without a value may void the whole statement (IAM User Guide,
    # "IAM policy elements: Variables and tags"). Hence the default; nobody can be given that name under the SCP.
    name = "${aws:username, 'no-user-name'}"
    myself = [f"arn:{partition}:iam::*:user/{name}", f"arn:{partition}:iam::*:user/*/{name}"]
    not_governance = {"ArnNotLike": {"aws:PrincipalArn": f"arn:{partition}:iam::*:role{GOVERNANCE_PATH}*"}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "IamIsWrittenByTheGovernanceRoles",
                "Effect": "Deny",
                "Action": _IAM_WRITES,
                "NotResource": [*myself, f"arn:{partition}:iam::*:mfa/*"],
                "Condition": not_governance,
            },
            {
                "Sid": "OnOneselfOnlySelfService",
                "Effect": "Deny",
                "NotAction": ["iam:Generate*", "iam:Get*", "iam:List*", "iam:Simulate*", *_SELF_SERVICE],
                "Resource": myself,
            },
            {
                "Sid": "NobodyTakesTheAccountAway",
                "Effect": "Deny",
                "Action": "organizations:LeaveOrganization",
                "Resource": "*",
            },
        ],
    }
