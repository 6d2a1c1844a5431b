"""Every check of a run that is over. Pure: what was collected goes in, what must not be comes out."""

from tests.history import accounts, acknowledged, causes, outcomes
from tests.history.record import History, Violation


def check(history: History) -> list[Violation]:
    """Everything that must not be."""
    return [
        *causes.check(history),
        *outcomes.check(history),
        *outcomes.once(history),
        *acknowledged.check(history),
        *accounts.check(history),
    ]
