"""`group.delete`: a managed group goes, with every membership and every policy it has, in the only order that works.

`iam-facts.md`, "delete group": members, attached policies, inline policies, then the group. Also what Gatehouse did not
put there. What the group's grants and requests come to is `services/group_ends.py` (rule 24).
"""

from collections.abc import Iterator
from typing import Any

from typing_extensions import override

from app.changes import group_policies
from app.changes.attaching import attach_and_detach, detach
from app.changes.base import Body, Wish, remove_member
from app.changes.of_group import OfGroup, SeenWholeGroup, inline_of
from app.clients.iam import Iam
from app.domain.admin_path import fall
from app.domain.names import GroupName
from app.domain.plans import CannotCarryOut, Operation, Plan
from app.domain.power import holds_power
from app.domain.rulings import Case, Refusal
from app.domain.sightings import Seen
from app.domain.words import Kind

_INLINE = "inline:"
"""What an inline policy's name begins with in a sighting."""


class GroupDeleteBody(Body):
    """Which group."""

    name: GroupName


class GroupDelete(OfGroup):
    """A group, gone for good: the name is never used again."""

    kind = Kind.GROUP_DELETE
    body = GroupDeleteBody
    gone_is_done = True

    @override
    def groups(self, body: GroupDeleteBody) -> tuple[str, ...]:
        """The one group."""
        return (body.name,)

    @override
    def has_power(self, wish: Wish, seen: Seen) -> bool:
        """Whether the group holds administrator power (rule 13)."""
        name, group = wish.body.name, group_policies.managed(wish)
        arns = {*group.policies, *group_policies.attached(wish, seen)} - {group.force_mfa}
        given = [*group_policies.documents(wish, seen, arns), *inline_of(seen, name)]
        return holds_power(given, group_policies.caps_of(group.path, seen, name))

    @override
    def policies(self, wish: Wish) -> tuple[str, ...]:
        """All that it should have."""
        return tuple(group_policies.before(wish))

    @override
    def members_gain(self, wish: Wish, seen: Seen) -> bool:
        """By what it forbids and then no longer would (rules 3 and 4)."""
        group = seen.groups.get(wish.body.name)
        return group is not None and group.has_deny

    @override
    def refusals(self, wish: Wish, case: Case, seen: Seen) -> list[Refusal]:
        """Other groups' rules name it: nobody would stand behind that entry any more."""
        refused = super().refusals(wish, case, seen)
        if others := wish.groups.named_by(wish.body.name):
            refused.append(Refusal(409, "group_in_use", _in_use(wish, others), {"groups": ", ".join(others)}))
        return refused

    @override
    def observe(self, iam: Iam, wish: Wish) -> Seen:
        """Also who is in it."""
        members = iam.members(wish.body.name) or frozenset()
        found = {name: iam.user(name) for name in sorted(members)} if wish.admin_groups else {}
        users = {name: user for name, user in found.items() if user is not None}
        return SeenWholeGroup(**vars(super().observe(iam, wish)), members=members, users=users)

    @override
    def read_back(self, iam: Iam, wish: Wish, before: Seen) -> Seen:
        """The same again."""
        return self.observe(iam, wish)

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """Take apart everything that was found, then delete the group."""
        name = wish.body.name
        end_state: dict[str, Any] = {
            "kind": wish.kind,
            "account": wish.account,
            "user_id": wish.user_id,
            "group": name,
            "deleted": True,
        }
        if seen.fresh and not wish.begun and (others := wish.groups.named_by(name)):
            raise CannotCarryOut("group_in_use", _in_use(wish, others))
        return Plan(end_state, tuple(_teardown(wish, seen)))

    @override
    def undo(self, wish: Wish, seen: Seen) -> tuple[Operation, ...]:
        """Give the group back its managed policies, if it is still there. Grants that were ended stay ended."""
        if wish.body.name not in seen.groups:
            return ()
        attached = group_policies.attached(wish, seen)
        missing = [arn for arn in group_policies.before(wish) if arn not in attached]
        return attach_and_detach(wish.body.name, attached, missing, (), group_policies.managed(wish).force_mfa)


def _in_use(wish: Wish, others: tuple[str, ...]) -> str:
    return f"The rule of {', '.join(others)} names group:{wish.body.name}. Change that first."


def _teardown(wish: Wish, seen: Seen) -> Iterator[Operation]:
    """Every call, in order. When it is asked nobody knows who is in it: the worker lists them."""
    name = wish.body.name
    if isinstance(seen, SeenWholeGroup):
        if name not in seen.groups:
            return
        for user in sorted(seen.members):
            if user in seen.users:
                # Capped first, the membership takes nobody further, so the path may go before it too: whoever is no
                # member any more would not be found after a crash.
                before, after = fall(seen.users[user], name, wish.admin_groups)
                yield from (*before, *after)
            yield remove_member(user, name)
    else:
        text = f"take every member out of the group {name}"
        yield Operation("iam", "RemoveUserFromGroup", {"GroupName": name}, text)
    for arn in group_policies.attached(wish, seen):
        yield detach(name, arn)
    for policy in inline_of(seen, name):
        parameters = {"GroupName": name, "PolicyName": policy.name.removeprefix(_INLINE)}
        text = f"delete the inline policy {parameters['PolicyName']} of the group {name}"
        yield Operation("iam", "DeleteGroupPolicy", parameters, text)
    yield Operation("iam", "DeleteGroup", {"GroupName": name}, f"delete the group {name}")
