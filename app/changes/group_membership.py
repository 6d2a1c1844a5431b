"""`group.join` and `group.leave`."""

from typing import Any

from typing_extensions import override

from app.changes.base import (
    GROUPS_PER_USER,
    Body,
    Change,
    Wish,
    add_member,
    admin_need,
    boundary_state,
    group_needs,
    group_states,
    remove_member,
)
from app.domain.admin_path import fall, rise
from app.domain.names import GroupName
from app.domain.plans import CannotCarryOut, Operation, Plan
from app.domain.rulings import Case, Need
from app.domain.sightings import Seen
from app.domain.words import Kind


class GroupBody(Body):
    """Which group."""

    group: GroupName


class GroupJoin(Change):
    """Membership for a time."""

    kind = Kind.GROUP_JOIN
    body = GroupBody
    gives_access = True

    @override
    def groups(self, body: GroupBody) -> tuple[str, ...]:
        """The one group."""
        return (body.group,)

    @override
    def needs(self, case: Case) -> list[Need]:
        """The group's own rule."""
        return group_needs(case)

    @override
    def by_rule(self, _case: Case) -> tuple[str, str] | None:
        """Never: access itself always needs a second person (rule 7)."""
        return None

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """Add the user, if not yet there."""
        notes = _check_join(wish, seen, self.groups(wish.body)) if seen.fresh else ()
        end_state = {
            "kind": wish.kind,
            "account": wish.account,
            "user_id": wish.user_id,
            "groups": group_states(self.groups(wish.body), seen),
            "boundary": boundary_state(seen),
        }
        operations = () if seen.is_member(wish.body.group) else (add_member(wish.user, wish.body.group),)
        return Plan(end_state, (*rising(wish, seen), *operations), notes)


def rising(wish: Wish, seen: Seen) -> tuple[Operation, ...]:
    """What comes before joining an admin group (rule 26), as far as it is missing; for any other group nothing.

    Raises:
        CannotCarryOut: The account has no boundary for administrators.
    """
    if not wish.admin_groups or seen.user is None or wish.boundary_arn is None:
        return ()
    if seen.fresh and seen.boundary is None:
        text = "The account has no LabAdminBoundary, and only whoever has it may join this group."
        raise CannotCarryOut("guardrails_missing", f"{text} Run gatehouse setup, then retry.")
    return rise(seen.user, wish.boundary_arn, emulated=seen.emulated)


def _check_join(wish: Wish, seen: Seen, groups: tuple[str, ...]) -> tuple[str, ...]:
    if seen.user is None:
        raise CannotCarryOut(
            "no_iam_user",
            f"IAM has no user named {wish.user}. Ask for user.create first, then retry this request.",
        )
    missing = [g for g in groups if g not in seen.groups]
    if missing:
        raise CannotCarryOut(
            "no_iam_group", f"IAM has no group named {', '.join(missing)}. Run gatehouse setup, then retry."
        )
    added = [g for g in groups if not seen.is_member(g)]
    if len(seen.user.groups) + len(added) > GROUPS_PER_USER:
        raise CannotCarryOut(
            "limit_exceeded",
            f"{wish.user} is in {len(seen.user.groups)} groups and AWS allows {GROUPS_PER_USER}. Leave one first.",
        )
    if wish.needs_mfa and seen.user.has_mfa is False:
        raise CannotCarryOut(
            "mfa_required",
            f"{wish.user} has no MFA device yet. Set one up; this request goes on by itself when it is there.",
            waits=True,
        )
    if seen.user.boundary is not None:
        return ()
    # Rules 26 and 28: on AWS nobody without a boundary gets a membership.
    text = f"{wish.user} has no permissions boundary"
    if not seen.emulated:
        raise CannotCarryOut("guardrails_missing", f"{text}. Put one on the user, then retry.")
    return (f"{text}: this endpoint does not keep it",)


class GroupLeave(Change):
    """The end of a membership, at once."""

    kind = Kind.GROUP_LEAVE
    body = GroupBody
    takes_away = True

    @override
    def groups(self, body: GroupBody) -> tuple[str, ...]:
        """The one group."""
        return (body.group,)

    @override
    def needs(self, _case: Case) -> list[Need]:
        """Where a Deny goes with the group: one admin."""
        return admin_need(self.kind)

    @override
    def by_rule(self, case: Case) -> tuple[str, str] | None:
        """Taking away never waits, unless leaving takes away a Deny (rule 3)."""
        if any(g.has_deny for g in case.groups):
            return None
        return "less_access", "it only takes access away"

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """Take the user out, if still there."""
        end_state: dict[str, Any] = {
            "kind": wish.kind,
            "account": wish.account,
            "user_id": wish.user_id,
            "group": wish.body.group,
        }
        gone = seen.fresh and not seen.is_member(wish.body.group)
        leaving = () if gone else (remove_member(wish.user, wish.body.group),)
        if seen.user is not None and wish.body.group in wish.admin_groups:
            before, after = fall(seen.user, wish.body.group, wish.admin_groups)
            leaving = (*before, *leaving, *after)
        return Plan(end_state, leaving)
