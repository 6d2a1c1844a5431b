"""`group.create`: a group that was not there, in IAM with its policies and here with its rule.

It can be used once it is applied: only then there is anything to join. A group of that name that IAM has already is
refused and left as it is. IAM's groups have no tags, so what this request made is known by when: it was not there when
the request was begun, and holds nobody and nothing but what it was to get.
"""

from dataclasses import replace
from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from typing_extensions import override

from app.changes import group_policies
from app.changes.attaching import POLICIES_PER_GROUP, attach_and_detach, detach
from app.changes.base import Body, Wish
from app.changes.group_update import require_policies, sound_policies
from app.changes.of_group import GROUPS, OfGroup, SeenWholeGroup, inline_of
from app.clients.iam import Iam
from app.domain import names
from app.domain.guardrails import ADMIN_PATH, USER_PATH
from app.domain.names import GroupName
from app.domain.plans import CannotCarryOut, Operation, Plan
from app.domain.policy_names import PolicyRef
from app.domain.power import allows_everything
from app.domain.rules import Rule
from app.domain.rulings import Case, Refusal
from app.domain.sightings import Seen
from app.domain.words import Kind


class GroupCreateBody(Body):
    """A new group. Without a rule: one of `role:admin`, at most P30D, no MFA, no self-service, notify."""

    name: GroupName
    description: Annotated[str, Field(max_length=500)] = ""
    policies: Annotated[tuple[PolicyRef, ...], Field(max_length=POLICIES_PER_GROUP)] = ()
    rule: Rule = Rule()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        sound_policies(self.policies)
        return self


class GroupCreate(OfGroup):
    """A group, made."""

    kind = Kind.GROUP_CREATE
    body = GroupCreateBody
    makes_group = True

    @override
    def rules(self, body: GroupCreateBody) -> tuple[Rule, ...]:
        """Its own."""
        return (body.rule,)

    @override
    def same(self, body: GroupCreateBody) -> str:
        """One name, whatever the case, is made once, whatever it is to hold."""
        return names.key(body.name)

    @override
    def has_power(self, wish: Wish, seen: Seen) -> bool:
        """Whether it would hold administrator power (rule 13). Under `/lab-admin/` hardly anything caps it."""
        return path_of(wish, seen) == ADMIN_PATH or group_policies.power(wish, seen)

    @override
    def policies(self, wish: Wish) -> tuple[str, ...]:
        """All that it shall have."""
        return tuple(group_policies.target(wish))

    @override
    def refusals(self, wish: Wish, case: Case, seen: Seen) -> list[Refusal]:
        """A name that is or was in use, and what AWS would not take."""
        refused = super().refusals(wish, case, seen)
        known, name = wish.groups.of_key(wish.body.name), wish.body.name
        if known in wish.groups.deleted:
            text = f"The name {known} was a group's that is deleted, and is not used again. Choose another."
            refused.append(Refusal(409, "name_taken", text))
        elif known is not None:
            refused.append(Refusal(409, "name_taken", f"Gatehouse has the group {known} already."))
        if len(wish.groups.rules) >= GROUPS:
            refused.append(Refusal(409, "limit_exceeded", f"AWS allows {GROUPS} groups. Delete one first."))
        if len(group_policies.target(wish)) > POLICIES_PER_GROUP:
            text = f"AWS allows {POLICIES_PER_GROUP} policies on a group, the one that forces MFA among them."
            refused.append(Refusal(409, "limit_exceeded", f"{name}: {text}"))
        return refused

    @override
    def observe(self, iam: Iam, wish: Wish) -> Seen:
        """The group, if it is there, who is in it, and the documents that it shall have."""
        seen = super().observe(iam, wish)
        found = {arn: iam.policy(arn) for arn in group_policies.target(wish)}
        documents = {arn: p for arn, p in found.items() if p is not None}
        whole = SeenWholeGroup(**{**vars(seen), "policies": documents}, ours=wish.begun)
        return _look(iam, wish, whole)

    @override
    def read_back(self, iam: Iam, wish: Wish, before: Seen) -> Seen:
        """The group again: after our own calls it is ours."""
        return _look(iam, wish, replace(_whole(before), ours=True))

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """Make it, then attach what it shall have."""
        name, target = wish.body.name, group_policies.target(wish)
        if seen.fresh:
            _check(wish, _whole(seen))
        path = path_of(wish, seen)
        end_state: dict[str, Any] = {
            "kind": wish.kind,
            "account": wish.account,
            "user_id": wish.user_id,
            "group": name,
            "path": path,
            "description": wish.body.description,
            "rule": wish.body.rule.model_dump(mode="json"),
        }
        unread = {**end_state, "policies": group_policies.policies_state(wish, seen, new=False)}
        is_read = group_policies.are_read(wish, seen)
        end_state["policies"] = group_policies.policies_state(wish, seen, new=is_read)
        attached = group_policies.attached(wish, seen)
        wanted = [arn for arn in target if arn not in attached]
        operations = list(attach_and_detach(name, attached, wanted, (), group_policies.managed(wish).force_mfa))
        if name not in seen.groups:
            text = f"make the group {name} under {path}"
            operations.insert(0, Operation("iam", "CreateGroup", {"GroupName": name, "Path": path}, text))
        if not seen.fresh:
            text = f"keep the group {name} with its rule in Gatehouse"
            operations.append(Operation("gatehouse", "CreateGroup", {"GroupName": name}, text))
        return Plan(end_state, tuple(operations), also=(unread,))

    @override
    def undo(self, wish: Wish, seen: Seen) -> tuple[Operation, ...]:
        """Delete the group, if this very request made it."""
        name = wish.body.name
        if name not in seen.groups or not _is_ours(wish, _whole(seen)):
            return ()
        text = f"delete the unfinished group {name}"
        parts = [detach(name, arn) for arn in group_policies.attached(wish, seen)]
        return (*parts, Operation("iam", "DeleteGroup", {"GroupName": name}, text))


def path_of(wish: Wish, seen: Seen) -> str:
    """Where the group lives: what by itself allows everything on everything under /lab-admin/ (rule 26)."""
    documents = group_policies.documents(wish, seen, set(group_policies.target(wish)))
    return ADMIN_PATH if allows_everything(documents) else USER_PATH


def _whole(seen: Seen) -> SeenWholeGroup:
    return seen if isinstance(seen, SeenWholeGroup) else SeenWholeGroup(**vars(seen))


def _look(iam: Iam, wish: Wish, seen: SeenWholeGroup) -> SeenWholeGroup:
    name = wish.body.name
    group = iam.group(name)
    if group is None:
        return replace(seen, groups={}, members=frozenset(), others=iam.group_names())
    return replace(seen, groups={name: group}, members=iam.members(name) or frozenset())


def _is_ours(wish: Wish, seen: SeenWholeGroup) -> bool:
    """Whether what is there is what this request made, or has begun to make."""
    name = wish.body.name
    more = set(group_policies.attached(wish, seen)) - set(group_policies.target(wish))
    return seen.ours and not (seen.members or more or inline_of(seen, name))


def _check(wish: Wish, seen: SeenWholeGroup) -> None:
    name = wish.body.name
    there = next((other for other in seen.others if names.key(other) == names.key(name) and other != name), None)
    if there is not None or (name in seen.groups and not _is_ours(wish, seen)):
        text = f"IAM has a group named {there or name} that Gatehouse did not make. Import it, or choose another name."
        raise CannotCarryOut("group_exists", text)
    if name not in seen.groups and len(seen.others) >= GROUPS:
        raise CannotCarryOut("limit_exceeded", f"The account has {len(seen.others)} groups and AWS allows {GROUPS}.")
    require_policies(wish, seen)
