"""What can go wrong, as types that a script can catch."""

import json
from collections.abc import Mapping
from typing import Any

_LONGEST_DETAIL = 1000
"""Characters of a sentence from outside that are kept."""


class GatehouseError(Exception):
    """Everything that this package raises."""


class SettingsError(GatehouseError):
    """The address or the token is missing, or cannot be used."""


class Unreachable(GatehouseError):
    """Gatehouse does not answer, or something else answers in its place. Whether a change was made is not known."""


class NotApplied(GatehouseError):
    """What was waited for will not come true.

    Attributes:
        request: The access request as it is now.
    """

    def __init__(self, text: str, request: Any) -> None:
        super().__init__(text)
        self.request = request


class Refused(NotApplied):
    """It was denied or cancelled, or nobody decided in time."""


class Failed(NotApplied):
    """It was approved and could not be carried out; `request.failure` says why. An admin may try it again."""


class StillWaiting(NotApplied, TimeoutError):
    """The time to wait is over, and it may still come true. Waiting again is fine."""


class Problem(GatehouseError):
    """Gatehouse said no.

    Attributes:
        code: Stable, for programs: `own_request`, `duration_too_long`, …
        status: Of HTTP.
        detail: A sentence for people.
        request_id: By which whoever runs Gatehouse finds it in the logs.
        errors: With 422: `loc`, `msg` and `type` of each.
        extra: What else was said.
    """

    def __init__(self, status: int, said: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(said.get("code", "unreadable"))[:100]
        self.detail = str(said.get("detail", f"the answer {status} is not Gatehouse's"))[:_LONGEST_DETAIL]
        self.request_id = _text(said.get("request_id"))
        errors = said.get("errors")
        self.errors: list[dict[str, Any]] = list(errors) if isinstance(errors, list) else []
        known = {"type", "title", "status", "code", "detail", "request_id", "errors"}
        self.extra = {name: value for name, value in said.items() if name not in known}
        super().__init__(f"{self.code}: {self.detail}")


class NotAuthenticated(Problem):
    """401: there is no such token, or it has ended."""


class NotAllowed(Problem):
    """403."""


class NotFound(Problem):
    """404: there is no such thing, or it may not be seen."""


class Conflict(Problem):
    """409: not as things are."""


class AlreadyHasAccess(Conflict):
    """The user holds this already."""


class AlreadyPending(Conflict):
    """The same was asked before and is not decided; `other` is that request's id."""

    @property
    def other(self) -> str | None:
        """Id of the request that waits."""
        return _text(self.extra.get("access_request_id"))


class AlreadyDelivered(Conflict):
    """The answer held a secret, was given once, and may have been lost on its way. It is not given again."""


class NoEligibleApprover(Conflict):
    """Nobody could ever approve this."""


class Gone(Problem):
    """410: it was there, and is not any more."""


class ChangedMeanwhile(Problem):
    """412."""


class Invalid(Problem):
    """422: not acceptable as it is."""


class TooMany(Problem):
    """429, also after all tries."""


class Unavailable(Problem):
    """5xx, also after all tries. Whether a change was made is not known."""


_BY_STATUS: dict[int, type[Problem]] = {
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    410: Gone,
    412: ChangedMeanwhile,
    422: Invalid,
    429: TooMany,
}
_BY_CODE: dict[str, type[Problem]] = {
    "already_has_access": AlreadyHasAccess,
    "already_pending": AlreadyPending,
    "already_delivered": AlreadyDelivered,
    "no_eligible_approver": NoEligibleApprover,
}


def from_answer(status: int, content: bytes) -> Problem:
    """The problem that an answer tells of, whoever wrote it."""
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        said = {}
    kind = _BY_CODE.get(str(said.get("code"))) or _BY_STATUS.get(status) or (Unavailable if status >= 500 else Problem)  # noqa: PLR2004 - HTTP's
    return kind(status, said)


def _text(value: object) -> str | None:
    return value[:200] if isinstance(value, str) else None
