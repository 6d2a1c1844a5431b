"""The rows of the lists that grow for ever as JSON, written as their views are, straight from what is stored.

Making objects of fifty rows, only to write them down again, took longer than reading them. What is JSON in the
database stays the text it is; `tests/test_lists.py` holds both ways of writing to the same answer.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from json.encoder import encode_basestring as _text

from app.domain.durations import to_text
from app.services.listing import RequestRow

_DAY, _TIME, _FRACTION = 10, slice(11, 19), slice(19, 26)
"""Where they stand in a time as the databases write it."""
_AT = '"at":"'
_ZONE = "+00:00"


def requests(rows: Sequence[RequestRow]) -> list[str]:
    """Access requests with their decisions."""
    return [_request(row) for row in rows]


def audit_events(rows: Sequence[tuple[int, str]]) -> list[str]:
    """Audit events."""
    return [audit_event(body) for _, body in rows]


def audit_event(body: str) -> str:
    """An event: the bytes that the chain covers, but for the time, which is written as everywhere else.

    The chain's bodies have their names in order, so that nothing a caller wrote comes before the time but whole
    strings, and a quotation mark inside one is escaped.
    """
    end = body.index('"', body.index(_AT) + len(_AT))
    return f"{body[: end - len(_ZONE)]}Z{body[end:]}" if body.endswith(_ZONE, 0, end) else body


def _request(row: RequestRow) -> str:
    """In the order of `PLAIN` and `DOCUMENTS`. Ids, closed words, numbers and digests need no escaping."""
    (
        id_, kind, user, requester, account, reason, seconds, starts_at, decision, provisioning, extends, version,
        created_at, lapses_at, decided_at, applied_at, change, ruling, plan, grant_ids, failure,
    ) = row.stored  # fmt: skip
    decisions = ",".join([_decision(*stored) for stored in row.decisions])
    return (
        f'{{"id":"{id_}","kind":"{kind}","user":{_text(user)},"requester":{_text(requester)},"account":{_text(account)}'
        f',"change":{change},"reason":{_text(reason)},"duration":{_duration(seconds)},"starts_at":{_moment(starts_at)}'
        f',"emergency":false,"decision":"{decision}","provisioning":"{provisioning}","ruling":{ruling},"plan":{plan}'
        f',"decisions":[{decisions}],"grant_id":{_first(grant_ids)},"grant_ids":{grant_ids},"extends":{_or_null(extends)}'
        f',"failure":{failure or "null"},"version":{version},"created_at":{_moment(created_at)}'
        f',"lapses_at":{_moment(lapses_at)},"decided_at":{_moment(decided_at)},"applied_at":{_moment(applied_at)}}}'
    )


def _decision(
    approver: str, verdict: str, comment: str | None, digest: str, channel: str, at: str, void: str | None
) -> str:
    """In the order of `DECISION`."""
    return (
        f'{{"approver":{_text(approver)},"verdict":"{verdict}","comment":{_or_null(comment)},"plan_digest":"{digest}"'
        f',"channel":"{channel}","at":{_moment(at)},"void":{_or_null(void)}}}'
    )


def _first(ids: str) -> str:
    """The first of a written list of ids, of which none needs escaping."""
    found = ids.split('"', 2)
    return f'"{found[1]}"' if len(found) > 1 else "null"


def _or_null(value: str | None) -> str:
    return "null" if value is None else _text(value)


def _moment(text: str | None) -> str:
    """A time in UTC, as pydantic writes it, from how SQLite keeps it or PostgreSQL writes it."""
    if text is None:
        return "null"
    seconds, fraction = text[_TIME], text[_FRACTION]
    if "+" in fraction:  # PostgreSQL leaves out noughts at the end
        fraction = fraction.partition("+")[0].ljust(len(".000000"), "0") if fraction[0] == "." else ""
    elif fraction == ".000000":
        fraction = ""
    return f'"{text[:_DAY]}T{seconds}{fraction}Z"'


@lru_cache(maxsize=1024)
def _duration(seconds: int | None) -> str:
    return "null" if seconds is None else _text(to_text(timedelta(seconds=seconds)))
