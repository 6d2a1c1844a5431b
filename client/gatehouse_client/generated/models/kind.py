from enum import StrEnum


class Kind(StrEnum):
    ACCESS_KEY_CREATE = "access_key.create"
    ACCESS_KEY_DELETE = "access_key.delete"
    ACCESS_KEY_ROTATE = "access_key.rotate"
    ACCOUNT_PASSWORD_POLICY = "account.password_policy"
    CONSOLE_DISABLE = "console.disable"
    CONSOLE_ENABLE = "console.enable"
    CONSOLE_RESET = "console.reset"
    GRANT_ADOPT = "grant.adopt"
    GROUP_CREATE = "group.create"
    GROUP_DELETE = "group.delete"
    GROUP_JOIN = "group.join"
    GROUP_LEAVE = "group.leave"
    GROUP_UPDATE = "group.update"
    MFA_ENROL = "mfa.enrol"
    MFA_RESET = "mfa.reset"
    MONITORING_ENABLE = "monitoring.enable"
    POLICY_CREATE = "policy.create"
    POLICY_DELETE = "policy.delete"
    POLICY_INLINE = "policy.inline"
    POLICY_UPDATE = "policy.update"
    USER_CREATE = "user.create"
    USER_DELETE = "user.delete"
    USER_ENROL = "user.enrol"
    USER_RESUME = "user.resume"
    USER_ROLES = "user.roles"
    USER_SUSPEND = "user.suspend"

    def __str__(self) -> str:
        return str(self.value)
