"""`user.create`: the IAM side of a user, with path, tags and boundary in one call, groups, a login and a key."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, StrictBool, StringConstraints, model_validator
from typing_extensions import override

from app.changes.access_keys import another_key, delete_key, without_new_key
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
)
from app.changes.console import delete_login, first_login
from app.changes.credentials import for_a_person
from app.changes.group_membership import rising
from app.clients import aws
from app.clients.iam import Iam
from app.domain.admin_path import cap, twin
from app.domain.credentials import SeenCredentials
from app.domain.guardrails import BOUNDARY_NAME, USER_PATH
from app.domain.names import Email, GroupName
from app.domain.plans import CannotCarryOut, Operation, Plan
from app.domain.rulings import Case, Need, Refusal
from app.domain.sightings import Seen, SeenUser
from app.domain.words import Kind

TAG_USER = "gatehouse:user"
TAG_REQUEST = "gatehouse:request"
_TAG_TEXT = r"[A-Za-z0-9 _.:/=+@-]"

TagKey = Annotated[str, StringConstraints(pattern=f"^{_TAG_TEXT}{{1,128}}$")]
TagValue = Annotated[str, StringConstraints(pattern=f"^{_TAG_TEXT}{{0,256}}$")]


class UserCreateBody(Body):
    """Who, and what they start with.

    Attributes:
        console: Also a password for the console, to be changed at the first sign-in.
        access_key: Also a key for programs.
        tags: With our own two they are the fifty that IAM allows.
    """

    email: Email | None = None
    groups: tuple[GroupName, ...] = Field(default=(), max_length=GROUPS_PER_USER)
    console: StrictBool = False
    access_key: StrictBool = False
    tags: dict[TagKey, TagValue] = Field(
        default_factory=dict, max_length=48, json_schema_extra={"additionalProperties": False}
    )

    @model_validator(mode="after")
    def _sound(self) -> "UserCreateBody":
        if len(set(self.groups)) != len(self.groups):
            raise ValueError("name each group once")
        if any(k.lower().startswith(("aws:", "gatehouse:")) for k in self.tags):
            raise ValueError("tags that begin with aws: or gatehouse: are not yours to set")
        if len({k.casefold() for k in self.tags}) != len(self.tags):
            raise ValueError("IAM takes no two tags whose names differ in case only")
        return self


class UserCreate(Change):
    """An IAM user under `/lab/`."""

    kind = Kind.USER_CREATE
    body = UserCreateBody
    gives_access = True

    @override
    def groups(self, body: UserCreateBody) -> tuple[str, ...]:
        """Every group named; each rule is met separately (rule 4)."""
        return body.groups

    @override
    def same(self, _body: Any) -> str:
        """A user is made once, whatever it starts with."""
        return ""

    @override
    def hands_out(self, wish: Wish) -> bool:
        """A login or a key at once."""
        return _starts_with(wish)

    @override
    def needs(self, case: Case) -> list[Need]:
        """The groups' rules; one admin where none is named, and for a login or a key as by themselves."""
        groups = group_needs(case)
        return groups if groups and not case.hands_out else [*groups, *admin_need(self.kind)]

    @override
    def by_rule(self, case: Case) -> tuple[str, str] | None:
        """An identity with no power, asked by an admin."""
        if case.groups or case.hands_out or not case.asker.is_admin:
            return None
        return "no_power", "an identity without any power, asked for by an admin"

    @override
    def refusals(self, wish: Wish, case: Case, seen: Seen) -> list[Refusal]:
        """There already, as far as was seen; a login for no person; or a group that a new user cannot join yet."""
        refused = for_a_person(case) if wish.body.console else []
        if seen.user is not None:
            text = f"{wish.user} already has an IAM user in {wish.account}."
            refused.append(Refusal(409, "already_exists", text))
        if wish.needs_mfa:
            refused.append(Refusal(409, "mfa_required", _no_device(wish)))
        return refused

    @override
    def observe(self, iam: Iam, wish: Wish) -> Seen:
        """Also what a user of that name holds, because adopting depends on it."""
        seen = super().observe(iam, wish)
        return _with_credentials(iam, wish, self._with_belongings(iam, wish, seen))

    @override
    def read_back(self, iam: Iam, wish: Wish, before: Seen) -> Seen:
        """The user again; after our own call there is nothing left to decide about belongings."""
        return _with_credentials(iam, wish, replace(before, user=iam.user(wish.user, mfa=wish.needs_mfa)))

    def _with_belongings(self, iam: Iam, wish: Wish, seen: Seen) -> Seen:
        if seen.user is None or _made_by(wish, seen.user):
            return seen
        return replace(seen, user=iam.user(wish.user, mfa=wish.needs_mfa, belongings=True))

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """Create or adopt the user, cap it, put it into its groups, then let it in."""
        if seen.fresh:
            _check(wish, seen)
        tags = dict(sorted(wish.body.tags.items()))
        end_state: dict[str, Any] = {
            "kind": wish.kind,
            "account": wish.account,
            "user_id": wish.user_id,
            "user": wish.user,
            "path": USER_PATH,
            "tags": tags,
            "groups": group_states(wish.body.groups, seen),
            "boundary": boundary_state(seen),
            **{name: True for name in ("console", "access_key") if getattr(wish.body, name)},
        }
        operations: list[Operation] = []
        if seen.user is None:
            operations.append(_create(wish, tags))
        elif not wish.admin_groups and seen.boundary is not None and seen.user.boundary != seen.boundary.name:
            operations.append(cap(wish.user, seen.boundary.name))
        operations += rising(wish, replace(seen, user=seen.user or _made(wish)))
        operations += [add_member(wish.user, g) for g in wish.body.groups if not seen.is_member(g)]
        operations += _credentials(wish, seen)
        return Plan(end_state, tuple(operations))

    @override
    def undo(self, wish: Wish, seen: Seen) -> tuple[Operation, ...]:
        """Delete the user, if this very request made it; otherwise the login and the key that it made."""
        if seen.user is None:
            return ()
        has = seen.has if isinstance(seen, SeenCredentials) else None
        if not _made_by(wish, seen.user):
            began = isinstance(seen, SeenCredentials) and seen.password is not None and seen.login
            return (*((delete_login(wish.user),) if began else ()), *without_new_key(wish.user, seen))
        login = (delete_login(wish.user),) if has and has.login else ()
        keys = [delete_key(wish.user, key.id) for key in has.keys] if has else []
        text = f"delete the unfinished user {wish.user}"
        return (*login, *keys, Operation("iam", "DeleteUser", {"UserName": wish.user}, text))


def _starts_with(wish: Wish) -> bool:
    return bool(wish.body.console or wish.body.access_key)


def _with_credentials(iam: Iam, wish: Wish, seen: Seen) -> Seen:
    """What was seen, with login and keys where some are asked for.

    Raises:
        Retryable: The user is there and is not.
    """
    if not _starts_with(wish):
        return seen
    has = iam.belongings(wish.user) if seen.user else None
    if has is None and seen.user is not None:
        raise aws.Retryable("ListGroupsForUser", "NotShownYet", "the user was there a call ago")
    return replace(seen, has=has) if isinstance(seen, SeenCredentials) else SeenCredentials(**vars(seen), has=has)


def _credentials(wish: Wish, seen: Seen) -> tuple[Operation, ...]:
    """Last, so that nobody comes in before all of it holds."""
    # When asked nothing of it was read yet: then it is as for a new user.
    there = seen if isinstance(seen, SeenCredentials) else SeenCredentials()
    login = first_login(wish.user, there) if wish.body.console else ()
    full = CannotCarryOut("key_limit", f"{wish.user} has as many access keys as AWS allows. Delete one, then retry.")
    return (*login, *(another_key(wish.user, there, full) if wish.body.access_key else ()))


def _made_by(wish: Wish, user: SeenUser) -> bool:
    return user.tags.get(TAG_REQUEST) == wish.request_id


def _made(wish: Wish) -> SeenUser:
    """The user as CreateUser makes it."""
    boundary = twin(wish.boundary_arn, BOUNDARY_NAME) if wish.boundary_arn else None
    return SeenUser(wish.user, f"arn:::::user{USER_PATH}{wish.user}", boundary=boundary)


def _check(wish: Wish, seen: Seen) -> None:
    if seen.boundary is None:
        raise CannotCarryOut(
            "guardrails_missing", "The account has no permissions boundary. Run gatehouse setup, then retry."
        )
    missing = [g for g in wish.body.groups if g not in seen.groups]
    if missing:
        raise CannotCarryOut(
            "no_iam_group", f"IAM has no group named {', '.join(missing)}. Run gatehouse setup, then retry."
        )
    if seen.user is not None and not _made_by(wish, seen.user):
        # Rule 29: only what is ours and holds nothing is adopted.
        if seen.user.tags.get(TAG_USER) != wish.user_id:
            raise CannotCarryOut(
                "name_in_use", f"IAM has a user named {wish.user} that Gatehouse did not make. Import it instead."
            )
        if seen.user.belongings:
            raise CannotCarryOut(
                "name_in_use", f"The IAM user {wish.user} already holds {', '.join(seen.user.belongings)}."
            )
    if wish.needs_mfa:
        raise CannotCarryOut("mfa_required", _no_device(wish))


def _no_device(wish: Wish) -> str:
    return (
        f"{', '.join(wish.body.groups)} needs an MFA device, which a new user cannot have yet."
        " Ask for the user without groups, set a device up, then ask to join."
    )


def _create(wish: Wish, tags: dict[str, str]) -> Operation:
    ours = {TAG_USER: wish.user_id, TAG_REQUEST: wish.request_id}
    parameters: dict[str, Any] = {
        "Path": USER_PATH,
        "UserName": wish.user,
        "Tags": [{"Key": k, "Value": v} for k, v in {**tags, **ours}.items()],
    }
    if wish.boundary_arn:
        # Also where it is to have the administrators': the first role makes no such user (rule 26).
        parameters["PermissionsBoundary"] = twin(wish.boundary_arn, BOUNDARY_NAME)
    return Operation("iam", "CreateUser", parameters, f"make the IAM user {wish.user} with the lab's boundary")
