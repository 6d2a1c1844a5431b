"""`group.update`: a managed group's description, policies and approval rule. What is left out stays.

A change of the description or of the rule alone is in the database only. Policies are attached and detached in IAM, and
so is the force-MFA policy where the rule begins or ceases to need MFA (rule 27).
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Any, Self

import sqlalchemy as sa
from pydantic import Field, model_validator
from sqlalchemy.orm import Session
from sqlmodel import col
from typing_extensions import override

from app.changes import group_policies
from app.changes.attaching import POLICIES_PER_GROUP, attach_and_detach
from app.changes.base import Body, Wish
from app.changes.of_group import OfGroup
from app.clients.iam import Iam
from app.domain.guardrails import ADMIN_PATH
from app.domain.names import GroupName
from app.domain.plans import CannotCarryOut, Operation, Plan
from app.domain.policy_names import PolicyRef, is_guardrail
from app.domain.power import allows_everything
from app.domain.rules import Rule
from app.domain.rulings import Case, Refusal
from app.domain.sightings import Seen
from app.domain.words import Kind
from app.models import Group


def sound_policies(policies: Iterable[str]) -> None:
    """Refuse a list that names one twice, or one of Gatehouse's own.

    Raises:
        ValueError: It does.
    """
    named = list(policies)
    if len(set(named)) != len(named):
        raise ValueError("name each policy once")
    if any(is_guardrail(policy) for policy in named):
        raise ValueError("policies under /governance/ are Gatehouse's own; a rule that needs MFA brings its own")


class GroupChanges(Body):
    """What of a group is to be different. `policies` are all it shall have, by ARN or by name."""

    description: Annotated[str, Field(max_length=500)] | None = None
    policies: Annotated[tuple[PolicyRef, ...], Field(max_length=POLICIES_PER_GROUP)] | None = None
    rule: Rule | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.description is None and self.policies is None and self.rule is None:
            raise ValueError("say what is to change: description, policies or rule")
        sound_policies(self.policies or ())
        return self


class GroupUpdateBody(GroupChanges):
    """Which group, and what of it is to be different."""

    name: GroupName


class GroupUpdate(OfGroup):
    """A managed group, changed."""

    kind = Kind.GROUP_UPDATE
    body = GroupUpdateBody

    @override
    def groups(self, body: GroupUpdateBody) -> tuple[str, ...]:
        """The one group."""
        return (body.name,)

    @override
    def rules(self, body: GroupUpdateBody) -> tuple[Rule, ...]:
        """The new one, where there is one."""
        return (body.rule,) if body.rule is not None else ()

    @override
    def is_in_database(self, wish: Wish) -> bool:
        """Whether nothing in IAM can differ by it."""
        group, rule = group_policies.managed(wish), wish.body.rule
        same_mfa = rule is None or rule.requires_mfa == group.rule.requires_mfa
        return wish.body.policies is None and same_mfa

    @override
    def has_power(self, wish: Wish, seen: Seen) -> bool:
        """Whether the group holds administrator power now, or would then."""
        return group_policies.power(wish, seen)

    @override
    def policies(self, wish: Wish) -> tuple[str, ...]:
        """All that it should have, and shall have then."""
        return (*group_policies.before(wish), *group_policies.target(wish))

    @override
    def members_gain(self, wish: Wish, seen: Seen) -> bool:
        """By a policy more, by one less that forbids something, and by no MFA."""
        group, rule, target = group_policies.managed(wish), wish.body.rule, set(group_policies.target(wish))
        if rule is not None and group.rule.requires_mfa and not rule.requires_mfa:
            return True
        if wish.body.policies is None:
            return False
        new = target - {*group.policies, group.force_mfa}
        gone = {*group.policies, *group_policies.attached(wish, seen)} - target - {group.force_mfa}
        return bool(new) or any(p.has_deny for p in group_policies.documents(wish, seen, gone))

    @override
    def refusals(self, wish: Wish, case: Case, seen: Seen) -> list[Refusal]:
        """What cannot be, as far as was seen."""
        refused = super().refusals(wish, case, seen)
        if _changes_nothing(wish):
            refused.append(Refusal(409, "nothing_to_change", f"{wish.body.name} is so already."))
        if len(target := group_policies.target(wish)) > POLICIES_PER_GROUP:
            text = f"AWS allows {POLICIES_PER_GROUP} policies on a group, the one that forces MFA among them."
            refused.append(Refusal(409, "limit_exceeded", text))
        if _is_misplaced(wish, seen, target):
            refused.append(Refusal(409, "needs_lab_admin", _MISPLACED))
        return refused

    @override
    def observe(self, iam: Iam, wish: Wish) -> Seen:
        """Also the documents that the group does not have yet."""
        seen = super().observe(iam, wish)
        new = [arn for arn in group_policies.target(wish) if arn not in group_policies.attached(wish, seen)]
        found = {arn: iam.policy(arn) for arn in new}
        return replace(seen, policies={arn: p for arn, p in found.items() if p is not None})

    @override
    def read_back(self, iam: Iam, wish: Wish, before: Seen) -> Seen:
        """The group again."""
        group = iam.group(wish.body.name)
        return replace(before, groups={wish.body.name: group} if group is not None else {})

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """Attach what is missing, then detach what is too much."""
        body = wish.body
        end_state: dict[str, Any] = {
            "kind": wish.kind,
            "account": wish.account,
            "user_id": wish.user_id,
            "group": body.name,
            "description": body.description,
            "rule": body.rule.model_dump(mode="json") if body.rule is not None else None,
        }
        here = (_save_operation(wish),) if not seen.fresh else ()
        if self.is_in_database(wish):
            return Plan(end_state, here)
        if seen.fresh:
            _check(wish, seen)
        unread = {**end_state, "policies": group_policies.policies_state(wish, seen, new=False)}
        is_read = group_policies.are_read(wish, seen)
        end_state["policies"] = group_policies.policies_state(wish, seen, new=is_read)
        attached, target = group_policies.attached(wish, seen), group_policies.target(wish)
        touched = {*attached, *target} if body.policies is not None else {group_policies.managed(wish).force_mfa}
        wanted = [arn for arn in target if arn in touched and arn not in attached]
        unwanted = [arn for arn in attached if arn in touched and arn not in target]
        return Plan(
            end_state,
            (*attach_and_detach(body.name, attached, wanted, unwanted, group_policies.managed(wish).force_mfa), *here),
            also=(unread,),
        )

    @override
    def undo(self, wish: Wish, seen: Seen) -> tuple[Operation, ...]:
        """Back to what is managed. What nobody here manages and the plan took away is not put back."""
        if self.is_in_database(wish) or wish.body.name not in seen.groups:
            return ()
        attached, before, target = (
            group_policies.attached(wish, seen),
            group_policies.before(wish),
            group_policies.target(wish),
        )
        wanted = [arn for arn in before if arn not in target and arn not in attached]
        unwanted = [arn for arn in attached if arn in target and arn not in before]
        return attach_and_detach(wish.body.name, attached, wanted, unwanted, group_policies.managed(wish).force_mfa)

    @override
    def save(self, session: Session, wish: Wish) -> None:
        """Write what is to be different; what is left out stays as it is by now."""
        body = wish.body
        values: dict[str, Any] = {"version": Group.version + 1}
        if body.description is not None:
            values["description"] = body.description
        if body.policies is not None:
            values["policies"] = list(body.policies)
        if body.rule is not None:
            values["rule"] = body.rule.model_dump(mode="json")
        session.execute(
            sa.update(Group)
            .where(col(Group.name) == body.name)
            .values(values)
            .execution_options(synchronize_session=False)
        )


_MISPLACED = (
    "A group that allows everything on everything lives under /lab-admin/, and this one does not."
    " Use a group that is there, or leave that policy out."
)


def _changes_nothing(wish: Wish) -> bool:
    group, body = group_policies.managed(wish), wish.body
    return (
        body.description in {None, group.description}
        and body.rule in {None, group.rule}
        and (body.policies is None or {group.arn(p) for p in body.policies} == set(group.policies))
    )


def _is_misplaced(wish: Wish, seen: Seen, target: list[str]) -> bool:
    """Rule 26, of what the request itself names."""
    if wish.body.policies is None or group_policies.managed(wish).path == ADMIN_PATH:
        return False
    return allows_everything(group_policies.documents(wish, seen, set(target)))


def _check(wish: Wish, seen: Seen) -> None:
    name, target = wish.body.name, group_policies.target(wish)
    if name not in seen.groups:
        raise CannotCarryOut("no_iam_group", f"IAM has no group named {name}. Run gatehouse setup, then retry.")
    require_policies(wish, seen)
    if _is_misplaced(wish, seen, target):
        raise CannotCarryOut("needs_lab_admin", _MISPLACED)


def require_policies(wish: Wish, seen: Seen) -> None:
    """What the group shall have is there to be attached.

    Raises:
        CannotCarryOut: A policy is missing, or the account was not set up.
    """
    group, target = group_policies.managed(wish), group_policies.target(wish)
    if (wish.body.rule or group.rule).requires_mfa and group.force_mfa is None:
        raise CannotCarryOut("guardrails_missing", "The account has no force-MFA policy. Run gatehouse setup first.")
    known = {*group_policies.attached(wish, seen), *seen.policies}
    # An emulator may lack some of AWS's own and let them be attached all the same (rule 28).
    missing = [arn for arn in target if arn not in known and not (seen.emulated and ":iam::aws:" in arn)]
    if missing:
        raise CannotCarryOut("no_such_policy", f"IAM has no policy {', '.join(missing)}. Make it, then retry.")


def _save_operation(wish: Wish) -> Operation:
    fields = [n for n in ("description", "policies", "rule") if getattr(wish.body, n) is not None]
    summary = f"keep the new {', '.join(fields)} of the group {wish.body.name} in Gatehouse"
    return Operation("gatehouse", "UpdateGroup", {"GroupName": wish.body.name, "Fields": fields}, summary)
