"""Users and groups: finding, registering, vouching, and the roster that rulings are made from."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app.db import Tx
from app.domain import names
from app.domain.actors import Actor, Caller
from app.domain.people import Person, Roster
from app.domain.rules import Rule
from app.domain.states import GrantState
from app.domain.words import Role, UserState
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.models import AccessRequest, Grant, Group, User, columns
from app.services import audit

# Roles are a short JSON list of closed words; the quotes keep one word from matching inside another.
_IS_ADMIN = sa.cast(col(User.roles), sa.String).like(f'%"{Role.ADMIN.value}"%')
_ROSTER = (
    select(User)
    .where(
        col(User.state) != UserState.DELETED,
        sa.or_(_IS_ADMIN, col(User.name).in_(sa.bindparam("names", expanding=True))),
    )
    .execution_options(populate_existing=True)  # as it is now, not as it was before a lock was waited for
)
_ROLES_LOCK = 0x67617465686F  # "gateho"


def person(user: User) -> Person:
    """A user as rulings see them."""
    return Person(
        name=user.name,
        roles=frozenset(user.roles),
        active=user.state == UserState.ACTIVE,
        verified=user.verified,
        enrolled_by=user.enrolled_by,
        owner=user.owner,
    )


def find_user(tx: Tx, name: str) -> User | None:
    """The user of that name, whatever the case, deleted ones too."""
    return tx.session.scalars(select(User).where(col(User.name_key) == names.key(name))).one_or_none()


def get_user(tx: Tx, name: str, *, lock: bool = False) -> User:
    """The user of that name, whatever the case, or 404.

    Args:
        lock: Hold the row, see `hold_user`.
    """
    user = find_user(tx, name)
    if user is not None and lock:
        hold_user(tx, user.name)
    if user is None or user.state == UserState.DELETED:
        raise NotFound(f"There is no user named {name}.", code="user_not_found")
    return user


def known_user(tx: Tx, name: str) -> User:
    """The user that a row of ours names, exactly; deleted ones too."""
    found = tx.kept.get(name)
    if not isinstance(found, User):
        found = tx.kept[name] = tx.session.get_one(User, name)
    return found


def hold_user(tx: Tx, name: str) -> None:
    """Hold a user's row until the end of the transaction.

    Everything that changes what somebody has or asked for does this first, so that no two such changes of
    one user cross. FOR NO KEY UPDATE: rows that refer to this one can still be written meanwhile.
    """
    if tx.locks_rows:
        locked = tx.session.get_one(User, name, with_for_update={"key_share": True}, populate_existing=True)
        tx.kept[name] = locked


def hold_users(tx: Tx, user_names: Iterable[str]) -> None:
    """Hold the rows of several users, in one order for everybody."""
    if tx.locks_rows:
        table = columns(User)
        held = sa.select(table.c.name).where(table.c.name.in_(sorted(set(user_names)))).order_by(table.c.name)
        tx.session.connection().execute(held.with_for_update(key_share=True)).all()


def hold_roles(tx: Tx) -> None:
    """Let only one transaction at a time judge or change who is what: two could each leave the other as last admin."""
    if tx.locks_rows:
        tx.session.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ROLES_LOCK})


def hold(tx: Tx, row: AccessRequest | Grant) -> None:
    """Hold the user of a request or a grant, and read the row again as it is then."""
    if tx.locks_rows:
        hold_user(tx, row.user)
        tx.session.refresh(row)


def get_group(tx: Tx, name: str) -> Group:
    """The group, or 404."""
    group = tx.session.scalars(select(Group).where(col(Group.name_key) == names.key(name))).one_or_none()
    if group is None:
        raise NotFound(f"There is no group named {name}.", code="group_not_found")
    return group


def rule_of(group: Group) -> Rule:
    """A group's rule, read."""
    return Rule.model_validate(group.rule)


def rules(tx: Tx) -> dict[str, Rule]:
    """The rule of every group. There are at most 300 (IAM quota)."""
    rows = tx.session.execute(sa.select(col(Group.name), col(Group.rule)))
    return {name: Rule.model_validate(rule) for name, rule in rows}


def roster(tx: Tx, wanted: Iterable[Rule], parties: Iterable[str]) -> Roster:
    """Everyone who may matter for these rules: admins, those named, members of groups named, and the parties."""
    entries = {entry for rule in wanted for entry in rule.approvers}
    approver_groups = sorted(e.removeprefix("group:") for e in entries if e.startswith("group:"))
    named = {e for e in entries if ":" not in e} | set(parties)
    members: Mapping[str, frozenset[str]] = {}
    if approver_groups:
        members = _members(tx, approver_groups)
        named |= frozenset().union(*members.values())
    users = tx.session.scalars(_ROSTER, {"names": sorted(named)})
    return Roster({u.name: person(u) for u in users}, members)


def _members(tx: Tx, groups: Iterable[str]) -> dict[str, frozenset[str]]:
    rows = tx.session.execute(
        sa.select(col(Grant.group), col(Grant.user)).where(
            col(Grant.group).in_(groups), col(Grant.state) == GrantState.ACTIVE
        )
    ).all()
    return {g: frozenset(u for group, u in rows if group == g) for g in groups}


def approves(tx: Tx, caller: Caller) -> frozenset[str]:
    """The groups whose rule names the caller as an approver."""
    if caller.person.owner is not None:
        return frozenset()
    every = rules(tx)
    relevant = roster(tx, every.values(), [caller.name])
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
