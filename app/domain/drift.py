"""What a restored database says and IAM does not, or the other way round; each with what would mend it. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Remedy:
    """What somebody can do about it: in words, and as a call that is ready to be sent where there is one."""

    text: str
    method: str | None = None
    path: str | None = None
    body: dict[str, Any] | None = None


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        kind: A stable word: `membership_without_grant`, `grant_without_membership`, `policy_without_grant`,
            `grant_without_policy`, `policy_not_as_approved`, `approved_again`, `not_read`.
        severity: `high` or `medium`.
        subject: The user or the group it is about.
        evidence: Plain JSON values.
    """

    kind: str
    severity: str
    account: str
    subject: str
    remedy: Remedy
    evidence: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For the database."""
        return asdict(self)


def of_group(
    account: str,
    group: str,
    members: frozenset[str],
    *,
    known: Collection[str],
    live: Mapping[str, str],
    given: Mapping[str, str],
) -> Iterable[Finding]:
    """Compare one group's members with its grants.

    Args:
        members: Users whom IAM has in the group.
        known: Those of them whom Gatehouse knows.
        live: Ids of the grants that are not over, by user: being given, given, or being taken away.
        given: The part of them that stands for a membership now.
    """
    for user in sorted(members - live.keys()):
        remedy = _leave(account, group, user) if user in known else _UNKNOWN
        yield Finding("membership_without_grant", "high", account, user, remedy, {"group": group})
    for user in sorted(given.keys() - members):
        evidence = {"group": group, "grant_id": given[user]}
        remedy = _end(given[user], "not in the group after a restored backup")
        yield Finding("grant_without_membership", "medium", account, user, remedy, evidence)


def of_user(
    account: str, user: str, shown: Mapping[str, str | None], *, live: Mapping[str, str], given: Mapping[str, str]
) -> Iterable[Finding]:
    """Compare one user's inline policies with their grants of such.

    Args:
        shown: The hashes of what IAM has, by name; what suspends people is left out.
        live: Ids of the grants that are not over, by name.
        given: The hashes of what those give that stand for a policy now, by name.
    """
    for name in sorted(shown.keys() - live.keys()):
        yield Finding("policy_without_grant", "high", account, user, _UNASKED, {"policy": name})
    for name in sorted(given):
        evidence = {"policy": name, "grant_id": live[name]}
        if name not in shown:
            remedy = _end(live[name], "no such policy after a restored backup")
            yield Finding("grant_without_policy", "medium", account, user, remedy, evidence)
        elif shown[name] != given[name]:
            remedy = _end(live[name], "another policy of that name after a restored backup")
            yield Finding("policy_not_as_approved", "high", account, user, remedy, evidence)


def _end(grant_id: str, reason: str) -> Remedy:
    text = "End the grant: most likely it ended after the backup was taken. Nothing is given again by itself."
    return Remedy(text, "POST", f"/v1/grants/{grant_id}/revoke", {"reason": reason})


def _leave(account: str, group: str, user: str) -> Remedy:
    wish = {
        "kind": "group.leave",
        "user": user,
        "account": account,
        "change": {"group": group},
        "reason": "in the group without a grant after a restored backup",
    }
    text = "Take the access away; or keep it, and ask for group.join anew so that it has an end."
    return Remedy(text, "POST", "/v1/access-requests", wish)


_UNKNOWN = Remedy(
    "Gatehouse has no user of this name: register them again under it, or take them out of the group in AWS by hand."
)


_UNASKED = Remedy(
    "Delete the policy in AWS by hand; or keep it, and ask for policy.inline with the same name and document,"
    " so that it has an end."
)


def approved_again(account: str, user: str, request_id: str, kind: str) -> Finding:
    """A request that the backup has as approved: it may have been carried out, and ended, once already."""
    text = "It will be carried out once the restoration is confirmed. Cancel it if that was done before."
    remedy = Remedy(text, "POST", f"/v1/access-requests/{request_id}/cancel")
    return Finding("approved_again", "medium", account, user, remedy, {"access_request_id": request_id, "kind": kind})


def not_read(account: str, subject: str, why: str) -> Finding:
    """A part of the account that could not be compared."""
    text = "Make AWS reachable for Gatehouse; this is looked at again by itself. Or compare it by hand."
    return Finding("not_read", "high", account, subject, Remedy(text), {"problem": why})
