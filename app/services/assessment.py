"""What is true of a request at this moment: its case, its ruling, and its plan from what was last seen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from app.changes import REGISTRY, Change
from app.changes.base import Managed, Wish
from app.db import Tx
from app.domain.admin_path import twin
from app.domain.groups import Groups, people_in
from app.domain.guardrails import (
    ADMIN_BOUNDARY_NAME,
    ADMIN_PATH,
    BOUNDARY_NAME,
    FORCE_MFA_NAME,
    USER_PATH,
    policy_arn,
)
from app.domain.people import Roster
from app.domain.policy_names import PolicyNames
from app.domain.rules import Rule
from app.domain.rulings import Case, GroupFacts, Ruling, rule_on
from app.domain.sightings import Seen
from app.domain.states import APPLYING
from app.domain.words import Kind
from app.errors import NotFound
from app.models import AccessRequest, Account, Group, columns
from app.services import (
    boundaries,
    directory,
    lab_policies,
    one_offs,
    people,
    policy_documents,
    rotations,
    shelf,
    sightings,
    suspensions,
)
from app.services.people import Known

_accounts, _groups = columns(Account), columns(Group)
_FACTS = (
    sa.select(
        _accounts.c.aws_account_id,
        _accounts.c.partition,
        *(_groups.c[n] for n in ("name", "rule", "path", "description", "policies", "deleted_at")),
    )
    .select_from(_accounts.outerjoin(_groups, _groups.c.name.in_(sa.bindparam("names", expanding=True))))
    .where(_accounts.c.name == sa.bindparam("account"))
)


@dataclass(frozen=True)
class Assessment:
    """A wish with everything that was found out about it."""

    change: Change
    wish: Wish
    case: Case
    ruling: Ruling
    seen: Seen

    @property
    def same_change(self) -> str:
        """What no second open request may share."""
        return self.change.same_change(self.wish.account, self.wish.user, self.wish.body)


def get_account(tx: Tx, name: str) -> Account:
    """The account, or 404."""
    account = tx.session.get(Account, name)
    if account is None:
        raise _no_account(name)
    return account


def _no_account(name: str) -> NotFound:
    return NotFound(f"There is no account named {name}.", code="account_not_found")


@dataclass(frozen=True)
class Place:
    """Where a change is made, and the rules that bind there.

    Attributes:
        account: The account's name.
        boundary_arn: The account's boundary; None before `gatehouse setup`.
        rules: Of each group that the change names.
        managed: The same groups whole, as they are managed.
        names: How names of policies are read there; the lab's own in changes of groups and policies only.
        bare: A group that is not there yet.
    """

    account: str
    boundary_arn: str | None
    rules: Mapping[str, Rule]
    managed: Mapping[str, Managed]
    names: PolicyNames
    bare: Managed
    lab: lab_policies.Found | None = None


def _place(tx: Tx, account: str, change: Change, body: Any, *, deleted_too: bool) -> Place:
    """Read the account and the rules of the groups that a change names, in one statement.

    Of a policy those are the managed groups that it is attached to.

    Args:
        deleted_too: What was begun before a group was deleted still has to come to its end.

    Raises:
        NotFound: The account, or one of the groups, is not managed here.
    """
    found = lab_policies.find(tx, account, body.name) if change.of_policy else None
    names = found.managed if found is not None else change.groups(body)
    rows = tx.session.connection().execute(_FACTS, {"account": account, "names": names}).all()
    if not rows:
        raise _no_account(account)
    there = [row for row in rows if row.name is not None and (deleted_too or row.deleted_at is None)]
    rules = {row.name: Rule.model_validate(row.rule) for row in there}
    missing = [n for n in names if n not in rules]
    if missing:
        raise NotFound(f"There is no group named {missing[0]}.", code="group_not_found")
    arn = boundary_arn(rows[0].partition, rows[0].aws_account_id)
    policies = PolicyNames(rows[0].partition, rows[0].aws_account_id)
    if change.of_group:  # nobody else asks what the names of policies mean
        policies = lab_policies.names(tx, account, rows[0].partition, rows[0].aws_account_id)
    bare = _bare(rows[0], policies)
    managed = {row.name: _managed(bare, row, rules[row.name]) for row in there}
    return Place(account, arn, {n: rules[n] for n in names}, managed, policies, bare, found)


def _bare(row: Any, names: PolicyNames) -> Managed:
    account_id = row.aws_account_id
    mfa = None if account_id is None else policy_arn(row.partition, account_id, FORCE_MFA_NAME)
    return Managed(USER_PATH, "", (), Rule(), names, mfa)


def _managed(bare: Managed, row: Any, rule: Rule) -> Managed:
    policies = tuple(dict.fromkeys(bare.arn(policy) for policy in row.policies))
    deleted = row.deleted_at is not None
    return replace(bare, path=row.path, description=row.description, policies=policies, rule=rule, deleted=deleted)


def assess(
    tx: Tx,
    *,
    kind: Kind,
    account: str,
    asker: str,
    subject: Known,
    body: Any,
    request_id: str,
    duration: timedelta | None = None,
    rules_asked: Mapping[str, Rule] | None = None,
) -> Assessment:
    """Find out everything about a wish.

    Args:
        rules_asked: The groups' rules when it was asked; None when it is being asked now.

    Raises:
        NotFound: The account or a group does not exist.
    """
    change = REGISTRY[kind]
    if change.in_database or change.of_group or change.of_person:
        directory.hold_roles(tx)
    place = _place(tx, account, change, body, deleted_too=rules_asked is not None)
    names = tuple(place.rules)
    rules = place.rules
    asked = rules_asked or rules
    wish = _wish(tx, change, place, subject, body, request_id, [*asked.values(), *rules.values()])
    seen = sightings.load(tx, account, subject.name, names, wish.boundary_arn)
    if change.of_group:
        seen = policy_documents.complete(tx, account, seen, change.policies(wish))
        capped = (body.name,) if change.makes_group else names
        seen = replace(seen, caps=boundaries.of_groups(tx, account, capped, seen.boundary))
    if _gives_policy(change, body) and seen.user is not None:
        seen = boundaries.with_what_is_held(tx, account, seen, seen.user)
    new_rules = change.rules(body)
    parties = {asker, subject.name, subject.person.counts_as}.union(*(people_in(rule) for rule in new_rules))
    binding = [*asked.values(), *rules.values(), *new_rules]
    roster = _with_subject(people.roster(tx, binding, parties), subject)
    if asker not in roster.people:  # deleted since: what they had taken away from others goes on
        gone = people.known_one(tx, asker)
        roster = _with_subject(roster, replace(gone, person=replace(gone.person, roles=frozenset())))
    if (owner := roster.people[asker].owner) and owner not in roster.people:
        roster = _with_subject(roster, people.known_one(tx, owner))
    case = Case(
        kind=kind,
        asker=roster.people[asker],
        subject=roster.people[subject.name],
        roster=roster,
        groups=tuple(_facts(n, asked.get(n, rules[n]), rules[n], seen) for n in names),
        duration=duration,
        power=change.has_power(wish, seen),
        gain=change.members_gain(wish, seen),
        only_admin=people.only_admin(tx, roster.admins),
        longest=tx.terms.longest_policy if _gives_policy(change, body) else None,
        hands_out=change.hands_out(wish),
    )
    return Assessment(change, wish, case, judge(change, wish, case, seen, change.by_rule(case)), seen)


def judge(change: Change, wish: Wish, case: Case, seen: Seen, by_rule: tuple[str, str] | None) -> Ruling:
    """The ruling, with what the kind warns of behind its reasons.

    Args:
        by_rule: The rule that approves at once and its reason, or None.
    """
    ruling = rule_on(case, change.needs(case), by_rule)
    return replace(ruling, reasons=(*ruling.reasons, *change.warnings(wish, seen)))


def _wish(tx: Tx, change: Change, place: Place, subject: Known, body: Any, request_id: str, rules: list[Rule]) -> Wish:
    rotates = change.kind == Kind.ACCESS_KEY_ROTATE
    of_admins = any(group.path == ADMIN_PATH for group in place.managed.values())
    boundary = place.boundary_arn
    if of_admins and change.gives_access and boundary:
        boundary = twin(boundary, ADMIN_BOUNDARY_NAME)
    managed = {**place.managed, body.name: place.bare} if change.makes_group else place.managed
    wish = Wish(
        kind=change.kind,
        account=place.account,
        user=subject.name,
        user_id=subject.id,
        request_id=request_id,
        body=body,
        boundary_arn=boundary,
        needs_mfa=tx.terms.require_mfa and change.gives_access and any(r.requires_mfa for r in rules),
        managed=managed,
        names=place.names,
        lab=place.lab.lab if place.lab else None,
        attached=place.lab.attached if place.lab else (),
        leaver=suspensions.leaver(tx, place.account, subject.name) if change.of_person else None,
        rotating=rotations.under_way(tx, place.account, subject.name) if rotates else None,
        admin_groups=directory.admin_groups(tx) if of_admins else frozenset(),
        groups=shelf.load(tx) if change.of_group else Groups(),
    )
    if _gives_policy(change, body):
        return replace(wish, one_offs=one_offs.of_user(tx, wish.account, wish.user))
    return wish


def _gives_policy(change: Change, body: Any) -> bool:
    return any(access.of == "policy" for access in change.gives(body))


def wish_of(tx: Tx, row: AccessRequest) -> tuple[Change, Wish]:
    """What a stored request wishes, without its ruling: enough to read from IAM."""
    change = REGISTRY[Kind(row.kind)]
    body = change.body.model_validate(row.change)
    place = _place(tx, row.account, change, body, deleted_too=True)
    rules = [*place.rules.values(), *(Rule.model_validate(r) for r in row.rules_asked.values())]
    wish = _wish(tx, change, place, people.known_one(tx, row.user), body, row.id, rules)
    return change, replace(wish, begun=row.state == APPLYING)


def reassess(tx: Tx, row: AccessRequest) -> Assessment:
    """Find out everything about a stored request as it stands now."""
    kind = Kind(row.kind)
    return assess(
        tx,
        kind=kind,
        account=row.account,
        asker=row.requester,
        subject=people.known_one(tx, row.user),
        body=REGISTRY[kind].body.model_validate(row.change),
        request_id=row.id,
        rules_asked={n: Rule.model_validate(r) for n, r in row.rules_asked.items()},
    )


def boundary_arn(partition: str, aws_account_id: str | None) -> str | None:
    """The ARN of an account's boundary; None before `gatehouse setup`."""
    if aws_account_id is None:
        return None
    return policy_arn(partition, aws_account_id, BOUNDARY_NAME)


def _facts(name: str, asked: Rule, now: Rule, seen: Seen) -> GroupFacts:
    group = seen.groups.get(name)
    return GroupFacts(name, asked, now, has_deny=group is not None and group.has_deny)


def _with_subject(roster: Roster, subject: Known) -> Roster:
    if subject.name in roster.people:
        return roster
    return Roster({**roster.people, subject.name: subject.person}, roster.members)
