"""What an account has and Gatehouse's rows do not say, or the other way round; and what is worth a look in it. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from app.domain import names
from app.domain.drift import Finding, Remedy
from app.domain.found import FoundAccount, FoundGroup, FoundUser
from app.domain.guardrails import ADMIN_PATH, FORCE_MFA_NAME, GOVERNANCE_PATH, USER_PATH
from app.domain.leaving import DENY_NAME
from app.domain.sightings import SeenPolicy
from app.domain.words import UserState

_EXAMPLES = 20
_OURS = f":policy{GOVERNANCE_PATH}{FORCE_MFA_NAME}"


class KnownPerson(NamedTuple):
    """Somebody whom Gatehouse knows, deleted ones too."""

    name: str
    state: str


@dataclass(frozen=True)
class KnownGroup:
    """A group that Gatehouse manages, with the ARNs that it should have attached."""

    name: str
    policies: frozenset[str]


class Standing(NamedTuple):
    """A grant that is not over.

    Attributes:
        lasting: It stands for a membership that IAM should show by now.
    """

    id: str
    lasting: bool


@dataclass(frozen=True)
class Rows:
    """What Gatehouse's rows say. People and groups by their key, grants by user and group.

    Attributes:
        one_offs: Users with the names of inline policies that a grant gives them.
    """

    people: Mapping[str, KnownPerson]
    groups: Mapping[str, KnownGroup]
    grants: Mapping[tuple[str, str], Standing]
    one_offs: Collection[tuple[str, str]] = frozenset()


def is_ours(group: FoundGroup) -> bool:
    """Whether it belongs to Gatehouse itself and to nobody's access."""
    return group.path.startswith(GOVERNANCE_PATH)


def is_force_mfa(arn: str) -> bool:
    """Whether a policy is the one that a rule's `requires_mfa` stands for (rule 27)."""
    return arn.endswith(_OURS)


def differences(account: str, found: FoundAccount, rows: Rows) -> Iterator[Finding]:
    """What the account has and the rows do not say, or the other way round (rule 29: only reported)."""
    for group in found.groups:
        known = rows.groups.get(names.key(group.name))
        if known is None:
            if not is_ours(group) and names.is_group_name(group.name):
                yield Finding("group_unknown", "medium", account, group.name, _NEW_GROUP, {"path": group.path})
        elif known.name == group.name and known.policies != frozenset(group.attached):
            yield _other_policies(account, group, known)
    for user in found.users:
        person = rows.people.get(names.key(user.name))
        if person is None and names.is_user_name(user.name):
            yield Finding("user_unknown", "medium", account, user.name, _NEW_USER, {"groups": list(user.seen.groups)})
        elif person is not None and person.name == user.name and person.state != UserState.DELETED:
            yield from _memberships(account, user, rows)
    yield from _gone(account, found, rows)


def _memberships(account: str, user: FoundUser, rows: Rows) -> Iterator[Finding]:
    for group in user.seen.groups:
        known = rows.groups.get(names.key(group))
        if known is not None and known.name == group and (user.name, group) not in rows.grants:
            remedy = _adopt(account, user.name, group)
            yield Finding("membership_without_grant", "high", account, user.name, remedy, {"group": group})


def _gone(account: str, found: FoundAccount, rows: Rows) -> Iterator[Finding]:
    has = {(user.name, group) for user in found.users for group in user.seen.groups}
    for (user, group), grant in sorted(rows.grants.items()):
        if grant.lasting and (user, group) not in has:
            body = {"reason": "not in the group any more"}
            text = "End the grant: the access was taken away in AWS, and is not given again by itself."
            remedy = Remedy(text, "POST", f"/v1/grants/{grant.id}/revoke", body)
            evidence = {"group": group, "grant_id": grant.id}
            yield Finding("grant_without_membership", "medium", account, user, remedy, evidence)


def _other_policies(account: str, group: FoundGroup, known: KnownGroup) -> Finding:
    has = frozenset(group.attached)
    evidence = {"only_in_aws": sorted(has - known.policies), "missing_in_aws": sorted(known.policies - has)}
    text = "Ask for group.update with the policies that the group shall have, or change it in AWS by hand."
    return Finding("group_differs", "high", account, group.name, Remedy(text), evidence)


def findings(account: str, found: FoundAccount, rows: Rows, *, emulated: bool) -> Iterator[Finding]:
    """What is worth a look, whether it was taken in or not. It says so each time.

    Args:
        emulated: The endpoint keeps no boundaries, so that none being there says nothing (rule 28).
    """
    for group in found.groups:
        known = rows.groups.get(names.key(group.name))
        yield from _of_group(account, group, None if known is None else known.name, found.policies)
    for user in found.users:
        own = [name for name in user.inline if (user.name, name) not in rows.one_offs and name != DENY_NAME]
        yield from _of_user(account, user, own, rows.people.get(names.key(user.name)))
    bare = [user.name for user in found.users if user.seen.boundary is None]
    if bare and not emulated:
        evidence = {"users": bare[:_EXAMPLES], "how_many": len(bare)}
        yield Finding("no_boundary", "high", account, account, _NO_BOUNDARY, evidence)


def _of_group(
    account: str, group: FoundGroup, known: str | None, policies: Mapping[str, SeenPolicy]
) -> Iterator[Finding]:
    if is_ours(group):
        return
    if known is None and not names.is_group_name(group.name):
        yield Finding("name_not_usable", "medium", account, group.name, _BAD_NAME, {})
        return
    if known not in {None, group.name}:
        yield Finding("name_clash", "high", account, group.name, _CLASH, {"known_as": known})
        return
    if not group.path.startswith((USER_PATH, ADMIN_PATH)):
        yield Finding("outside_our_paths", "medium", account, group.name, _OUTSIDE, {"path": group.path})
    documents = [*group.inline, *(policies[arn] for arn in group.attached if arn in policies)]
    every = sorted(policy.name for policy in documents if policy.allows_all)
    every += [arn for arn in group.attached if arn.endswith(":iam::aws:policy/AdministratorAccess")]
    if every and not group.path.startswith(ADMIN_PATH):
        yield Finding("administrator_group", "high", account, group.name, _POWER, {"policies": every})


def _of_user(account: str, user: FoundUser, own: list[str], person: KnownPerson | None) -> Iterator[Finding]:
    if person is None:
        if not names.is_user_name(user.name):
            yield Finding("name_not_usable", "medium", account, user.name, _BAD_NAME, {})
    elif person.name != user.name:
        yield Finding("name_clash", "high", account, user.name, _CLASH, {"known_as": person.name})
    elif person.state == UserState.DELETED:
        yield Finding("name_of_deleted", "high", account, user.name, _DELETED, {"groups": list(user.seen.groups)})
    if own or user.attached:
        evidence = {"inline": own, "attached": list(user.attached)}
        yield Finding("policies_on_user", "high", account, user.name, _ON_USER, evidence)


def _adopt(account: str, user: str, group: str) -> Remedy:
    wish = {
        "kind": "grant.adopt",
        "user": user,
        "account": account,
        "change": {"group": group},
        "reason": "found in the account",
    }
    text = "Take it over with an end; or take it away with group.leave."
    return Remedy(text, "POST", "/v1/access-requests", wish)


def newcomers(users: Iterable[FoundUser], people: Mapping[str, KnownPerson]) -> Iterator[FoundUser]:
    """Those of these users who are to be registered. Of two whose names differ in case only, the first."""
    taken = set(people)
    for user in users:
        key = names.key(user.name)
        if key not in taken and names.is_user_name(user.name):
            taken.add(key)
            yield user


def emails_of(user: FoundUser, otherwise: str) -> tuple[str, ...]:
    """Addresses under which an imported user can be registered, the best first.

    The tag `email`, where there is a usable one; or else one where no mail arrives.

    Args:
        otherwise: Something unique, for whose name leads to an address that is taken.
    """
    tagged = next((value for key, value in user.seen.tags.items() if key.casefold() == "email"), "")
    made = (f"{user.name.replace('@', '=')}@{NOWHERE}", f"{otherwise}@{NOWHERE}")
    return (tagged, *made) if tagged and names.is_email(tagged) else made


NOWHERE = "imported.invalid"
"""A domain that can never be (RFC 2606)."""
_NEW_GROUP = Remedy("Found since the first import. Ask for group.create under another name, or delete it in AWS.")
_NEW_USER = Remedy(
    "Found since the first import. Register them with POST /v1/users under this name, then take over what they hold"
    " with grant.adopt; or delete them in AWS."
)
_BAD_NAME = Remedy("Gatehouse keeps this name for itself, or cannot hold it. Give it another one in AWS.")
_CLASH = Remedy("Names are unique whatever their case (rule 2). Give it another name in AWS.")
_DELETED = Remedy("Somebody of this name was deleted, and a name is never used again (rule 2). Delete the user in AWS.")
_ON_USER = Remedy("Policies are given to groups. Move what is needed into a group, then remove these in AWS.")
_OUTSIDE = Remedy("Gatehouse's own role writes below /lab/ only: move the group there, or widen the role for it.")
_POWER = Remedy("Move it below /lab-admin/, or ask for group.update with narrower policies.")
_NO_BOUNDARY = Remedy("Put the lab's boundary on them: without one nobody joins another group (rule 26).")
