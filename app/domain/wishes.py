"""What a request wishes for, as a sentence goes on after "asks …". Pure; text of people stays as they wrote it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from app.domain.durations import in_words
from app.domain.words import Kind

_WORDS = {
    Kind.USER_CREATE: "to have an IAM user",
    Kind.USER_ROLES: "to have the roles {roles}",
    Kind.USER_SUSPEND: "to be suspended",
    Kind.USER_RESUME: "to come back",
    Kind.USER_DELETE: "to be deleted",
    Kind.USER_ENROL: "to get a new code",
    Kind.GROUP_JOIN: "to join {group}",
    Kind.GROUP_LEAVE: "to leave {group}",
    Kind.GRANT_ADOPT: "to keep what was imported",
    Kind.GROUP_CREATE: "to make the group {name}",
    Kind.GROUP_UPDATE: "to change the group {name}",
    Kind.GROUP_DELETE: "to delete the group {name}",
    Kind.POLICY_CREATE: "to make the policy {name}",
    Kind.POLICY_UPDATE: "to change the policy {name}",
    Kind.POLICY_DELETE: "to delete the policy {name}",
    Kind.POLICY_INLINE: "to have the one-off permission {name}",
    Kind.CONSOLE_ENABLE: "to sign in to the AWS console",
    Kind.CONSOLE_RESET: "to have a new console password",
    Kind.CONSOLE_DISABLE: "to have no console sign-in",
    Kind.ACCESS_KEY_CREATE: "to have an access key",
    Kind.ACCESS_KEY_ROTATE: "to have an access key replaced",
    Kind.ACCESS_KEY_DELETE: "to have an access key deleted",
    Kind.MFA_ENROL: "to have an MFA device",
    Kind.MFA_RESET: "to have the MFA device removed",
    Kind.ACCOUNT_PASSWORD_POLICY: "to set the account's password policy",
    Kind.MONITORING_ENABLE: "to have the account's monitoring set up",
}


def in_a_sentence(kind: Kind, change: Mapping[str, Any], duration: timedelta | None = None) -> str:
    """The wish in words: `to join LabGuest for 7 days`.

    Args:
        change: The `change` of the request.
        duration: For how long, where that was said.
    """
    named = {key: ", ".join(map(str, v)) if isinstance(v, list | tuple) else v for key, v in change.items()}
    text = _WORDS[kind].format_map(_Blank(named))
    if kind == Kind.USER_CREATE and change.get("groups"):
        text += f" in {named['groups']}"
    return f"{text} for {in_words(duration)}" if duration else text


class _Blank(dict[str, Any]):
    """What a change does not say is left out of its sentence."""

    def __missing__(self, key: str) -> str:
        return ""
