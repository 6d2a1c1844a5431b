"""What Python's and the framework's readers let through, and we do not: NaN, doubles, NUL, stray surrogates."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response
from typing_extensions import override

_DEPTH = 64
_DIGITS = 64


class _StrictRequest(Request):
    """A request whose JSON is read strictly."""

    @override
    async def json(self) -> Any:
        return read(await self.body())


class StrictRoute(APIRoute):
    """A route that reads JSON strictly and refuses query parameters it does not know."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = frozenset(_query_names(self.dependant))

        async def strict(request: Request) -> Response:
            unknown = [name for name in request.query_params if name not in known]
            if unknown:
                errors = [
                    {"loc": ("query", n), "msg": "There is no such parameter.", "type": "extra_forbidden"}
                    for n in unknown
                ]
                raise RequestValidationError(errors)
            try:
                return await handle(_StrictRequest(request.scope, request.receive))
            except HTTPException as wrapped:
                # The framework makes a 400 of whatever goes wrong while it reads a body.
                if isinstance(wrapped.__cause__, RequestValidationError):
                    raise wrapped.__cause__ from None
                raise

        return strict


def _query_names(dependant: Any) -> list[str]:
    names = [field.alias for field in dependant.query_params]
    for below in dependant.dependencies:
        names += _query_names(below)
    return names


def read(body: bytes) -> Any:
    """Read a JSON body.

    Raises:
        RequestValidationError: It is not UTF-8, not JSON, has NaN or a key twice, is nested too deep, or holds
            a character that cannot be stored.
    """
    try:
        value = json.loads(body.decode(), parse_int=_integer, parse_constant=_no_constant, object_pairs_hook=_once)
    except RecursionError:
        raise _refused("nested too deep", "json_invalid") from None
    except ValueError as problem:
        said = str(problem) if type(problem) is ValueError else "not JSON in UTF-8"
        raise _refused(said, "json_invalid") from None
    try:
        _check(value, 0)
    except ValueError as problem:
        raise _refused(str(problem), "value_error") from None
    return value


def _refused(why: str, kind: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("body",), "msg": why, "type": kind}])


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError("a number is too large")
    return int(digits)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _check(value: Any, depth: int) -> None:
    if depth > _DEPTH:
        raise ValueError("nested too deep")
    if isinstance(value, str):
        storable(value)
    elif isinstance(value, dict):
        for key, below in value.items():
            storable(key)
            _check(below, depth + 1)
    elif isinstance(value, list):
        for below in value:
            _check(below, depth + 1)
    elif isinstance(value, float) and value in {float("inf"), float("-inf")}:
        raise ValueError("a number is too large")


def storable(text: str) -> None:
    """Refuse what PostgreSQL or UTF-8 cannot hold."""
    if "\x00" in text:
        raise ValueError("text must not hold NUL")
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("text must not hold a lone surrogate")
