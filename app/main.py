"""create_app: wiring only."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from app.api import (
    access_requests,
    accounts,
    audit,
    grants,
    groups,
    health,
    metrics,
    mfa,
    notices,
    openapi,
    policies,
    problems,
    restoration,
    secrets,
    slack,
    slack_links,
    tokens,
    users,
    webhooks,
    why,
)
from app.api.house import House
from app.api.middleware import FrontMiddleware
from app.clients.details import ReadsAccounts
from app.config import Settings
from app.db import Database
from app.delivery.protocol import Delivery
from app.domain.keys import derive
from app.domain.vault import Vault
from app.services.direct import Direct
from app.slack.desk import Desk
from app.terms import Terms

VERSION = "0.2.0"


def make_database(settings: Settings) -> Database:
    """The database of these settings.

    Raises:
        StartError: A key is missing or the address is of no known form.
    """
    secret_key, audit_key = settings.keys()
    terms = Terms(
        lapse_after=settings.lapse_after,
        longest_policy=settings.longest_policy,
        require_mfa=settings.require_mfa and not settings.simulate,
        vault=Vault(secret_key),
        key_overlap=settings.key_overlap,
        key_idle=settings.key_idle,
        trail_delay=settings.trail_delay,
    )
    return Database(settings.database_url, audit_key=audit_key, terms=terms)


def create_app(
    settings: Settings,
    database: Database,
    delivery: Delivery | None,
    direct: Direct | None = None,
    reads_account: Callable[[str], ReadsAccounts] | None = None,
    desk: Desk | None = None,
) -> FastAPI:
    """The application. It neither opens nor closes what it is given."""
    secret_key, _ = settings.keys()
    cursor_key = derive(secret_key, "cursors")
    house = House(database, settings, delivery, direct, cursor_key=cursor_key, reads_account=reads_account, desk=desk)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        house.bell.bind()
        database.after_commit.append(house.bell.ring)
        yield
        database.after_commit.remove(house.bell.ring)
        await asyncio.sleep(0)

    make = FastAPIOffline if settings.docs else partial(FastAPI, docs_url=None, redoc_url=None)
    app: FastAPI = make(
        title="Gatehouse",
        version=VERSION,
        summary="Ask for AWS access, have it approved, carried out in IAM, ended on time, and proven.",
        lifespan=life,
        redirect_slashes=False,
    )
    app.state.house = house
    app.state.registry = metrics.install(house, VERSION)
    # Looked through in this order for each call: what is asked for most comes first.
    for router in (
        access_requests.router,
        audit.router,
        grants.router,
        users.router,
        notices.router,
        groups.router,
        policies.router,
        tokens.router,
        secrets.router,
        mfa.router,
        restoration.router,
        accounts.router,
        why.router,
        slack.router,
        slack_links.router,
        webhooks.router,
        health.router,
        metrics.router,
    ):
        app.include_router(router)
    problems.install(app)
    openapi.install(app)
    app.add_middleware(FrontMiddleware, house=house)
    return app
