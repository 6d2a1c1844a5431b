"""`grant.adopt`: access that stood before Gatehouse, or was given past it, goes on under the group's rule, with an end.

No call is made to IAM: the membership is there, which reading back confirms (rule 29).
"""

from pydantic import Field, model_validator
from typing_extensions import override

from app.changes.base import Body, Change, Wish, boundary_state, group_needs, group_states
from app.domain import canonical
from app.domain.names import GroupName
from app.domain.plans import CannotCarryOut, Plan
from app.domain.rulings import Case, Need
from app.domain.sightings import Seen
from app.domain.words import Kind

REMOVED_OUTSIDE = "removed_outside"


class GrantAdoptBody(Body):
    """An imported grant, or a group that the user was found in. Each is found by the other."""

    grant_id: str | None = Field(default=None, min_length=1, max_length=64)
    group: GroupName | None = None

    @model_validator(mode="after")
    def _one(self) -> "GrantAdoptBody":
        if self.grant_id is None and self.group is None:
            raise ValueError("name the grant, or the group")
        return self


class GrantAdopt(Change):
    """A membership that is there, taken over."""

    kind = Kind.GRANT_ADOPT
    body = GrantAdoptBody
    gives_access = True

    @override
    def groups(self, body: GrantAdoptBody) -> tuple[str, ...]:
        """The one group; where only the grant was named, `services/adopting.py` has added it."""
        return () if body.group is None else (body.group,)

    @override
    def same(self, body: GrantAdoptBody) -> str:
        """However it was named."""
        return canonical.dumps({"group": body.group})

    @override
    def needs(self, case: Case) -> list[Need]:
        """The group's own rule."""
        return group_needs(case)

    @override
    def by_rule(self, _case: Case) -> tuple[str, str] | None:
        """Never, as with joining: from here on the access is Gatehouse's word."""
        return None

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """Nothing to call.

        Raises:
            CannotCarryOut: The user is not in the group any more; it is not given again by itself (rule 22).
        """
        group = wish.body.group
        if seen.fresh and not seen.is_member(group):
            text = f"{wish.user} is not in {group} any more: it was removed in AWS. Ask for group.join instead."
            raise CannotCarryOut(REMOVED_OUTSIDE, text)
        end_state = {
            "kind": wish.kind,
            "account": wish.account,
            "user_id": wish.user_id,
            "groups": group_states(self.groups(wish.body), seen),
            "boundary": boundary_state(seen),
        }
        # A boundary is asked of whoever joins (rule 26). Here access only gets an end, which must not wait for one.
        bare = seen.fresh and seen.user is not None and seen.user.boundary is None
        return Plan(end_state, (), (f"{wish.user} has no permissions boundary",) if bare else ())
