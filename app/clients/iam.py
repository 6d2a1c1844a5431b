"""IAM as Gatehouse needs it: a port of a few typed verbs, and boto3 behind it."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Protocol

from botocore import xform_name

from app.clients import aws
from app.domain import documents
from app.domain.plans import Operation
from app.domain.sightings import SeenGroup, SeenPolicy, SeenUser

_PAGES = 50
"""Pages read of one list at most: 50 of 100 is far over every quota used here."""
_KEPT_DOCUMENTS = 512

WRITES = frozenset(
    {
        "AddUserToGroup",
        "AttachGroupPolicy",
        "CreateGroup",
        "CreatePolicy",
        "CreateUser",
        "DeleteUser",
        "PutUserPermissionsBoundary",
        "RemoveUserFromGroup",
    }
)
"""Every call that changes something; a plan can name no other."""


class Iam(Protocol):
    """What reconcile and setup use. Every verb may raise `aws.AwsError`."""

    emulated: bool

    def account(self) -> tuple[str, str]:
        """The account's 12 digits and its partition."""

    def user(self, name: str, *, mfa: bool = False, belongings: bool = False) -> SeenUser | None:
        """The user with groups, boundary and tags; devices and belongings where asked for."""

    def group(self, name: str) -> SeenGroup | None:
        """The group with its attached and inline policies and the hashes of their documents."""

    def policy(self, arn: str) -> SeenPolicy | None:
        """A managed policy with the hash of its default version."""

    def call(self, operation: Operation) -> None:
        """Make one changing call. The operation's action is one of `WRITES`."""


class BotoIam:
    """IAM through boto3.

    Args:
        pace: IAM writes a second; reads go at twice that. `auto`: paced on AWS, not on emulators; None: off.
        attempts: Tries of one call inside botocore.
        endpoint_url: Overrides `AWS_ENDPOINT_URL` (used by `--simulate`).
    """

    def __init__(
        self, *, pace: float | str | None = "auto", attempts: int = 3, endpoint_url: str | None = None
    ) -> None:
        self._client = aws.client("iam", attempts=attempts, endpoint_url=endpoint_url)
        self._sts = aws.client("sts", attempts=attempts, endpoint_url=endpoint_url)
        self.emulated = not aws.is_aws(self._client.meta.endpoint_url)
        rate = (None if self.emulated else aws.WRITES_PER_SECOND) if isinstance(pace, str) else pace
        self._writes = aws.Pace(rate)
        self._reads = aws.Pace(None if rate is None else rate * 2)
        self._documents: OrderedDict[tuple[str, str], SeenPolicy] = OrderedDict()

    def account(self) -> tuple[str, str]:
        """The account's 12 digits and its partition."""
        with aws.translated("GetCallerIdentity", emulated=self.emulated):
            return str(self._sts.get_caller_identity()["Account"]), str(self._client.meta.partition)

    def user(self, name: str, *, mfa: bool = False, belongings: bool = False) -> SeenUser | None:
        """The user, or None. GetUser shows boundary and tags, which ListUsers never does."""
        try:
            user = self._read("GetUser", UserName=name)["User"]
            groups = [g["GroupName"] for g in self._all("ListGroupsForUser", "Groups", UserName=name)]
            devices = list(self._all("ListMFADevices", "MFADevices", UserName=name)) if mfa else None
            return SeenUser(
                name=str(user["UserName"]),
                arn=str(user["Arn"]),
                groups=tuple(sorted(groups)),
                boundary=user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
                tags={str(t["Key"]): str(t["Value"]) for t in user.get("Tags", [])},
                has_mfa=None if devices is None else bool(devices),
                belongings=self._belongings(name, groups) if belongings else (),
            )
        except aws.Gone:
            return None

    def group(self, name: str) -> SeenGroup | None:
        """The group, or None."""
        try:
            arns = [
                str(p["PolicyArn"]) for p in self._all("ListAttachedGroupPolicies", "AttachedPolicies", GroupName=name)
            ]
            inline = [str(n) for n in self._all("ListGroupPolicies", "PolicyNames", GroupName=name)]
            attached = [self.policy(arn) or SeenPolicy(arn, None) for arn in arns]
            own = [self._inline(name, policy) for policy in inline]
        except aws.Gone:
            return None
        return SeenGroup(name, tuple(sorted((*attached, *own), key=lambda p: p.name)))

    def policy(self, arn: str) -> SeenPolicy | None:
        """The policy, or None. AWS's own documents are kept by ARN and version; ours could be made anew as v1."""
        try:
            version = str(self._read("GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"])
            kept = self._documents.get((arn, version))
            if kept is not None:
                return kept
            answer = self._read("GetPolicyVersion", PolicyArn=arn, VersionId=version)
        except aws.Gone:
            return None
        seen = _seen("GetPolicyVersion", arn, answer["PolicyVersion"]["Document"])
        if ":iam::aws:policy/" in arn:
            self._documents[arn, version] = seen
            if len(self._documents) > _KEPT_DOCUMENTS:
                self._documents.popitem(last=False)
        return seen

    def call(self, operation: Operation) -> None:
        """Make one changing call."""
        if operation.action not in WRITES:
            raise ValueError(f"a plan cannot call {operation.action}")
        self._writes.wait()
        self._send(operation.action, dict(operation.parameters))

    def _inline(self, group: str, policy: str) -> SeenPolicy:
        answer = self._read("GetGroupPolicy", GroupName=group, PolicyName=policy)
        return _seen("GetGroupPolicy", f"inline:{policy}", answer["PolicyDocument"])

    def _belongings(self, name: str, groups: list[str]) -> tuple[str, ...]:
        found = [f"group {g}" for g in groups]
        for action, key, word in (
            ("ListAccessKeys", "AccessKeyMetadata", "access key"),
            ("ListUserPolicies", "PolicyNames", "inline policy"),
            ("ListAttachedUserPolicies", "AttachedPolicies", "attached policy"),
            ("ListMFADevices", "MFADevices", "MFA device"),
        ):
            found += [word for _ in self._all(action, key, UserName=name)]
        try:
            self._read("GetLoginProfile", UserName=name)
            found.append("login profile")
        except aws.Gone:
            pass  # most users have none: that is the answer, not an error
        return tuple(found)

    def _all(self, action: str, key: str, **parameters: str) -> Iterator[Any]:
        marker: dict[str, str] = {}
        for _ in range(_PAGES):
            page = self._read(action, **parameters, **marker)
            yield from page.get(key, ())
            if not page.get("IsTruncated"):
                return
            marker = {"Marker": str(page["Marker"])}
        raise aws.NeedsPerson(action, "TooManyPages", f"more than {_PAGES} pages")

    def _read(self, action: str, **parameters: str) -> dict[str, Any]:
        self._reads.wait()
        return self._send(action, parameters)

    def _send(self, action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        with aws.translated(action, emulated=self.emulated):
            answer: dict[str, Any] = getattr(self._client, xform_name(action))(**parameters)
            return answer


def _seen(action: str, name: str, document: Any) -> SeenPolicy:
    try:
        content = documents.read(document)
    except ValueError as problem:
        raise aws.NeedsPerson(action, "UnreadableDocument", f"{name} holds no JSON object") from problem
    return SeenPolicy(name, documents.fingerprint(content), documents.has_deny(content))
