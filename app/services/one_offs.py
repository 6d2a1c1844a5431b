"""One-off permissions as rows: which of them somebody has, and what their documents say."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from app.changes.policy_inline import PolicyInlineBody, read
from app.db import Tx
from app.domain.inline import OneOff
from app.domain.states import GrantState
from app.models import AccessRequest, Grant, columns

_grants, _requests = columns(Grant), columns(AccessRequest)
_NOT_OVER = (
    sa.select(_grants.c.id, _grants.c.policy, _requests.c.change)
    .join(_requests, _requests.c.id == _grants.c.access_request_id)
    .where(
        _grants.c.account == sa.bindparam("account"),
        _grants.c.user == sa.bindparam("user"),
        _grants.c.policy.is_not(None),
        _grants.c.state != GrantState.REVOKED,
    )
    .order_by(_grants.c.id)
)


def of_user(tx: Tx, account: str, user: str) -> tuple[OneOff, ...]:
    """Those that are not over: also what is only about to be given, or still being taken away."""
    rows = tx.session.connection().execute(_NOT_OVER, {"account": account, "user": user})
    return tuple(OneOff(row.id, row.policy, _document(row.change)) for row in rows)


def document(tx: Tx, grant: Grant) -> Mapping[str, Any]:
    """What a grant of a policy gives."""
    return _document(tx.session.get_one(AccessRequest, grant.access_request_id).change)


def _document(change: Mapping[str, Any]) -> Mapping[str, Any]:
    # Not validated anew: a rule that came later must not make what somebody has unreadable.
    return read(PolicyInlineBody.model_construct(**change))
