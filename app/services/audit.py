"""Writing, reading and checking the audit."""

from collections.abc import Generator
from contextlib import closing
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.db import Database, Tx
from app.domain import chain
from app.domain.actors import Actor
from app.models import AccessRequest, AuditEvent, AuditHead, Grant

_BATCH = 1000
_ENDS = sa.select(
    sa.select(col(AuditHead.seq)).scalar_subquery(),
    sa.select(col(AuditHead.mac)).scalar_subquery(),
    sa.select(sa.func.max(col(AuditEvent.seq))).scalar_subquery(),
)


def record(
    tx: Tx,
    event: str,
    *,
    by: Actor,
    subject: str | None = None,
    access_request_id: str | None = None,
    **data: Any,
) -> None:
    """Note that something happened. It is sealed into the chain when the transaction commits.

    Args:
        event: What happened, `noun.verb_in_the_past`.
        by: Who did it.
        subject: The user it is about.
        access_request_id: The request it belongs to.
        data: Plain JSON values. Never a secret.
    """
    tx.drafts.append(
        {
            "event": event,
            "actor": by.name,
            "on_behalf_of": None,
            "subject": subject,
            "channel": by.channel,
            "request_id": by.request_id,
            "access_request_id": access_request_id,
            "data": data,
        }
    )


def of_request(tx: Tx, event: str, row: AccessRequest, *, by: Actor, **data: Any) -> None:
    """Note what happened to an access request."""
    record(tx, event, by=by, subject=row.user, access_request_id=row.id, **data)


def of_grant(tx: Tx, event: str, grant: Grant, *, by: Actor, **data: Any) -> None:
    """Note what happened to a grant."""
    named = {"grant_id": grant.id, grant.access.of: grant.access.name}
    record(tx, event, by=by, subject=grant.user, access_request_id=grant.access_request_id, **named, **data)


def history(tx: Tx, access_request_id: str, *, after: int | None, limit: int) -> list[tuple[int, str]]:
    """What happened to one request, oldest first: sequence numbers and bodies."""
    rows = tx.session.execute(
        sa.select(col(AuditEvent.seq), col(AuditEvent.body))
        .where(col(AuditEvent.access_request_id) == access_request_id, col(AuditEvent.seq) > (after or 0))
        .order_by(col(AuditEvent.seq))
        .limit(limit)
    )
    return [(seq, body) for seq, body in rows]


def verify(database: Database) -> chain.Verification:
    """Check the whole chain, in batches, in one reading transaction."""
    with database.read() as tx:
        # In one statement, so that head and newest event are of one moment; what is appended later is not looked at.
        head, mac, newest = tx.session.execute(_ENDS).one()
        if head is None or mac is None:
            return chain.Verification(False, 0, chain.GENESIS, 1, "the head row, which init makes, is missing")
        # Closed at once where the check stops early: a cursor of the server's must not outlive its transaction.
        with closing(_links(tx, newest or 0)) as links:
            return chain.verify(database.audit_key, links, head, mac)


def _links(tx: Tx, until: int) -> Generator[chain.Link, None, None]:
    columns = (
        col(AuditEvent.seq),
        col(AuditEvent.event),
        col(AuditEvent.actor),
        col(AuditEvent.subject),
        col(AuditEvent.access_request_id),
        col(AuditEvent.at),
        col(AuditEvent.body),
        col(AuditEvent.mac),
    )
    query = sa.select(*columns).where(col(AuditEvent.seq) <= until).order_by(col(AuditEvent.seq))
    with tx.session.execute(query.execution_options(yield_per=_BATCH)) as rows:
        for row in rows:
            yield chain.Link(
                row.seq,
                row.event,
                row.actor,
                row.subject,
                row.access_request_id,
                row.at.isoformat(),
                row.body,
                row.mac,
            )
