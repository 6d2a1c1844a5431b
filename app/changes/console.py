"""`console.enable`, `console.reset` and `console.disable`: the password that a person signs in to AWS with."""

from typing_extensions import override

from app.changes.base import Wish
from app.changes.credentials import CredentialChange, for_a_person
from app.domain.credentials import SeenCredentials
from app.domain.plans import CannotCarryOut, Operation
from app.domain.rulings import Case, Refusal
from app.domain.sightings import Seen
from app.domain.words import Kind


class ConsoleEnable(CredentialChange):
    """A generated password, changed at the first sign-in."""

    kind = Kind.CONSOLE_ENABLE

    @override
    def refusals(self, _wish: Wish, case: Case, _seen: Seen) -> list[Refusal]:
        """For people only."""
        return for_a_person(case)

    @override
    def when_asked(self, wish: Wish) -> tuple[Operation, ...]:
        """The one call."""
        return (create_login(wish.user),)

    @override
    def remaining(self, wish: Wish, seen: SeenCredentials) -> tuple[Operation, ...]:
        """The first password."""
        return first_login(wish.user, seen)

    @override
    def undo(self, wish: Wish, seen: Seen) -> tuple[Operation, ...]:
        """Take the login away again, if it came from this request."""
        began = isinstance(seen, SeenCredentials) and seen.password is not None and seen.login
        return (delete_login(wish.user),) if began else ()


class ConsoleReset(CredentialChange):
    """Another generated password for somebody who has one. What it replaced cannot be put back."""

    kind = Kind.CONSOLE_RESET

    @override
    def refusals(self, _wish: Wish, case: Case, _seen: Seen) -> list[Refusal]:
        """For people only."""
        return for_a_person(case)

    @override
    def when_asked(self, wish: Wish) -> tuple[Operation, ...]:
        """The one call."""
        return (update_login(wish.user),)

    @override
    def remaining(self, wish: Wish, seen: SeenCredentials) -> tuple[Operation, ...]:
        """Once, and again after a lost answer."""
        if not seen.login:
            text = f"{wish.user} has no password for the console. Ask for console.enable instead."
            raise CannotCarryOut("no_login", text)
        return () if seen.password is not None and seen.password.made else (update_login(wish.user),)


class ConsoleDisable(CredentialChange):
    """The end of console sign-in, at once."""

    kind = Kind.CONSOLE_DISABLE
    takes_away = True

    @override
    def when_asked(self, wish: Wish) -> tuple[Operation, ...]:
        """The one call."""
        return (delete_login(wish.user),)

    @override
    def remaining(self, wish: Wish, seen: SeenCredentials) -> tuple[Operation, ...]:
        """Nothing, where there is none."""
        return (delete_login(wish.user),) if seen.login else ()


def first_login(user: str, seen: SeenCredentials) -> tuple[Operation, ...]:
    """The calls that remain until a user has a password of which this request knows which one it is.

    After a lost answer nobody knows whose password won, so a fresh one is set.

    Raises:
        CannotCarryOut: The user has one that is not of this request.
    """
    if not seen.login:
        return (create_login(user),)
    if seen.password is None:
        text = f"{user} already has a password for the console. Ask for console.reset instead."
        raise CannotCarryOut("already_has_login", text)
    return () if seen.password.made else (update_login(user),)


def create_login(user: str) -> Operation:
    """Give a password; which one stands beside the operation."""
    parameters = {"UserName": user, "PasswordResetRequired": True}
    return Operation("iam", "CreateLoginProfile", parameters, f"let {user} sign in to the console")


def update_login(user: str) -> Operation:
    """Set another password."""
    parameters = {"UserName": user, "PasswordResetRequired": True}
    return Operation("iam", "UpdateLoginProfile", parameters, f"set another password for {user}")


def delete_login(user: str) -> Operation:
    """Take the password away."""
    return Operation("iam", "DeleteLoginProfile", {"UserName": user}, f"end console sign-in of {user}")
