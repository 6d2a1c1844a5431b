"""Every write that reached IAM has an approved cause, and IAM is what the grants say."""

import datetime as dt
from collections.abc import Iterator, Mapping

from app.domain.retries import SETTLES
from tests.history.record import ADDS, ADMIN_GROUPS, REMOVES, STOPPED, Access, History, Violation, access, moment
from tests.history.spans import Leave, Span, access_of, leaves, spans
from tests.support.write_log import Write

_AWAKE = dt.timedelta(seconds=5)
"""What a process had decided before it was stopped leaves it within this after it goes on."""
_NOT_YET_BELIEVED = SETTLES + dt.timedelta(seconds=30)
"""The age at which a grant that IAM does not show is ended, and as long as nobody may work for looking again."""


def access_of_write(write: Write) -> Access:
    """Whom a write gives what, or takes it from."""
    parameters = write.parameters
    return access(parameters["UserName"], parameters.get("GroupName"), parameters.get("PolicyName"))


def sent(write: Write) -> dt.datetime:
    """When a write was passed on, by the wall clock."""
    return moment(write.at) - dt.timedelta(seconds=write.answered - write.passed_on)


def _left_its_process(write: Write) -> dt.datetime:
    return moment(write.at) - dt.timedelta(seconds=write.answered - write.arrived)


def check(history: History) -> Iterator[Violation]:
    """Compare the log of writes with what was approved, and IAM with the grants."""
    done = [write for write in history.writes if write.done]
    for write in history.writes:
        if write.status is None:
            yield Violation("log", f"nobody knows what became of write {write.seq}, {write.action}")
    begun, left = spans(history), leaves(history)
    for write in done:
        if write.action not in ADDS | REMOVES and not _moves_an_admin(write, begun):
            yield Violation("cause", f"nothing that was asked for calls {write.action} {write.parameters}")
    by_access: dict[Access, list[Write]] = {}
    for write in done:
        if write.action in ADDS | REMOVES:
            by_access.setdefault(access_of_write(write), []).append(write)
    for what, writes in by_access.items():
        for number, write in enumerate(writes):
            if write.action in ADDS:
                yield from _added(what, write, writes[number + 1 :], begun.get(what, []), history.late)
            else:
                yield from _removed(what, write, begun.get(what, []), left.get(what, []), history)
    yield from _memberships(history, by_access)


def _moves_an_admin(write: Write, begun: Mapping[Access, list[Span]]) -> bool:
    """Whether it moves somebody between the paths who joins or joined a group of administrators (rule 26)."""
    if write.action != "UpdateUser" or write.parameters.get("NewPath") not in {"/lab/", "/lab-admin/"}:
        return False
    user, at = write.parameters["UserName"], sent(write)
    return any(span.begins <= at for group in ADMIN_GROUPS for span in begun.get((user, group), []))


def _said(write: Write, what: Access) -> str:
    return f"write {write.seq}, {write.action} {what[0]} {what[1]} at {sent(write).isoformat()}"


def _added(
    what: Access, write: Write, following: list[Write], begun: list[Span], late: dt.timedelta
) -> Iterator[Violation]:
    at = sent(write)
    causes = [span for span in begun if span.begins <= at]
    if any(span.over is None or at <= span.over for span in causes):
        return
    if not any(at <= span.over + late for span in causes if span.over is not None):
        yield Violation("cause", f"{_said(write, what)}: nothing that was approved and begun gives this then")
    elif not any(other.action in REMOVES for other in following) and not any(span.begins > at for span in begun):
        yield Violation("cause", f"{_said(write, what)}: came after the end and was not taken away again")


def _removed(what: Access, write: Write, begun: list[Span], left: list[Leave], history: History) -> Iterator[Violation]:
    at = sent(write)
    ended = any(
        (span.ends is not None and span.ends <= at) or (span.reason == "not_applied" and span.begins <= at)
        for span in begun
    )
    if not ended and not any(leave.begins <= at for leave in left):
        yield Violation("cause", f"{_said(write, what)}: no end of such a grant was due or asked for, and no leave")
        return
    for span in begun:
        overs = [other.over for other in begun if other is not span] + [leave.over for leave in left]
        if _stands(span, at) and not (_is_late(write, overs, history) and _was_noticed(span)):
            yield Violation("cause", f"{_said(write, what)}: grant {span.grant} still gives this then")


def _stands(span: Span, at: dt.datetime) -> bool:
    return span.runs is not None and span.begins <= at and (span.ends is None or at < span.ends)


def _is_late(write: Write, overs: list[dt.datetime | None], history: History) -> bool:
    """Whether it was made for something that is over, by somebody whose work was taken over meanwhile (rule 32)."""
    made, at = _left_its_process(write), sent(write)
    its_own = [d for d in history.disturbances if d.what == STOPPED and d.process == write.caller]
    stood = [d for d in its_own if d.began <= made <= d.ended + _AWAKE]
    since = min([made, *(d.began for d in stood)])
    return any(over is not None and since <= over <= at <= over + history.late for over in overs)


def _was_noticed(span: Span) -> bool:
    """Whether a grant that lost its access so ended for it (rule 22), or before IAM could be believed about it."""
    young = span.runs is not None and span.ends is not None and span.ends <= span.runs + _NOT_YET_BELIEVED
    return young or span.reason == "removed_outside"


def _memberships(history: History, by_access: dict[Access, list[Write]]) -> Iterator[Violation]:
    active = {access_of(grant): grant["id"] for grant in history.grants if grant["state"] == "active"}
    for user, group in sorted(history.members - active.keys()):
        yield Violation("membership", f"{user} is in {group}, and no grant stands for it")
    for what in sorted(active.keys() - history.members):
        yield Violation("membership", f"grant {active[what]} is active, and {what[0]} is not in {what[1]}")
    logged = {what for what, writes in by_access.items() if writes[-1].action in ADDS}
    for user, group in sorted(history.members ^ logged):
        yield Violation("membership", f"the log of writes and IAM differ about {user} in {group}")
