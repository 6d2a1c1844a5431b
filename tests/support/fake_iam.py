"""An IAM in memory behind the port of `app.clients.iam`: it keeps state, refuses as AWS does, fails on order."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from app.clients import aws
from app.clients.iam import WRITES
from app.domain.guardrails import BOUNDARY_NAME, policy_arn
from app.domain.plans import Operation
from app.domain.sightings import SeenGroup, SeenPolicy, SeenUser

ACCOUNT = "123456789012"
BOUNDARY_ARN = policy_arn("aws", ACCOUNT, BOUNDARY_NAME)


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


@dataclass
class Account:
    """A user as IAM keeps it."""

    path: str = "/lab/"
    boundary: str | None = BOUNDARY_ARN
    tags: dict[str, str] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    devices: int = 0
    belongings: tuple[str, ...] = ()


class FakeIam:
    """IAM with state.

    Attributes:
        users: By name.
        groups: Policies by group: the policy's name and the hash of its document.
        faults: What the next changing calls run into, one each; empty: nothing.
        read_faults: The same for the reading ones.
        during: Called once inside the next call, as if somebody came in meanwhile.
        calls: Every changing call that was made, by action.
    """

    def __init__(self, *, emulated: bool = False) -> None:
        self.emulated = emulated
        self.users: dict[str, Account] = {}
        self.groups: dict[str, dict[str, str]] = {}
        self.denying: set[str] = set()
        self.boundary: SeenPolicy | None = SeenPolicy(BOUNDARY_ARN, "boundary-v1", has_deny=True)
        self.faults: deque[Fault] = deque()
        self.read_faults: deque[Fault] = deque()
        self.during: Callable[[], None] | None = None
        self.calls: list[str] = []

    def members(self) -> set[tuple[str, str]]:
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
            has_mfa=found.devices > 0 if mfa else None,
            belongings=(*(f"group {g}" for g in sorted(found.groups)), *found.belongings) if belongings else (),
        )

    def group(self, name: str) -> SeenGroup | None:
        self._read("ListAttachedGroupPolicies")
        if name not in self.groups:
            return None
        policies = self.groups[name]
        return SeenGroup(name, tuple(SeenPolicy(p, policies[p], p in self.denying) for p in sorted(policies)))

    def policy(self, arn: str) -> SeenPolicy | None:
        self._read("GetPolicy")
        return self.boundary if self.boundary is not None and self.boundary.name == arn else None

    def call(self, operation: Operation) -> None:
        if operation.action not in WRITES:
            raise ValueError(operation.action)
        fault = self._before(operation.action, self.faults)
        if fault is Fault.LOST:
            return
        do = getattr(self, f"_{operation.action}")
        do(operation.parameters)
        self.calls.append(operation.action)
        if fault is Fault.DROPPED:
            raise aws.Retryable(operation.action, "ConnectionClosedError", "the answer was lost")
        if fault is Fault.CRASH_AFTER:
            raise Died

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

    def _AddUserToGroup(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        self._known(parameters, "AddUserToGroup").groups.add(parameters["GroupName"])

    def _RemoveUserFromGroup(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        user = self._known(parameters, "RemoveUserFromGroup")
        if parameters["GroupName"] not in user.groups:
            raise aws.Gone("RemoveUserFromGroup", "NoSuchEntity", "not a member")
        user.groups.remove(parameters["GroupName"])

    def _CreateUser(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        if any(name.casefold() == parameters["UserName"].casefold() for name in self.users):
            raise aws.Exists("CreateUser", "EntityAlreadyExists", "there is one")
        self.users[parameters["UserName"]] = Account(
            path=parameters["Path"],
            boundary=None if self.emulated else parameters.get("PermissionsBoundary"),
            tags={t["Key"]: t["Value"] for t in parameters["Tags"]},
        )

    def _DeleteUser(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        user = self.users.get(parameters["UserName"])
        if user is None:
            raise aws.Gone("DeleteUser", "NoSuchEntity", "no such user")
        if user.groups or user.belongings or user.devices:
            raise aws.NeedsPerson("DeleteUser", "DeleteConflict", "it still has something")
        del self.users[parameters["UserName"]]

    def _PutUserPermissionsBoundary(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        if self.emulated:
            raise aws.NotOffered("PutUserPermissionsBoundary", "NotImplemented", "not here")
        if parameters["UserName"] not in self.users:
            raise aws.Gone("PutUserPermissionsBoundary", "NoSuchEntity", "no such user")
        self.users[parameters["UserName"]].boundary = parameters["PermissionsBoundary"]

    def _known(self, parameters: Mapping[str, Any], action: str) -> Account:
        user = self.users.get(parameters["UserName"])
        if user is None or parameters["GroupName"] not in self.groups:
            raise aws.Gone(action, "NoSuchEntity", "no such user or group")
        return user
