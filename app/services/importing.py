"""Importing a living account: read it once, write down what stands in it, or report what differs (rule 29).

The first import takes what it finds into our rows. Every later one changes nothing that anybody holds. Neither writes
anything to AWS.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select

from app.clients import details
from app.clients.details import ReadsAccounts
from app.db import Database, Tx
from app.domain import canonical, imports
from app.domain.actors import Actor
from app.domain.drift import Finding
from app.domain.found import FoundAccount, FoundGroup, FoundUser
from app.domain.guardrails import ADMIN_BOUNDARY_NAME, BOUNDARY_NAME, policy_arn
from app.domain.imports import KnownGroup, KnownPerson, Rows, Standing
from app.domain.retries import SETTLES
from app.domain.sightings import SeenGroup, SeenPolicy
from app.errors import Conflict
from app.models import Account, Group, columns
from app.services import audit, imported, lab_policies, sightings
from app.services.assessment import get_account
from app.services.imported import CURRENT, ONE_OFFS, PEOPLE, Source, Written
from app.services.setup import policy_arns

_PART = 1000
"""People in one transaction: others get their turn in between, and a crash loses no more than that."""


@dataclass(frozen=True)
class Outcome:
    """What an import came to.

    Attributes:
        first: It took what it found into our rows; a later one only reports.
        calls: Calls to AWS that it took.
        users: People who were registered; `groups` and `memberships` likewise.
        differences: What the account has and our rows do not say, or the other way round.
        findings: What is worth a look in the account whether or not our rows say so.
    """

    account: str
    aws_account_id: str
    first: bool
    calls: int
    users: int
    groups: int
    memberships: int
    differences: tuple[Finding, ...]
    findings: tuple[Finding, ...]


def run(database: Database, iam: ReadsAccounts, by: Actor, name: str) -> Outcome:
    """Import an account the first time; report what differs every other time.

    Raises:
        aws.AwsError: AWS does not answer or refuses; nothing was written then.
        Conflict: `wrong_account`, the credentials are for another one.
        NotFound: No account of this name is registered.
    """
    with database.read() as tx:
        account = get_account(tx, name)
        # The rows before the account: what ends between the two readings is then not taken for standing.
        since = tx.now - SETTLES
        known = imported.seen_policies(tx, name)
        first, expected = account.imported_at is None, account.aws_account_id
    own_id, partition = iam.account()
    if expected not in {None, own_id}:
        text = f"{name} is AWS account {expected}, and these credentials are for {own_id}."
        raise Conflict(text, code="wrong_account")
    found = details.read(iam)
    seen, asked = _groups(iam, found, {arn: SeenPolicy(**policy) for arn, policy in known.items()})
    calls = 1 + found.calls + asked
    new, written = 0, Written()
    if first:
        new, written = _take(database, by, Source(name, since), found)
    with database.write() as tx:
        account = get_account(tx, name)
        account.aws_account_id, account.partition = own_id, partition
        account.imported_at = account.imported_at or tx.now
        tx.session.flush()
        for arn in (policy_arn(partition, own_id, cap) for cap in (BOUNDARY_NAME, ADMIN_BOUNDARY_NAME)):
            if arn in found.policies:
                sightings.save_boundary(tx, name, found.policies[arn], arn)
        imported.look(tx, name, () if first else found.users, seen)
        rows = _rows(tx, account, since)
        differing = tuple(imports.differences(name, found, rows))
        worth = tuple(imports.findings(name, found, rows, emulated=iam.emulated))
        outcome = Outcome(name, own_id, first, calls, written.users, new, written.memberships, differing, worth)
        _record(tx, by, outcome, found)
    return outcome


def _groups(iam: ReadsAccounts, found: FoundAccount, known: dict[str, SeenPolicy]) -> tuple[list[SeenGroup], int]:
    """The groups with what they give, as they are kept in mind, and how many calls that took.

    Args:
        known: AWS's own policies that were seen before; others are read one by one.
    """
    policies, calls = {**known, **found.policies}, 0
    for arn in sorted({arn for group in found.groups for arn in group.attached} - policies.keys()):
        document = iam.policy(arn)
        calls += 1 if document is None else 2  # its version is a call of its own
        policies[arn] = document or SeenPolicy(arn, None)
    return [_seen(group, policies) for group in found.groups], calls


def _seen(group: FoundGroup, policies: dict[str, SeenPolicy]) -> SeenGroup:
    every = [*(policies[arn] for arn in group.attached), *group.inline]
    return SeenGroup(group.name, tuple(sorted(every, key=lambda policy: policy.name)))


def _take(database: Database, by: Actor, source: Source, found: FoundAccount) -> tuple[int, Written]:
    """Write down groups, people and what they hold. Doing it again, as after a crash, adds only what is missing."""
    with database.write() as tx:
        new = imported.groups(tx, by, source.account, found.groups)
        names = sa.select(columns(Group).c.name).where(columns(Group).c.deleted_at.is_(None))
        managed = frozenset(tx.session.connection().execute(names).scalars())
    done = Written()
    for part in _parts(found.users):
        with database.write() as tx:
            more = imported.users(tx, by, source, part, managed)
        done = Written(done.users + more.users, done.memberships + more.memberships)
    return new, done


def _parts(users: Sequence[FoundUser]) -> Iterator[Sequence[FoundUser]]:
    return (users[begin : begin + _PART] for begin in range(0, len(users), _PART))


def _rows(tx: Tx, account: Account, since: datetime) -> Rows:
    """What Gatehouse's rows say of an account."""
    read = tx.session.connection().execute
    managed = tx.session.scalars(select(Group).where(col(Group.deleted_at).is_(None))).all()
    named = lab_policies.names(tx, account.name, account.partition, account.aws_account_id)
    grants = {
        (user, group): Standing(id_, bool(lasting))
        for user, group, id_, lasting in read(CURRENT, {"account": account.name, "since": since})
    }
    return Rows(
        people={key: KnownPerson(name, state) for key, name, state in read(PEOPLE)},
        groups={g.name_key: KnownGroup(g.name, frozenset(policy_arns(g, named))) for g in managed},
        grants=grants,
        one_offs=frozenset((user, policy) for user, policy in read(ONE_OFFS, {"account": account.name})),
    )


def _record(tx: Tx, by: Actor, outcome: Outcome, found: FoundAccount) -> None:
    """What was found goes in as a digest: one event for each person says who had what when it was taken."""
    has = {user.name: user.seen.groups for user in found.users if user.seen.groups}
    audit.record(
        tx,
        "account.imported" if outcome.first else "account.compared",
        by=by,
        account=outcome.account,
        aws_account_id=outcome.aws_account_id,
        calls=outcome.calls,
        users=outcome.users,
        groups=outcome.groups,
        memberships=outcome.memberships,
        differences=len(outcome.differences),
        findings=len(outcome.findings),
        found=canonical.digest(has),
    )
