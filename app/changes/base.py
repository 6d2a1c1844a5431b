"""What a kind of change is: its body, its ruling's default, its plan, its undoing."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from app.clients.iam import Iam
from app.domain import canonical
from app.domain.access import Access
from app.domain.groups import Groups
from app.domain.inline import OneOff
from app.domain.lab_policies import LabPolicy
from app.domain.leaving import Leaver
from app.domain.plans import Operation, Plan
from app.domain.policy_names import PolicyNames
from app.domain.rules import Rule
from app.domain.rulings import Case, GroupFacts, Need, Refusal
from app.domain.sightings import Seen, SeenGroup
from app.domain.words import Kind, UserState

GROUPS_PER_USER = 10
"""IAM quota "IAM groups an IAM user can be a member of"; no emulator enforces it."""


class Body(BaseModel):
    """The `change` of a request."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Managed:
    """A group as Gatehouse manages it at this moment.

    Attributes:
        policies: The ARNs of its own policies in the account, without the force-MFA policy.
        names: How names of policies are read in the account.
        force_mfa: The ARN of the account's force-MFA policy; None before `gatehouse setup`.
        deleted: It is not any more; what was begun before still comes to its end.
    """

    path: str
    description: str
    policies: tuple[str, ...]
    rule: Rule
    names: PolicyNames
    force_mfa: str | None = None
    deleted: bool = False

    def arn(self, policy: str) -> str:
        """The ARN of a policy that is named by its ARN, as one of the lab's own, or as one of AWS's."""
        return self.names.arn(policy)


@dataclass(frozen=True)
class Wish:
    """One change for one user in one account.

    Attributes:
        user_id: The subject's id in Gatehouse; it is part of the digest, names alone are not.
        body: The kind's `change`, read.
        boundary_arn: The boundary that the user is to have, None before `gatehouse setup`.
        needs_mfa: A rule of a group named here asks for a device, and the check is on.
        managed: The groups named here, as they are managed now.
        names: How names of policies are read in the account. Of changes of groups and policies only.
        lab: The policy of the lab's own that is changed, as it was last seen; None where there was none.
        attached: The groups that it was seen attached to, whether managed here or not.
        leaver: Where the user is suspended, resumed or deleted by it: what else is known of them.
        groups: Where a group is made, changed or deleted by it: every group there is.
        begun: It is being carried out already, so what it names may be of its own making.
        one_offs: Where it gives a policy: those that the user's grants give already, or are about to.
        rotating: Where a key is to be rotated: the access request that rotates one of the user's already.
        admin_groups: Where a group named here lives under `/lab-admin/`: the names of all that do (rule 26).
    """

    kind: Kind
    account: str
    user: str
    user_id: str
    request_id: str
    body: Any
    boundary_arn: str | None = None
    needs_mfa: bool = False
    managed: Mapping[str, Managed] = field(default_factory=dict)
    names: PolicyNames = field(default_factory=PolicyNames)
    lab: LabPolicy | None = None
    attached: tuple[str, ...] = ()
    leaver: Leaver | None = None
    groups: Groups = field(default_factory=Groups)
    begun: bool = False
    one_offs: tuple[OneOff, ...] = ()
    rotating: str | None = None
    admin_groups: frozenset[str] = frozenset()


class Change(ABC):
    """One kind. Everything but `observe` and `save` is pure.

    Attributes:
        gives_access: Approving makes grants, one for each piece of access that it gives, with a duration.
        takes_away: Less access: never voided, never waits (rules 3 and 21).
        in_database: Nothing in IAM; carried out in the transaction that approves it.
        of_group: It changes a group and not what a user has; the asker counts as the user it is for.
        makes_group: The group is not there yet.
        of_policy: It changes a policy of the lab's own, and with it what its groups give; `of_group` holds as well.
        of_person: Suspends, resumes or deletes somebody: judged one at a time, and again when approved.
        subject_states: What the user it is for must be for it to be carried out, removals apart (rule 24).
        gone_is_done: What a call names and IAM does not have is taken already; reading back decides.
    """

    kind: ClassVar[Kind]
    body: ClassVar[type[Body]]
    gives_access: ClassVar[bool] = False
    takes_away: ClassVar[bool] = False
    in_database: ClassVar[bool] = False
    of_group: ClassVar[bool] = False
    makes_group: ClassVar[bool] = False
    of_policy: ClassVar[bool] = False

    def is_in_database(self, _wish: Wish) -> bool:
        """Whether nothing of this wish is in IAM, so that it is carried out in the transaction that approves it."""
        return self.in_database

    def lane(self, user: str, _body: Any) -> str:
        """Whom a worker claims before it carries this out: the user whose access changes (rule 32)."""
        return user

    def rules(self, _body: Any) -> tuple[Rule, ...]:
        """The rules that the change would bring: their approvers are looked up."""
        return ()

    def has_power(self, _wish: Wish, _seen: Seen) -> bool:
        """Whether administrator power is involved, so that two must agree (rule 13)."""
        return False

    def policies(self, _wish: Wish) -> tuple[str, ...]:
        """The ARNs of the managed policies whose documents must be known, besides those that its groups have."""
        return ()

    def hands_out(self, _wish: Wish) -> bool:
        """Whether a login or a key comes with it, which by itself would need an admin."""
        return False

    def members_gain(self, _wish: Wish, _seen: Seen) -> bool:
        """Whether those who hold the groups named would get more by it (rule 4)."""
        return False

    of_person: ClassVar[bool] = False
    subject_states: ClassVar[frozenset[UserState]] = frozenset({UserState.ACTIVE})
    gone_is_done: ClassVar[bool] = False

    def is_for(self, state: UserState) -> bool:
        """Whether it is carried out for somebody in this state: suspended people lose things too (rule 24)."""
        return state in self.subject_states or (self.takes_away and state != UserState.DELETED)

    def groups(self, _body: Any) -> tuple[str, ...]:
        """The groups whose rules bind this change."""
        return ()

    def gives(self, body: Any) -> tuple[Access, ...]:
        """What grants are made for when it is approved."""
        return tuple(Access("group", name) for name in self.groups(body)) if self.gives_access else ()

    def warnings(self, _wish: Wish, _seen: Seen) -> list[str]:
        """What whoever decides should know, beside the rule's own reasons."""
        return []

    def same(self, body: Any) -> str:
        """What two requests share that ask for the same change of one user."""
        return canonical.dumps(body.model_dump(mode="json"))

    def same_change(self, account: str, user: str, body: Any) -> str:
        """What no second open request may share. A group is nobody's, so whoever asks asks for the same."""
        return canonical.digest([account, "" if self.of_group else user, self.kind, self.same(body)])

    @abstractmethod
    def needs(self, case: Case) -> list[Need]:
        """The rules that must be met, each separately."""

    @abstractmethod
    def by_rule(self, case: Case) -> tuple[str, str] | None:
        """The rule that approves at once, with its reason, or None."""

    def refusals(self, _wish: Wish, _case: Case, _seen: Seen) -> list[Refusal]:
        """What else speaks against it, from what was last seen."""
        return []

    @abstractmethod
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """The end state and the calls that remain.

        Raises:
            CannotCarryOut: What was seen just now does not allow it.
        """

    def observe(self, iam: Iam, wish: Wish) -> Seen:
        """Read from IAM what the plan needs."""
        found = {n: iam.group(n) for n in self.groups(wish.body)}
        return Seen(
            user=iam.user(wish.user, mfa=wish.needs_mfa),
            groups={n: g for n, g in found.items() if g is not None},
            boundary=iam.policy(wish.boundary_arn) if wish.boundary_arn else None,
            fresh=True,
            emulated=iam.emulated,
        )

    def read_back(self, iam: Iam, wish: Wish, before: Seen) -> Seen:
        """Read again what the calls may have changed."""
        return replace(before, user=iam.user(wish.user, mfa=wish.needs_mfa))

    def undo(self, _wish: Wish, _seen: Seen) -> tuple[Operation, ...]:
        """What takes back a change that was begun, apart from its grants."""
        return ()

    def save(self, _session: Session, _wish: Wish) -> None:
        """Carry out a change that is only in the database."""
        raise TypeError(f"{self.kind} is carried out in IAM")


def group_needs(case: Case) -> list[Need]:
    """The rule of each group named, when asked and now: the stricter binds (rules 4 and 5)."""
    return [need for group in case.groups for need in _needs_of(group)]


def _needs_of(group: GroupFacts) -> list[Need]:
    asked, now = group.asked, group.now
    if asked.approvers == now.approvers:
        return [Need(group.name, max(asked.required_approvals, now.required_approvals), (now.approvers,))]
    # Each is met by itself: only those on both lists would be fewer, and would lower the quorum.
    return [
        Need(f"{group.name} (as asked)", asked.required_approvals, (asked.approvers,)),
        Need(group.name, now.required_approvals, (now.approvers,)),
    ]


def admin_need(kind: Kind) -> list[Need]:
    """One admin who is neither asker nor subject."""
    return [Need(kind, 1, (("role:admin",),))]


def sole_admin(case: Case) -> tuple[str, str] | None:
    """What gives nobody more access is approved for the only admin there has ever been (rule 7)."""
    if case.only_admin is None or case.asker.name != case.only_admin:
        return None
    return "sole_admin", "there has only ever been one admin, so nobody else could approve: said loudly in the audit"


def group_states(names: Iterable[str], seen: Seen) -> list[dict[str, Any]]:
    """The part of an end state that says what the groups give: their policies and the documents' hashes."""
    return [_group_state(n, seen.groups.get(n)) for n in sorted(names)]


def _group_state(name: str, group: SeenGroup | None) -> dict[str, Any]:
    policies = [{"name": p.name, "sha256": p.sha256} for p in group.policies] if group else None
    return {"name": name, "policies": policies}


def boundary_state(seen: Seen) -> dict[str, Any] | None:
    """The part of an end state that says what caps the user."""
    return {"arn": seen.boundary.name, "sha256": seen.boundary.sha256} if seen.boundary else None


def add_member(user: str, group: str) -> Operation:
    """Put the user into the group. Adding twice is harmless."""
    return Operation(
        "iam", "AddUserToGroup", {"GroupName": group, "UserName": user}, f"add {user} to the group {group}"
    )


def remove_member(user: str, group: str) -> Operation:
    """Take the user out of the group."""
    return Operation(
        "iam",
        "RemoveUserFromGroup",
        {"GroupName": group, "UserName": user},
        f"take {user} out of the group {group}",
    )
