"""What stands in the way of giving access, or of taking it: that somebody has it already, or has it not."""

from app.db import Tx
from app.domain import names
from app.domain.access import Access
from app.domain.rulings import Refusal
from app.domain.words import Kind
from app.services import adopting, grants
from app.services.assessment import Assessment


def of(tx: Tx, assessment: Assessment) -> list[Refusal]:
    """The refusals, from grants and from what was last seen. Not for an extension, which overlaps on purpose."""
    wish = assessment.wish
    if wish.kind == Kind.GRANT_ADOPT:
        return adopting.in_the_way(tx, assessment)
    if wish.kind in {Kind.GROUP_JOIN, Kind.GROUP_LEAVE}:
        return _membership(tx, assessment)
    # Rule 25, and as long as the one before is still being taken away: that end would take the new one with it.
    key = names.key(wish.body.name) if wish.kind == Kind.POLICY_INLINE else None
    used = next((one for one in wish.one_offs if names.key(one.name) == key), None)
    if used is None:
        return []
    text = f"{wish.user} has a one-off permission {used.name} already; extend that grant, or choose another name."
    return [Refusal(409, "name_taken", text, {"grant_id": used.grant_id})]


def _membership(tx: Tx, assessment: Assessment) -> list[Refusal]:
    wish, seen = assessment.wish, assessment.seen
    user, group = wish.user, wish.body.group
    held = grants.live_id(tx, wish.account, user, Access("group", group))
    if wish.kind == Kind.GROUP_JOIN and held:
        text = f"{user} already has {group}; extend that grant instead, or adopt it if it was imported."
        return [Refusal(409, "already_has_access", text, {"grant_id": held})]
    # Leaving also ends what is only scheduled, so it is refused only where there is nothing at all.
    if wish.kind == Kind.GROUP_LEAVE and not held and seen.user is not None and not seen.is_member(group):
        return [Refusal(409, "not_a_member", f"{user} is not in {group}.")]
    return []
