"""Preparing an AWS account: the guardrails, and the catalogue's groups with their policies."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import col, select

from app.changes.policy_calls import new_version
from app.clients import aws
from app.clients.iam import Iam
from app.db import Database
from app.domain import documents, governance, guardrails
from app.domain.actors import Actor
from app.domain.canonical import dumps
from app.domain.lab_policies import LabPolicy
from app.domain.plans import Operation
from app.domain.policy_names import PolicyNames
from app.domain.rules import Rule
from app.errors import Conflict
from app.models import Account, Group
from app.services import account_roles, audit, lab_policies, sightings
from app.services.account_roles import Roles

_NO_ROLES = Roles()
POLICIES_PER_GROUP = 10
"""IAM quota "Managed policies attached to an IAM group"; no emulator enforces it."""


@dataclass(frozen=True)
class Outcome:
    """What `gatehouse setup` did, or what it found to differ when it had been run before (rule 29)."""

    aws_account_id: str
    done: tuple[str, ...]
    differences: tuple[str, ...]


def run(database: Database, iam: Iam, by: Actor, account_name: str, roles: Roles = _NO_ROLES) -> Outcome:
    """Bring the account to the catalogue the first time; report differences every other time.

    Args:
        roles: Those to work as from now on; what is left out stays as it is.

    Raises:
        Invalid: A role is not one of this account.
        aws.AwsError: AWS does not answer or refuses. What was done so far stays, audited; run it again.
    """
    account_id, partition = iam.account()
    account_roles.require_usable(roles, account_id)
    with database.write() as tx:
        account = tx.session.get(Account, account_name) or Account(name=account_name)
        first = account.setup_at is None
        if account.aws_account_id not in {None, account_id}:
            text = (
                f"{account_name} is AWS account {account.aws_account_id}, and these credentials are for {account_id}."
            )
            raise Conflict(text, code="wrong_account")
        account.aws_account_id, account.partition = account_id, partition
        account_roles.remember(tx, account, roles, by)
        tx.session.add(account)
        groups = list(tx.session.scalars(select(Group).where(col(Group.deleted_at).is_(None))))
        policies = lab_policies.names(tx, account_name, partition, account_id)
    wanted = list(_wanted(iam, partition, account_id, groups, policies))
    done = []
    if first:
        for operation in wanted:
            # The intent is durable before the call is made.
            with database.write() as tx:
                audit.record(tx, "setup", by=by, account=account_name, operation=operation.as_json())
            # Made by somebody between the look and the call: the reading at the end says what it holds.
            with suppress(aws.Exists):
                iam.call(operation)
            done.append(operation.summary)
    names = [g.name for g in groups]
    names_of_caps = (guardrails.BOUNDARY_NAME, guardrails.ADMIN_BOUNDARY_NAME)
    caps = [guardrails.policy_arn(partition, account_id, n) for n in names_of_caps]
    boundaries = {arn: iam.policy(arn) for arn in caps}
    found = {n: g for n in names if (g := iam.group(n)) is not None}
    with database.write() as tx:
        for arn, boundary in boundaries.items():
            sightings.save_boundary(tx, account_name, boundary, arn)
        sightings.save_groups(tx, account_name, {name: found.get(name) for name in names})
        account = tx.session.get_one(Account, account_name)
        account.setup_at = account.setup_at or tx.now
        audit.record(tx, "setup.finished", by=by, account=account_name, first=first, operations=len(done))
    return Outcome(account_id, tuple(done), () if first else tuple(o.summary for o in wanted))


def _wanted(iam: Iam, partition: str, account_id: str, groups: list[Group], names: PolicyNames) -> Iterator[Operation]:
    """The calls that are missing, in an order in which each finds what it needs."""
    for name, document in (
        (guardrails.BOUNDARY_NAME, guardrails.boundary(partition, account_id)),
        (guardrails.ADMIN_BOUNDARY_NAME, governance.admin_boundary(partition, account_id)),
        (guardrails.FORCE_MFA_NAME, guardrails.force_mfa(partition, account_id)),
    ):
        arn = guardrails.policy_arn(partition, account_id, name)
        seen = iam.policy(arn)
        if seen is None:
            parameters = {
                "PolicyName": name,
                "Path": guardrails.GOVERNANCE_PATH,
                "PolicyDocument": dumps(document),
            }
            yield Operation("iam", "CreatePolicy", parameters, f"make the policy {name}")
        elif seen.sha256 != documents.fingerprint(document):
            yield from _put_right(iam.lab_policy(arn), name, document)
    for group in groups:
        attached: set[str] = set()
        existing = iam.group(group.name)
        if existing is None:
            parameters = {"GroupName": group.name, "Path": group.path}
            yield Operation("iam", "CreateGroup", parameters, f"make the group {group.name}")
        else:
            attached = {p.name for p in existing.policies}
        for arn in policy_arns(group, names):
            if arn not in attached:
                parameters = {"GroupName": group.name, "PolicyArn": arn}
                yield Operation("iam", "AttachGroupPolicy", parameters, f"attach {arn} to {group.name}")


def _put_right(lab: LabPolicy | None, name: str, document: Mapping[str, Any]) -> Iterator[Operation]:
    """A version with our document, of what an older Gatehouse or somebody else made; theirs stays to go back to."""
    for operation in new_version(lab, document) if lab else ():
        text = f"{operation.summary}: {name} says something else than gatehouse guardrails show prints"
        yield replace(operation, summary=text)


def policy_arns(group: Group, names: PolicyNames) -> list[str]:
    """The ARNs a group should have: its own, and the force-MFA policy exactly where MFA is needed (rule 27)."""
    arns = [names.arn(policy) for policy in group.policies]
    if Rule.model_validate(group.rule).requires_mfa:
        arns.append(guardrails.policy_arn(names.partition, names.account_id or "", guardrails.FORCE_MFA_NAME))
    return arns[:POLICIES_PER_GROUP]
