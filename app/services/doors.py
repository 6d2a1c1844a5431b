"""What every way in shares: what the database refuses becomes an answer, and who is refused stands in the audit."""

from collections.abc import Iterable

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.db import Database
from app.domain.actors import Caller
from app.domain.words import Scope
from app.errors import Conflict, Forbidden, GatehouseError, Unavailable
from app.services import audit


class database_errors:  # noqa: N801 - used as a function is
    """Say 503 or 409 where the database does not do it, instead of 500."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, IntegrityError):
            raise Conflict(
                "Somebody else did this in the same moment; look again.", code="changed_meanwhile"
            ) from error
        # What is wrong with a statement is our mistake (500); everything else is the database's not being there.
        away = isinstance(error, DBAPIError) and not isinstance(error, (DataError, ProgrammingError))
        if away or isinstance(error, PoolTimeout):
            raise Unavailable("The database does not answer; try again in a moment.", code="database_away") from error


def note_refusal(
    database: Database,
    caller: Caller,
    refusal: GatehouseError,
    *,
    method: str,
    path: str,
    access_request_id: str | None = None,
) -> None:
    """Write a refused attempt down, in a transaction of its own.

    Args:
        method: How it was tried: of HTTP, or `SLACK`.
        path: What was tried.
    """
    with database_errors(), database.write() as tx:
        audit.record(
            tx,
            "attempt.refused",
            by=caller,
            access_request_id=access_request_id,
            code=refusal.code,
            method=method,
            path=path,
        )


def require_scopes(caller: Caller, scopes: Iterable[Scope]) -> None:
    """Every one of these must be on the token.

    Raises:
        Forbidden: `insufficient_scope`.
    """
    missing = [s for s in scopes if s not in caller.scopes]
    if missing:
        raise Forbidden(f"This token lacks the scope {', '.join(missing)}.", code="insufficient_scope")
