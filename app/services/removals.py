"""Taking access away in IAM, and what IAM shows afterwards. No database is needed: ends go on without one.

What is taken together is in one place: users in a group, or a user's own policies.
"""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from app.changes.base import remove_member
from app.changes.policy_inline import delete_policy
from app.clients import aws
from app.clients.iam import Iam
from app.domain import admin_path
from app.domain.access import user_of
from app.domain.plans import Operation

_GONE_IS_DONE = frozenset({"RemoveUserFromGroup", "DeleteUserPolicy"})


@dataclass(frozen=True)
class TakenOut:
    """What it came to.

    Attributes:
        before: What of these was shown there.
        still_in: What may still be there, with the reason; None: its turn comes later.
    """

    before: frozenset[str]
    still_in: dict[str, aws.AwsError | None]


def take_out(
    iam: Iam,
    place: str,
    names: AbstractSet[str],
    *,
    unsettled: AbstractSet[str] = frozenset(),
    never_shown: AbstractSet[str] = frozenset(),
    is_over: Callable[[], bool] = lambda: False,
    admin_groups: AbstractSet[str] = frozenset(),
) -> TakenOut:
    """Take access away: one reading before, one after. Never raises for what AWS says.

    Args:
        place: A group, or a user's own policies (`app.domain.access`).
        names: Users of the group, or names of the user's policies.
        unsettled: Given a moment ago, so that a reading may be from before: they are taken out in any case.
        never_shown: IAM never showed them there.
        is_over: Asked before each call but the first; what is left then comes later.
        admin_groups: Names of the groups under `/lab-admin/`: whoever leaves the last of theirs gets back the boundary
            and the path of every lab user (rule 26). Not having that yet counts as still being in it.
    """
    failed: dict[str, aws.AwsError | None] = {}
    shown: frozenset[str] = frozenset()
    look, remove = _of(iam, place, names)
    try:
        shown = look()
        of_admins = place in admin_groups
        leaving = sorted(names) if of_admins else sorted(names & (shown | unsettled))
        for number, name in enumerate(leaving):
            if number and is_over():
                failed |= dict.fromkeys(leaving[number:])
                break
            try:
                if of_admins:
                    _take_out_admin(iam, name, place, admin_groups)
                else:
                    _offered(iam, remove(name))
            except aws.AwsError as why:
                # Refused, never shown and not shown now: the giving was refused before, so nothing is there.
                if not (isinstance(why, aws.NeedsPerson) and name in never_shown - shown):
                    failed[name] = why
        left = look() if leaving else shown
    except aws.AwsError as why:
        return TakenOut(shown, dict.fromkeys(names, why))
    action = remove(place).action
    lasting = aws.Retryable(action, "NotShownYet", "IAM still shows what was taken away")
    # Where IAM cannot be believed yet, only a removal that was answered counts.
    unsure = (failed.keys() & (names if of_admins else unsettled)) - left
    return TakenOut(shown, {name: failed.get(name, lasting) for name in (left & names) | unsure})


def _of(
    iam: Iam, place: str, names: AbstractSet[str]
) -> tuple[Callable[[], frozenset[str]], Callable[[str], Operation]]:
    """How to see what of these is there, and how to take one away."""
    user = user_of(place)
    if user is None:
        return partial(_members, iam, place, names), lambda name: remove_member(name, place)
    return lambda: policies_of(iam, user) & names, partial(delete_policy, user)


def policies_of(iam: Iam, user: str) -> frozenset[str]:
    """The names of a user's inline policies; none where IAM has no such user.

    Raises:
        Retryable: The user is there and is not.
    """
    found = iam.inline(user, documents=False)
    if found is None and iam.user(user) is not None:
        raise aws.Retryable("ListUserPolicies", "NotShownYet", "the user was not there a call ago")
    return frozenset(policy.name for policy in found or ())


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
    with suppress(aws.NotOffered, *((aws.Gone,) if operation.action in _GONE_IS_DONE else ())):
        iam.call(operation)


def _members(iam: Iam, group: str, users: Iterable[str]) -> frozenset[str]:
    """Who of these is in the group."""
    found = iam.members(group)
    if found is not None:
        return found.intersection(users)
    # The group is gone, or IAM only says so for a moment: then each user has to say it too.
    seen = {name: iam.user(name) for name in users}
    return frozenset(name for name, user in seen.items() if user is not None and group in user.groups)
