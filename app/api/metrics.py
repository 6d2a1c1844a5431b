"""`/metrics`: open on this machine, with a token from elsewhere."""

import asyncio
from ipaddress import IPv6Address, ip_address

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, Gauge, generate_latest
from prometheus_client.registry import CollectorRegistry
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Scope as AsgiScope

from app.api.house import House
from app.domain.actors import Caller
from app.domain.words import Scope
from app.errors import Forbidden
from app.services import exposition

PATH = "/metrics"
SCOPES = frozenset({Scope.REPORTS_READ, Scope.ADMIN})
"""One of these lets a token read the figures from another machine. No role is asked for: they hold no names, and
a scraper is best a service, which can be neither admin nor auditor."""
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-real-ip")

router = APIRouter(tags=["health"])


def install(house: House, version: str) -> CollectorRegistry:
    """Everything that this application shows."""
    registry = exposition.registry(house.watch, version)
    registry.register(house.http.requests)
    registry.register(house.http.seconds)
    waits = Gauge("gatehouse_waiting_requests", "Long polls that wait for a change.", registry=registry)
    waits.set_function(lambda: house.bell.waits)
    return registry


def from_this_machine(scope: AsgiScope, headers: Headers) -> bool:
    """Whether the caller is on loopback: 127.0.0.0/8 or ::1, and not a proxy that speaks for somebody else."""
    client = scope.get("client")
    if client is None or any(name in headers for name in _FORWARDED):
        return False
    try:
        address = ip_address(client[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


@router.get(
    PATH, response_class=PlainTextResponse, responses={200: {"description": "Prometheus text."}}, summary="Metrics"
)
async def metrics(request: Request) -> Response:
    """For Prometheus. Open on loopback; otherwise a token with the scope `reports:read` or `admin`.

    What the database would say is left out while it does not answer, and `gatehouse_database_up` is 0.
    """
    caller: Caller | None = request.scope.get("gatehouse.caller")
    if caller is not None and SCOPES.isdisjoint(caller.scopes):
        raise Forbidden("This token lacks the scope reports:read.", code="insufficient_scope")
    # On a thread that no handler uses: it answers also when all of theirs wait for a database that does not.
    text = await asyncio.to_thread(generate_latest, request.app.state.registry)
    return Response(text, headers={"Cache-Control": "no-store"}, media_type=CONTENT_TYPE_PLAIN_0_0_4)
