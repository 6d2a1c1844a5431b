"""Nothing is said to be active or revoked before IAM shows it: the log of writes, played again, has it so then."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from tests.history.causes import access_of_write
from tests.history.record import ADDS, REMOVES, Access, History, Violation, moment
from tests.history.spans import Span, spans
from tests.support.write_log import Write

Turn = tuple[dt.datetime, bool]
"""From when on somebody was in a group, or was not."""


def check(history: History) -> Iterator[Violation]:
    """Compare when each grant began and ended with what IAM would have shown then."""
    turns, begun = _turns(history.writes), spans(history)
    for access, found in begun.items():
        for span in found:
            yield from _span(span, found, turns.get(access, []), history.late)


def _turns(writes: Sequence[Write]) -> Mapping[Access, list[Turn]]:
    """Who was in which group when. Nobody is at first."""
    found = defaultdict[Access, list[Turn]](list)
    for write in writes:
        if write.done and write.action in ADDS | REMOVES:
            found[access_of_write(write)].append((moment(write.at), write.action in ADDS))
    return found


def _span(span: Span, others: Sequence[Span], turns: Sequence[Turn], late: dt.timedelta) -> Iterator[Violation]:
    said = f"grant {span.grant}"
    if span.runs is not None and not _was(turns, max(span.begins, span.runs - late), span.runs, member=True):
        yield Violation("shown", f"{said} is active from {span.runs.isoformat()}, and IAM had nothing of it")
    if span.over is None:
        return
    if span.continued_by is not None:
        if not any(other.grant == span.continued_by and _holds(other, span.over) for other in others):
            yield Violation("shown", f"{said} is said to be continued by {span.continued_by}, which gives nothing then")
    elif not _was(turns, max(_ending(span), span.over - late), span.over, member=False):
        yield Violation("shown", f"{said} is revoked at {span.over.isoformat()}, and IAM still had it")


def _ending(span: Span) -> dt.datetime:
    """From when on IAM may have been read for its end."""
    if span.ends is not None and span.ends != span.over:
        return span.ends
    return span.runs or span.begins  # found removed, or not applied


def _was(turns: Sequence[Turn], since: dt.datetime, until: dt.datetime, *, member: bool) -> bool:
    """Whether it was so at any time between: IAM is read first, and that is written down after.

    Whoever reads has the lane, so it is no longer than a lease; in between somebody else's late call may have come.
    """
    before = [to for when, to in turns if when <= since]
    within = [to for when, to in turns if since < when <= until]
    return member in {before[-1] if before else False, *within}


def _holds(span: Span, at: dt.datetime) -> bool:
    return span.begins <= at and (span.over is None or at <= span.over)
