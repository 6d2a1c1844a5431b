"""The registry of a process: what it counts of itself, and gauges read from rows when somebody scrapes."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry
from typing_extensions import override

from app import log, metrics
from app.domain.states import APPLYING, APPROVED, FAILED, PENDING, QUEUED
from app.errors import GatehouseError
from app.services.figures import Figures
from app.services.watch import Watch

_log = log.get("metrics")
_OPEN = (PENDING, APPROVED, QUEUED, APPLYING, FAILED)


def registry(watch: Watch, version: str) -> CollectorRegistry:
    """Make it. A process that serves HTTP registers its own instruments in it as well."""
    made = metrics.of_process(version)
    made.register(_OfDatabase(watch))
    return made


class _OfDatabase(Collector):
    """Answers also while the database does not: then `gatehouse_database_up` is 0 and what rows say is left out."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        """For the registry."""
        found = self._look()
        yield _gauge("database_up", "Whether the database answered this scrape.", int(found is not None))
        yield _gauge("database_writable", "0 after a failed write, until one works.", int(self._watch.writes.work()))
        yield from _pool(self._watch.database.engine)
        delivery = self._watch.delivery
        if delivery is not None:
            yield _gauge("worker_fresh", "Whether the worker in this process moves.", int(delivery.is_fresh()))
        if found is not None:
            workers = self._watch.workers(found.workers)
            yield _gauge("workers", "Workers that are alive, here or elsewhere.", workers)
            yield from _rows(found)

    def _look(self) -> Figures | None:
        try:
            return self._watch.figures()
        except (sa.exc.SQLAlchemyError, GatehouseError, TimeoutError) as problem:
            _log.warning("database_away", problem=type(problem).__name__)
            return None


def _rows(found: Figures) -> Iterator[GaugeMetricFamily]:
    # Zeros are said, too: an alarm on a series that is not there never rings.
    requests = {(str(d), str(p)): 0 for d, p in _OPEN} | found.requests
    yield _gauges("requests", "Access requests that are not finished.", ("decision", "provisioning"), requests)
    yield _gauges("grants", "Grants that are not revoked.", ("state",), _single(found.grants))
    yield _gauges("due", "Ends, requests, rotations and reports that are due now.", ("what",), _single(found.due))
    yield _gauges("lag_seconds", "How long the oldest of them has been due.", ("what",), _single(found.lag))
    yield _gauge("access_overdue_seconds", "How long access has outlived its end, at the worst.", found.overdue)
    yield _gauge("restored_mode", "1 while a restored backup waits to be confirmed.", int(found.restored))
    yield _gauges("notices", "Notices to people that wait, or were given up.", ("state",), _single(found.notices))
    yield _gauge("webhook_deliveries_waiting", "What waits to be delivered to webhooks.", found.webhook_deliveries)
    yield _gauge("webhooks_disabled", "Webhooks that are off.", found.webhooks_disabled)
    if found.jobs:
        yield _gauges("jobs", "Wake-ups in procrastinate's queue.", ("state",), _single(found.jobs))
    if found.audit_seq is not None:
        yield _gauge("audit_head", "The number of the newest audit event.", found.audit_seq)
    if found.audit_age is not None:
        yield _gauge("audit_age_seconds", "Since the newest audit event.", found.audit_age)


def _pool(engine: sa.Engine) -> Iterator[GaugeMetricFamily]:
    if isinstance(engine.pool, sa.pool.QueuePool):
        yield _gauge("database_connections_in_use", "Connections taken from the pool.", engine.pool.checkedout())


def _single(values: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    return {(name,): value for name, value in values.items()}


def _gauge(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"gatehouse_{name}", documentation, value)


def _gauges(name: str, documentation: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"gatehouse_{name}", documentation, labels=labels)
    for label, value in values.items():
        family.add_metric(label, value)
    return family
