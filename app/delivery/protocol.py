"""What every delivery does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True)
class Work:
    """A row that is due: an access request or a grant, in an account. Or, hourly, tidying up."""

    what: Literal["request", "grant", "tidy"]
    id: str = ""
    account: str = ""


Run = Callable[[Work], None]


class Delivery(Protocol):
    """Brings due rows to `run`. Lies below services: reconcile is handed in (rule 33)."""

    def start(self, run: Run) -> None:
        """Begin to deliver."""

    def stop(self, timeout: float) -> bool:
        """Finish what is under way and stop. False: it did not within `timeout` seconds."""

    def is_fresh(self) -> bool:
        """Whether it is alive and not stuck, for `/readyz`."""
