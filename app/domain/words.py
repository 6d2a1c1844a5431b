"""The closed lists of words that API, database and messages share."""

from enum import StrEnum


class Kind(StrEnum):
    """What an access request can wish for."""

    USER_CREATE = "user.create"
    USER_ROLES = "user.roles"
    GROUP_JOIN = "group.join"
    GROUP_LEAVE = "group.leave"
    GROUP_UPDATE = "group.update"
    GROUP_CREATE = "group.create"
    GROUP_DELETE = "group.delete"
    POLICY_CREATE = "policy.create"
    POLICY_UPDATE = "policy.update"
    POLICY_DELETE = "policy.delete"
    CONSOLE_ENABLE = "console.enable"
    CONSOLE_RESET = "console.reset"
    CONSOLE_DISABLE = "console.disable"
    ACCESS_KEY_CREATE = "access_key.create"
    ACCESS_KEY_DELETE = "access_key.delete"
    MFA_ENROL = "mfa.enrol"
    MFA_RESET = "mfa.reset"
    ACCOUNT_PASSWORD_POLICY = "account.password_policy"  # noqa: S105 - a word, no password
    MONITORING_ENABLE = "monitoring.enable"
    ACCESS_KEY_ROTATE = "access_key.rotate"
    USER_SUSPEND = "user.suspend"
    USER_RESUME = "user.resume"
    USER_DELETE = "user.delete"
    POLICY_INLINE = "policy.inline"
    GRANT_ADOPT = "grant.adopt"
    USER_ENROL = "user.enrol"


class Role(StrEnum):
    """What somebody is to Gatehouse."""

    MEMBER = "member"
    ADMIN = "admin"
    AUDITOR = "auditor"
    SERVICE = "service"


class Scope(StrEnum):
    """What a token may be used for; it narrows its owner's rights and never widens them."""

    REQUESTS_READ = "requests:read"
    REQUESTS_WRITE = "requests:write"
    REQUESTS_DECIDE = "requests:decide"
    DIRECTORY_READ = "directory:read"
    DIRECTORY_WRITE = "directory:write"
    REPORTS_READ = "reports:read"
    AUDIT_READ = "audit:read"
    ADMIN = "admin"


class Channel(StrEnum):
    """How somebody reached Gatehouse."""

    API = "api"
    CLI = "cli"
    SLACK = "slack"
    CONSOLE = "console"
    RULE = "rule"


class Verdict(StrEnum):
    """What one approver said."""

    APPROVE = "approve"
    DENY = "deny"


class UserState(StrEnum):
    """Whether a person can act."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETED = "deleted"


class Origin(StrEnum):
    """Where a grant comes from."""

    REQUEST = "request"
    IMPORTED = "imported"
    """It stood in the account before Gatehouse: nobody asked for it here, and it has no end (rule 20)."""


class Severity(StrEnum):
    """How bad a finding is; worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


SYSTEM = "system"
"""The actor of what Gatehouse does by itself: ends, lapses, voided approvals."""

DEFAULT_ACCOUNT = "default"
