"""Delivering webhooks: the round of their courier, and a thread for each endpoint that has something due.

A try is claimed by a compare-and-set that moves `due_at` a lease ahead, committed, sent outside any transaction, and
its outcome noted. Whatever dies in between is tried again when the lease is over: at least once, under the same id.
One endpoint has one thread here, so its messages go one after the other, and a slow one delays no other.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app import log, metrics
from app.clients.webhooks import Outcome, Poster
from app.db import Database, Tx
from app.domain import endpoints, webhooks
from app.domain.webhooks import DeliveryState, Disabled
from app.errors import Unavailable
from app.models import Webhook, WebhookDelivery, columns
from app.services import following, webhook_deliveries
from app.services.webhook_deliveries import ACTIVE, OWNED, OWNER, owner_may
from app.services.webhooks import FOLLOWER, disable

_log = log.get("webhooks")
LEASE = timedelta(seconds=60)
"""Longer than a call may take with all around it."""
_IDLE = 1.0
"""Seconds until the next look where there is nothing to send."""
_MOST_ATTEMPTS = 20
"""Tries of one delivery that the log keeps, the newest."""
_GONE = 410
_ASKS_TO_WAIT = frozenset({429, 503})

_hooks, _deliveries = columns(Webhook), columns(WebhookDelivery)
_FIRST_DUE = sa.select(sa.func.min(_deliveries.c.due_at)).where(_deliveries.c.webhook_id == _hooks.c.id)
_DUE = _FIRST_DUE.scalar_subquery().label("due_at")
_STANDING = sa.select(_hooks.c.id, _DUE, *OWNER).select_from(OWNED).where(ACTIVE)
_NEXT = (
    sa.select(_deliveries.c.id, _deliveries.c.claims, _deliveries.c.payload)
    .add_columns(_hooks.c.url, _hooks.c.sealed, _hooks.c.sealed_before, _hooks.c.before_ends_at, *OWNER)
    .select_from(OWNED.join(_deliveries, _hooks.c.id == _deliveries.c.webhook_id))
    .where(_deliveries.c.webhook_id == sa.bindparam("webhook_id"), ACTIVE)
    .where(_deliveries.c.due_at <= sa.bindparam("now", type_=_deliveries.c.due_at.type))
    .order_by(_deliveries.c.due_at, _deliveries.c.id)
    .limit(1)
)


@dataclass(frozen=True)
class _Claim:
    """One try of one delivery. Without headers nothing can be signed, and nothing is sent."""

    id: str
    webhook_id: str
    number: int
    url: str
    payload: str
    headers: dict[str, str]


class WebhookRounds:
    """What the webhooks' courier calls.

    Args:
        poster: Sends.
        pauses: Seconds after each failure.
        lease: How long a try under way is left alone.
        jitter: A number from 0 to 1 each time.
    """

    def __init__(
        self,
        database: Database,
        poster: Poster,
        *,
        pauses: Sequence[float] = webhooks.PAUSES,
        lease: timedelta = LEASE,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._database, self._poster = database, poster
        self._pauses, self._lease, self._jitter = pauses, lease, jitter
        self._begun = False
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Thread] = {}

    def __call__(self) -> float | None:
        """Write down what webhooks are to hear, and see to what is due.

        Returns:
            Seconds until there may be more; None: there is no webhook.
        """
        standing, now = self._look()
        if not standing:
            return None
        for row in standing:
            if not owner_may(row):
                self._disable_ownerless(row.id)
        if not self._begun:
            with self._database.write() as tx:
                following.begin(tx, FOLLOWER)  # an older copy of the database may have been put back (rule 38)
            self._begun = True
        told = following.follow(self._database, FOLLOWER, webhook_deliveries.note)
        if told:
            standing, now = self._look()
        waits = [_IDLE]
        for row in standing:
            if row.due_at is not None and row.due_at <= now:
                self._start(row.id)
            elif row.due_at is not None:
                waits.append((row.due_at - now).total_seconds())
        return 0.0 if told >= following.BATCH else min(waits)

    def stop(self, timeout: float) -> bool:
        """Let the calls under way end. False: they did not within `timeout` seconds, and are made again."""
        self._stopping.set()
        deadline = time.monotonic() + timeout
        with self._lock:
            busy = list(self._busy.values())
        for thread in busy:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in busy)

    def _look(self) -> tuple[Sequence[Any], datetime]:
        """The webhooks that are on, each with its owner and when the first of what waits is due; and the time."""
        with self._database.look() as tx:
            return tx.session.connection().execute(_STANDING).all(), tx.now

    def _start(self, webhook_id: str) -> None:
        """Have a thread see to what is due there, if none does already."""
        with self._lock:
            if webhook_id in self._busy or self._stopping.is_set():
                return
            name = f"gatehouse-webhook-{webhook_id}"
            self._busy[webhook_id] = threading.Thread(target=self._empty, args=(webhook_id,), name=name, daemon=True)
            self._busy[webhook_id].start()

    def _empty(self, webhook_id: str) -> None:
        try:
            while not self._stopping.is_set() and (claim := self._claim(webhook_id)) is not None:
                self._record(claim, self._send(claim))
        except (sa.exc.SQLAlchemyError, Unavailable) as problem:
            _log.error("webhook_not_delivered", webhook_id=webhook_id, problem=type(problem).__name__)
            self._stopping.wait(1.0)
        except Exception:  # noqa: BLE001 - a bug with one endpoint must not end the courier
            _log.exception("webhook_not_delivered", webhook_id=webhook_id)
            self._stopping.wait(1.0)
        finally:
            with self._lock:
                del self._busy[webhook_id]

    def _claim(self, webhook_id: str) -> _Claim | None:
        """The next that is due there; None when nothing is."""
        while True:
            with self._database.look() as tx:
                if tx.session.connection().execute(_NEXT, {"webhook_id": webhook_id, "now": tx.now}).first() is None:
                    return None
            with self._database.write() as tx:
                row = tx.session.connection().execute(_NEXT, {"webhook_id": webhook_id, "now": tx.now}).first()
                if row is not None and not owner_may(row):
                    return None
                if row is not None and self._take(tx, row):
                    return self._made(tx, webhook_id, row)

    def _take(self, tx: Tx, row: Any) -> bool:
        mine = {"due_at": tx.now + self._lease, "claims": row.claims + 1}
        as_read = _deliveries.c.id == row.id, _deliveries.c.claims == row.claims, _deliveries.c.due_at <= tx.now
        return tx.session.connection().execute(sa.update(_deliveries).where(*as_read).values(**mine)).rowcount == 1

    def _made(self, tx: Tx, webhook_id: str, row: Any) -> _Claim:
        sealed = [row.sealed]
        if row.sealed_before is not None and row.before_ends_at > tx.now:
            sealed.append(row.sealed_before)
        headers: dict[str, str] = {}
        with suppress(Unavailable):  # sealed with another key: it is tried again like what did not arrive
            secrets = [tx.terms.vault.open(webhook_id, one) for one in sealed]
            headers = webhooks.headers(secrets, row.id, tx.now, row.payload)
        return _Claim(row.id, webhook_id, row.claims + 1, row.url, row.payload, headers)

    def _send(self, claim: _Claim) -> Outcome:
        if not claim.headers:
            return Outcome(0.0, error="secret_unreadable")
        try:
            return self._poster.post(endpoints.parse(claim.url), claim.payload.encode(), claim.headers)
        except Exception:  # noqa: BLE001 - noted as a try like others: it would be made again for ever
            _log.exception("webhook_not_sent", webhook_id=claim.webhook_id)
            return Outcome(0.0, error="internal_error")

    def _record(self, claim: _Claim, outcome: Outcome) -> None:
        with self._database.write() as tx:
            hook = tx.session.scalars(
                select(Webhook).where(col(Webhook.id) == claim.webhook_id).with_for_update(key_share=True)
            ).one_or_none()
            row = tx.session.scalars(
                select(WebhookDelivery)
                .where(
                    col(WebhookDelivery.id) == claim.id,
                    col(WebhookDelivery.claims) == claim.number,
                    col(WebhookDelivery.state) == DeliveryState.WAITING,
                )
                .with_for_update()
            ).one_or_none()
            if hook is None or row is None:  # deleted meanwhile, or another one's by now
                return
            self._note(tx, hook, row, outcome)
        metrics.WEBHOOK_DELIVERIES.labels(_counted(row, outcome)).inc()

    def _note(self, tx: Tx, hook: Webhook, row: WebhookDelivery, outcome: Outcome) -> None:
        at = (tx.now - timedelta(seconds=outcome.seconds)).isoformat().replace("+00:00", "Z")
        tried = {"at": at, "seconds": outcome.seconds, "status": outcome.status, "error": outcome.error}
        row.attempts = [*row.attempts, tried][-_MOST_ATTEMPTS:]
        if outcome.error is None and outcome.status is not None and outcome.status // 100 == 2:  # noqa: PLR2004
            row.state, row.due_at, row.done_at = DeliveryState.DELIVERED, None, tx.now
            hook.failing_since = None
            return
        row.failures += 1
        asked = outcome.retry_after if outcome.status in _ASKS_TO_WAIT else None
        pause = webhooks.pause(row.failures, self._jitter(), asked, self._pauses)
        if outcome.status == _GONE or pause is None or tx.now + pause > row.gives_up_at:
            row.state, row.due_at, row.done_at = DeliveryState.FAILED, None, tx.now
        else:
            row.due_at = tx.now + pause
        hook.failing_since = hook.failing_since or tx.now
        if outcome.status == _GONE:
            disable(tx, hook, Disabled.GONE)
        elif row.state == DeliveryState.FAILED and tx.now - hook.failing_since > webhooks.DISABLED_AFTER:
            disable(tx, hook, Disabled.FAILING)

    def _disable_ownerless(self, webhook_id: str) -> None:
        with self._database.write() as tx:
            query = select(Webhook).where(col(Webhook.id) == webhook_id).with_for_update(key_share=True)
            hook = tx.session.scalars(query).one_or_none()
            owner = tx.session.connection().execute(_STANDING.where(_hooks.c.id == webhook_id)).one_or_none()
            if hook is not None and owner is not None and not owner_may(owner):
                disable(tx, hook, Disabled.OWNER)


def _counted(row: WebhookDelivery, outcome: Outcome) -> str:
    if row.state == DeliveryState.WAITING:
        return "refused" if outcome.error == "address_refused" else "failed"
    return "delivered" if row.state == DeliveryState.DELIVERED else "given_up"
