"""Reading one of the lab's own managed policies whole, over any way of reading one call or one list."""

from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

from app.clients import belongings
from app.domain.lab_policies import LabPolicy, Version

_ATTACHED, _BOUNDARY = "PermissionsPolicy", "PermissionsBoundary"


def read(policy: dict[str, Any], one: Callable[..., dict[str, Any]], every: Callable[..., Iterator[Any]]) -> LabPolicy:
    """Read its document, its versions and what it is attached to: seven calls.

    Args:
        policy: What GetPolicy answered of it.
        one: Makes one reading call: its action and parameters.
        every: Reads a whole list: its action, the key of its members and parameters.

    Raises:
        AwsError: A call did not go well.
    """
    arn = str(policy["Arn"])
    document = one("GetPolicyVersion", PolicyArn=arn, VersionId=str(policy["DefaultVersionId"]))["PolicyVersion"]

    def entities(kind: str, usage: str) -> tuple[str, ...]:
        found = every(
            "ListEntitiesForPolicy", f"Policy{kind}s", PolicyArn=arn, EntityFilter=kind, PolicyUsageFilter=usage
        )
        return tuple(sorted(str(entity[f"{kind}Name"]) for entity in found))

    versions = [
        Version(str(v["VersionId"]), v["CreateDate"].astimezone(UTC), bool(v["IsDefaultVersion"]))
        for v in every("ListPolicyVersions", "Versions", PolicyArn=arn)
    ]
    return LabPolicy(
        policy=belongings.seen("GetPolicyVersion", arn, document["Document"]),
        description=str(policy.get("Description") or ""),
        versions=tuple(sorted(versions, key=lambda v: (v.created, int(v.id.lstrip("v"))))),
        groups=entities("Group", _ATTACHED),
        users=entities("User", _ATTACHED),
        roles=tuple(sorted({*entities("Role", _ATTACHED), *entities("Role", _BOUNDARY)})),
        bounds=entities("User", _BOUNDARY),
    )
