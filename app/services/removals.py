"""Taking users out of a group in IAM, and what IAM shows afterwards. No database is needed: ends go on without one."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass

from app.changes.base import remove_member
from app.clients import aws
from app.clients.iam import Iam
from app.domain import admin_path
from app.domain.plans import Operation


@dataclass(frozen=True)
class TakenOut:
    """What it came to.

    Attributes:
        before: Who of these was shown in the group.
        still_in: Who may still be in it, with the reason; None: their turn comes later.
    """

    before: frozenset[str]
    still_in: dict[str, aws.AwsError | None]


def take_out(
    iam: Iam,
    group: str,
    users: AbstractSet[str],
    *,
    unsettled: AbstractSet[str] = frozenset(),
    never_shown: AbstractSet[str] = frozenset(),
    is_over: Callable[[], bool] = lambda: False,
    admin_groups: AbstractSet[str] = frozenset(),
) -> TakenOut:
    """Take users out of a group: one paged reading before, one after. Never raises for what AWS says.

    Args:
        unsettled: Given a moment ago, so that a reading may be from before: they are taken out in any case.
        never_shown: IAM never showed them in the group.
        is_over: Asked before each call but the first; what is left then comes later.
        admin_groups: Names of the groups under `/lab-admin/`: whoever leaves the last of theirs gets back the boundary
            and the path of every lab user (rule 26). Not having that yet counts as still being in it.
    """
    failed: dict[str, aws.AwsError | None] = {}
    members: frozenset[str] = frozenset()
    try:
        members = _members(iam, group, users)
        of_admins = group in admin_groups
        leaving = sorted(users) if of_admins else sorted(users & (members | unsettled))
        for number, user in enumerate(leaving):
            if number and is_over():
                failed |= dict.fromkeys(leaving[number:])
                break
            try:
                if of_admins:
                    _take_out_admin(iam, user, group, admin_groups)
                else:
                    _offered(iam, remove_member(user, group))
            except aws.AwsError as why:
                # Refused, never shown and not shown now: the giving was refused before, so nothing is there.
                if not (isinstance(why, aws.NeedsPerson) and user in never_shown - members):
                    failed[user] = why
        left = _members(iam, group, users) if leaving else members
    except aws.AwsError as why:
        return TakenOut(members, dict.fromkeys(users, why))
    lasting = aws.Retryable("RemoveUserFromGroup", "NotShownYet", "IAM still shows the membership")
    # Where IAM cannot be believed yet, only a removal that was answered counts.
    unsure = (failed.keys() & (users if of_admins else unsettled)) - left
    return TakenOut(members, {user: failed.get(user, lasting) for user in (left & users) | unsure})


def _take_out_admin(iam: Iam, user: str, group: str, admin_groups: AbstractSet[str]) -> None:
    """The boundary first, the path last. That the membership goes does not depend on either."""
    seen = iam.user(user)
    if seen is None:
        return
    failed = None
    before, after = admin_path.fall(seen, group, admin_groups)
    for operation in (*before, remove_member(user, group), *after):
        try:
            _offered(iam, operation)
        except aws.AwsError as why:
            failed = failed or why
    if failed is not None:
        raise failed


def _offered(iam: Iam, operation: Operation) -> None:
    # NotOffered: an emulator without boundaries or paths (rule 28). Gone: somebody else was faster, as the reading
    # afterwards says.
    with suppress(aws.NotOffered, *((aws.Gone,) if operation.action == "RemoveUserFromGroup" else ())):
        iam.call(operation)


def _members(iam: Iam, group: str, users: Iterable[str]) -> frozenset[str]:
    """Who of these is in the group."""
    found = iam.members(group)
    if found is not None:
        return found.intersection(users)
    # The group is gone, or IAM only says so for a moment: then each user has to say it too.
    seen = {name: iam.user(name) for name in users}
    return frozenset(name for name, user in seen.items() if user is not None and group in user.groups)
