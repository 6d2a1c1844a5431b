"""IAM as Gatehouse needs it: a port of a few typed verbs, and boto3 behind it."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol

from botocore import xform_name

from app import metrics
from app.clients import aws, belongings, roles
from app.domain.belongings import Belongings
from app.domain.plans import Operation
from app.domain.sightings import SeenGroup, SeenPolicy, SeenUser

_PAGES = 50
"""Pages read of one list at most: 50 of 100 is far over every quota used here."""
_MEMBERS_A_PAGE = 1000
"""The most that GetGroup takes as MaxItems (IAM API reference); a page may still be shorter."""
_KEPT_DOCUMENTS = 512

WRITES = frozenset(
    {
        "AddUserToGroup",
        "AttachGroupPolicy",
        "CreateAccessKey",
        "CreateGroup",
        "CreateLoginProfile",
        "CreatePolicy",
        "CreateUser",
        "DeactivateMFADevice",
        "DeleteAccessKey",
        "DeleteLoginProfile",
        "DeleteSSHPublicKey",
        "DeleteServiceSpecificCredential",
        "DeleteSigningCertificate",
        "DeleteUser",
        "DeleteUserPolicy",
        "DeleteVirtualMFADevice",
        "DetachGroupPolicy",
        "DetachUserPolicy",
        "PutUserPermissionsBoundary",
        "PutUserPolicy",
        "RemoveUserFromGroup",
        "UpdateAccessKey",
        "UpdateLoginProfile",
        "UpdateUser",
    }
)
"""Every call that changes something; a plan can name no other."""
PASSWORDS = frozenset({"CreateLoginProfile", "UpdateLoginProfile"})
"""The calls that take a secret: the password, which no operation holds."""
_MADE_ONCE = frozenset({"CreateAccessKey"})
"""Never tried again below us: each try makes another key (`iam-facts.md`, 4)."""
_KEPT = ("AccessKeyId", "SecretAccessKey")


class Iam(Protocol):
    """What reconcile and setup use. Every verb may raise `aws.AwsError`."""

    emulated: bool

    def account(self) -> tuple[str, str]:
        """The account's 12 digits and its partition."""

    def user(self, name: str, *, mfa: bool = False, belongings: bool = False) -> SeenUser | None:
        """The user with groups, boundary and tags; devices and belongings where asked for."""

    def group(self, name: str) -> SeenGroup | None:
        """The group with its attached and inline policies and the hashes of their documents."""

    def members(self, group: str) -> frozenset[str] | None:
        """The names of everyone in the group, None where IAM has no such group."""

    def policy(self, arn: str) -> SeenPolicy | None:
        """A managed policy with the hash of its default version."""

    def belongings(self, name: str) -> Belongings | None:
        """Everything the user has, None where IAM has no such user."""

    def shortest_password(self) -> int | None:
        """Characters that the account's password policy asks for at least, None where it has no policy."""

    def call(self, operation: Operation, secret: str | None = None) -> Mapping[str, str]:
        """Make one changing call. The operation's action is one of `WRITES`.

        Args:
            secret: The password, for those in `PASSWORDS`. It is in no error and no log.

        Returns:
            Of CreateAccessKey `AccessKeyId` and `SecretAccessKey`, of every other call nothing.
        """


@contextmanager
def _readable(action: str) -> Iterator[None]:
    """Nothing is concluded from an answer without what AWS promises; the next one may be whole again."""
    try:
        yield
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as problem:
        # Not the problem's own text, which could repeat what the answer held.
        raise aws.Retryable(action, "UnreadableAnswer", f"{type(problem).__name__} while reading it") from problem


@contextmanager
def _still_there() -> Iterator[None]:
    """What was there a call ago and is not now is being changed, or one of IAM's copies is behind: read again."""
    try:
        yield
    except aws.Gone as problem:
        raise aws.Retryable(problem.action, problem.code, problem.message) from problem


class BotoIam:
    """IAM through boto3.

    Args:
        pace: IAM writes a second; reads go at twice that. `auto`: paced on AWS, not on emulators; None: off.
        attempts: Tries of one call inside botocore.
        endpoint_url: Overrides `AWS_ENDPOINT_URL` (used by `--simulate`).
        read_timeout: Seconds to wait for an answer, each try.
        workers: How many processes share the pace now.
        role_arn: The role to work as; None: with the credentials that boto3 finds.
    """

    def __init__(
        self,
        *,
        pace: float | str | None = "auto",
        attempts: int = 3,
        endpoint_url: str | None = None,
        read_timeout: float = aws.READ_TIMEOUT,
        workers: Callable[[], int] = lambda: 1,
        role_arn: str | None = None,
    ) -> None:
        options: dict[str, Any] = {"endpoint_url": endpoint_url, "read_timeout": read_timeout}
        options["of"] = roles.session(role_arn, **options)
        self._client = aws.client("iam", attempts=attempts, **options)
        self._once = aws.client("iam", attempts=1, **options)
        self._sts = aws.client("sts", attempts=attempts, **options)
        self.emulated = not aws.is_aws(self._client.meta.endpoint_url)
        rate = (None if self.emulated else aws.WRITES_PER_SECOND) if isinstance(pace, str) else pace
        self._writes = aws.Pace(rate, workers=workers)
        self._reads = aws.Pace(None if rate is None else rate * 2, workers=workers)
        self._documents: OrderedDict[tuple[str, str], SeenPolicy] = OrderedDict()

    def keep_pace_with(self, other: "BotoIam") -> None:
        """Share the other's pace: both change one account."""
        self._writes, self._reads = other._writes, other._reads  # noqa: SLF001 - of this very class

    @_readable("GetCallerIdentity")
    def account(self) -> tuple[str, str]:
        """The account's 12 digits and its partition."""
        with metrics.aws_call("GetCallerIdentity"), aws.translated("GetCallerIdentity", emulated=self.emulated):
            return str(self._sts.get_caller_identity()["Account"]), str(self._client.meta.partition)

    @_readable("GetUser")
    def user(self, name: str, *, mfa: bool = False, belongings: bool = False) -> SeenUser | None:
        """The user, or None. GetUser shows boundary and tags, which ListUsers never does."""
        try:
            user = self._read("GetUser", UserName=name)["User"]
        except aws.Gone:
            return None
        with _still_there():
            groups = sorted({str(g["GroupName"]) for g in self._all("ListGroupsForUser", "Groups", UserName=name)})
            devices = list(self._all("ListMFADevices", "MFADevices", UserName=name)) if mfa else None
            return SeenUser(
                name=str(user["UserName"]),
                arn=str(user["Arn"]),
                groups=tuple(groups),
                boundary=user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
                tags={str(t["Key"]): str(t["Value"]) for t in user.get("Tags", [])},
                has_mfa=None if devices is None else bool(devices),
                belongings=self._belongings_of(name, groups).in_words() if belongings else (),
            )

    @_readable("ListAttachedGroupPolicies")
    def group(self, name: str) -> SeenGroup | None:
        """The group, or None."""
        try:
            attached = list(self._all("ListAttachedGroupPolicies", "AttachedPolicies", GroupName=name))
        except aws.Gone:
            return None
        with _still_there():
            inline = [str(n) for n in self._all("ListGroupPolicies", "PolicyNames", GroupName=name)]
            arns = [str(p["PolicyArn"]) for p in attached]
            policies = [self.policy(arn) or SeenPolicy(arn, None) for arn in arns]
            policies += [self._inline(name, policy) for policy in inline]
        return SeenGroup(name, tuple(sorted(policies, key=lambda p: p.name)))

    @_readable("GetGroup")
    def members(self, group: str) -> frozenset[str] | None:
        """The names of everyone in the group, or None: one call for each thousand members."""
        try:
            users = self._all("GetGroup", "Users", GroupName=group, MaxItems=_MEMBERS_A_PAGE)
            return frozenset(str(u["UserName"]) for u in users)
        except aws.Gone:
            return None

    @_readable("GetPolicy")
    def policy(self, arn: str) -> SeenPolicy | None:
        """The policy, or None. AWS's own documents are kept by ARN and version; ours could be made anew as v1."""
        try:
            version = str(self._read("GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"])
        except aws.Gone:
            return None
        kept = self._documents.get((arn, version))
        if kept is not None:
            return kept
        with _still_there():
            answer = self._read("GetPolicyVersion", PolicyArn=arn, VersionId=version)
        seen = belongings.seen("GetPolicyVersion", arn, answer["PolicyVersion"]["Document"])
        if ":iam::aws:policy/" in arn:
            self._documents[arn, version] = seen
            if len(self._documents) > _KEPT_DOCUMENTS:
                self._documents.popitem(last=False)
        return seen

    @_readable("ListGroupsForUser")
    def belongings(self, name: str) -> Belongings | None:
        """Everything the user has, None where IAM has no such user."""
        try:
            groups = sorted({str(g["GroupName"]) for g in self._all("ListGroupsForUser", "Groups", UserName=name)})
        except aws.Gone:
            return None
        with _still_there():
            return self._belongings_of(name, groups)

    @_readable("GetAccountPasswordPolicy")
    def shortest_password(self) -> int | None:
        """Characters that the account's password policy asks for at least, or None."""
        try:
            return int(self._read("GetAccountPasswordPolicy")["PasswordPolicy"]["MinimumPasswordLength"])
        except aws.Gone:
            return None

    def call(self, operation: Operation, secret: str | None = None) -> Mapping[str, str]:
        """Make one changing call."""
        action = operation.action
        if action not in WRITES:
            raise ValueError(f"a plan cannot call {action}")
        if (secret is not None) != (action in PASSWORDS) or "Password" in operation.parameters:
            raise ValueError(f"{action}: a password is given beside the operation, to those calls that take one")
        self._writes.wait()
        parameters = dict(operation.parameters) | ({} if secret is None else {"Password": secret})
        if secret is None and action not in _MADE_ONCE:
            self._send(action, parameters)
            return {}
        return self._send_secret(action, parameters, secret)

    def _send_secret(self, action: str, parameters: dict[str, Any], secret: str | None) -> Mapping[str, str]:
        """Make a call whose parameters or answer hold a secret.

        What it raises has neither the secret in its text nor what botocore raised behind it, which may hold the
        whole answer.
        """
        try:
            answer = self._send(action, parameters, self._once if action in _MADE_ONCE else self._client)
            with _readable(action):
                return {k: str(answer["AccessKey"][k]) for k in _KEPT} if action in _MADE_ONCE else {}
        except aws.AwsError as problem:
            text = problem.message.replace(secret, "***") if secret else problem.message
            clean = type(problem)(action, problem.code, text)
        raise clean

    def _inline(self, group: str, policy: str) -> SeenPolicy:
        answer = self._read("GetGroupPolicy", GroupName=group, PolicyName=policy)
        return belongings.seen("GetGroupPolicy", f"inline:{policy}", answer["PolicyDocument"])

    def _belongings_of(self, name: str, groups: list[str]) -> Belongings:
        return belongings.read(name, groups, self._read, self._all)

    def _all(self, action: str, key: str, **parameters: Any) -> Iterator[Any]:
        for page in self.pages(action, **parameters):
            yield from page[key]  # a list that is missing is not an empty one

    def pages(self, action: str, *, most: int = _PAGES, **parameters: Any) -> Iterator[dict[str, Any]]:
        """The answers to one list, until IAM says that there is no more."""
        marker: dict[str, str] = {}
        for _ in range(most):
            with _still_there() if marker else nullcontext():
                page = self._read(action, **parameters, **marker)
            yield page
            if not page.get("IsTruncated"):
                return
            marker = {"Marker": str(page["Marker"])}
        raise aws.NeedsPerson(action, "TooManyPages", f"more than {most} pages")

    def _read(self, action: str, **parameters: Any) -> dict[str, Any]:
        self._reads.wait()
        return self._send(action, parameters)

    def _send(self, action: str, parameters: dict[str, Any], client: Any = None) -> dict[str, Any]:
        with metrics.aws_call(action), aws.translated(action, emulated=self.emulated), _readable(action):
            answer: dict[str, Any] = getattr(client or self._client, xform_name(action))(**parameters)
            return answer
