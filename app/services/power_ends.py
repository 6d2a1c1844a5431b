"""Noting the end of a grant with administrator power, so that what was done under it is reported (rule 30).

It is judged from what is kept of documents, in the transaction of the end. What nobody has read counts as power. Most
ends cost one short query for each group: the same documents are judged once in the life of a process.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.db import Tx
from app.domain import power
from app.domain.sightings import Seen, SeenGroup, SeenPolicy
from app.domain.states import GrantState
from app.models import Grant, PowerReview, Sighting, columns
from app.services import directory, one_offs, policy_documents

_MOST_JUDGED = 512
_judged: dict[tuple[frozenset[str], str | None], bool] = {}
_seen = columns(Sighting)
_OF_ACCOUNT = _seen.c.account == sa.bindparam("account")
_GROUP = sa.select(_seen.c.state).where(_OF_ACCOUNT, _seen.c.what == "group", _seen.c.name == sa.bindparam("name"))
_BOUNDARIES = sa.select(_seen.c.name, _seen.c.state["boundary"].as_string()).where(
    _OF_ACCOUNT, _seen.c.what == "user", _seen.c.name.in_(sa.bindparam("names", expanding=True))
)
_NOTE = sa.insert(columns(PowerReview))


def note(tx: Tx, grants: Sequence[Grant], ended_at: datetime) -> None:
    """These grants become `revoked`: those of them that were given and held administrator power are to be reported.

    Args:
        ended_at: When their access was taken away.
    """
    given = [
        g for g in grants if g.state != GrantState.SCHEDULED and g.starts_at is not None and g.starts_at <= ended_at
    ]
    mighty = _mighty(tx, given) if given else []
    if mighty:
        tx.session.connection().execute(_NOTE, [_row(tx, grant, ended_at) for grant in mighty])
        tx.later = True


def _row(tx: Tx, grant: Grant, ended_at: datetime) -> dict[str, Any]:
    due_at = max(ended_at + tx.terms.trail_delay, tx.now)
    of_grant = {"grant_id": grant.id, "account": grant.account, "user": grant.user}
    return {**of_grant, "since": grant.starts_at, "until": ended_at, "due_at": due_at, "attempts": 0}


def _mighty(tx: Tx, grants: Iterable[Grant]) -> list[Grant]:
    places: dict[tuple[str, str | None], list[Grant]] = defaultdict(list)
    for grant in grants:
        places[grant.account, grant.group].append(grant)
    found: list[Grant] = []
    for (account, group), there in places.items():
        found += _own(tx, account, there) if group is None else _of_group(tx, account, group, there)
    return found


def _of_group(tx: Tx, account: str, name: str, grants: list[Grant]) -> list[Grant]:
    state = tx.session.connection().execute(_GROUP, {"account": account, "name": name}).scalar_one_or_none()
    if state is None:
        return grants  # nobody has read it
    policies = SeenGroup.from_json(state).policies
    if not _opens(tx, account, policies, None):
        return []
    if name in directory.admin_groups(tx):
        return grants  # they had the administrators' boundary, and have the other one again by now
    caps = _caps(tx, account, grants)
    return [grant for grant in grants if _opens(tx, account, policies, caps.get(grant.user))]


def _own(tx: Tx, account: str, grants: list[Grant]) -> list[Grant]:
    """Those of users' own policies, each with whatever else the user has in the same way, as it was approved."""
    caps = _caps(tx, account, grants)

    def opens(user: str) -> bool:
        documents = [one.document or None for one in one_offs.of_user(tx, account, user)]
        return power.of_documents(documents or [None], [caps[user].document if user in caps else None])

    mighty = {user for user in {grant.user for grant in grants} if opens(user)}
    return [grant for grant in grants if grant.user in mighty]


def _caps(tx: Tx, account: str, grants: Iterable[Grant]) -> dict[str, SeenPolicy]:
    """The boundary of each user as last seen, with its document. Whoever has none, or an unread one, is left out."""
    names = {grant.user for grant in grants}
    rows = tx.session.connection().execute(_BOUNDARIES, {"account": account, "names": sorted(names)})
    arns = {name: arn for name, arn in rows if arn is not None}
    known = policy_documents.of_arns(tx, account, set(arns.values())) if arns else {}
    return {name: known[arn] for name, arn in arns.items() if arn in known and known[arn].document is not None}


def _opens(tx: Tx, account: str, policies: tuple[SeenPolicy, ...], cap: SeenPolicy | None) -> bool:
    """Whether policies of a group are administrator power under a boundary."""
    hashes = frozenset(policy.sha256 for policy in policies if policy.sha256 is not None)
    if any(policy.sha256 is None for policy in policies):
        return True
    key = (hashes, None if cap is None else cap.sha256)
    if (known := _judged.get(key)) is not None:
        return known
    read = policy_documents.complete(tx, account, Seen(groups={"": SeenGroup("", policies)})).groups[""].policies
    opens = power.holds_power(read, [None if cap is None else cap.document])
    if all(policy.document is not None for policy in read):  # what is not kept now may be kept tomorrow
        if len(_judged) >= _MOST_JUDGED:
            _judged.clear()
        _judged[key] = opens
    return opens
