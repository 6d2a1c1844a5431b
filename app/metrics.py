"""What a process counts of itself, for Prometheus. Who counts needs nothing but this module.

Calls to AWS and the worker's rounds belong to the process, so there is one instrument of each, and every registry
shows it. What belongs to one application (its HTTP requests) is made with it. Nothing is in the library's own global
registry: several applications live in one test process.
"""

import platform
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import prometheus_client
from prometheus_client import Counter, Gauge, Histogram, Info
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry
from typing_extensions import override

from app.errors import StartError

# A second series for each counter with the time it was made: nothing here uses it.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call] # it has no annotations

_CODE = re.compile(r"[A-Za-z0-9.]{1,64}")
_MOST_CODES = 200
"""Distinct error codes that are told apart. They come from outside; IAM documents far fewer."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Up to a minute: the longest wait of a long poll, and a call to AWS with all its tries."""
_OTHER = "other"


class Words:
    """Words from outside, made fit to be labels: each new value of a label costs memory for ever.

    Args:
        most: Distinct words at most.
    """

    def __init__(self, most: int) -> None:
        self._most, self._seen, self._lock = most, set[str](), threading.Lock()

    def __call__(self, word: str) -> str:
        """The word; `other` for what is not formed like a code, and for every new one beyond `most`."""
        if _CODE.fullmatch(word) is None:
            return _OTHER
        with self._lock:
            if word not in self._seen and len(self._seen) >= self._most:
                return _OTHER
            self._seen.add(word)
        return word


class Since(Collector):
    """Seconds since something last happened in this process; no series before it first did."""

    def __init__(self, name: str, documentation: str) -> None:
        self._name, self._documentation = name, documentation
        self._at: float | None = None

    def now(self) -> None:
        """It happens now."""
        self._at = time.monotonic()

    @override
    def collect(self) -> Iterator[GaugeMetricFamily]:
        """For the registry."""
        if self._at is not None:
            yield GaugeMetricFamily(self._name, self._documentation, max(0.0, time.monotonic() - self._at))


_aws_calls = Counter(
    "gatehouse_aws_calls_total", "Calls to AWS, by what became of them.", ("action", "outcome"), registry=None
)
_aws_errors = Counter(
    "gatehouse_aws_errors_total", "Calls to AWS that raised, by AWS's code.", ("action", "code"), registry=None
)
_aws_seconds = Histogram(
    "gatehouse_aws_call_seconds",
    "How long calls to AWS took, botocore's own tries included and our pacing not.",
    ("action",),
    buckets=_SECONDS,
    registry=None,
)
WORKER_ROUND = Since("gatehouse_worker_round_age_seconds", "Since the worker here last looked at what is due.")
DATABASE_WRITE_ERRORS = Counter(
    "gatehouse_database_write_errors_total", "Writes that the database could not do.", registry=None
)
POWER_UNSEEN = Counter(
    "gatehouse_power_unseen_total",
    "Ends of administrator power after which AWS did not say what was done under it.",
    registry=None,
)
COURIER_FAILURES = Counter(
    "gatehouse_courier_failures_total",
    "Rounds of telling people and programs that failed as a whole.",
    registry=None,
)
NOTICES = Counter("gatehouse_notices_total", "Notices to people, by what became of them.", ("outcome",), registry=None)
for _outcome in ("slack", "mail", "tried_again", "dropped", "given_up"):
    NOTICES.labels(_outcome)  # there from the start, at zero
SLACK_TAKEN = Counter(
    "gatehouse_slack_taken_total",
    "What Slack told us, by transport and what became of it.",
    ("transport", "outcome"),
    registry=None,
)
for _transport in ("http", "socket"):
    for _outcome in ("again", "done", "failed", "refused", "unknown"):
        SLACK_TAKEN.labels(_transport, _outcome)  # there from the start, at zero
SLACK_CONNECT_FAILURES = Counter(
    "gatehouse_slack_connect_failures_total", "Tries to connect to Slack's Socket Mode that failed.", registry=None
)
SLACK_CONNECTED = Gauge("gatehouse_slack_connected", "1 while Socket Mode is connected.", registry=None)
WEBHOOK_DELIVERIES = Counter(
    "gatehouse_webhook_deliveries_total",
    "Tries to deliver to a webhook, by what became of them.",
    ("outcome",),
    registry=None,
)
for _outcome in ("delivered", "failed", "refused", "given_up"):
    WEBHOOK_DELIVERIES.labels(_outcome)
LOG_LINES_LOST = Counter("gatehouse_log_lines_lost_total", "Lines of the log that stderr did not take.", registry=None)

_code = Words(_MOST_CODES)


@contextmanager
def aws_call(action: str) -> Iterator[None]:
    """Count one call to AWS and what becomes of it.

    Args:
        action: AWS's name of it. One of ours, so there are few.
    """
    began, outcome = time.perf_counter(), "ok"
    try:
        yield
    except Exception as problem:
        kind = type(problem).__name__
        outcome = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()
        _aws_errors.labels(action, _code(str(getattr(problem, "code", kind)))).inc()
        raise
    finally:
        _aws_calls.labels(action, outcome).inc()
        _aws_seconds.labels(action).observe(time.perf_counter() - began)


class Http:
    """The HTTP requests of one application."""

    def __init__(self) -> None:
        self.requests = Counter(
            "gatehouse_http_requests_total", "Answered requests.", ("method", "route", "status"), registry=None
        )
        self.seconds = Histogram(
            "gatehouse_http_request_seconds",
            "How long answers took; with ?wait= they wait on purpose.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=None,
        )

    def answered(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count one.

        Args:
            route: The template of the path, never the path itself. None where no route was reached.
            status: 0 where the caller left before there was an answer.
        """
        method = method if method in _METHODS else _OTHER
        route = route or "none"
        self.requests.labels(method, route, str(status) if status else "none").inc()
        self.seconds.labels(method, route).observe(seconds)


def of_process(version: str) -> CollectorRegistry:
    """A registry with what this process counts of itself."""
    registry = CollectorRegistry()
    build = Info("gatehouse_build", "This program.", registry=registry)
    build.info({"version": version, "python": platform.python_version()})
    prometheus_client.ProcessCollector(registry=registry)
    of_aws, of_rows = (_aws_calls, _aws_errors, _aws_seconds), (WORKER_ROUND, DATABASE_WRITE_ERRORS, POWER_UNSEEN)
    of_slack = SLACK_TAKEN, SLACK_CONNECT_FAILURES, SLACK_CONNECTED
    for instrument in (*of_aws, *of_rows, *of_slack, COURIER_FAILURES, NOTICES, WEBHOOK_DELIVERIES, LOG_LINES_LOST):
        registry.register(instrument)
    return registry


@contextmanager
def serve(registry: CollectorRegistry, port: int, *, host: str = "127.0.0.1") -> Iterator[None]:
    """Answer scrapes of a process that has no web server of ours, until the end of the block.

    Whoever reaches the port reads everything, so it stays on loopback.

    Raises:
        StartError: The port is taken.
    """
    try:
        server, thread = prometheus_client.start_http_server(port, addr=host, registry=registry)
    except OSError as problem:
        why = problem.strerror or str(problem)
        raise StartError(f"Cannot serve metrics on {host} port {port}: {why}. See GATEHOUSE_METRICS_PORT") from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
