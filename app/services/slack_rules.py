"""What the rules of a request's groups say of Slack: `off`, `notify` or `decide`; the strictest binds."""

from typing import Literal

import sqlalchemy as sa
from sqlmodel import col

from app.changes import REGISTRY
from app.db import Tx
from app.domain.rules import Rule
from app.domain.words import Kind
from app.errors import Forbidden
from app.models import AccessRequest, Group

Mode = Literal["off", "notify", "decide"]
_STRICTEST: tuple[Mode, ...] = ("off", "notify", "decide")


def mode(tx: Tx, row: AccessRequest) -> Mode:
    """What may be done with a request in Slack, by its groups' rules when asked and now (rule 5).

    Only what gives or takes membership is ever decided there. A group's rule or documents, and what names no group,
    want more reading than a message has room for.
    """
    rows = tx.session.execute(sa.select(col(Group.rule)).where(col(Group.name).in_(sorted(row.rules_asked))))
    rules = [Rule.model_validate(rule) for rule in (*row.rules_asked.values(), *rows.scalars())]
    change = REGISTRY[Kind(row.kind)]
    most: Mode = "notify" if not rules or change.of_group or change.of_policy else "decide"
    return min([most, *(rule.slack for rule in rules)], key=_STRICTEST.index)


def require_decide(tx: Tx, row: AccessRequest) -> None:
    """Refuse a decision made in Slack where the rules do not let it be made there.

    Raises:
        Forbidden: `not_in_slack`.
    """
    if mode(tx, row) != "decide":
        raise Forbidden(
            "The rule of this group does not let it be decided in Slack; decide it in Gatehouse.", code="not_in_slack"
        )
