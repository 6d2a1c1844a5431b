"""What every delivery does, and what it is given to run."""

from typing import Protocol

from app.domain.work import Work


class Runner(Protocol):
    """Does the work. Delivery lies below services, so reconcile is handed in (rule 33)."""

    def __call__(self, work: Work) -> None:
        """Do one piece of work. Whatever goes wrong with it is on its row afterwards."""

    def remember(self) -> None:
        """The database answers: keep in memory what must end soon."""

    def without_database(self) -> None:
        """The database does not answer or cannot be written: ends go on without it (rule 36)."""


class Delivery(Protocol):
    """Brings what is due to a runner."""

    def start(self, runner: Runner) -> None:
        """Begin to deliver."""

    def stop(self, timeout: float) -> bool:
        """Finish what is under way and stop. False: it did not within `timeout` seconds."""

    def is_fresh(self) -> bool:
        """Whether it is alive and not stuck, for `/readyz`."""

    def workers(self) -> int:
        """How many workers share the account's pace, this one counted; at least 1."""
