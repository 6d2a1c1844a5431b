"""What those may do who change IAM: Gatehouse's two roles, and the boundary of administrators. Pure.

`setup` does not write these, a role cannot make itself; `gatehouse guardrails show` prints them. Which role carries out
which kind: `docs/security-model.md`.
"""

from collections.abc import Iterable
from typing import Any

from app.domain.guardrails import (
    ADMIN_BOUNDARY_NAME,
    ADMIN_PATH,
    BOUNDARY_NAME,
    GOVERNANCE_PATH,
    TRAIL_TAMPERING,
    USER_PATH,
    policy_arn,
)
from app.domain.monitoring import PREFIX, TOPIC

ROLE_NAME = "GatehouseRole"
ADMIN_ROLE_NAME = "GatehouseAdminRole"

Statement = dict[str, Any]

_READS = ["iam:Get*", "iam:List*"]

_USER_BELONGINGS = [
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:DeactivateMFADevice",
    "iam:DeleteAccessKey",
    "iam:DeleteLoginProfile",
    "iam:DeleteServiceSpecificCredential",
    "iam:DeleteSigningCertificate",
    "iam:DeleteSSHPublicKey",
    "iam:DeleteUser",
    "iam:DeleteUserPolicy",
    "iam:DetachUserPolicy",
    "iam:EnableMFADevice",
    "iam:TagUser",  # CreateUser with tags needs it
    "iam:UpdateAccessKey",
    "iam:UpdateLoginProfile",
]

_ROLES_AND_FEDERATION = [
    "iam:AddClientID*",
    "iam:AddRole*",
    "iam:AttachRolePolicy",
    "iam:Create*Provider",
    "iam:CreateInstanceProfile",
    "iam:CreateRole",
    "iam:CreateServiceLinkedRole",
    "iam:Delete*Provider",
    "iam:DeleteInstanceProfile",
    "iam:DeleteRole*",
    "iam:DetachRolePolicy",
    "iam:EnableOutboundWebIdentityFederation",
    "iam:PassRole",
    "iam:PutRole*",
    "iam:RemoveClientID*",
    "iam:RemoveRole*",
    "iam:Update*Provider*",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole*",
]


def role(partition: str, account_id: str, attachable: Iterable[str]) -> dict[str, Any]:
    """What the service's own role may do: read IAM, and write below `/lab/` within the boundary.

    Args:
        partition: `aws`, `aws-cn`, `aws-us-gov`.
        account_id: The account's 12 digits.
        attachable: ARNs of the policies that may be attached to `/lab/` groups, besides those under `/lab/`.
    """
    boundary = policy_arn(partition, account_id, BOUNDARY_NAME)
    own = _below(USER_PATH, [boundary], f"arn:{partition}:iam::{account_id}", attachable)
    whole_account = {
        "Sid": "PasswordPolicy",
        "Effect": "Allow",
        "Action": "iam:UpdateAccountPasswordPolicy",
        "Resource": "*",
    }
    return _document(*own, whole_account, *_watching(partition, account_id), *_never(partition, account_id))


def admin_role(partition: str, account_id: str, attachable: Iterable[str]) -> dict[str, Any]:
    """What the second role may do: the same below `/lab-admin/`, and lead a user from one boundary to the other.

    Logins and keys have no condition key for the boundary. Were administrators under `/lab/`, the first role could
    make itself a key of one; so whoever becomes one is moved, by this role (rule 26).
    """
    iam = f"arn:{partition}:iam::{account_id}"
    boundaries = [policy_arn(partition, account_id, n) for n in (ADMIN_BOUNDARY_NAME, BOUNDARY_NAME)]
    both = [f"{iam}:user{ADMIN_PATH}*", f"{iam}:user{USER_PATH}*"]
    return _document(
        *_below(ADMIN_PATH, boundaries, iam, attachable),
        {
            "Sid": "SetTheBoundaryOfWhoComesAndGoes",
            "Effect": "Allow",
            "Action": "iam:PutUserPermissionsBoundary",
            "Resource": f"{iam}:user{USER_PATH}*",
            "Condition": {"StringEquals": {"iam:PermissionsBoundary": boundaries}},
        },
        {"Sid": "MoveWhoComesAndGoes", "Effect": "Allow", "Action": "iam:UpdateUser", "Resource": both},
        *_never(partition, account_id),
    )


def admin_boundary(partition: str, account_id: str) -> dict[str, Any]:
    """The most that an administrator can do: everything but the governance path, the trail and boundaries (rule 26).

    Whom or what they make must carry a boundary as well, otherwise a role made in one call would be free of this one.
    """
    boundaries = [policy_arn(partition, account_id, n) for n in (ADMIN_BOUNDARY_NAME, BOUNDARY_NAME)]
    return _document(
        {"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"},
        _governance_is_read_only(partition, account_id),
        {
            "Sid": "GovernanceStaysAttached",
            "Effect": "Deny",
            "Action": "iam:DetachGroupPolicy",
            "Resource": "*",
            "Condition": {"ArnLike": {"iam:PolicyARN": policy_arn(partition, account_id, "*")}},
        },
        {
            "Sid": "BoundariesStay",
            "Effect": "Deny",
            "Action": [
                "iam:DeleteRolePermissionsBoundary",
                "iam:DeleteUserPermissionsBoundary",
                "iam:PutRolePermissionsBoundary",
                "iam:PutUserPermissionsBoundary",
            ],
            "Resource": "*",
        },
        {
            "Sid": "NobodyNewWithoutBoundary",
            "Effect": "Deny",
            "Action": ["iam:CreateRole", "iam:CreateUser"],
            "Resource": "*",
            "Condition": {"StringNotEquals": {"iam:PermissionsBoundary": boundaries}},
        },
        {"Sid": "KeepTheTrail", "Effect": "Deny", "Action": TRAIL_TAMPERING, "Resource": "*"},
    )


def _document(*statements: Statement) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _watching(partition: str, account_id: str) -> list[Statement]:
    """What `monitoring.enable` needs: metric filters on any log group, alarms and a topic of ours, in any Region."""
    place = f"*:{account_id}"
    return [
        {
            "Sid": "SeeWhatWatches",
            "Effect": "Allow",
            "Action": [
                "cloudtrail:DescribeTrails",
                "cloudtrail:LookupEvents",  # rule 30
                "cloudwatch:DescribeAlarms",
                "logs:DescribeLogGroups",
                "logs:DescribeMetricFilters",
                "sns:ListSubscriptionsByTopic",
            ],
            "Resource": "*",
        },
        {
            "Sid": "Watch",
            "Effect": "Allow",
            "Action": ["cloudwatch:PutMetricAlarm", "logs:PutMetricFilter", "sns:CreateTopic", "sns:Subscribe"],
            "Resource": [
                f"arn:{partition}:cloudwatch:{place}:alarm:{PREFIX}*",
                f"arn:{partition}:logs:{place}:log-group:*",
                f"arn:{partition}:sns:{place}:{TOPIC}",
            ],
        },
    ]


def _below(path: str, boundaries: list[str], iam: str, attachable: Iterable[str]) -> list[Statement]:
    users, groups, policies = (f"{iam}:{kind}{path}*" for kind in ("user", "group", "policy"))
    return [
        {
            "Sid": "ReadIam",
            "Effect": "Allow",
            "Action": [*_READS, "iam:GenerateCredentialReport"],
            "Resource": "*",
        },
        {
            "Sid": "OnlyWithTheBoundary",
            "Effect": "Allow",
            "Action": ["iam:CreateUser", "iam:PutUserPermissionsBoundary", "iam:PutUserPolicy"],
            "Resource": users,
            "Condition": {"StringEquals": {"iam:PermissionsBoundary": boundaries}},
        },
        {"Sid": "UsersAndTheirCredentials", "Effect": "Allow", "Action": _USER_BELONGINGS, "Resource": users},
        {
            "Sid": "VirtualMfaDevices",  # they carry no path of ours; one that is in use cannot be deleted
            "Effect": "Allow",
            "Action": ["iam:CreateVirtualMFADevice", "iam:DeleteVirtualMFADevice"],
            "Resource": f"{iam}:mfa/*",
        },
        {
            "Sid": "Groups",
            "Effect": "Allow",
            "Action": [
                "iam:AddUserToGroup",
                "iam:CreateGroup",
                "iam:DeleteGroup",
                "iam:DeleteGroupPolicy",
                "iam:DetachGroupPolicy",
                "iam:RemoveUserFromGroup",
            ],
            "Resource": groups,
        },
        {
            "Sid": "AttachFromTheList",
            "Effect": "Allow",
            "Action": "iam:AttachGroupPolicy",
            "Resource": groups,
            "Condition": {"ArnLike": {"iam:PolicyARN": sorted({policies, *attachable})}},
        },
        {
            "Sid": "Policies",
            "Effect": "Allow",
            "Action": [
                "iam:CreatePolicy",
                "iam:CreatePolicyVersion",
                "iam:DeletePolicy",
                "iam:DeletePolicyVersion",
            ],
            "Resource": policies,
        },
    ]


def _never(partition: str, account_id: str) -> list[Statement]:
    """Denied outright, so that a policy attached to the role later cannot open it either."""
    return [
        _governance_is_read_only(partition, account_id),
        {
            "Sid": "BoundariesStay",
            "Effect": "Deny",
            "Action": "iam:DeleteUserPermissionsBoundary",
            "Resource": "*",
        },
        {"Sid": "NoRolesNoFederation", "Effect": "Deny", "Action": _ROLES_AND_FEDERATION, "Resource": "*"},
    ]


def _governance_is_read_only(partition: str, account_id: str) -> Statement:
    """Each kind by name: IAM takes no wildcard for a resource's kind, `*/governance/*` would match nothing."""
    kinds = ("group", "instance-profile", "policy", "role", "user")
    return {
        "Sid": "GovernanceIsReadOnly",
        "Effect": "Deny",
        "NotAction": _READS,
        "Resource": [f"arn:{partition}:iam::{account_id}:{kind}{GOVERNANCE_PATH}*" for kind in kinds],
    }
