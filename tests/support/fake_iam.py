"""An IAM in memory behind the port of `app.clients.iam`: it keeps state, refuses as AWS does, fails on order.

It refuses what AWS's documents say is refused ("IAM API Reference", each action's Errors; "IAM and AWS STS
quotas"), and `tests/test_iam_port*.py` hold it to that next to the emulators.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from app.clients import aws, details, secret_calls
from app.clients.iam import WRITES
from app.clients.monitoring import WRITES as MONITORING_WRITES
from app.domain import governance, guardrails
from app.domain.belongings import Belongings
from app.domain.devices import Device
from app.domain.inline import InlinePolicy
from app.domain.lab_policies import LabPolicy
from app.domain.monitoring import SeenMonitoring
from app.domain.password_policy import PasswordPolicy
from app.domain.plans import Operation
from app.domain.sightings import SeenGroup, SeenPolicy, SeenUser
from tests.support import fake_checks as checks
from tests.support import fake_details
from tests.support.fake_monitoring import Monitors
from tests.support.fake_policies import DOCUMENT, Policies
from tests.support.fake_trail import FakeTrail
from tests.support.fake_users import ACCOUNT, ADMIN_BOUNDARY_ARN, BOUNDARY_ARN, Account, inline_policies

__all__ = ["ACCOUNT", "ADMIN_BOUNDARY_ARN", "BOUNDARY_ARN", "DOCUMENT", "Account", "Died", "FakeIam", "Fault"]
AWS_MANAGED = {
    "AdministratorAccess": ("*",),
    "AmazonEC2FullAccess": ("ec2:*", "elasticloadbalancing:*", "cloudwatch:*", "autoscaling:*"),
    "AmazonGlacierFullAccess": ("glacier:*",),
    "AmazonS3FullAccess": ("s3:*", "s3-object-lambda:*"),
    "AmazonS3ReadOnlyAccess": ("s3:Get*", "s3:List*", "s3:Describe*"),
    "AWSCloudShellFullAccess": ("cloudshell:*",),
    "IAMFullAccess": ("iam:*",),
    "IAMReadOnlyAccess": ("iam:Get*", "iam:List*"),
    "IAMUserChangePassword": ("iam:ChangePassword", "iam:GetAccountPasswordPolicy"),
}
"""The policies of AWS's own that the lab's groups use, with what they allow on everything."""
USERS, GROUPS, GROUPS_PER_USER, POLICIES_PER_GROUP = 5000, 300, 10, 10


class Fault(Enum):
    """What goes wrong with one call."""

    NONE = "none"
    BUSY = "busy"
    REFUSED = "refused"
    DROPPED = "dropped"
    """The change is made and the answer is lost."""
    LOST = "lost"
    """The answer says done, and IAM does not show it."""
    CRASH = "crash"
    """The process dies before the call."""
    CRASH_AFTER = "crash_after"
    """The process dies behind the call."""


class Died(BaseException):
    """What kill -9 looks like from inside: nothing catches it."""


class FakeIam(Policies, Monitors):
    """IAM with state.

    Attributes:
        documents: Of inline policies, by hash.
        denying: Names of policies whose documents deny.
        faults: What the next changing calls run into, one each; empty: nothing.
        read_faults: The same for the reading ones.
        during: Called once inside the next call, as if somebody came in meanwhile.
        calls: Every changing call that was made, by action.
        page_size: Things in one page of GetAccountAuthorizationDetails; a page may be shorter.
        calls_of_details: How many of these pages were asked for.
    """

    def __init__(self, *, emulated: bool = False) -> None:
        super().__init__()
        self.emulated = emulated
        boundary = guardrails.boundary("aws", ACCOUNT)
        self.policies[BOUNDARY_ARN] = SeenPolicy(BOUNDARY_ARN, "boundary-v1", has_deny=True, document=boundary)
        cap = governance.admin_boundary("aws", ACCOUNT)
        self.policies[ADMIN_BOUNDARY_ARN] = SeenPolicy(
            ADMIN_BOUNDARY_ARN, "admin-boundary-v1", has_deny=True, document=cap
        )
        for name, actions in AWS_MANAGED.items():
            statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
            document = {"Version": "2012-10-17", "Statement": [statement]}
            arn = f"arn:aws:iam::aws:policy/{name}"
            self.policies[arn] = checks.policy(arn, document)
        self.documents: dict[str, Mapping[str, Any]] = {}
        self.denying: set[str] = set()
        self.faults: deque[Fault] = deque()
        self.read_faults: deque[Fault] = deque()
        self.during: Callable[[], None] | None = None
        self.calls: list[str] = []
        self.history = FakeTrail(self._read)
        self.page_size, self.calls_of_details = 1000, 0

    def memberships(self) -> set[tuple[str, str]]:
        """Every membership: user and group."""
        return {(name, group) for name, user in self.users.items() for group in user.groups}

    def account(self) -> tuple[str, str]:
        return ACCOUNT, "aws"

    def user(self, name: str, *, mfa: bool = False, belongings: bool = False) -> SeenUser | None:
        self._read("GetUser")
        found = self.users.get(name)
        if found is None:
            return None
        return SeenUser(
            name=name,
            arn=f"arn:aws:iam::{ACCOUNT}:user{found.path}{name}",
            groups=tuple(sorted(found.groups)),
            boundary=found.boundary,
            tags=dict(found.tags),
            has_mfa=bool(found.devices) if mfa else None,
            belongings=found.belongings().in_words() if belongings else (),
        )

    def group(self, name: str) -> SeenGroup | None:
        self._read("ListAttachedGroupPolicies")
        if name not in self.groups:
            return None
        policies = self.groups[name]
        return SeenGroup(name, tuple(self._seen(p, policies[p]) for p in sorted(policies)))

    def members(self, group: str) -> frozenset[str] | None:
        self._read("GetGroup")
        if group not in self.groups:
            return None
        return frozenset(name for name, user in self.users.items() if group in user.groups)

    def group_names(self) -> frozenset[str]:
        self._read("ListGroups")
        return frozenset(self.groups)

    def policy(self, arn: str) -> SeenPolicy | None:
        self._read("GetPolicy")
        return self.policies.get(arn)

    def lab_policy(self, arn: str) -> LabPolicy | None:
        self._read("GetPolicy")
        return self.seen_lab_policy(arn)

    def belongings(self, name: str) -> Belongings | None:
        self._read("ListAccessKeys")
        found = self.users.get(name)
        return None if found is None else found.belongings()

    def pages(self, action: str, *, most: int, **parameters: Any) -> Iterator[Mapping[str, Any]]:
        """The whole account, so many things a page. Nothing else is listed so."""
        assert (action, parameters["Filter"]) == (details.ACTION, list(details.KINDS))
        # Without our guardrails, whose hashes are names here.
        own = {a: p.document for a, p in self.policies.items() if p.document and ":iam::aws:" not in a}
        lab = {arn: document for arn, document in own.items() if ":policy/governance/" not in arn}
        pages = fake_details.pages(self.users, self.groups, lab, size=self.page_size)
        assert len(pages) <= most
        for page in pages:
            self._read(action)
            self.calls_of_details += 1
            yield page

    def inline(self, name: str, *, documents: bool = True) -> tuple[InlinePolicy, ...] | None:
        self._read("ListUserPolicies")
        found = self.users.get(name)
        return None if found is None else inline_policies(found, documents=documents)

    def password_policy(self) -> PasswordPolicy | None:
        self._read("GetAccountPasswordPolicy")
        return self.account_policy

    def monitoring(self, log_group: str) -> SeenMonitoring:
        self._read("DescribeMetricFilters")
        return self.shown(log_group)

    def trail(self) -> FakeTrail:
        return self.history

    def devices(self, name: str) -> tuple[Device, ...] | None:
        self._read("ListMFADevices")
        return self.users[name].belongings().devices if name in self.users else None

    def spare_devices(self) -> frozenset[str]:
        self._read("ListVirtualMFADevices")
        return frozenset(self.virtual_devices - {serial for user in self.users.values() for serial in user.devices})

    def key_used(self, key_id: str) -> datetime | None:
        self._read("GetAccessKeyLastUsed")
        keys = {name: key for user in self.users.values() for name, key in user.keys.items()}
        return keys[key_id].used if key_id in keys else None

    def call(self, operation: Operation, secret: str | None = None) -> Mapping[str, str]:
        if operation.action not in WRITES and MONITORING_WRITES.get(operation.action) != operation.service:
            raise ValueError(operation.action)
        parameters = secret_calls.parameters(operation, secret)
        fault = self._before(operation.action, self.faults)
        if fault is Fault.LOST:
            return {}
        do = getattr(self, f"_{operation.action}")
        kept = do(parameters)
        self.calls.append(operation.action)
        if fault is Fault.DROPPED:
            raise aws.Retryable(operation.action, "ConnectionClosedError", "the answer was lost")
        if fault is Fault.CRASH_AFTER:
            raise Died
        return kept or {}

    def _read(self, action: str) -> None:
        if self._before(action, self.read_faults) in {Fault.DROPPED, Fault.CRASH_AFTER}:
            raise aws.Retryable(action, "ReadTimeoutError", "no answer")

    def _before(self, action: str, faults: deque[Fault]) -> Fault:
        if self.during is not None:
            meanwhile, self.during = self.during, None
            meanwhile()
        fault = faults.popleft() if faults else Fault.NONE
        if fault is Fault.BUSY:
            raise aws.Retryable(action, "Throttling", "slow down")
        if fault is Fault.REFUSED:
            raise aws.NeedsPerson(action, "AccessDenied", "not allowed")
        if fault is Fault.CRASH:
            raise Died
        return fault

    def _seen(self, policy: str, sha256: str) -> SeenPolicy:
        managed = self.policies.get(policy)
        document = managed.document if managed and managed.sha256 == sha256 else self.documents.get(sha256)
        return SeenPolicy(policy, sha256, self._denies(policy), document=document)

    def _denies(self, policy: str) -> bool:
        return policy in self.denying or (policy in self.policies and self.policies[policy].has_deny)

    def _AddUserToGroup(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        user, group = self._member_of(parameters, "AddUserToGroup")
        checks.within("AddUserToGroup", len(user.groups | {group}), GROUPS_PER_USER)
        user.groups.add(group)

    def _RemoveUserFromGroup(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        user, group = self._member_of(parameters, "RemoveUserFromGroup")
        checks.there("RemoveUserFromGroup", group, user.groups)
        user.groups.remove(group)

    def _CreateUser(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        name, path, tags = parameters["UserName"], parameters.get("Path", "/"), parameters.get("Tags", ())
        checks.valid("CreateUser", name, path, longest=checks.USER_NAME, tags=len(tags))
        if len({t["Key"].casefold() for t in tags}) < len(tags):
            raise aws.NeedsPerson("CreateUser", "InvalidInput", "a tag is named twice")
        checks.free("CreateUser", name, self.users)
        boundary = None if self.emulated else parameters.get("PermissionsBoundary")
        if boundary is not None:
            checks.there("CreateUser", boundary, self.policies)
        checks.within("CreateUser", len(self.users) + 1, USERS)
        self.users[name] = Account(path=path, boundary=boundary, tags={t["Key"]: t["Value"] for t in tags})

    def _DeleteUser(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        checks.there("DeleteUser", parameters["UserName"], self.users)
        user = self.users[parameters["UserName"]]
        if user.belongings().in_words():
            raise aws.NeedsPerson("DeleteUser", "DeleteConflict", "it still has something")
        del self.users[parameters["UserName"]]

    def _PutUserPermissionsBoundary(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        if self.emulated:
            raise aws.NotOffered("PutUserPermissionsBoundary", "NotImplemented", "not here")
        checks.there("PutUserPermissionsBoundary", parameters["UserName"], self.users)
        checks.there("PutUserPermissionsBoundary", parameters["PermissionsBoundary"], self.policies)
        self.users[parameters["UserName"]].boundary = parameters["PermissionsBoundary"]

    def _UpdateUser(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        name, path = parameters["UserName"], parameters["NewPath"]
        checks.valid("UpdateUser", name, path, longest=checks.USER_NAME)
        checks.there("UpdateUser", name, self.users)
        self.users[name].path = path

    def _CreateGroup(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        name = parameters["GroupName"]
        checks.valid("CreateGroup", name, parameters.get("Path", "/"))
        checks.free("CreateGroup", name, self.groups)
        checks.within("CreateGroup", len(self.groups) + 1, GROUPS)
        self.groups[name] = {}

    def _DeleteGroup(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        name = parameters["GroupName"]
        checks.there("DeleteGroup", name, self.groups)
        if self.groups[name] or any(name in user.groups for user in self.users.values()):
            raise aws.NeedsPerson("DeleteGroup", "DeleteConflict", "it still has something")
        del self.groups[name]

    def _DeleteGroupPolicy(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        checks.there("DeleteGroupPolicy", parameters["GroupName"], self.groups)
        policy = f"inline:{parameters['PolicyName']}"
        checks.there("DeleteGroupPolicy", policy, self.groups[parameters["GroupName"]])
        del self.groups[parameters["GroupName"]][policy]

    def _AttachGroupPolicy(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        group, arn = parameters["GroupName"], parameters["PolicyArn"]
        checks.there("AttachGroupPolicy", group, self.groups)
        checks.there("AttachGroupPolicy", arn, self.policies)
        attached = {p for p in self.groups[group] if p.startswith("arn:")}
        checks.within("AttachGroupPolicy", len(attached | {arn}), POLICIES_PER_GROUP)
        self.groups[group][arn] = str(self.policies[arn].sha256)

    def _DetachGroupPolicy(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        group, arn = parameters["GroupName"], parameters["PolicyArn"]
        checks.there("DetachGroupPolicy", group, self.groups)
        checks.there("DetachGroupPolicy", arn, self.groups[group])
        del self.groups[group][arn]

    def _member_of(self, parameters: Mapping[str, Any], action: str) -> tuple[Account, str]:
        checks.there(action, parameters["GroupName"], self.groups)
        checks.there(action, parameters["UserName"], self.users)
        return self.users[parameters["UserName"]], parameters["GroupName"]
