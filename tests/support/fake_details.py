"""What the fake answers to GetAccountAuthorizationDetails, as AWS writes it ("IAM API Reference", that action)."""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.support.fake_users import ACCOUNT, Account

LISTS = ("UserDetailList", "GroupDetailList", "Policies")


def pages(
    users: Mapping[str, Account], groups: Mapping[str, Mapping[str, str]], documents: Mapping[str, Any], *, size: int
) -> list[dict[str, Any]]:
    """Users, groups and policies share the pages, in this order."""
    things = [
        *((LISTS[0], _user(name, user)) for name, user in users.items()),
        *((LISTS[1], _group(name, policies)) for name, policies in groups.items()),
        *((LISTS[2], _policy(arn, text)) for arn, text in documents.items()),
    ]
    cut = [things[begin : begin + size] for begin in range(0, len(things), size)] or [[]]
    return [{name: [thing for kind, thing in part if kind == name] for name in LISTS} for part in cut]


def _user(name: str, user: Account) -> dict[str, Any]:
    found: dict[str, Any] = {
        "UserName": name,
        "Path": user.path,
        "Arn": f"arn:aws:iam::{ACCOUNT}:user{user.path}{name}",
        "GroupList": sorted(user.groups),
        "AttachedManagedPolicies": _attached(user.attached),
        "Tags": [{"Key": key, "Value": value} for key, value in user.tags.items()],
        "UserPolicyList": [{"PolicyName": own, "PolicyDocument": text} for own, text in user.inline.items()],
    }
    boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": user.boundary}
    return found if user.boundary is None else {**found, "PermissionsBoundary": boundary}


def _group(name: str, policies: Iterable[str]) -> dict[str, Any]:
    attached = _attached(arn for arn in policies if arn.startswith("arn:"))
    return {"GroupName": name, "Path": "/lab/", "AttachedManagedPolicies": attached, "GroupPolicyList": []}


def _policy(arn: str, document: Any) -> dict[str, Any]:
    versions = [{"VersionId": "v1", "Document": "{}"}, {"VersionId": "v2", "Document": document}]
    return {"Arn": arn, "DefaultVersionId": "v2", "PolicyVersionList": versions}


def _attached(arns: Iterable[str]) -> list[dict[str, str]]:
    return [{"PolicyArn": arn, "PolicyName": arn.rsplit("/", 1)[1]} for arn in sorted(arns)]
