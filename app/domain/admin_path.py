"""Coming into a group under `/lab-admin/` and leaving the last one: boundary, path and membership (rule 26). Pure.

Whoever comes gets `LabAdminBoundary` and the path first; whoever goes gets `LabBoundary` back first and the path last.
Were administrators under `/lab/`, the first role could make itself a key of one: logins and keys have no condition key
for the boundary (`iam-facts.md`, Guardrails).
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Literal

from app.domain.guardrails import ADMIN_BOUNDARY_NAME, ADMIN_PATH, BOUNDARY_NAME, GOVERNANCE_PATH, USER_PATH
from app.domain.plans import Operation
from app.domain.sightings import SeenUser


def is_boundary(arn: str | None, name: str) -> bool:
    """Whether this is the account's boundary of that name."""
    return arn is not None and arn.endswith(f":policy{GOVERNANCE_PATH}{name}")


def twin(arn: str, name: str) -> str:
    """The ARN of the other boundary of the same account."""
    return f"{arn.rpartition('/')[0]}/{name}"


def is_below(arn: str, kind: Literal["user", "group", "policy"], path: str = ADMIN_PATH) -> bool:
    """Whether an ARN names something of that kind under a path."""
    return arn.split(":", 5)[-1].startswith(f"{kind}{path}")


def rise(user: SeenUser, boundary: str, *, emulated: bool) -> tuple[Operation, ...]:
    """What is missing before somebody may join an admin group.

    Args:
        boundary: ARN of the account's LabAdminBoundary.
        emulated: The endpoint is not AWS's. One that did not keep the first boundary keeps none (rule 28).
    """
    missing = []
    if user.boundary != boundary and not (emulated and user.boundary is None):
        missing.append(cap(user.name, boundary))
    if not is_below(user.arn, "user"):
        missing.append(_move(user.name, ADMIN_PATH))
    return tuple(missing)


def fall(
    user: SeenUser, leaving: str | None, admin_groups: AbstractSet[str]
) -> tuple[tuple[Operation, ...], tuple[Operation, ...]]:
    """What goes before, and what after, somebody leaves an admin group: nothing while they are in another one.

    Args:
        leaving: The group; None: they are in none any more.
        admin_groups: Names of all groups under `/lab-admin/`.
    """
    if any(g in admin_groups and g != leaving for g in user.groups):
        return (), ()
    boundary = user.boundary
    capped = boundary is not None and is_boundary(boundary, ADMIN_BOUNDARY_NAME)
    before = (cap(user.name, twin(boundary, BOUNDARY_NAME)),) if boundary and capped else ()
    after = (_move(user.name, USER_PATH),) if is_below(user.arn, "user") else ()
    return before, after


def cap(user: str, boundary: str) -> Operation:
    """Put a boundary on a user."""
    parameters = {"UserName": user, "PermissionsBoundary": boundary}
    which = "administrators'" if is_boundary(boundary, ADMIN_BOUNDARY_NAME) else "lab's"
    return Operation("iam", "PutUserPermissionsBoundary", parameters, f"put the {which} boundary on {user}")


def _move(user: str, path: str) -> Operation:
    return Operation("iam", "UpdateUser", {"UserName": user, "NewPath": path}, f"move {user} to {path}")


def concerns(operation: Operation, paths: Iterable[str | None]) -> bool:
    """Whether the second role carries out a call.

    Args:
        paths: Of the group the call names, or else of the user, as far as known.
    """
    parameters = operation.parameters
    if "NewPath" in parameters or is_boundary(parameters.get("PermissionsBoundary"), ADMIN_BOUNDARY_NAME):
        return True
    if "Path" in parameters:
        return bool(parameters["Path"] == ADMIN_PATH)
    if "GroupName" not in parameters and is_below(str(parameters.get("PolicyArn", "")), "policy"):
        return True
    return ADMIN_PATH in paths
