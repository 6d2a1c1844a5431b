"""Any call of the API with one token: what `Gatehouse` stands on."""

import os
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

from gatehouse_client.door import Door
from gatehouse_client.generated import AuthenticatedClient, models
from gatehouse_client.generated.errors import UnexpectedStatus
from gatehouse_client.generated.types import Response
from gatehouse_client.patience import Patience
from gatehouse_client.problems import Unreachable

_PAGE = 200

Answer = TypeVar("Answer")


class Calls:
    """Calls to one Gatehouse with one token. Close it, or use it in a `with`.

    Each POST carries an idempotency key that stays the same over all tries, so that nothing is done twice.

    Args:
        url: https, or http on this machine. Left out: `GATEHOUSE_URL`.
        token: Left out: `GATEHOUSE_TOKEN`. It shows in no repr and in no exception.
        patience: How often and how long a call that meets 429, 502, 503, 504 or no answer is tried again.
        timeout: Seconds that one try may take.

    Raises:
        SettingsError: The address or the token is missing, or cannot be used.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        patience: Patience | None = None,
        timeout: float = 30.0,
    ) -> None:
        self.url = (url if url is not None else os.environ.get("GATEHOUSE_URL", "")).rstrip("/")
        text = token if token is not None else os.environ.get("GATEHOUSE_TOKEN", "")
        self._patience = patience or Patience()
        self._timeout = timeout
        self._door = Door(self.url, text, patience=self._patience, timeout=timeout)
        # The token is the door's: the generated client would show it in its repr.
        self._generated = AuthenticatedClient(base_url=self.url, token="", raise_on_unexpected_status=True)
        self._generated.set_httpx_client(self._door)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let its connections go."""
        self._door.close()

    def call(self, operation: Callable[..., Response[Answer | models.Problem]], /, *path: str, **named: Any) -> Answer:
        """Make any call of the API.

        Args:
            operation: The `sync_detailed` of a module in `gatehouse_client.generated.api`.
            path: What stands in its path.
            named: `body`, `idempotency_key`, filters, …; None is left out.

        Raises:
            Problem: Gatehouse said no.
            Unreachable: It does not answer, or something else does.
        """
        given = {name: value for name, value in named.items() if value is not None}
        parsed: Answer | models.Problem | None = None
        before = self._door.answers
        try:
            parsed = operation(*path, client=self._generated, **given).parsed
        except (ValueError, KeyError) as found:
            strange = type(found).__name__
        except (TypeError, AttributeError, RecursionError, UnexpectedStatus) as found:
            if self._door.answers == before:  # nothing was sent: it is how this was called
                raise
            strange = type(found).__name__
        else:
            return parsed  # type: ignore[return-value] # problems were raised; None is what 204 answers
        raise Unreachable(f"What answers at {self.url} does not answer as this client knows Gatehouse ({strange}).")

    def every(self, operation: Callable[..., Response[Any]], /, *path: str, **filters: Any) -> Iterator[Any]:
        """Every item of a list, page by page; raises as `call` does."""
        cursor: str | None = None
        while True:
            page = self.call(operation, *path, cursor=cursor, **{"limit": _PAGE, **filters})
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return
