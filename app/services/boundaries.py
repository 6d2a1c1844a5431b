"""The boundaries and documents that people really have, as they were last seen (rule 13)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from app.db import Tx
from app.domain.sightings import Seen, SeenPolicy, SeenUser
from app.domain.states import HOLDING_GRANTS
from app.models import Grant, Sighting, columns
from app.services import policy_documents, sightings

_users, _grants = columns(Sighting), columns(Grant)
_BOUNDARY = _users.c.state["boundary"].as_string()
_OF_USERS = (_users.c.account == sa.bindparam("account"), _users.c.what == "user")
_HOLDERS = (
    sa.select(_BOUNDARY)
    .select_from(
        _grants.outerjoin(
            _users,
            sa.and_(_users.c.account == _grants.c.account, _users.c.what == "user", _users.c.name == _grants.c.user),
        )
    )
    .where(
        _grants.c.account == sa.bindparam("account"),
        _grants.c.group == sa.bindparam("group"),
        _grants.c.state.in_(sorted(HOLDING_GRANTS)),
    )
    .distinct()
)
# A short list of names without quotation marks, written as JSON: the marks keep one from matching inside another.
_MEMBERS = (
    sa.select(_BOUNDARY)
    .where(*_OF_USERS, _users.c.state["groups"].as_string().contains(sa.bindparam("written"), escape="/"))
    .distinct()
)


def of_groups(
    tx: Tx, account: str, groups: Iterable[str], own: SeenPolicy | None
) -> dict[str, tuple[Mapping[str, Any] | None, ...]]:
    """For each group the distinct boundaries of its members, whoever put them there; None: a member without one.

    Args:
        own: The account's boundary with its document. Whoever joins will have it, so it is there without members too.
    """
    arns = {group: _arns(tx, account, group) | {own.name if own else None} for group in groups}
    others = {arn for found in arns.values() for arn in found if arn is not None} - {own.name if own else None}
    known = policy_documents.of_arns(tx, account, others)
    if own is not None:
        known[own.name] = own
    return {
        group: tuple(known[arn].document if arn in known else None for arn in sorted(found, key=str))
        for group, found in arns.items()
    }


def with_what_is_held(tx: Tx, account: str, seen: Seen, user: SeenUser) -> Seen:
    """The same with the documents of one user's boundary, and of what their groups give."""
    groups = sightings.load(tx, account, user.name, user.groups).groups
    arns = [user.boundary] if user.boundary is not None else []
    whole = policy_documents.complete(tx, account, replace(seen, groups=groups), arns)
    held = tuple(policy for group in whole.groups.values() for policy in group.policies)
    return replace(whole, groups=seen.groups, of_groups=held)


def _arns(tx: Tx, account: str, group: str) -> set[str | None]:
    connection = tx.session.connection()
    holders = connection.execute(_HOLDERS, {"account": account, "group": group}).scalars()
    escaped = group.replace("/", "//").replace("%", "/%").replace("_", "/_")
    members = connection.execute(_MEMBERS, {"account": account, "written": f'"{escaped}"'}).scalars()
    return {*holders, *members}
