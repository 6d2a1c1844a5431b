"""What an operator watches, read from rows. Each query looks at open rows only and stays cheap as history grows.

At 100,000 closed requests a count over all of them would be a scan of the table each time a scraper comes by. What is
finished is not counted: the audit head says how much happened, and rates come from what processes count.
"""

import datetime as dt
from dataclasses import dataclass, field

import sqlalchemy as sa

from app.db import Tx
from app.delivery.wakes import ENDS, OTHERS
from app.domain.states import ENDING_GRANTS, GrantState
from app.models import (
    AccessRequest,
    AuditEvent,
    AuditHead,
    Grant,
    KeyRotation,
    Notice,
    NoticeState,
    PowerReview,
    Restoration,
    Webhook,
    WebhookDelivery,
    columns,
)

COUNTED = 10_000
"""Rows of a kind that are counted at most: a figure of 10,000 means that or more."""
HEARTBEAT = 30.0
"""Seconds after its last heartbeat for which a worker counts as alive: procrastinate beats every 10, ours every 5."""
_QUEUES = len({ENDS, OTHERS})
"""procrastinate knows each of our processes as one worker for each queue."""
_LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_OPEN_GRANTS = [state for state in GrantState if state != GrantState.REVOKED]

_requests, _grants = columns(AccessRequest), columns(Grant)
_told = columns(Notice)
_hooks, _to_hooks = columns(Webhook), columns(WebhookDelivery)
_head, _events = columns(AuditHead), columns(AuditEvent)


def _open_requests() -> sa.Select[str, str, int]:
    # Every open request has a time at which to look at it again, and no finished one has: `moves` sees to that.
    some = (
        sa.select(_requests.c.decision, _requests.c.provisioning)
        .where(_requests.c.due_at > _LONG_AGO)
        .order_by(_requests.c.due_at)
        .limit(COUNTED)
        .subquery()
    )
    state = some.c.decision, some.c.provisioning
    return sa.select(*state, sa.func.count()).group_by(*state)


def _open_grants() -> sa.Select[*tuple[int, ...]]:
    return sa.select(
        *(
            _count(sa.select(sa.literal(1)).where(_grants.c.state == state).select_from(_grants)).label(state)
            for state in _OPEN_GRANTS
        )
    )


def _count(some: sa.Select[int]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(some.limit(COUNTED).subquery()).scalar_subquery()


def _due(table: sa.Table) -> sa.Select[int, dt.datetime | None]:
    now = sa.bindparam("now", type_=table.c.due_at.type)
    some = sa.select(sa.literal(1)).select_from(table).where(table.c.due_at <= now)
    return sa.select(_count(some), sa.select(sa.func.min(table.c.due_at)).scalar_subquery())


def _ends(*states: GrantState) -> sa.ScalarSelect[dt.datetime | None]:
    some = (
        sa.select(_grants.c.ends_at)
        .where(_grants.c.state.in_(states))
        .order_by(_grants.c.state, _grants.c.id)  # as the index is: the longest-lived first
        .limit(COUNTED)
        .subquery()
    )
    return sa.select(sa.func.min(some.c.ends_at)).scalar_subquery()


_REQUESTS, _GRANTS = _open_requests(), _open_grants()
_DUE = {
    "end": _due(_grants),
    "request": _due(_requests),
    "rotation": _due(columns(KeyRotation)),
    "review": _due(columns(PowerReview)),
}
_OLDEST_END = sa.select(_ends(GrantState.ACTIVE), _ends(*ENDING_GRANTS))
_AUDIT = (
    sa.select(_head.c.seq, _events.c.at)
    .select_from(_head.outerjoin(_events, _events.c.seq == _head.c.seq))
    .where(_head.c.id == 1)
)
_TELLABLE = _told.c.since <= sa.bindparam("now", type_=_told.c.since.type)  # what is for later does not wait yet
_NOTICES = {
    state: sa.select(_count(sa.select(sa.literal(1)).select_from(_told).where(_told.c.state == state, _TELLABLE)))
    for state in (NoticeState.WAITING, NoticeState.GIVEN_UP)
}
_RESTORED = sa.select(sa.exists().where(columns(Restoration).c.confirmed_at.is_(None)))
_WEBHOOKS = sa.select(
    _count(sa.select(sa.literal(1)).select_from(_to_hooks).where(_to_hooks.c.due_at > _LONG_AGO)),
    _count(sa.select(sa.literal(1)).select_from(_hooks).where(_hooks.c.disabled_at > _LONG_AGO)),
)
_LIMIT = sa.text("SET LOCAL statement_timeout = '2s'")
_HAS_QUEUE = sa.text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")
_JOBS = sa.text(
    "SELECT count(*) FILTER (WHERE status = 'todo') AS todo, count(*) FILTER (WHERE status = 'doing') AS doing"
    " FROM (SELECT status FROM procrastinate_jobs WHERE status IN ('todo', 'doing') LIMIT :most) AS open"
)
_WORKERS = sa.text(
    "SELECT count(*) FROM procrastinate_workers"
    " WHERE last_heartbeat > clock_timestamp() - make_interval(secs => :seconds)"
)


@dataclass(frozen=True)
class Figures:
    """What the rows say at one moment.

    Attributes:
        requests: Open requests by decision and provisioning.
        grants: Grants that are not yet revoked, by state.
        due: Rows that are due now: `end`, `request`, `rotation` and `review`.
        lag: Seconds by which the oldest of them is overdue; 0 when nothing is.
        overdue: Seconds by which the longest-lasting access has outlived its end.
        restored: Whether a restored backup waits for its confirmation (rule 38).
        jobs: Wake-ups waiting (`todo`) and under way (`doing`); empty without procrastinate's tables.
        workers: Worker processes with a recent heartbeat; None where workers leave none.
        notices: Notices that wait to be told (`waiting`), and that were given up (`given_up`).
        audit_seq: The number of the newest audit event; None before `init`.
        audit_age: Seconds since that event.
        webhook_deliveries: What waits to be delivered to webhooks.
        webhooks_disabled: Webhooks that are off.
    """

    requests: dict[tuple[str, str], int]
    grants: dict[str, int]
    due: dict[str, int]
    lag: dict[str, float]
    overdue: float
    restored: bool = False
    jobs: dict[str, int] = field(default_factory=dict)
    workers: int | None = None
    notices: dict[str, int] = field(default_factory=dict)
    audit_seq: int | None = None
    audit_age: float | None = None
    webhook_deliveries: int = 0
    webhooks_disabled: int = 0


def read(tx: Tx) -> Figures:
    """Read all of them, by the database's clock."""
    connection, now = tx.session.connection(), tx.now
    _limit(connection)
    requests = {(str(d), str(p)): n for d, p, n in connection.execute(_REQUESTS)}
    grants = connection.execute(_GRANTS).one()
    due = {what: connection.execute(query, {"now": now}).one() for what, query in _DUE.items()}
    expired = [at for at in connection.execute(_OLDEST_END).one() if at is not None]
    seq, at = connection.execute(_AUDIT).one_or_none() or (None, None)
    jobs, workers = _queue(connection)
    to_webhooks, webhooks_off = connection.execute(_WEBHOOKS).one()
    return Figures(
        requests=requests,
        grants=dict(zip((state.value for state in _OPEN_GRANTS), grants, strict=True)),
        due={what: many for what, (many, _) in due.items()},
        lag={what: _since(now, oldest) for what, (_, oldest) in due.items()},
        overdue=_since(now, min(expired, default=None)),
        restored=connection.execute(_RESTORED).scalar_one(),
        jobs=jobs,
        workers=workers,
        notices={
            state.value: connection.execute(query, {"now": now}).scalar_one() for state, query in _NOTICES.items()
        },
        audit_seq=seq,
        audit_age=None if at is None else _since(now, at),
        webhook_deliveries=to_webhooks,
        webhooks_disabled=webhooks_off,
    )


def _read(connection: sa.Connection, query: sa.Select[int], now: dt.datetime) -> int:
    return connection.execute(query, {"now": now}).scalar_one()


def workers_alive(tx: Tx) -> int | None:
    """Worker processes with a recent heartbeat; None where workers leave none (SQLite, or no table for it yet)."""
    connection = tx.session.connection()
    _limit(connection)
    return _queue(connection)[1]


def _limit(connection: sa.Connection) -> None:
    """Put a limit on each statement of this transaction, so that looking never adds to what is wrong."""
    if connection.dialect.name != "sqlite":
        connection.execute(_LIMIT)


def _queue(connection: sa.Connection) -> tuple[dict[str, int], int | None]:
    if connection.dialect.name == "sqlite" or not connection.execute(_HAS_QUEUE).scalar_one():
        return {}, None
    todo, doing = connection.execute(_JOBS, {"most": COUNTED}).one()
    beating = connection.execute(_WORKERS, {"seconds": HEARTBEAT}).scalar_one()
    return {"todo": todo, "doing": doing}, -(-beating // _QUEUES)


def _since(now: dt.datetime, at: dt.datetime | None) -> float:
    return 0.0 if at is None else max(0.0, (now - at).total_seconds())
