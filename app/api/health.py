"""`/healthz` and `/readyz`: no token, no secret."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from fastapi import APIRouter, Request
from starlette.responses import Response

from app import migrate
from app.api.door import respond
from app.api.house import House
from app.api.schemas import HealthView, ReadyView
from app.errors import GatehouseError
from app.services.watch import Standing

router = APIRouter(tags=["health"])


@dataclass(frozen=True)
class Finding:
    """What a check says in words, and whether requests may be sent here all the same."""

    says: str = "ok"
    ready: bool = True


def _database(house: House, standing: Standing | None) -> Finding:
    if standing is None:
        return Finding("does not answer", ready=False)
    return Finding() if house.watch.writes.work() else Finding("cannot be written", ready=False)


def _migrations(_house: House, standing: Standing | None) -> Finding:
    if standing is None:
        return Finding("cannot be seen", ready=False)
    return Finding() if standing.revision == migrate.head() else Finding("not at this program's version", ready=False)


def _keys(_house: House, _standing: Standing | None) -> Finding:
    return Finding()  # without them nothing starts; the contract names the check


def _worker(house: House, standing: Standing | None) -> Finding:
    if house.delivery is not None:
        return Finding() if house.delivery.is_fresh() else Finding("stuck", ready=False)
    # Requests can be taken all the same, and are carried out when a worker comes.
    alive = standing.workers if standing is not None else None
    return Finding("none alive") if alive == 0 else Finding("none in this process")


def _restored(_house: House, standing: Standing | None) -> Finding:
    if standing is not None and standing.restored:
        return Finding("not confirmed: see GET /v1/restoration", ready=False)
    return Finding()


def _ends_spilled(house: House, _standing: Standing | None) -> Finding:
    waiting = house.spill.count()
    return Finding(f"{waiting} wait to be written", ready=False) if waiting else Finding()


CHECKS: dict[str, Callable[[House, Standing | None], Finding]] = {
    "database": _database,
    "migrations": _migrations,
    "keys": _keys,
    "worker": _worker,
    "restored": _restored,
    "ends_spilled": _ends_spilled,
}
"""Name and check. `standing` is what the database says of itself, None when it does not answer."""


@router.get("/healthz", response_model=HealthView, summary="The process is up")
def healthz() -> Response:
    """Answers as long as the process does."""
    return respond(HealthView())


@router.get(
    "/readyz",
    response_model=ReadyView,
    responses={503: {"model": ReadyView, "description": "Something is missing; see checks."}},
    summary="Ready to serve and to carry out",
)
async def readyz(request: Request) -> Response:
    """Database, migrations, keys and worker."""
    house: House = request.app.state.house
    # On a thread that no handler uses: it answers also when all of theirs wait for a database that does not.
    standing = await asyncio.to_thread(_stand, house)
    found = {name: check(house, standing) for name, check in CHECKS.items()}
    ready = all(finding.ready for finding in found.values())
    view = ReadyView(
        status="ready" if ready else "not_ready",
        checks={name: finding.says for name, finding in found.items()},
        status_code=200 if ready else 503,
    )
    return respond(view, view.status_code)


def _stand(house: House) -> Standing | None:
    try:
        return house.watch.standing()
    except (sa.exc.SQLAlchemyError, GatehouseError, TimeoutError):
        return None
