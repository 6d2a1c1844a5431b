"""When an answer cannot be believed: it lacks what AWS promises, or contradicts the one before."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.clients import aws


@contextmanager
def readable(action: str) -> Iterator[None]:
    """Nothing is concluded from an answer without what AWS promises; the next one may be whole again."""
    try:
        yield
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as problem:
        # Not the problem's own text, which could repeat what the answer held.
        raise aws.Retryable(action, "UnreadableAnswer", f"{type(problem).__name__} while reading it") from problem


@contextmanager
def still_there() -> Iterator[None]:
    """What was there a call ago and is not now is being changed, or one of IAM's copies is behind: read again."""
    try:
        yield
    except aws.Gone as problem:
        raise aws.Retryable(problem.action, problem.code, problem.message) from problem
