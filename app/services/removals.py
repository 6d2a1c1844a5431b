"""Taking access away in IAM, and what IAM shows afterwards. No database is needed: ends go on without one.

What is taken together is in one place: users in a group, or a user's own policies.
"""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial

from app.changes.base import remove_member
from app.changes.policy_inline import delete_policy
from app.clients import aws
from app.clients.iam import Iam
from app.domain.access import user_of
from app.domain.plans import Operation


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
) -> TakenOut:
    """Take access away: one reading before, one after. Never raises for what AWS says.

    Args:
        place: A group, or a user's own policies (`app.domain.access`).
        names: Users of the group, or names of the user's policies.
        unsettled: Given a moment ago, so that a reading may be from before: they are taken out in any case.
        never_shown: IAM never showed them there.
        is_over: Asked before each call but the first; what is left then comes later.
    """
    failed: dict[str, aws.AwsError | None] = {}
    shown: frozenset[str] = frozenset()
    look, remove = _of(iam, place, names)
    try:
        shown = look()
        leaving = sorted(names & (shown | unsettled))
        for number, name in enumerate(leaving):
            if number and is_over():
                failed |= dict.fromkeys(leaving[number:])
                break
            try:
                iam.call(remove(name))
            except aws.Gone:
                pass  # somebody else was faster: the reading below says so
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
    unsure = (failed.keys() & unsettled) - left
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


def _members(iam: Iam, group: str, users: Iterable[str]) -> frozenset[str]:
    """Who of these is in the group."""
    found = iam.members(group)
    if found is not None:
        return found.intersection(users)
    # The group is gone, or IAM only says so for a moment: then each user has to say it too.
    seen = {name: iam.user(name) for name in users}
    return frozenset(name for name, user in seen.items() if user is not None and group in user.groups)
