"""Attaching and detaching a group's managed policies, in an order in which nothing is missing in between. Pure."""

from collections.abc import Iterable, Sequence

from app.domain.plans import Operation

POLICIES_PER_GROUP = 10
"""IAM quota "Managed policies attached to an IAM group"; no emulator enforces it."""


def attach_and_detach(
    group: str, attached: Iterable[str], wanted: Sequence[str], unwanted: Sequence[str], guard: str | None
) -> tuple[Operation, ...]:
    """Attach before detaching, as long as AWS's quota leaves room; detach one where it does not.

    Args:
        attached: The ARNs that are there.
        wanted: Those to be attached.
        unwanted: Those to be detached.
        guard: What only forbids: attached first and detached last.
    """
    room = POLICIES_PER_GROUP - len(set(attached))
    leaving = sorted(unwanted, key=lambda arn: arn == guard)
    operations = []
    for arn in sorted(wanted, key=lambda arn: arn != guard):
        if room <= 0 and leaving:
            operations.append(detach(group, leaving.pop(0)))
            room += 1
        operations.append(attach(group, arn))
        room -= 1
    return (*operations, *(detach(group, arn) for arn in leaving))


def attach(group: str, arn: str) -> Operation:
    """Attach a managed policy to the group. Attaching twice is harmless."""
    return Operation(
        "iam", "AttachGroupPolicy", {"GroupName": group, "PolicyArn": arn}, f"attach {arn} to the group {group}"
    )


def detach(group: str, arn: str) -> Operation:
    """Detach a managed policy from the group."""
    return Operation(
        "iam", "DetachGroupPolicy", {"GroupName": group, "PolicyArn": arn}, f"detach {arn} from the group {group}"
    )
