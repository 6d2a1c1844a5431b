"""Webhooks without a server: what a test of their delivery does with a database and a courier's round."""

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

from sqlmodel import select

from app.clients.webhooks import Poster
from app.db import Database
from app.domain import webhooks
from app.domain.actors import SYSTEM_ACTOR, Caller
from app.domain.people import Person
from app.models import Webhook, WebhookDelivery, columns
from app.services import audit
from app.services import webhooks as services
from app.services.webhook_rounds import WebhookRounds
from tests.support.site import until

LOOPBACK = (ip_network("127.0.0.0/8"),)
PI = Caller("pi", person=Person("pi", roles=frozenset({"admin"})))


def rounds_of(database: Database, *pauses: float, **how: Any) -> WebhookRounds:
    """What the courier calls, with these pauses after failures."""
    return WebhookRounds(database, Poster(LOOPBACK, whole=50.0), pauses=pauses or webhooks.PAUSES, **how)


def register(database: Database, url: str, *events: str) -> str:
    """One of pi's; its id."""
    with database.write() as tx:
        return services.register(tx, PI, url=url, events=events or ("*",))[0].id


def happen(database: Database, *names: str) -> None:
    """Something that webhooks tell of, once for each name."""
    for name in names:
        with database.write() as tx:
            audit.record(tx, "user.vouched", by=SYSTEM_ACTOR, subject=name)


def sent(database: Database, hook: str) -> list[WebhookDelivery]:
    """What is sent to it, oldest first."""
    with database.look() as tx:
        query = select(WebhookDelivery).where(columns(WebhookDelivery).c.webhook_id == hook)
        return list(tx.session.scalars(query.order_by(columns(WebhookDelivery).c.id)))


def hook_of(database: Database, hook: str) -> Webhook:
    """Its row."""
    with database.look() as tx:
        return tx.session.get_one(Webhook, hook)


def turn(rounds: WebhookRounds, holds: Callable[[], bool]) -> None:
    """Let the courier come by until something holds."""

    def once() -> bool:
        rounds()
        return holds()

    until(once)


def states(database: Database, hook: str) -> list[str]:
    """Of what is sent to it, oldest first."""
    return [row.state.value for row in sent(database, hook)]
