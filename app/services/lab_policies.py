"""The lab's own managed policies as they were last seen: how they are called, and what they are attached to."""

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from app.changes.base import Wish
from app.db import Tx
from app.domain import names as naming
from app.domain.lab_policies import LabPolicy, SeenLab
from app.domain.policy_names import PolicyNames
from app.models import Account, Group, Sighting, columns
from app.services import policy_documents, sightings

_WHAT = sightings.LAB_POLICY
_seen, _groups, _accounts = columns(Sighting), columns(Group), columns(Account)
_OURS = (_seen.c.account == sa.bindparam("account"), _seen.c.what == _WHAT, _seen.c.state.is_not(None))
_NAMES = sa.select(_seen.c.name).where(*_OURS)
_ALL = sa.select(_seen.c.name, _seen.c.state).where(*_OURS).order_by(_seen.c.name)
_GROUPS = (
    sa.select(_seen.c.name, _seen.c.state)
    .where(_seen.c.account == sa.bindparam("account"), _seen.c.what == "group", _seen.c.state.is_not(None))
    .order_by(_seen.c.name)
)
# An ARN stands in quotation marks in a group's state, which keeps one from matching inside another.
_ATTACHED = (
    sa.select(_seen.c.name, _groups.c.name.is_not(None).label("managed"))
    .select_from(_seen.outerjoin(_groups, sa.and_(_groups.c.name == _seen.c.name, _groups.c.deleted_at.is_(None))))
    .where(
        _seen.c.account == sa.bindparam("account"),
        _seen.c.what == "group",
        sa.cast(_seen.c.state, sa.Text).contains(sa.bindparam("written"), escape="!"),
    )
    .order_by(_seen.c.name)
)


@dataclass(frozen=True)
class Found:
    """A policy of the lab's own.

    Attributes:
        lab: With its document, where that was read. None where none of that name was seen.
        attached: The groups that were seen to have it.
        managed: Those of them that Gatehouse manages.
    """

    lab: LabPolicy | None
    attached: tuple[str, ...] = ()
    managed: tuple[str, ...] = ()


def names(tx: Tx, account: str, partition: str, account_id: str | None) -> PolicyNames:
    """How names of policies are read in an account: the lab's own come before AWS's."""
    connection = tx.session.connection()
    ours = {naming.key(name): name for name in connection.execute(_NAMES, {"account": account}).scalars()}
    lists = connection.execute(sa.select(_groups.c.policies).where(_groups.c.deleted_at.is_(None))).scalars()
    used = {naming.key(policy) for policies in lists for policy in policies if not policy.startswith("arn:")}
    return PolicyNames(partition, account_id, ours, frozenset(used - ours.keys()))


def find(tx: Tx, account: str, name: str) -> Found:
    """A policy by its name, with the groups that have it. Where it was never seen, groups may have it all the same."""
    connection = tx.session.connection()
    here = connection.execute(
        sa.select(_accounts.c.partition, _accounts.c.aws_account_id).where(_accounts.c.name == account)
    ).one_or_none()
    if here is None or here.aws_account_id is None:
        return Found(None)
    arn = PolicyNames(here.partition, here.aws_account_id).lab_arn(name)
    state = connection.execute(_ALL.where(_seen.c.name == name), {"account": account}).one_or_none()
    rows = _groups_with(tx, account, arn)
    attached = tuple(group for group, _ in rows)
    lab = None
    if state is not None:
        lab = LabPolicy.from_json(state.state)
        read = policy_documents.of_arns(tx, account, [arn]).get(arn)
        # One that was read since, with a group, is newer than what it was when the policy was read whole.
        lab = replace(lab, policy=read or lab.policy, groups=attached)
    return Found(
        lab,
        attached,
        tuple(group for group, managed in rows if managed),
    )


def note(tx: Tx, account: str, wish: Wish, seen: Any) -> None:
    """Keep what was just read of the policy that is changed, also that there is none."""
    if isinstance(seen, SeenLab):
        sightings.save_lab_policy(tx, account, wish.body.name, seen.lab.as_json() if seen.lab else None)
        policy_documents.keep(tx, account, [seen.lab.policy] if seen.lab else [])


def _groups_with(tx: Tx, account: str, arn: str) -> list[tuple[str, bool]]:
    escaped = arn.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    rows = tx.session.connection().execute(_ATTACHED, {"account": account, "written": f'"{escaped}"'})
    return [(name, managed) for name, managed in rows]


@dataclass(frozen=True)
class Shown:
    """A policy of the lab's own, for people."""

    name: str
    lab: LabPolicy


def page(tx: Tx, account: str, *, before: str | None, limit: int) -> list[Shown]:
    """Policies by name."""
    query = _ALL.where(_seen.c.name > before) if before is not None else _ALL
    rows = tx.session.connection().execute(query.limit(limit), {"account": account}).all()
    found = {name: LabPolicy.from_json(state) for name, state in rows}
    arns = {lab.policy.name for lab in found.values()}
    documents = policy_documents.of_arns(tx, account, arns)
    having: dict[str, list[str]] = {arn: [] for arn in arns}
    for group, state in tx.session.connection().execute(_GROUPS, {"account": account}):
        for policy in state["policies"]:
            if policy["name"] in having:
                having[policy["name"]].append(group)
    return [
        Shown(
            name,
            replace(lab, policy=documents.get(lab.policy.name, lab.policy), groups=tuple(having[lab.policy.name])),
        )
        for name, lab in found.items()
    ]


def show(tx: Tx, account: str, name: str) -> Shown | None:
    """One policy; None where none of that name was seen, in any letters."""
    found = tx.session.connection().execute(_NAMES, {"account": account}).scalars()
    real = next((one for one in found if naming.key(one) == naming.key(name)), None)
    if real is None:
        return None
    lab = find(tx, account, real).lab
    return None if lab is None else Shown(real, lab)
