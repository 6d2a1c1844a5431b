"""What is true of a request at this moment: its case, its ruling, and its plan from what was last seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from app.changes import REGISTRY, Change
from app.changes.base import Wish
from app.db import Tx
from app.domain.guardrails import BOUNDARY_NAME, policy_arn
from app.domain.people import Roster
from app.domain.rules import Rule
from app.domain.rulings import Case, GroupFacts, Ruling, rule_on
from app.domain.sightings import Seen
from app.domain.words import Kind
from app.errors import NotFound
from app.models import AccessRequest, Account, Group, User, columns
from app.services import directory, sightings

_groups = columns(Group)
_RULES = sa.select(_groups.c.name, _groups.c.rule).where(_groups.c.name.in_(sa.bindparam("names", expanding=True)))


@dataclass(frozen=True)
class Assessment:
    """A wish with everything that was found out about it."""

    change: Change
    wish: Wish
    case: Case
    ruling: Ruling
    seen: Seen


def get_account(tx: Tx, name: str) -> Account:
    """The account, or 404."""
    account = tx.session.get(Account, name)
    if account is None:
        raise NotFound(f"There is no account named {name}.", code="account_not_found")
    return account


def group_rules(tx: Tx, names: tuple[str, ...]) -> dict[str, Rule]:
    """The rules of these groups.

    Raises:
        NotFound: One of them is not managed here.
    """
    if not names:
        return {}
    rows = tx.session.execute(_RULES, {"names": names})
    found = {name: Rule.model_validate(rule) for name, rule in rows}
    missing = [n for n in names if n not in found]
    if missing:
        raise NotFound(f"There is no group named {missing[0]}.", code="group_not_found")
    return found


def assess(
    tx: Tx,
    *,
    kind: Kind,
    account: Account,
    asker: str,
    subject: User,
    body: Any,
    request_id: str,
    duration: timedelta | None = None,
    rules_asked: Mapping[str, Rule] | None = None,
) -> Assessment:
    """Find out everything about a wish.

    Args:
        rules_asked: The groups' rules when it was asked; None when it is being asked now.
    """
    change = REGISTRY[kind]
    names = change.groups(body)
    rules = group_rules(tx, names)
    asked = rules_asked or rules
    wish = _wish(tx, change, account, subject, body, request_id, [*asked.values(), *rules.values()])
    if change.in_database:
        directory.hold_roles(tx)
    seen = sightings.load(tx, account.name, subject.name, names)
    parties = {asker, subject.name, subject.owner or subject.name}
    roster = _with_subject(directory.roster(tx, [*asked.values(), *rules.values()], parties), subject)
    if (owner := roster.people[asker].owner) and owner not in roster.people:
        roster = _with_subject(roster, directory.known_user(tx, owner))
    case = Case(
        kind=kind,
        asker=roster.people[asker],
        subject=roster.people[subject.name],
        roster=roster,
        groups=tuple(_facts(n, asked.get(n, rules[n]), rules[n], seen) for n in names),
        duration=duration,
    )
    ruling = rule_on(case, change.needs(case), change.by_rule(case))
    return Assessment(change, wish, case, ruling, seen)


def _wish(
    tx: Tx, change: Change, account: Account, subject: User, body: Any, request_id: str, rules: list[Rule]
) -> Wish:
    return Wish(
        kind=change.kind,
        account=account.name,
        user=subject.name,
        user_id=subject.id,
        request_id=request_id,
        body=body,
        boundary_arn=boundary_arn(account),
        needs_mfa=tx.terms.require_mfa and change.gives_access and any(r.requires_mfa for r in rules),
    )


def wish_of(tx: Tx, row: AccessRequest) -> tuple[Change, Wish]:
    """What a stored request wishes, without its ruling: enough to read from IAM."""
    change = REGISTRY[Kind(row.kind)]
    body = change.body.model_validate(row.change)
    rules = [
        *group_rules(tx, change.groups(body)).values(),
        *(Rule.model_validate(r) for r in row.rules_asked.values()),
    ]
    account, subject = get_account(tx, row.account), directory.known_user(tx, row.user)
    return change, _wish(tx, change, account, subject, body, row.id, rules)


def reassess(tx: Tx, row: AccessRequest) -> Assessment:
    """Find out everything about a stored request as it stands now."""
    kind = Kind(row.kind)
    return assess(
        tx,
        kind=kind,
        account=get_account(tx, row.account),
        asker=row.requester,
        subject=directory.known_user(tx, row.user),
        body=REGISTRY[kind].body.model_validate(row.change),
        request_id=row.id,
        rules_asked={n: Rule.model_validate(r) for n, r in row.rules_asked.items()},
    )


def boundary_arn(account: Account) -> str | None:
    """The ARN of the account's boundary; None before `gatehouse setup`."""
    if account.aws_account_id is None:
        return None
    return policy_arn(account.partition, account.aws_account_id, BOUNDARY_NAME)


def _facts(name: str, asked: Rule, now: Rule, seen: Seen) -> GroupFacts:
    group = seen.groups.get(name)
    return GroupFacts(name, asked, now, has_deny=group is not None and group.has_deny)


def _with_subject(roster: Roster, subject: User) -> Roster:
    if subject.name in roster.people:
        return roster
    return Roster({**roster.people, subject.name: directory.person(subject)}, roster.members)
