"""Users and groups as objects: finding, registering, vouching, and the groups' rules."""

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app.db import Tx
from app.domain import names
from app.domain.actors import Actor, Caller
from app.domain.guardrails import ADMIN_PATH
from app.domain.rules import Rule
from app.domain.words import Role, UserState
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.models import AccessRequest, Grant, Group, User
from app.services import audit, people

_OF_ADMINS = sa.select(col(Group.name)).where(col(Group.path) == ADMIN_PATH)
_ROLES_LOCK = 0x67617465686F  # "gateho"


def find_user(tx: Tx, name: str) -> User | None:
    """The user of that name, whatever the case, deleted ones too."""
    return tx.session.scalars(select(User).where(col(User.name_key) == names.key(name))).one_or_none()


def get_user(tx: Tx, name: str, *, lock: bool = False) -> User:
    """The user of that name, whatever the case, or 404.

    Args:
        lock: Hold the row, see `people.hold`.
    """
    user = find_user(tx, name)
    if user is not None and lock and tx.locks_rows:
        people.hold(tx, user.name)
        tx.session.refresh(user)
    if user is None or user.state == UserState.DELETED:
        raise NotFound(f"There is no user named {name}.", code="user_not_found")
    return user


def admin_groups(tx: Tx) -> frozenset[str]:
    """The names of the groups under `/lab-admin/` (rule 26)."""
    return frozenset(tx.session.connection().execute(_OF_ADMINS).scalars())


def hold_roles(tx: Tx) -> None:
    """Let only one transaction at a time judge or change who is what: two could each leave the other as last admin."""
    if tx.locks_rows:
        tx.session.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ROLES_LOCK})
        people.forget(tx)


def hold(tx: Tx, row: AccessRequest | Grant) -> None:
    """Hold the user of a request or a grant, and read the row again as it is then."""
    if tx.locks_rows:
        people.hold(tx, row.user)
        tx.session.refresh(row)


def get_group(tx: Tx, name: str) -> Group:
    """The group, or 404, also for a deleted one."""
    group = tx.session.scalars(select(Group).where(col(Group.name_key) == names.key(name))).one_or_none()
    if group is None or group.deleted_at is not None:
        raise NotFound(f"There is no group named {name}.", code="group_not_found")
    return group


def rules(tx: Tx) -> dict[str, Rule]:
    """The rule of every group, deleted ones too: who approved there still sees what was given by it."""
    rows = tx.session.execute(sa.select(col(Group.name), col(Group.rule)))
    return {name: Rule.model_validate(rule) for name, rule in rows}


def approves(tx: Tx, caller: Caller) -> frozenset[str]:
    """The groups whose rule names the caller as an approver."""
    if caller.person.owner is not None:
        return frozenset()
    every = rules(tx)
    relevant = people.roster(tx, every.values(), [caller.name])
    return frozenset(g for g, rule in every.items() if caller.name in relevant.named_by(rule.approvers))


def new_user(tx: Tx, *, name: str, email: str, service_owner: str | None = None, is_owner: bool = False) -> User:
    """A user who is not stored yet: a plain member or somebody's service.

    Raises:
        Conflict: The name or the e-mail is in use, or was; the case does not matter.
    """
    user = User(
        name=name,
        name_key=names.key(name),
        email=email,
        email_key=names.key(email),
        roles=[Role.SERVICE if service_owner else Role.MEMBER],
        owner=service_owner,
        is_owner=is_owner,
        created_at=tx.now,
    )
    taken = tx.session.scalars(
        select(User).where(sa.or_(col(User.name_key) == user.name_key, col(User.email_key) == user.email_key))
    ).first()
    if taken is not None:
        raise _taken(user, taken)
    return user


def register(tx: Tx, by: Actor, user: User) -> User:
    """Store a new user.

    Raises:
        Conflict: Another transaction took the name or the e-mail in the same moment.
    """
    tx.session.add(user)
    try:
        tx.session.flush()
    except IntegrityError as problem:
        raise Conflict("This name or e-mail was just taken; look again.", code="name_taken") from problem
    audit.record(tx, "user.registered", by=by, subject=user.name, email=user.email, owner=user.owner)
    return user


def _taken(wanted: User, taken: User) -> Conflict:
    if taken.name_key == wanted.name_key:
        return Conflict(f"The name {wanted.name} is taken, or was; choose another.", code="name_taken")
    return Conflict("Somebody is registered with this e-mail already.", code="email_taken")


def service_owner(tx: Tx, name: str) -> str:
    """The person a service belongs to.

    Raises:
        Invalid: The owner named is itself a service.
    """
    owner = get_user(tx, name)
    if owner.owner is not None:
        raise Invalid(f"{owner.name} is a service; a service belongs to a person.", code="not_a_person")
    return owner.name


def vouch(tx: Tx, caller: Caller, name: str) -> User:
    """Say that somebody is who they should be, so that one hand no longer stands behind them alone (rule 8)."""
    user = get_user(tx, name, lock=True)
    if not caller.is_admin:
        raise Forbidden("Only an admin can vouch.", code="admin_only")
    if caller.name in {user.name, user.enrolled_by}:
        raise Forbidden(
            f"{user.name} needs another admin: not themselves, and not who handed out the code.", code="one_hand"
        )
    if user.owner is not None:
        raise Conflict(f"{user.name} is a service; vouch for its owner.", code="not_a_person")
    if user.enrolled_at is None:
        raise Conflict(f"{user.name} has not used a code yet; vouch after that.", code="not_enrolled")
    if not user.verified:
        user.verified, user.version = True, user.version + 1
        audit.record(tx, "user.vouched", by=caller, subject=user.name, enrolled_by=user.enrolled_by)
    return user
