"""Many rows at once, each made after the rows of one whole life that went the usual way."""

import contextlib
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from app.db import Database, make_engine
from app.domain import canonical
from app.models import AccessRequest, AuditEvent, AuditHead, Decision, RequestGroup, columns, new_id
from bench.lab import Site

_BATCH = 5_000


def fill(site: Site, rows: int, users: int) -> None:
    """Bring access requests, with their decisions and groups, and audit events to so many rows.

    The events are not sealed: the chain does not hold afterwards. Reading them does not look at that.
    """
    with contextlib.closing(site.database()) as database, _writing(database) as connection:
        model = {m: dict(connection.execute(_newest(m)).mappings().one()) for m in (*_LIKE, AuditEvent)}
        seq: int = connection.execute(sa.select(columns(AuditHead).c.seq)).scalar_one()
        ids = [new_id() for _ in range(rows - 1)]
        for begin in range(0, len(ids), _BATCH):
            numbered = list(enumerate(ids[begin : begin + _BATCH], begin))
            for of, like in _LIKE.items():
                made = [like(model[of], id_, f"u{n % users}", n) for n, id_ in numbered]
                connection.execute(sa.insert(columns(of)), made)
        for begin in range(seq + 1, rows + 1, _BATCH):
            numbers = range(begin, min(begin + _BATCH, rows + 1))
            connection.execute(sa.insert(columns(AuditEvent)), [_event(model[AuditEvent], n, users) for n in numbers])
        connection.execute(sa.update(columns(AuditHead)).values(seq=rows))
        connection.commit()
    _settle(site)


def _writing(database: Database) -> sa.Connection:
    return database.engine.execution_options(gatehouse_writes=True).connect()


def _newest(model: Any) -> sa.Select[Any]:
    """The event of an applied life has data of a middling size; of everything else there is one row."""
    table = columns(model)
    key = next(iter(table.primary_key.columns))
    return sa.select(table).order_by(key.desc()).limit(1)


def _settle(site: Site) -> None:
    """What PostgreSQL's autovacuum would have done a minute later."""
    engine = make_engine(site.owner_url)
    if engine.dialect.name == "postgresql":
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))
    engine.dispose()


def _request(like: Mapping[str, Any], id_: str, user: str, number: int) -> dict[str, Any]:
    at = like["created_at"] + timedelta(milliseconds=number)
    return {**like, "id": id_, "user": user, "created_at": at, "decided_at": at, "applied_at": at}


def _decision(like: Mapping[str, Any], id_: str, _user: str, _number: int) -> dict[str, Any]:
    return {**like, "id": new_id(), "access_request_id": id_}


def _group(like: Mapping[str, Any], id_: str, _user: str, _number: int) -> dict[str, Any]:
    return {**like, "access_request_id": id_}


_LIKE: dict[Any, Callable[[Mapping[str, Any], str, str, int], dict[str, Any]]] = {
    AccessRequest: _request,
    Decision: _decision,
    RequestGroup: _group,
}


def _event(like: Mapping[str, Any], seq: int, users: int) -> dict[str, Any]:
    user = f"u{seq % users}"
    body = json.loads(like["body"])
    body |= {"id": new_id(), "seq": seq, "subject": user}
    return {**like, "seq": seq, "subject": user, "body": canonical.dumps(body)}
