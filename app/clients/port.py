"""IAM as Gatehouse needs it: a port of a few typed verbs, and the changing calls that a plan may make."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from app.clients.trail import Trail
from app.domain.belongings import Belongings
from app.domain.devices import Device
from app.domain.inline import InlinePolicy
from app.domain.lab_policies import LabPolicy
from app.domain.monitoring import SeenMonitoring
from app.domain.password_policy import PasswordPolicy
from app.domain.plans import Operation
from app.domain.sightings import SeenGroup, SeenPolicy, SeenUser

WRITES = frozenset(
    {
        "AddUserToGroup",
        "AttachGroupPolicy",
        "CreateAccessKey",
        "CreateGroup",
        "CreateLoginProfile",
        "CreatePolicy",
        "CreatePolicyVersion",
        "CreateUser",
        "CreateVirtualMFADevice",
        "DeactivateMFADevice",
        "DeleteAccessKey",
        "DeleteGroup",
        "DeleteGroupPolicy",
        "DeleteLoginProfile",
        "DeletePolicy",
        "DeletePolicyVersion",
        "DeleteSSHPublicKey",
        "DeleteServiceSpecificCredential",
        "DeleteSigningCertificate",
        "DeleteUser",
        "DeleteUserPolicy",
        "DeleteVirtualMFADevice",
        "DetachGroupPolicy",
        "DetachUserPolicy",
        "EnableMFADevice",
        "PutUserPermissionsBoundary",
        "PutUserPolicy",
        "RemoveUserFromGroup",
        "UpdateAccessKey",
        "UpdateAccountPasswordPolicy",
        "UpdateLoginProfile",
        "UpdateUser",
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

    def members(self, group: str) -> frozenset[str] | None:
        """The names of everyone in the group, None where IAM has no such group."""

    def group_names(self) -> frozenset[str]:
        """The names of every group of the account."""

    def policy(self, arn: str) -> SeenPolicy | None:
        """A managed policy with the hash of its default version."""

    def lab_policy(self, arn: str) -> LabPolicy | None:
        """A policy of the lab's own, with its versions and what it is attached to; None where IAM has none."""

    def belongings(self, name: str) -> Belongings | None:
        """Everything the user has, None where IAM has no such user."""

    def password_policy(self) -> PasswordPolicy | None:
        """The account's password policy, None where it has none."""

    def monitoring(self, log_group: str) -> SeenMonitoring:
        """What watches the account, over the trail's log group."""

    def trail(self) -> Trail:
        """What was done in the account."""

    def devices(self, name: str) -> tuple[Device, ...] | None:
        """The user's MFA devices, None where IAM has no such user."""

    def spare_devices(self) -> frozenset[str]:
        """Serial numbers of the virtual MFA devices that nobody uses."""

    def inline(self, name: str, *, documents: bool = True) -> tuple[InlinePolicy, ...] | None:
        """The user's inline policies, None where IAM has no such user; without `documents` their names only."""

    def key_used(self, key_id: str) -> datetime | None:
        """When an access key was last used, None where it never was or there is none of that id."""

    def call(self, operation: Operation, secret: str | None = None) -> Mapping[str, str]:
        """Make one changing call. The operation's action is one of `WRITES`.

        Args:
            secret: What `secret_calls` says that the call takes. It is in no error and no log.

        Returns:
            What `secret_calls` keeps of an answer that holds a secret, of every other call nothing.
        """
