"""The kinds of change. A new kind is one new module and one line here."""

from app.changes.access_key_rotate import AccessKeyRotate
from app.changes.access_keys import AccessKeyCreate, AccessKeyDelete
from app.changes.base import Change
from app.changes.console import ConsoleDisable, ConsoleEnable, ConsoleReset
from app.changes.grant_adopt import GrantAdopt
from app.changes.group_create import GroupCreate
from app.changes.group_delete import GroupDelete
from app.changes.group_membership import GroupJoin, GroupLeave
from app.changes.group_update import GroupUpdate
from app.changes.mfa import MfaEnrol, MfaReset
from app.changes.monitoring import MonitoringEnable
from app.changes.password_policy import AccountPasswordPolicy
from app.changes.policies import PolicyCreate, PolicyDelete, PolicyUpdate
from app.changes.policy_inline import PolicyInline
from app.changes.user_create import UserCreate
from app.changes.user_delete import UserDelete
from app.changes.user_enrol import UserEnrol
from app.changes.user_roles import UserRoles
from app.changes.user_suspend import UserResume, UserSuspend
from app.domain.words import Kind

__all__ = ["REGISTRY", "Change"]

REGISTRY: dict[Kind, Change] = {
    change.kind: change
    for change in (
        UserCreate(),
        UserRoles(),
        GroupJoin(),
        GroupLeave(),
        GroupUpdate(),
        GroupCreate(),
        GroupDelete(),
        PolicyCreate(),
        PolicyUpdate(),
        PolicyDelete(),
        ConsoleEnable(),
        ConsoleReset(),
        ConsoleDisable(),
        AccessKeyCreate(),
        AccessKeyDelete(),
        AccessKeyRotate(),
        MfaEnrol(),
        MfaReset(),
        UserSuspend(),
        UserResume(),
        UserDelete(),
        PolicyInline(),
        AccountPasswordPolicy(),
        MonitoringEnable(),
        GrantAdopt(),
        UserEnrol(),
    )
}
