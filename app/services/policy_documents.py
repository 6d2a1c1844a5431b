"""The documents of policies as they were last seen, so that asking what they open needs no AWS call (rule 13).

A document is kept under its hash, whatever holds it: a managed policy, an inline one, a boundary. A managed policy is
kept under its ARN, also where it is attached nowhere. Documents are no secrets, and AWS bounds their size.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from app import upserts
from app.db import Tx
from app.domain.sightings import Seen, SeenGroup, SeenPolicy
from app.models import Sighting, columns

_DOCUMENT, _POLICY = "document", "policy"
_seen = columns(Sighting)
_LOAD = sa.select(_seen.c.what, _seen.c.name, _seen.c.state).where(
    _seen.c.account == sa.bindparam("account"),
    _seen.c.what.in_([_DOCUMENT, _POLICY]),
    _seen.c.name.in_(sa.bindparam("names", expanding=True)),
    _seen.c.state.is_not(None),
)


def keep(tx: Tx, account: str, policies: Iterable[SeenPolicy]) -> None:
    """Keep what was just read of policies. What is kept already is not written again."""
    fresh: dict[tuple[str, str], Any] = {}
    for policy in policies:
        if policy.name.startswith("arn:"):
            fresh[_POLICY, policy.name] = policy.as_json()
        if policy.document is not None and policy.sha256 is not None:
            fresh[_DOCUMENT, policy.sha256] = dict(policy.document)
    kept = _load(tx, account, {name for _, name in fresh})
    # In one order, so that no two transactions wait for each other.
    rows = [
        {"account": account, "what": what, "name": name, "state": fresh[what, name], "seen_at": tx.now}
        for what, name in sorted(fresh)
        if kept.get((what, name)) != fresh[what, name]
    ]
    if rows:
        upserts.put(tx.session.connection(), _seen, rows)


def complete(tx: Tx, account: str, seen: Seen, arns: Iterable[str] = ()) -> Seen:
    """What was last seen, with the documents, and with managed policies that its groups need not have.

    Args:
        arns: Of those policies. What was never seen is left out of `policies`.
    """
    kept = _load(tx, account, set(arns))
    policies = {arn: SeenPolicy(**state) for (what, arn), state in kept.items() if what == _POLICY}
    of_groups = [p for group in seen.groups.values() for p in group.policies]
    every = [*policies.values(), *of_groups, *([seen.boundary] if seen.boundary else [])]
    documents = _load(tx, account, {p.sha256 for p in every if p.sha256 is not None})

    def read(policy: SeenPolicy) -> SeenPolicy:
        return replace(policy, document=documents.get((_DOCUMENT, policy.sha256 or "")))

    return replace(
        seen,
        groups={n: SeenGroup(g.name, tuple(read(p) for p in g.policies)) for n, g in seen.groups.items()},
        policies={arn: read(policy) for arn, policy in policies.items()},
        boundary=read(seen.boundary) if seen.boundary else None,
    )


def of_arns(tx: Tx, account: str, arns: Iterable[str]) -> dict[str, SeenPolicy]:
    """Managed policies with their documents; those never seen are left out."""
    return dict(complete(tx, account, Seen(), arns).policies)


def _load(tx: Tx, account: str, names: set[str]) -> dict[tuple[str, str], Any]:
    if not names:
        return {}
    rows = tx.session.connection().execute(_LOAD, {"account": account, "names": sorted(names)})
    return {(what, name): state for what, name, state in rows}
