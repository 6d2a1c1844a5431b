"""The documents that keep an account safe whoever is in it: the boundary and the force-MFA policy. Pure.

Both ARN forms of a user appear in self-service statements because users live under a path
(IAM User Guide, "IAM: allows IAM users to self-manage", and `iam-facts.md`, "Managed policies").
"""

from typing import Any

BOUNDARY_NAME = "LabBoundary"
ADMIN_BOUNDARY_NAME = "LabAdminBoundary"
FORCE_MFA_NAME = "LabForceMFA"
GOVERNANCE_PATH = "/governance/"
USER_PATH = "/lab/"
ADMIN_PATH = "/lab-admin/"

_OWN_CREDENTIALS = [
    "iam:ChangePassword",
    "iam:CreateAccessKey",
    "iam:DeleteAccessKey",
    "iam:GetAccessKeyLastUsed",
    "iam:GetUser",
    "iam:ListAccessKeys",
    "iam:UpdateAccessKey",
]
_OWN_MFA = [
    "iam:CreateVirtualMFADevice",
    "iam:EnableMFADevice",
    "iam:ListMFADevices",
    "iam:ResyncMFADevice",
]
TRAIL_TAMPERING = [
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
]


def policy_arn(partition: str, account_id: str, name: str) -> str:
    """The ARN of one of our own policies."""
    return f"arn:{partition}:iam::{account_id}:policy{GOVERNANCE_PATH}{name}"


def aws_policy_arn(partition: str, name: str) -> str:
    """The ARN of one of AWS's own policies."""
    return f"arn:{partition}:iam::aws:policy/{name}"


def _self(partition: str, account_id: str) -> list[str]:
    iam = f"arn:{partition}:iam::{account_id}"
    return [
        f"{iam}:user/${{aws:username}}",
        f"{iam}:user/*/${{aws:username}}",
        f"{iam}:mfa/*",
    ]


def boundary(partition: str, account_id: str) -> dict[str, Any]:
    """The most that any lab user can ever do, whatever is attached to their groups.

    It allows the lab's services and self-service on one's own credentials, passes only `/lab/` roles and
    only to EC2, and denies the trail and the alarms. It says nothing of other IAM writes, which caps
    IAMFullAccess.
    """
    iam = f"arn:{partition}:iam::{account_id}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "LabServices",
                "Effect": "Allow",
                "Action": [
                    "autoscaling:*",
                    "cloudshell:*",
                    "cloudwatch:*",
                    "ec2:*",
                    "ec2-instance-connect:*",
                    "elasticloadbalancing:*",
                    "glacier:*",
                    "kms:Decrypt",
                    "kms:DescribeKey",
                    "kms:GenerateDataKey",
                    "logs:*",
                    "s3:*",
                    "s3-object-lambda:*",
                    "sns:*",
                    "ssm:*",
                    "iam:Get*",
                    "iam:List*",
                ],
                "Resource": "*",
            },
            {
                "Sid": "OwnCredentials",
                "Effect": "Allow",
                "Action": [*_OWN_CREDENTIALS, *_OWN_MFA, "iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice"],
                "Resource": _self(partition, account_id),
            },
            {
                "Sid": "PassLabRolesToEc2",
                "Effect": "Allow",
                "Action": "iam:PassRole",
                "Resource": f"{iam}:role/lab/*",
                "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
            },
            {
                "Sid": "KeepTheTrailAndTheAlarms",
                "Effect": "Deny",
                "Action": [
                    *TRAIL_TAMPERING,
                    "cloudwatch:DeleteAlarms",
                    "cloudwatch:DisableAlarmActions",
                    "logs:DeleteMetricFilter",
                ],
                "Resource": "*",
            },
        ],
    }


def force_mfa(partition: str, account_id: str) -> dict[str, Any]:
    """Nothing but signing in and setting up MFA until MFA is there.

    ChangePassword and GetAccountPasswordPolicy stay outside the deny because passwords are reset at first
    sign-in; deactivating a device never does. `BoolIfExists` also covers long-lived keys, where the
    condition key is absent.
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "SetUpMfa",
                "Effect": "Allow",
                "Action": ["iam:ChangePassword", "iam:GetUser", *_OWN_MFA],
                "Resource": _self(partition, account_id),
            },
            {
                "Sid": "SeeWhatIsNeeded",
                "Effect": "Allow",
                "Action": ["iam:GetAccountPasswordPolicy", "iam:ListVirtualMFADevices"],
                "Resource": "*",
            },
            {
                "Sid": "NothingElseWithoutMfa",
                "Effect": "Deny",
                "NotAction": [
                    "iam:ChangePassword",
                    "iam:CreateVirtualMFADevice",
                    "iam:EnableMFADevice",
                    "iam:GetAccountPasswordPolicy",
                    "iam:GetUser",
                    "iam:ListMFADevices",
                    "iam:ListVirtualMFADevices",
                    "iam:ResyncMFADevice",
                    "sts:GetSessionToken",
                ],
                "Resource": "*",
                "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
            },
        ],
    }
