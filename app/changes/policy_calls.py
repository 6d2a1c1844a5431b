"""The calls that change one of the lab's own managed policies, in an order that works. Pure."""

from collections.abc import Mapping
from typing import Any

from app.changes.attaching import detach
from app.changes.policy_document import written
from app.domain.guardrails import USER_PATH
from app.domain.lab_policies import VERSIONS, LabPolicy
from app.domain.plans import Operation

Document = str | Mapping[str, Any]


def create(name: str, document: Document, description: str) -> Operation:
    """Make the policy."""
    parameters = {"PolicyName": name, "Path": USER_PATH, "PolicyDocument": written(document)}
    more = {"Description": description} if description else {}
    return Operation("iam", "CreatePolicy", {**parameters, **more}, f"make the policy {name}")


def new_version(lab: LabPolicy, document: Document) -> tuple[Operation, ...]:
    """Make a version that counts; before it drop the oldest that does not, where there is no room."""
    arn = lab.policy.name
    spare = lab.oldest_spare if len(lab.versions) >= VERSIONS else None
    parameters = {"PolicyArn": arn, "PolicyDocument": written(document), "SetAsDefault": True}
    version = Operation("iam", "CreatePolicyVersion", parameters, f"give {arn} this document")
    return (version,) if spare is None else (_drop(arn, spare), version)


def take_away(lab: LabPolicy, boundary: str | None) -> tuple[Operation, ...]:
    """Detach it everywhere, drop its other versions, delete it.

    Args:
        boundary: What users get in its place whose boundary it is: without one they could do more.
    """
    arn = lab.policy.name
    return (
        *(detach(group, arn) for group in lab.groups),
        *(
            Operation("iam", "DetachUserPolicy", {"UserName": user, "PolicyArn": arn}, f"detach {arn} from {user}")
            for user in lab.users
        ),
        *(
            Operation(
                "iam",
                "PutUserPermissionsBoundary",
                {"UserName": user, "PermissionsBoundary": boundary},
                f"give {user} the lab's boundary",
            )
            for user in lab.bounds
        ),
        *(_drop(arn, version.id) for version in lab.versions if not version.default),
        delete(arn),
    )


def delete(arn: str) -> Operation:
    """Delete it. AWS refuses where it is still attached."""
    return Operation("iam", "DeletePolicy", {"PolicyArn": arn}, f"delete the policy {arn}")


def _drop(arn: str, version: str) -> Operation:
    parameters = {"PolicyArn": arn, "VersionId": version}
    return Operation("iam", "DeletePolicyVersion", parameters, f"drop version {version} of {arn}")
