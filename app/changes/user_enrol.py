"""`user.enrol`: a new code for somebody who has signed in before and lost the token. Nothing in IAM.

Whoever hands out a code could use it themselves, and be unverified under another's name (rule 8): so where somebody is
enrolled already a second admin has to agree. The code is made when the asker collects it: no request, plan or audit
ever holds one.
"""

from sqlalchemy.orm import Session
from typing_extensions import override

from app.changes.base import Change, Wish, admin_need
from app.changes.credentials import NoBody
from app.domain.plans import Operation, Plan
from app.domain.rulings import Case, Need, Refusal
from app.domain.sightings import Seen
from app.domain.words import Kind


class UserEnrol(Change):
    """The right to collect one code, for the admin who asked."""

    kind = Kind.USER_ENROL
    body = NoBody
    in_database = True

    @override
    def needs(self, _case: Case) -> list[Need]:
        """One admin who is neither asker nor subject."""
        return admin_need(self.kind)

    @override
    def by_rule(self, _case: Case) -> tuple[str, str] | None:
        """Never: rule 7 does not name it, and it makes the asker able to be somebody else."""
        return None

    @override
    def refusals(self, wish: Wish, case: Case, _seen: Seen) -> list[Refusal]:
        """Not for oneself, not for the owner, and not without a second admin."""
        refused = []
        if case.subject.is_owner:
            text = f"{wish.user} is the owner: a lost token of theirs is replaced on the host, with gatehouse recover."
            refused.append(Refusal(409, "recover_instead", text))
        elif case.asker.counts_as == case.subject.counts_as:
            text = "You have a token that works; make another with POST /v1/tokens."
            refused.append(Refusal(409, "not_for_yourself", text))
        elif not case.roster.admins - case.parties:
            text = (
                f"It takes an admin who is neither you nor {wish.user}. Make another admin first; for the owner's own"
                " lost token there is gatehouse recover."
            )
            refused.append(Refusal(409, "no_eligible_approver", text))
        return refused

    @override
    def plan(self, wish: Wish, _seen: Seen) -> Plan:
        """What it comes to."""
        end_state = {"kind": wish.kind, "user_id": wish.user_id}
        text = f"let the asker collect one code for {wish.user}, whose tokens end when it is used"
        return Plan(end_state, (Operation("gatehouse", "HandOutCode", {"UserName": wish.user}, text),))

    @override
    def save(self, _session: Session, _wish: Wish) -> None:
        """That it is applied is all there is to say: `services/tokens.py` goes by it."""
