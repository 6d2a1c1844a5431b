"""The way of a handler: who calls, may the token do this, one transaction, one answer."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel
from starlette.responses import Response
from typing_extensions import override

from app.api.entry import IN_SCOPE, Entry
from app.api.house import House
from app.db import Tx
from app.domain.actors import Caller
from app.domain.words import Scope
from app.errors import Conflict, Forbidden
from app.services import idempotency
from app.services.doors import database_errors, note_refusal, require_scopes

Answer = BaseModel | None
Result = TypeVar("Result")


class Reader:
    """What a handler that only reads works with.

    Everything of a request happens in one call on one thread: a transaction that spans several could wait
    for a thread while it holds the database.
    """

    house: House
    caller: Caller

    def read(self, look: Callable[[Tx], Answer]) -> Response:
        """Answer from a reading transaction."""
        with database_errors(), self.house.database.look() as tx:
            return respond(look(tx))


class Door(Reader):
    """What a handler works with that may also change something."""

    def __init__(self, request: Request, caller: Caller, body: bytes) -> None:
        self.house = request.app.state.house
        self.caller = caller
        self._request, self._body = request, body
        key = request.headers.get(idempotency.HEADER) if request.method == "POST" else None
        self._key = None if key is None else idempotency.check_form(key)

    def write(
        self, change: Callable[[Tx], Answer], *, status: int = 200, secret: bool | Callable[[Answer], bool] = False
    ) -> Response:
        """Change something and answer, once per idempotency key.

        Args:
            change: Does the work in the transaction and returns the answer.
            status: Of the answer.
            secret: The answer is never stored (rule 17); or which answers are not.
        """
        with self.refusals():
            return self._write(change, status, secret=secret)

    def write_after(self, outside: Callable[[], Result], answer: Callable[[Tx, Result], Answer]) -> Response:
        """Do what needs the world outside, then answer. A key that was used before does neither again.

        Args:
            outside: Opens transactions of its own, where it needs any.
            answer: Makes the answer, in a transaction after it.
        """
        if self._key is not None:
            with database_errors(), self.house.database.look() as tx:
                before = idempotency.known(tx, self.caller.name, self._key, self._print())
            if before is not None:
                return _again(before)
        with self.refusals(), database_errors():
            result = outside()
        return self.write(lambda tx: answer(tx, result))

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """What is refused in the block is audited."""
        try:
            yield
        except (Forbidden, Conflict) as refusal:
            request, given = self._request, self._request.path_params
            note_refusal(
                self.house.database,
                self.caller,
                refusal,
                method=request.method,
                path=request.url.path,
                access_request_id=given.get("request_id"),
            )
            raise

    def _write(
        self, change: Callable[[Tx], Answer], status: int, *, secret: bool | Callable[[Answer], bool]
    ) -> Response:
        key, owner = self._key, self.caller.name
        with database_errors(), self.house.database.write() as tx:
            if key is not None:
                before = idempotency.claim(tx, owner, key, self._print())
                if before is not None:
                    return _again(before)
            answer = change(tx)
            code = getattr(answer, "status_code", None) or status
            response = respond(answer, code)
            if key is not None and not (secret(answer) if callable(secret) else secret):
                idempotency.store(tx, owner, key, code, bytes(response.body).decode())
            return response

    def _print(self) -> str:
        return idempotency.fingerprint(self._request.method, self._request.url.path, self._body)


class LateDoor(Reader):
    """A door for reading whose caller is found in the transaction that reads (`entry.LATE`), and known inside it."""

    def __init__(self, request: Request, entry: Entry) -> None:
        self.house = request.app.state.house
        self._entry = entry

    @override
    def read(self, look: Callable[[Tx], Answer]) -> Response:
        """Answer from a reading transaction, to whom it finds there."""
        with database_errors(), self.house.database.look() as tx:
            self.caller = self._entry.find(tx)
            return respond(look(tx))


def respond(answer: Answer, status: int = 200) -> Response:
    """A view as JSON, with its version as ETag. The view is valid by construction: it is not validated again."""
    if answer is None:
        return Response(status_code=204)
    exclude = {"status_code"} if hasattr(answer, "status_code") else None
    return _json(answer.model_dump_json(exclude=exclude), status, getattr(answer, "version", None))


def _again(before: tuple[int, str]) -> Response:
    status, body = before
    return _json(body, status, json.loads(body).get("version"))


def _json(text: str, status: int, version: int | None) -> Response:
    headers = {"Cache-Control": "no-store"}
    if version is not None:
        headers["ETag"] = f'"{version}"'
    return Response(text, status, headers=headers, media_type="application/json")


def door(*scopes: Scope) -> Any:
    """The dependency that declares what a route needs: every one of these scopes on the token."""

    async def enter(request: Request) -> Door:
        caller: Caller = request.scope["gatehouse.caller"]
        require_scopes(caller, scopes)
        return Door(request, caller, await request.body())

    enter.scopes = scopes  # type: ignore[attr-defined] # for the test that walks the routes
    return Depends(enter)


def late_door(*scopes: Scope) -> Any:
    """The same for the routes of `entry.LATE`, which only read."""

    async def enter(request: Request) -> Reader:
        entry: Entry | None = request.scope.get(IN_SCOPE)
        if entry is None:  # a route also matches with a newline behind its path, and then who calls is known already
            caller: Caller = request.scope["gatehouse.caller"]
            require_scopes(caller, scopes)
            return Door(request, caller, b"")
        entry.needed = scopes
        return LateDoor(request, entry)

    enter.scopes = scopes  # type: ignore[attr-defined] # as above
    return Depends(enter)


ListRequests = Annotated[Reader, late_door(Scope.REQUESTS_READ)]
ListAudit = Annotated[Reader, late_door(Scope.AUDIT_READ)]
ReadRequests = Annotated[Door, door(Scope.REQUESTS_READ)]
WriteRequests = Annotated[Door, door(Scope.REQUESTS_WRITE)]
AdminRequests = Annotated[Door, door(Scope.REQUESTS_WRITE, Scope.ADMIN)]
Decide = Annotated[Door, door(Scope.REQUESTS_DECIDE)]
DecideAdmin = Annotated[Door, door(Scope.REQUESTS_DECIDE, Scope.ADMIN)]
ReadDirectory = Annotated[Door, door(Scope.DIRECTORY_READ)]
WriteDirectory = Annotated[Door, door(Scope.DIRECTORY_WRITE)]
AdminDirectory = Annotated[Door, door(Scope.DIRECTORY_WRITE, Scope.ADMIN)]
ReadAudit = Annotated[Door, door(Scope.AUDIT_READ)]
ReadWebhooks = Annotated[Door, door(Scope.AUDIT_READ, Scope.ADMIN)]
Admin = Annotated[Door, door(Scope.ADMIN)]
AnyToken = Annotated[Door, door()]
