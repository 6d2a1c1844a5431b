"""`user.roles`: what somebody is to Gatehouse. Nothing in IAM."""

from typing import Literal

import sqlalchemy as sa
from pydantic import Field, field_validator
from sqlalchemy.orm import Session
from sqlmodel import col
from typing_extensions import override

from app.changes.base import Body, Change, Wish, admin_need
from app.domain.plans import Operation, Plan
from app.domain.rulings import Case, Need, Refusal
from app.domain.sightings import Seen
from app.domain.words import Kind, Role
from app.models import User

PersonRole = Literal["member", "admin", "auditor"]


class UserRolesBody(Body):
    """All roles the person shall have from then on."""

    roles: tuple[PersonRole, ...] = Field(min_length=1, max_length=3)

    @field_validator("roles")
    @classmethod
    def _once(cls, roles: tuple[PersonRole, ...]) -> tuple[PersonRole, ...]:
        if len(set(roles)) != len(roles):
            raise ValueError("name each role once")
        return tuple(sorted(roles))


class UserRoles(Change):
    """A person's roles."""

    kind = Kind.USER_ROLES
    body = UserRolesBody
    in_database = True

    @override
    def needs(self, _case: Case) -> list[Need]:
        """One admin who is neither asker nor subject."""
        return admin_need(self.kind)

    @override
    def by_rule(self, case: Case) -> tuple[str, str] | None:
        """While there is only one admin, and that admin asks (rule 7). A suspended admin still counts."""
        if case.roster.admins != {case.asker.counts_as} or not case.asker.is_admin:
            return None
        return "sole_admin", "there is only one admin, so nobody else could approve: said loudly in the audit"

    @override
    def refusals(self, wish: Wish, case: Case, _seen: Seen) -> list[Refusal]:
        """Services have no roles to change, the last admin stays, and a change changes something."""
        refused = []
        if case.subject.owner is not None:
            refused.append(Refusal(422, "not_a_person", f"{wish.user} is a service; its rights are its owner's."))
        if case.subject.roles == frozenset(wish.body.roles):
            refused.append(Refusal(409, "nothing_to_change", f"{wish.user} has exactly these roles."))
        if case.roster.admins == {wish.user} and Role.ADMIN not in wish.body.roles:
            refused.append(Refusal(409, "last_admin", f"{wish.user} is the last admin. Make another one first."))
        return refused

    @override
    def plan(self, wish: Wish, _seen: Seen) -> Plan:
        """One write in our own database."""
        roles = list(wish.body.roles)
        end_state = {"kind": wish.kind, "user_id": wish.user_id, "roles": roles}
        summary = f"make {wish.user} {', '.join(roles)} in Gatehouse"
        return Plan(end_state, (Operation("gatehouse", "SetRoles", {"UserName": wish.user, "Roles": roles}, summary),))

    @override
    def save(self, session: Session, wish: Wish) -> None:
        """Write the roles."""
        session.execute(
            sa.update(User)
            .where(col(User.id) == wish.user_id)
            .values(roles=list(wish.body.roles), version=User.version + 1)
        )
