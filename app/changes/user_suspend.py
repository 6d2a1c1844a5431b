"""`user.suspend` and `user.resume`: keys, login and live sessions, taken at once and given back as they were."""

import json
from typing import Any

from typing_extensions import override

from app.changes.base import Change, Wish, admin_need, sole_admin
from app.changes.console import create_login, delete_login, update_login
from app.changes.credentials import NoBody
from app.changes.whole import SeenWhole
from app.clients.iam import Iam
from app.domain.leaving import DENY_NAME, Taken, deny_document
from app.domain.plans import Operation, Plan
from app.domain.rulings import Case, Need, Refusal
from app.domain.sightings import Seen
from app.domain.words import Kind, UserState


class OfPerson(Change):
    """What suspends, resumes or deletes somebody."""

    body = NoBody
    of_person = True
    gone_is_done = True

    @override
    def needs(self, _case: Case) -> list[Need]:
        """One admin who is neither asker nor subject."""
        return admin_need(self.kind)

    @override
    def observe(self, iam: Iam, wish: Wish) -> Seen:
        """Also everything the user has."""
        return SeenWhole.read(iam, super().observe(iam, wish))

    @override
    def read_back(self, iam: Iam, wish: Wish, before: Seen) -> Seen:
        """The same again."""
        return SeenWhole.read(iam, super().read_back(iam, wish, before))


class UserSuspend(OfPerson):
    """For a time: nothing of theirs works, and nothing is lost."""

    kind = Kind.USER_SUSPEND
    takes_away = True

    @override
    def by_rule(self, case: Case) -> tuple[str, str] | None:
        """Taking away never waits, where an admin asks (rule 3).

        Not for oneself: `user` left out is the caller, and only others could mend that.
        """
        if not case.asker.is_admin or case.asker.name == case.subject.name:
            return None
        left = case.roster.other_active_admins(case.subject.name)
        if case.subject.is_admin and len(left) == 1:
            # Rule 6: it makes nobody the only admin, so what needs another one stands still.
            warning = f"; {min(left)} is then the only admin who can act, and what needs another one has to wait"
            return "less_access", f"an admin asked, and it only takes access away{warning}"
        return "less_access", "an admin asked, and it only takes access away"

    @override
    def refusals(self, wish: Wish, case: Case, _seen: Seen) -> list[Refusal]:
        """Suspended already, or the last one who could do anything about it."""
        refused = []
        taken = wish.leaver.taken if wish.leaver else None
        # One that did not get all the way in IAM may be asked for again.
        if not case.subject.active and taken is not None and taken.complete:
            refused.append(Refusal(409, "already_suspended", f"{wish.user} is suspended already."))
        if case.subject.is_admin and not case.roster.other_active_admins(wish.user):
            text = f"{wish.user} is the last admin who can act. Make another one first."
            refused.append(Refusal(409, "last_admin", text))
        return refused

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """Login, keys, then the sessions that were made with them."""
        end_state = {"kind": wish.kind, "account": wish.account, "user_id": wish.user_id, "suspended": True}
        if not isinstance(seen, SeenWhole):
            return Plan(end_state, () if seen.user is None else _in_words(wish.user))
        has = seen.has
        if has is None:
            return Plan(end_state)
        operations = [delete_login(wish.user)] if has.login else []
        operations += [switch_key(wish.user, key.id, on=False) for key in has.keys if key.active]
        if not seen.is_denied:
            operations.append(_deny(wish.user))
        services = wish.leaver.services if wish.leaver else ()
        notes = [f"{name} is a service of {wish.user} and keeps its AWS keys; suspend it as well" for name in services]
        return Plan(end_state, tuple(operations), (*has.notes, *notes))


class UserResume(OfPerson):
    """Back, with what the suspension took and no more (rule 24)."""

    kind = Kind.USER_RESUME
    subject_states = frozenset({UserState.SUSPENDED})

    @override
    def by_rule(self, case: Case) -> tuple[str, str] | None:
        """While there has only ever been one admin (rule 7)."""
        return sole_admin(case)

    @override
    def refusals(self, wish: Wish, case: Case, _seen: Seen) -> list[Refusal]:
        """Not suspended."""
        if not case.subject.active:
            return []
        return [Refusal(409, "not_suspended", f"{wish.user} is not suspended.")]

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """A new password where there was one, the keys that were active, then let everything work again."""
        taken = _taken(wish)
        end_state: dict[str, Any] = {
            "kind": wish.kind,
            "account": wish.account,
            "user_id": wish.user_id,
            "active_keys": list(taken.keys),
            "login": taken.login,
        }
        if not isinstance(seen, SeenWhole):
            first = [create_login(wish.user)] if taken.login else []
            keys = [switch_key(wish.user, key, on=True) for key in taken.keys]
            return Plan(end_state, () if seen.user is None else (*first, *keys, _allow(wish.user)))
        has = seen.has
        if has is None:
            return Plan(end_state)
        off = {key.id for key in has.keys if not key.active}
        login, notes = _login_again(wish, seen) if taken.login else ((), ())
        keys = [switch_key(wish.user, key, on=True) for key in taken.keys if key in off]
        denied = any(p.name == DENY_NAME for p in has.inline)
        # Last, so that all of it comes alive at once.
        return Plan(end_state, (*login, *keys, *((_allow(wish.user),) if denied else ())), (*has.notes, *notes))

    @override
    def undo(self, wish: Wish, seen: Seen) -> tuple[Operation, ...]:
        """Take it all again: the person stays suspended."""
        if not isinstance(seen, SeenWhole) or seen.has is None:
            return ()
        taken: list[Operation] = [] if seen.is_denied else [_deny(wish.user)]
        if seen.login and seen.password is not None:
            taken.append(delete_login(wish.user))
        given = {key.id for key in seen.has.keys if key.active}
        return (*taken, *(switch_key(wish.user, key, on=False) for key in _taken(wish).keys if key in given))


def _taken(wish: Wish) -> Taken:
    return (wish.leaver.taken if wish.leaver else None) or Taken()


def _login_again(wish: Wish, seen: SeenWhole) -> tuple[tuple[Operation, ...], tuple[str, ...]]:
    """A new password: the old one is known to nobody here, and perhaps to somebody who should not."""
    if seen.login:
        # After a lost answer nobody knows whose password won. One that is not ours was given by somebody else.
        lost = seen.password is not None and not seen.password.made
        return ((update_login(wish.user),) if lost else ()), ()
    if seen.emulated or (seen.user is not None and seen.user.boundary is not None):
        return (create_login(wish.user),), ()
    text = f"{wish.user} has no permissions boundary, so console sign-in does not come back: ask for console.enable"
    return (), (text,)


def _in_words(user: str) -> tuple[Operation, ...]:
    off = {"UserName": user, "Status": "Inactive"}
    return (
        delete_login(user),
        Operation("iam", "UpdateAccessKey", off, f"switch off every access key of {user}"),
        _deny(user),
    )


def switch_key(user: str, key: str, *, on: bool) -> Operation:
    """Switch an access key on or off."""
    parameters = {"UserName": user, "AccessKeyId": key, "Status": "Active" if on else "Inactive"}
    return Operation("iam", "UpdateAccessKey", parameters, f"switch {'on' if on else 'off'} {user}'s access key {key}")


def _deny(user: str) -> Operation:
    document = json.dumps(deny_document())
    parameters = {"UserName": user, "PolicyName": DENY_NAME, "PolicyDocument": document}
    return Operation("iam", "PutUserPolicy", parameters, f"deny {user} everything, live sessions too")


def _allow(user: str) -> Operation:
    parameters = {"UserName": user, "PolicyName": DENY_NAME}
    return Operation("iam", "DeleteUserPolicy", parameters, f"no longer deny {user} everything")
