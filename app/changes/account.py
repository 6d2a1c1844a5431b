"""What changes an account and not what somebody has: judged by one admin, on a lane of the account's own."""

from typing import Any

from typing_extensions import override

from app.changes.base import Change, Wish, admin_need, sole_admin
from app.domain.rulings import Case, Need, Refusal
from app.domain.sightings import Seen

ACCOUNT_LANE = "account:"
"""The lane of the account itself, beside those of users and groups (rule 32)."""


class AccountChange(Change):
    """A change of the account. The asker counts as the one it is for."""

    @override
    def lane(self, user: str, _body: Any) -> str:
        """The account's own. No user is called so: a user's name has no colon."""
        return ACCOUNT_LANE

    @override
    def needs(self, _case: Case) -> list[Need]:
        """One admin who did not ask."""
        return admin_need(self.kind)

    @override
    def by_rule(self, case: Case) -> tuple[str, str] | None:
        """While there has only ever been one admin: it gives nobody more access (rule 7)."""
        return sole_admin(case)

    @override
    def refusals(self, wish: Wish, case: Case, _seen: Seen) -> list[Refusal]:
        """It is for no user: naming another would keep that one from deciding."""
        if case.asker.name == case.subject.name:
            return []
        text = f"{wish.kind} is for the account and not for a user; leave user out."
        return [Refusal(422, "user_not_used", text)]
