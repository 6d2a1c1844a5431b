"""Waiting for a request over the API's long poll."""

import time
from collections.abc import Callable
from datetime import timedelta

from gatehouse_client.generated.models import AccessRequestView, DecisionState, Provisioning
from gatehouse_client.problems import Failed, Refused, StillWaiting

LONGEST_POLL = 60
"""Seconds that Gatehouse lets a caller wait at most."""
_AT_LEAST = 1.0
"""Seconds that a round takes at least, so that one that is cut short again and again asks nobody to death."""


def wait(
    look: Callable[[int], AccessRequestView],
    is_over: Callable[[AccessRequestView], bool],
    timeout: float | timedelta,
    sleep: Callable[[float], None],
) -> AccessRequestView:
    """Look until it is over.

    Args:
        look: Answers the request, after at most so many seconds.
        timeout: Seconds.

    Raises:
        StillWaiting: The time is over.
    """
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else float(timeout)
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        found = look(max(0, min(LONGEST_POLL, int(deadline - began))))
        if is_over(found):
            return found
        now = time.monotonic()
        if now >= deadline:
            raise StillWaiting(f"{_standing(found)} after {seconds:g} s of waiting", found)
        sleep(max(0.0, min(_AT_LEAST - (now - began), deadline - now)))


def is_decided(request: AccessRequestView) -> bool:
    """Whether it was decided, whichever way."""
    return request.decision != DecisionState.PENDING


def is_applied(request: AccessRequestView) -> bool:
    """Whether IAM shows what was asked for.

    Raises:
        Refused: It was denied, cancelled, or not decided in time.
        Failed: It was approved and could not be carried out.
    """
    if request.decision not in {DecisionState.PENDING, DecisionState.APPROVED}:
        raise Refused(f"request {request.id} was {request.decision}{_why(request)}", request)
    if request.provisioning == Provisioning.FAILED:
        raise Failed(f"request {request.id} could not be carried out: {_failure(request)}", request)
    return request.decision == DecisionState.APPROVED and request.provisioning == Provisioning.APPLIED


def _why(request: AccessRequestView) -> str:
    said = [f"{d.approver}: {d.comment}" for d in request.decisions if d.verdict == "deny" and d.comment]
    return f" ({'; '.join(said)})" if said else ""


def _failure(request: AccessRequestView) -> str:
    failure = request.failure.to_dict() if request.failure is not None else {}
    return str(failure.get("detail") or failure.get("code") or "no reason was given")


def _standing(request: AccessRequestView) -> str:
    text = f"request {request.id} is {request.decision} and {request.provisioning}"
    return text if request.failure is None else f"{text} ({_failure(request)})"
