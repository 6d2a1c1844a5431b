"""The worker: the delivery that fits the database, with reconcile handed in, and the IAM clients it uses."""

import threading
from collections.abc import Callable

from app.clients import aws
from app.clients.iam import Iam
from app.clients.two_roles import as_roles
from app.config import Settings
from app.db import Database
from app.delivery.embedded import EmbeddedDelivery
from app.delivery.procrastinate import ProcrastinateDelivery
from app.delivery.protocol import Delivery
from app.files.locked import place, require_usable
from app.files.spill import Spill
from app.services import account_roles
from app.services.account_roles import Roles
from app.services.backoff import Backoff
from app.services.direct import PATIENCE, Direct
from app.services.lanes import Lanes
from app.services.reconcile import Reconciler

DRAIN = 30.0
"""Seconds for the work under way when the process is asked to end."""


class Clients:
    """The IAM of each account, made when first needed and kept.

    Args:
        make: Makes the IAM of an account, by the account's name.
    """

    def __init__(self, make: Callable[[str], Iam]) -> None:
        self._make, self._kept, self._lock = make, dict[str, Iam](), threading.Lock()

    def __call__(self, account: str) -> Iam:
        """The IAM of that account."""
        with self._lock:
            if account not in self._kept:
                self._kept[account] = self._make(account)
            return self._kept[account]


def clients(
    settings: Settings,
    database: Database,
    *,
    endpoint_url: str | None = None,
    workers: Callable[[], int] = lambda: 1,
    attempts: int = 3,
    patience: float | None = None,
) -> Clients:
    """The IAM of each account, as the roles that `gatehouse setup` was given.

    Args:
        endpoint_url: Overrides `AWS_ENDPOINT_URL`.
        workers: How many processes share the pace now.
        attempts: Tries of one call.
        patience: Seconds for one answer at most, where that is less than the setting.
    """
    # Read now, since the ends that go on without the database need their clients as well (rule 36).
    known = account_roles.of_all(database)
    timeout = settings.aws_timeout.total_seconds()
    timeout = min(timeout, patience or timeout)

    def make(account: str) -> Iam:
        roles = known.get(account) or account_roles.of_all(database).get(account, Roles())
        return as_roles(
            roles.first,
            roles.second,
            pace=settings.aws_pace,
            attempts=attempts,
            endpoint_url=endpoint_url,
            read_timeout=timeout,
            workers=workers,
        )

    return Clients(make)


def direct(settings: Settings, database: Database, *, endpoint_url: str | None = None) -> Direct:
    """What handlers ask IAM with: one try each, with a shorter patience. Nothing is asked before it is needed.

    Args:
        endpoint_url: Overrides `AWS_ENDPOINT_URL`.
    """
    iam_of = clients(settings, database, endpoint_url=endpoint_url, attempts=1, patience=PATIENCE)
    worst_call = aws.worst_call(settings.aws_timeout.total_seconds())  # of whoever had the lane before
    return Direct(database, iam_of, Lanes(database, lease=settings.lease, worst_call=worst_call))


def start(
    settings: Settings, database: Database, *, endpoint_url: str | None = None, backoff: Backoff | None = None
) -> Delivery:
    """Begin to carry out what is due, until `stop` of what this answers.

    Args:
        endpoint_url: Overrides `AWS_ENDPOINT_URL`.
        backoff: Pauses after failures that may pass; others than the usual in tests.
    """
    spill = Spill(place(settings.spill, settings.database_url, "spill"), database.audit_key)
    require_usable(spill.path, "GATEHOUSE_SPILL")
    delivery: Delivery
    if database.is_sqlite:
        delivery = EmbeddedDelivery(database)
    else:
        delivery = ProcrastinateDelivery(database, concurrency=settings.worker_concurrency, drain=DRAIN)
    iam_of = clients(settings, database, endpoint_url=endpoint_url, workers=delivery.workers)
    worst_call = aws.worst_call(settings.aws_timeout.total_seconds())
    lanes = Lanes(database, lease=settings.lease, worst_call=worst_call)
    delivery.start(Reconciler(database, iam_of, backoff, lanes, spill))
    return delivery
