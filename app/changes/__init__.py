"""The kinds of change. A new kind is one new module and one line here."""

from app.changes.access_keys import AccessKeyCreate, AccessKeyDelete
from app.changes.base import Change
from app.changes.console import ConsoleDisable, ConsoleEnable, ConsoleReset
from app.changes.grant_adopt import GrantAdopt
from app.changes.group_membership import GroupJoin, GroupLeave
from app.changes.group_update import GroupUpdate
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
        ConsoleEnable(),
        ConsoleReset(),
        ConsoleDisable(),
        AccessKeyCreate(),
        AccessKeyDelete(),
        UserSuspend(),
        UserResume(),
        UserDelete(),
        GrantAdopt(),
        UserEnrol(),
    )
}
