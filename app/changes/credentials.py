"""What console sign-in and access keys share: who may have them, and what is read from IAM for it."""

from abc import abstractmethod
from dataclasses import replace
from typing import Any, ClassVar

from typing_extensions import override

from app.changes.base import Body, Change, Wish, admin_need, boundary_state
from app.clients.iam import Iam
from app.domain.credentials import SeenCredentials
from app.domain.plans import CannotCarryOut, Operation, Plan
from app.domain.rulings import Case, Need, Refusal
from app.domain.sightings import Seen


class NoBody(Body):
    """Nothing more to say."""


class CredentialChange(Change):
    """A change of a user's login or keys."""

    body: ClassVar[type[Body]] = NoBody

    @override
    def needs(self, case: Case) -> list[Need]:
        """One admin who is neither asker nor subject."""
        return admin_need(self.kind)

    @override
    def by_rule(self, case: Case) -> tuple[str, str] | None:
        """Taking away never waits; giving always needs a second person (rules 3 and 7)."""
        return ("less_access", "it only takes access away") if self.takes_away else None

    @override
    def observe(self, iam: Iam, wish: Wish) -> SeenCredentials:
        """The user, the boundary, and everything the user has."""
        return SeenCredentials(**vars(super().observe(iam, wish)), has=iam.belongings(wish.user))

    @override
    def read_back(self, iam: Iam, wish: Wish, before: Seen) -> Seen:
        """What the calls may have changed."""
        seen = super().read_back(iam, wish, before)
        return replace(seen, has=iam.belongings(wish.user)) if isinstance(seen, SeenCredentials) else seen

    def end_state(self, wish: Wish, seen: Seen) -> dict[str, Any]:
        """What is approved: for whom, and what caps them."""
        state = {"kind": wish.kind, "account": wish.account, "user_id": wish.user_id, "user": wish.user}
        return state if self.takes_away else {**state, "boundary": boundary_state(seen)}

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """From what was just read; when asked, what it will come to if nothing is in the way."""
        if not isinstance(seen, SeenCredentials):
            return Plan(self.end_state(wish, seen), self.when_asked(wish))
        notes = () if self.takes_away else require_capped(wish, seen)
        return Plan(self.end_state(wish, seen), self.remaining(wish, seen), notes)

    @abstractmethod
    def when_asked(self, wish: Wish) -> tuple[Operation, ...]:
        """The calls, as far as can be said without asking IAM."""

    @abstractmethod
    def remaining(self, wish: Wish, seen: SeenCredentials) -> tuple[Operation, ...]:
        """The calls that remain.

        Raises:
            CannotCarryOut: What was seen does not allow it.
        """


def require_capped(wish: Wish, seen: Seen) -> tuple[str, ...]:
    """No login and no key for a user without a boundary (rules 26 and 28); on an emulator that is a note.

    Raises:
        CannotCarryOut: There is no such user, or none that is capped.
    """
    if seen.user is None:
        text = f"IAM has no user named {wish.user}. Ask for user.create first, then retry this request."
        raise CannotCarryOut("no_iam_user", text)
    if seen.user.boundary is not None:
        return ()
    text = f"{wish.user} has no permissions boundary"
    if not seen.emulated:
        raise CannotCarryOut("guardrails_missing", f"{text}. Put one on the user, then retry.")
    return (f"{text}: this endpoint does not keep it",)


def for_a_person(case: Case) -> list[Refusal]:
    """A service does not sign in to the console."""
    if case.subject.owner is None:
        return []
    text = f"{case.subject.name} is a service, which has no use for the console; ask for access_key.create."
    return [Refusal(409, "not_for_services", text)]
