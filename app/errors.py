"""Every refusal Gatehouse can give: a status, a stable code, and a sentence that says what to do next.

Nothing here knows HTTP frameworks; the API turns these into problem documents and the terminal into one line.
"""

from typing import Any, ClassVar


class GatehouseError(Exception):
    """Something Gatehouse will not or cannot do.

    Args:
        detail: A short, plain sentence for the person who asked. Never holds a secret.
        code: A stable snake_case word that programs switch on.
        extra: Further members of the problem document (for example the id of another request).
    """

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "internal_error"

    def __init__(self, detail: str, *, code: str | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.default_code
        self.extra = extra


class BadRequest(GatehouseError):
    """The message itself is malformed: a changed cursor, an unreadable header."""

    status = 400
    default_code = "bad_request"


class Unauthenticated(GatehouseError):
    """No token, or one that is unknown, ended or revoked."""

    status = 401
    default_code = "unauthenticated"


class Forbidden(GatehouseError):
    """Known, but not allowed."""

    status = 403
    default_code = "forbidden"


class NotFound(GatehouseError):
    """It does not exist, or the caller may not know that it does."""

    status = 404
    default_code = "not_found"


class Conflict(GatehouseError):
    """It does not fit what is true now."""

    status = 409
    default_code = "conflict"


class Gone(GatehouseError):
    """It was there, and is not any more."""

    status = 410
    default_code = "gone"


class PreconditionFailed(GatehouseError):
    """`If-Match` names a version that is no longer the current one."""

    status = 412
    default_code = "precondition_failed"


class TooLarge(GatehouseError):
    """The body is longer than any that makes sense here."""

    status = 413
    default_code = "body_too_large"


class Invalid(GatehouseError):
    """The payload breaks a rule that its schema could not express."""

    status = 422
    default_code = "invalid"


class TooMany(GatehouseError):
    """The caller asks faster than the limit."""

    status = 429
    default_code = "too_many_requests"


class Unavailable(GatehouseError):
    """A part that is needed does not answer now."""

    status = 503
    default_code = "unavailable"


class StartError(Exception):
    """A command cannot begin: a bad setting, a missing table, a taken port. One line, exit code 2."""
