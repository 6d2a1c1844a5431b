"""What follows a try that did not succeed: a pure decision over typed outcomes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SETTLES = timedelta(minutes=2)
"""What IAM says of something that we made or changed less than this ago may be from before (`iam-facts.md`,
Each operation)."""

CONFLICTS = 3
"""So often what IAM still calls in use is taken apart anew (`iam-facts.md`, delete user)."""
_WORDS = {
    "LimitExceeded": ("limit_exceeded", "Make room, or have the quota raised, then retry."),
    "AccessDenied": ("access_denied", "Give Gatehouse's own role this permission, then retry."),
    "NoCredentials": ("no_credentials", "Give Gatehouse its AWS credentials, then retry."),
    "WrongAccount": ("wrong_account", "Give Gatehouse this account's credentials, then retry."),
}
_OTHER = ("aws_refused", "Mend what AWS names, then retry.")


class Trouble(StrEnum):
    """What a try came to that did not succeed."""

    BUSY = "busy"
    """It may go through later: throttling, a 5xx, a timeout, no connection, not shown yet."""
    CHANGED = "changed"
    """What a call named is not there, or is there already: the next try reads anew and plans from that."""
    MISSING = "missing"
    """IAM shows no such principal."""
    WAITING = "waiting"
    """Something has to come right first, and then it goes on by itself."""
    CONFLICT = "conflict"
    """Something still hangs on what is to be deleted: the next try lists it anew. A few times only."""
    REFUSED = "refused"
    """Trying again changes nothing: a person has to."""


@dataclass(frozen=True)
class Failure:
    """Why a try did not succeed.

    Attributes:
        code: A stable word.
        detail: For people: what happened, and what to do about it.
        aws_code: AWS's own code, where it was AWS that refused.
    """

    trouble: Trouble
    code: str
    detail: str
    aws_code: str | None = None


@dataclass(frozen=True)
class Standing:
    """Where the work stands that did not succeed.

    Attributes:
        attempts: Tries before this one.
        conflicts: Those of them that met a conflict.
        begun: Calls may have been made, so giving up means to take back first.
        only_takes_away: An end, or the taking back of what was begun: that is never given up.
        made_at: When we made the principal; now, where that is still under way; None: not by us.
        lapses_at: Until when it is worth trying.
    """

    now: datetime
    attempts: int = 0
    conflicts: int = 0
    begun: bool = False
    only_takes_away: bool = False
    made_at: datetime | None = None
    lapses_at: datetime | None = None


@dataclass(frozen=True)
class Pauses:
    """Growing pauses: about 1, 2, 4 … seconds.

    Attributes:
        first: Seconds of the first pause, before jitter.
        longest: Seconds of the longest pause.
    """

    first: float = 1.0
    longest: float = 120.0

    def after(self, attempts: int, jitter: float) -> timedelta:
        """The pause after that many attempts, between half of the full pause and all of it.

        Args:
            jitter: A number from 0 to 1, drawn anew each time.
        """
        full = min(self.longest, self.first * 2 ** min(attempts, 20))
        return timedelta(seconds=full * (0.5 + jitter / 2))


@dataclass(frozen=True)
class TryAgain:
    """Once more after the pause."""

    pause: timedelta


@dataclass(frozen=True)
class Fail:
    """A person is needed. Nothing was begun."""

    failure: Failure


@dataclass(frozen=True)
class TakeBack:
    """Take back what was begun, for as long as that takes, and then fail with this."""

    failure: Failure


Decision = TryAgain | Fail | TakeBack


def is_settled(changed_at: datetime | None, now: datetime) -> bool:
    """Whether IAM can be believed about something: it was not changed by us a moment ago."""
    return changed_at is None or now - changed_at >= SETTLES


def refused(aws_code: str, text: str) -> Failure:
    """A refusal of AWS's, with the word that a person can look up and what they can do."""
    code, remedy = _WORDS.get(aws_code, _OTHER)
    return Failure(Trouble.REFUSED, code, f"AWS refused: {text.removesuffix('.')}. {remedy}", aws_code)


def decide(failure: Failure, standing: Standing, pauses: Pauses, jitter: float) -> Decision:
    """What follows a try that did not succeed.

    Args:
        jitter: A number from 0 to 1, drawn anew each time.
    """
    pause = pauses.after(standing.attempts, jitter)
    if standing.only_takes_away:
        return TryAgain(pause)
    give_up = TakeBack if standing.begun else Fail
    often = failure.trouble == Trouble.CONFLICT and standing.conflicts >= CONFLICTS
    if failure.trouble == Trouble.REFUSED or often:
        return give_up(failure)
    if failure.trouble == Trouble.MISSING:
        if is_settled(standing.made_at, standing.now):
            return give_up(failure)
        if standing.made_at is not None:
            pause = min(pause, standing.made_at + SETTLES - standing.now)
    if standing.lapses_at is None:
        return TryAgain(pause)
    left = standing.lapses_at - standing.now
    if standing.begun and left <= timedelta():
        return TakeBack(Failure(failure.trouble, "took_too_long", failure.detail, failure.aws_code))
    return TryAgain(max(timedelta(), min(pause, left)))
