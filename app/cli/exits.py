"""Exit codes: how a command ended, for scripts. `docs/terminal.md` has the same table."""

from enum import IntEnum

from app.errors import GatehouseError, StartError


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NOT_THERE = 3
    WAITING = 4
    NOT_GIVEN = 5
    NO_ANSWER = 6
    INTERRUPTED = 130


MEANINGS = {
    Exit.DONE: "done",
    Exit.REFUSED: "refused by Gatehouse, or you said no",
    Exit.USAGE: "wrong use, or a setting that cannot be used",
    Exit.NOT_THERE: "there is no such thing, or none that you may see",
    Exit.WAITING: "not there yet when the time to wait was over",
    Exit.NOT_GIVEN: "will not come: denied, cancelled, lapsed or failed",
    Exit.NO_ANSWER: "Gatehouse does not answer, or is too busy",
    Exit.INTERRUPTED: "ended by Ctrl-C",
}
"""What each means, for `gatehouse --help`."""
_OF_STATUS = {
    404: Exit.NOT_THERE,
    410: Exit.NOT_THERE,
    429: Exit.NO_ANSWER,
    500: Exit.NO_ANSWER,
    502: Exit.NO_ANSWER,
    503: Exit.NO_ANSWER,
    504: Exit.NO_ANSWER,
}


class NoAnswer(StartError):
    """Gatehouse does not answer. Whether a change was made is not known; the line says so where it matters."""


class Mistake(StartError):
    """What was typed cannot be meant."""


class Missing(GatehouseError):
    """Nothing is there by that name or id."""

    status = 404
    default_code = "not_found"


def of(problem: GatehouseError | StartError) -> Exit:
    """The exit code of what went wrong."""
    if isinstance(problem, StartError):
        return Exit.NO_ANSWER if isinstance(problem, NoAnswer) else Exit.USAGE
    if isinstance(problem, Missing):
        return Exit.NOT_THERE
    # What Gatehouse answered; what the host itself refuses has no HTTP status that means anything here.
    return _OF_STATUS.get(getattr(problem, "answered", 0), Exit.REFUSED)
