"""The worker: a delivery with reconcile handed in, and the IAM clients it uses."""

import threading
from collections.abc import Callable

from app.clients.iam import Iam
from app.db import Database
from app.delivery.protocol import Delivery
from app.services.reconcile import Reconciler


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


def start(database: Database, delivery: Delivery, clients: Callable[[str], Iam]) -> None:
    """Begin to carry out what is due."""
    delivery.start(Reconciler(database, clients))
