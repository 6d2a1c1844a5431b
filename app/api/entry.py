"""Who calls, found when it is needed: before the route, or in the transaction that answers.

401 comes before all else either way. Where a route finds it out by itself, whatever is refused before that asks first.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response
from typing_extensions import override

from app.api.rates import Rates
from app.api.strict import StrictRoute
from app.db import Database, Tx
from app.domain.actors import Caller
from app.domain.words import Channel, Scope
from app.errors import Unavailable
from app.services import tokens
from app.services.doors import require_scopes

IN_SCOPE = "gatehouse.entry"
_TERMINAL = "gatehouse-cli/"
LATE = frozenset({"/v1/access-requests", "/v1/audit-events"})
"""Where a GET finds it out in the transaction that answers: one transaction and one thread in place of two of each."""


@dataclass
class Entry:
    """One caller at the door.

    Attributes:
        token: What was sent as one.
        channel: How they say that they came.
        needed: Scopes that the route asks for, as soon as there is a route.
    """

    database: Database
    rates: Rates
    token: str
    request_id: str
    channel: Channel = Channel.API
    needed: tuple[Scope, ...] = ()
    _asked: bool = field(default=False, init=False)

    def find(self, tx: Tx) -> Caller:
        """Who calls.

        Raises:
            Unauthenticated: Nobody we know.
            TooMany: They call too often.
            Forbidden: `insufficient_scope`.
        """
        self._asked = True
        caller = tokens.authenticate(tx, self.token, channel=self.channel, request_id=self.request_id)
        self.rates.take(caller.name)
        require_scopes(caller, self.needed)
        return caller

    def alone(self) -> Caller:
        """The same, in a transaction of its own."""
        try:
            with self.database.look() as tx:
                return self.find(tx)
        except SQLAlchemyError as problem:
            raise Unavailable("The database does not answer; try again in a moment.", code="database_away") from problem

    async def first(self) -> None:
        """Before something else is refused: refuse whom we do not know, unless that was asked already."""
        if not self._asked:
            await run_in_threadpool(self.alone)


class EntryRoute(StrictRoute):
    """A strict route that may find out by itself who calls."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def entered(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception:
                entry: Entry | None = request.scope.get(IN_SCOPE)
                if entry is not None:
                    await entry.first()
                raise

        return entered


def channel_of(user_agent: str) -> Channel:
    """How somebody says that they came. Anybody can say so: it is a label for people, and nothing is decided by it."""
    return Channel.CLI if user_agent.startswith(_TERMINAL) else Channel.API
