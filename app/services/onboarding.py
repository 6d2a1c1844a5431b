"""Registering somebody, filing what they start with, and how they leave."""

from dataclasses import dataclass

from app.changes import REGISTRY
from app.db import Tx
from app.domain.actors import Caller
from app.domain.words import Kind, Role
from app.errors import Forbidden, Invalid
from app.models import AccessRequest, User
from app.services import directory
from app.services.requests import Draft, ask


@dataclass(frozen=True)
class Newcomer:
    """Who is new and what they shall have."""

    name: str
    email: str
    roles: frozenset[Role]
    iam: bool
    groups: tuple[str, ...]
    owner: str | None
    reason: str


def register(tx: Tx, caller: Caller, new: Newcomer) -> tuple[User, list[AccessRequest]]:
    """Register at once as a plain member or a service; everything further is an access request.

    Raises:
        Forbidden: The caller is no admin.
        Conflict: Name or e-mail are taken.
    """
    if not caller.is_admin:
        raise Forbidden("Only an admin can register people.", code="admin_only")
    service = Role.SERVICE in new.roles
    if service and new.roles != {Role.SERVICE}:
        raise Invalid("A service has no other role; its rights are its owner's.", code="not_a_person")
    if new.owner is not None and not service:
        raise Invalid("Only a service has an owner.", code="not_a_service")
    if new.groups and not new.iam:
        raise Invalid("Groups need an IAM user; add iam: true.", code="groups_need_iam")
    owner = directory.service_owner(tx, new.owner or caller.name) if service else None
    user = directory.register(tx, caller, directory.new_user(tx, name=new.name, email=new.email, service_owner=owner))
    filed = []
    if new.iam:
        body = REGISTRY[Kind.USER_CREATE].body.model_validate({"email": new.email, "groups": new.groups})
        filed.append(ask(tx, caller, Draft(kind=Kind.USER_CREATE, body=body, reason=new.reason, user=user.name)))
    if not service and new.roles - {Role.MEMBER}:
        filed.append(ask_roles(tx, caller, user.name, new.roles | {Role.MEMBER}, new.reason))
        tx.session.refresh(user)
    return user, filed


def ask_roles(tx: Tx, caller: Caller, name: str, roles: frozenset[Role], reason: str) -> AccessRequest:
    """File `user.roles`.

    Raises:
        Invalid: Nobody becomes a service.
    """
    if Role.SERVICE in roles:
        raise Invalid("A person cannot become a service; register a service instead.", code="not_a_person")
    body = REGISTRY[Kind.USER_ROLES].body.model_validate({"roles": sorted(roles)})
    return ask(tx, caller, Draft(kind=Kind.USER_ROLES, body=body, reason=reason, user=name))


def ask_enrolment(tx: Tx, caller: Caller, name: str, reason: str) -> AccessRequest:
    """File `user.enrol`, for somebody who is enrolled already."""
    body = REGISTRY[Kind.USER_ENROL].body.model_validate({})
    return ask(tx, caller, Draft(kind=Kind.USER_ENROL, body=body, reason=reason, user=name))


def ask_leaving(tx: Tx, caller: Caller, kind: Kind, name: str, reason: str) -> AccessRequest:
    """File `user.suspend`, `user.resume` or `user.delete`."""
    body = REGISTRY[kind].body.model_validate({})
    return ask(tx, caller, Draft(kind=kind, body=body, reason=reason, user=name))
