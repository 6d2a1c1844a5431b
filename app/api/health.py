"""`/healthz` and `/readyz`: no token, no secret."""

import sqlalchemy as sa
from fastapi import APIRouter, Request
from starlette.responses import Response

from app import migrate
from app.api.door import respond
from app.api.house import House
from app.api.schemas import HealthView, ReadyView

router = APIRouter(tags=["health"])


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
def readyz(request: Request) -> Response:
    """Database, migrations, keys and worker."""
    house: House = request.app.state.house
    checks = {"database": "ok", "migrations": "ok", "keys": "ok", "worker": "ok"}
    try:
        with house.database.engine.connect() as connection:
            if migrate.current(connection) != migrate.head():
                checks["migrations"] = "not at this program's version"
    except sa.exc.SQLAlchemyError:
        checks["database"], checks["migrations"] = "does not answer", "cannot be seen"
    if house.delivery is None:
        checks["worker"] = "none in this process"
    elif not house.delivery.is_fresh():
        checks["worker"] = "stuck"
    ready = all(said in {"ok", "none in this process"} for said in checks.values())
    view = ReadyView(status="ready" if ready else "not_ready", checks=checks, status_code=200 if ready else 503)
    return respond(view, view.status_code)
