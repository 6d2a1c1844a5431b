"""Every check of a run that is over. Pure: what was collected goes in, what must not be comes out."""

from collections.abc import Iterator

from tests.history import accounts, acknowledged, causes, outcomes, shown
from tests.history.record import ADDS, KILLED, OVERTAKEN, REMOVES, History, Violation


def check(history: History) -> list[Violation]:
    """Everything that must not be."""
    return [
        *causes.check(history),
        *shown.check(history),
        *outcomes.check(history),
        *outcomes.once(history),
        *acknowledged.check(history),
        *accounts.check(history),
        *_idle(history),
    ]


def _idle(history: History) -> Iterator[Violation]:
    """A run in which nothing happened would hold, and prove nothing."""
    done = {write.action for write in history.writes if write.done}
    happened = {
        "access was given": bool(ADDS & done),
        "access was taken away": bool(REMOVES & done),
        "a call was refused": any(note.status in {403, 409} for note in history.notes),
        "a process was killed": any(disturbance.what in {KILLED, OVERTAKEN} for disturbance in history.disturbances),
    }
    for what, yes in happened.items():
        if not yes:
            yield Violation("idle", f"it never happened that {what}")
