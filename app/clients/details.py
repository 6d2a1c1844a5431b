"""A whole account in a call for each thousand things, and not one for each user (`iam-facts.md`, 6)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from app.clients import aws, belongings
from app.domain.found import FoundAccount, FoundGroup, FoundUser
from app.domain.guardrails import GOVERNANCE_PATH
from app.domain.sightings import SeenPolicy, SeenUser

ACTION = "GetAccountAuthorizationDetails"
KINDS = ("User", "Group", "LocalManagedPolicy")
"""What is asked for. Roles are nobody's access here, and AWS's own policies come with documents that are known."""
_A_PAGE = 1000
"""The most that it takes as MaxItems (IAM API reference); a page may still be much shorter."""
_PAGES = 1000


class ReadsAccounts(Protocol):
    """The part of IAM's port that reads a whole account. Every verb may raise `aws.AwsError`."""

    emulated: bool

    def account(self) -> tuple[str, str]:
        """The account's 12 digits and its partition."""

    def policy(self, arn: str) -> SeenPolicy | None:
        """A managed policy with the hash of its default version."""

    def pages(self, action: str, *, most: int, **parameters: Any) -> Iterator[Mapping[str, Any]]:
        """The answers to one list, until IAM says that there is no more.

        Args:
            most: Pages after which it cannot be right.
        """


def read(iam: ReadsAccounts) -> FoundAccount:
    """Read users, groups and the account's own policies.

    Raises:
        AwsError: A call did not go well, or answered what cannot be read.
    """
    users: dict[str, FoundUser] = {}
    groups: dict[str, FoundGroup] = {}
    own: dict[str, Any] = {}
    calls = 0
    try:
        for page in iam.pages(ACTION, most=_PAGES, MaxItems=_A_PAGE, Filter=list(KINDS)):
            calls += 1
            users |= {user.name: user for user in map(_user, page["UserDetailList"])}
            groups |= {group.name: group for group in map(_group, page["GroupDetailList"])}
            own |= {str(policy["Arn"]): policy for policy in page["Policies"]}
        used = {arn for group in groups.values() for arn in group.attached}
        used |= {arn for arn in own if f":policy{GOVERNANCE_PATH}" in arn}
        policies = {arn: _policy(arn, own[arn]) for arn in sorted(used & own.keys())}
    except (AttributeError, LookupError, TypeError, ValueError) as problem:
        # Not the problem's own text, which could repeat what the answer held.
        raise aws.Retryable(ACTION, "UnreadableAnswer", f"{type(problem).__name__} while reading it") from problem
    return FoundAccount(tuple(users.values()), tuple(groups.values()), policies, calls)


def _user(found: Mapping[str, Any]) -> FoundUser:
    return FoundUser(
        SeenUser(
            name=str(found["UserName"]),
            arn=str(found["Arn"]),
            groups=tuple(sorted({str(name) for name in found.get("GroupList", ())})),
            boundary=found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            tags={str(tag["Key"]): str(tag["Value"]) for tag in found.get("Tags", ())},
        ),
        tuple(sorted(str(policy["PolicyName"]) for policy in found.get("UserPolicyList", ()))),
        _arns(found),
    )


def _group(found: Mapping[str, Any]) -> FoundGroup:
    inline = [
        belongings.seen(ACTION, f"inline:{policy['PolicyName']}", policy["PolicyDocument"])
        for policy in found.get("GroupPolicyList", ())
    ]
    return FoundGroup(str(found["GroupName"]), str(found["Path"]), _arns(found), tuple(inline))


def _arns(found: Mapping[str, Any]) -> tuple[str, ...]:
    attached: Iterable[Mapping[str, Any]] = found.get("AttachedManagedPolicies", ())
    return tuple(sorted(str(policy["PolicyArn"]) for policy in attached))


def _policy(arn: str, found: Mapping[str, Any]) -> SeenPolicy:
    default = found["DefaultVersionId"]
    document = next(v["Document"] for v in found["PolicyVersionList"] if v["VersionId"] == default)
    return belongings.seen(ACTION, arn, document)
