"""IAM behind the port of `app.clients.port`, through boto3."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

from botocore import xform_name

from app import metrics
from app.clients import aws, belongings, managed, roles, secret_calls
from app.clients.answers import readable, still_there
from app.clients.monitoring import BotoMonitoring
from app.clients.port import WRITES, Iam
from app.clients.trail import BotoTrail, Trail
from app.domain.belongings import Belongings
from app.domain.devices import Device
from app.domain.inline import InlinePolicy
from app.domain.lab_policies import LabPolicy
from app.domain.monitoring import SeenMonitoring
from app.domain.password_policy import PasswordPolicy
from app.domain.plans import Operation
from app.domain.sightings import SeenGroup, SeenPolicy, SeenUser

__all__ = ["WRITES", "BotoIam", "Iam"]
_PAGES = 50
"""Pages read of one list at most: 50 of 100 is far over every quota used here."""
_A_PAGE = 1000
"""The most that MaxItems may be (IAM API reference, GetGroup, ListGroups); a page may still be shorter."""
_KEPT_DOCUMENTS = 512


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
        self._monitoring = BotoMonitoring({"attempts": attempts, **options}, emulated=self.emulated, reads=self._reads)
        self._trail = BotoTrail({"attempts": attempts, **options}, self._client, self, emulated=self.emulated)
        self._documents: OrderedDict[tuple[str, str], SeenPolicy] = OrderedDict()

    def keep_pace_with(self, other: "BotoIam") -> None:
        """Share the other's pace: both change one account."""
        self._writes, self._reads = other._writes, other._reads  # noqa: SLF001 - of this very class

    @readable("GetCallerIdentity")
    def account(self) -> tuple[str, str]:
        """The account's 12 digits and its partition."""
        with metrics.aws_call("GetCallerIdentity"), aws.translated("GetCallerIdentity", emulated=self.emulated):
            return str(self._sts.get_caller_identity()["Account"]), str(self._client.meta.partition)

    @readable("GetUser")
    def user(self, name: str, *, mfa: bool = False, belongings: bool = False) -> SeenUser | None:
        """The user, or None. GetUser shows boundary and tags, which ListUsers never does."""
        try:
            user = self._read("GetUser", UserName=name)["User"]
        except aws.Gone:
            return None
        with still_there():
            groups = sorted({str(g["GroupName"]) for g in self._all("ListGroupsForUser", "Groups", UserName=name)})
            return SeenUser(
                name=str(user["UserName"]),
                arn=str(user["Arn"]),
                groups=tuple(groups),
                boundary=user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
                tags={str(t["Key"]): str(t["Value"]) for t in user.get("Tags", [])},
                has_mfa=bool(list(self._all("ListMFADevices", "MFADevices", UserName=name))) if mfa else None,
                belongings=self._belongings_of(name, groups).in_words() if belongings else (),
            )

    @readable("ListAttachedGroupPolicies")
    def group(self, name: str) -> SeenGroup | None:
        """The group, or None."""
        try:
            attached = list(self._all("ListAttachedGroupPolicies", "AttachedPolicies", GroupName=name))
        except aws.Gone:
            return None
        with still_there():
            inline = [str(n) for n in self._all("ListGroupPolicies", "PolicyNames", GroupName=name)]
            arns = [str(p["PolicyArn"]) for p in attached]
            policies = [self.policy(arn) or SeenPolicy(arn, None) for arn in arns]
            policies += [self._inline(name, policy) for policy in inline]
        return SeenGroup(name, tuple(sorted(policies, key=lambda p: p.name)))

    @readable("GetGroup")
    def members(self, group: str) -> frozenset[str] | None:
        """The names of everyone in the group, or None: one call for each thousand members."""
        try:
            users = self._all("GetGroup", "Users", GroupName=group, MaxItems=_A_PAGE)
            return frozenset(str(u["UserName"]) for u in users)
        except aws.Gone:
            return None

    @readable("ListGroups")
    def group_names(self) -> frozenset[str]:
        """The names of every group of the account: one call for each thousand."""
        return frozenset(str(g["GroupName"]) for g in self._all("ListGroups", "Groups", MaxItems=_A_PAGE))

    @readable("GetPolicy")
    def policy(self, arn: str) -> SeenPolicy | None:
        """The policy, or None. AWS's own documents are kept by ARN and version; ours could be made anew as v1."""
        try:
            version = str(self._read("GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"])
        except aws.Gone:
            return None
        if (kept := self._documents.get((arn, version))) is not None:
            return kept
        with still_there():
            answer = self._read("GetPolicyVersion", PolicyArn=arn, VersionId=version)
        seen = belongings.seen("GetPolicyVersion", arn, answer["PolicyVersion"]["Document"])
        if ":iam::aws:policy/" in arn:
            self._documents[arn, version] = seen
            if len(self._documents) > _KEPT_DOCUMENTS:
                self._documents.popitem(last=False)
        return seen

    @readable("ListEntitiesForPolicy")
    def lab_policy(self, arn: str) -> LabPolicy | None:
        """A policy of the lab's own, or None."""
        try:
            policy = self._read("GetPolicy", PolicyArn=arn)["Policy"]
        except aws.Gone:
            return None
        with still_there():
            return managed.read(policy, self._read, self._all)

    @readable("ListGroupsForUser")
    def belongings(self, name: str) -> Belongings | None:
        """Everything the user has, None where IAM has no such user."""
        try:
            groups = sorted({str(g["GroupName"]) for g in self._all("ListGroupsForUser", "Groups", UserName=name)})
        except aws.Gone:
            return None
        with still_there():
            return self._belongings_of(name, groups)

    @readable("ListUserPolicies")
    def inline(self, name: str, *, documents: bool = True) -> tuple[InlinePolicy, ...] | None:
        """The user's inline policies, or None."""
        try:
            names = [str(p) for p in self._all("ListUserPolicies", "PolicyNames", UserName=name)]
        except aws.Gone:
            return None
        with still_there():
            return tuple(belongings.inline_policy(name, p, self._read) if documents else InlinePolicy(p) for p in names)

    @readable("GetAccountPasswordPolicy")
    def password_policy(self) -> PasswordPolicy | None:
        """The account's password policy, or None."""
        try:
            return PasswordPolicy.from_answer(self._read("GetAccountPasswordPolicy")["PasswordPolicy"])
        except aws.Gone:
            return None

    def monitoring(self, log_group: str) -> SeenMonitoring:
        """What watches the account, over the trail's log group."""
        return self._monitoring.seen(log_group, *self.account())

    def trail(self) -> Trail:
        """What was done in the account."""
        return self._trail

    @readable("ListMFADevices")
    def devices(self, name: str) -> tuple[Device, ...] | None:
        """The user's MFA devices, None where IAM has no such user."""
        try:
            return tuple(belongings.device(d) for d in self._all("ListMFADevices", "MFADevices", UserName=name))
        except aws.Gone:
            return None

    @readable("ListVirtualMFADevices")
    def spare_devices(self) -> frozenset[str]:
        """Serial numbers of the virtual MFA devices that nobody uses."""
        found = self._all("ListVirtualMFADevices", "VirtualMFADevices", AssignmentStatus="Unassigned")
        return frozenset(str(device["SerialNumber"]) for device in found if "User" not in device)

    @readable("GetAccessKeyLastUsed")
    def key_used(self, key_id: str) -> datetime | None:
        """When an access key was last used, or None."""
        try:
            used = self._read("GetAccessKeyLastUsed", AccessKeyId=key_id)["AccessKeyLastUsed"].get("LastUsedDate")
        except aws.Gone:
            return None
        return None if used is None else used.astimezone(UTC)

    def call(self, operation: Operation, secret: str | None = None) -> Mapping[str, str]:
        """Make one changing call."""
        action = operation.action
        if operation.service != "iam":
            return self._monitoring.call(operation)
        if action not in WRITES:
            raise ValueError(f"a plan cannot call {action}")
        parameters = secret_calls.parameters(operation, secret)
        self._writes.wait()
        if secret_calls.is_secret(action):
            return self._send_secret(action, parameters, secret)
        self._send(action, parameters)
        return {}

    def _send_secret(self, action: str, parameters: dict[str, Any], secret: str | None) -> Mapping[str, str]:
        """Make a call whose parameters or answer hold a secret.

        What it raises has neither the secret in its text nor what botocore raised behind it, which may hold the
        whole answer.
        """
        try:
            answer = self._send(action, parameters, self._once if action in secret_calls.MADE_ONCE else self._client)
            with readable(action):
                return secret_calls.kept(action, answer)
        except aws.AwsError as problem:
            clean = type(problem)(action, problem.code, secret_calls.without(problem.message, secret))
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
            with still_there() if marker else nullcontext():
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
        with metrics.aws_call(action), aws.translated(action, emulated=self.emulated), readable(action):
            answer: dict[str, Any] = getattr(client or self._client, xform_name(action))(**parameters)
            return answer
