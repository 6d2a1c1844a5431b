"""`access_key.rotate`: a new key, and in time the end of the old one.

The request makes the new key. What follows (`domain/rotations.py`) is due by time once its secret was collected.
"""

from collections.abc import Iterable
from typing import Any

from typing_extensions import override

from app.changes.access_keys import KeyBody, another_key, create_key, delete_key, without_new_key
from app.changes.base import Wish
from app.changes.credentials import CredentialChange
from app.changes.user_suspend import switch_key
from app.domain.credentials import KEYS_EACH, SeenCredentials
from app.domain.plans import CannotCarryOut, Operation
from app.domain.rulings import Case, Refusal
from app.domain.sightings import Seen
from app.domain.words import Kind


class AccessKeyRotate(CredentialChange):
    """One key for another, with an overlap."""

    kind = Kind.ACCESS_KEY_ROTATE
    body = KeyBody

    @override
    def same(self, _body: Any) -> str:
        """One at a time for each user: AWS has room for one new key."""
        return ""

    @override
    def by_rule(self, case: Case) -> tuple[str, str] | None:
        """One's own, or one of a service of one's own: nobody gets more by it."""
        if case.asker.name not in {case.subject.name, case.subject.owner}:
            return None
        return "own_key", "their own key is replaced by another one, which gives nobody more access"

    @override
    def refusals(self, wish: Wish, _case: Case, seen: Seen) -> list[Refusal]:
        """One is being rotated already, or there is no room for a new one, as far as was seen."""
        if wish.rotating is not None:
            text = (
                f"A key of {wish.user} is being rotated already, in access request {wish.rotating}."
                " Collect its secret and wait for its end, or delete one of its keys with access_key.delete."
            )
            return [Refusal(409, "rotation_under_way", text, {"access_request_id": wish.rotating})]
        if seen.key_ids is not None and len(seen.key_ids) >= KEYS_EACH:
            return [Refusal(409, "key_limit", _full(wish, seen.key_ids))]
        return []

    @override
    def end_state(self, wish: Wish, seen: Seen) -> dict[str, Any]:
        """Which key is replaced."""
        return {**super().end_state(wish, seen), "key_id": wish.body.key_id}

    @override
    def when_asked(self, wish: Wish) -> tuple[Operation, ...]:
        """All of it, the later calls too: they are due by time."""
        return (create_key(wish.user), switch_key(wish.user, wish.body.key_id, on=False), _delete_old(wish))

    @override
    def remaining(self, wish: Wish, seen: SeenCredentials) -> tuple[Operation, ...]:
        """The new key. Only where there is an old one."""
        if seen.key(wish.body.key_id) is None:
            text = f"{wish.user} has no access key {wish.body.key_id}. Ask for access_key.create instead."
            raise CannotCarryOut("no_such_key", text)
        lost = {key.id for key in seen.lost}
        full = CannotCarryOut("key_limit", _full(wish, [key.id for key in seen.keys if key.id not in lost]))
        return another_key(wish.user, seen, full)

    @override
    def undo(self, wish: Wish, seen: Seen) -> tuple[Operation, ...]:
        """Delete the new key; the old one was not touched yet."""
        return without_new_key(wish.user, seen)


def _delete_old(wish: Wish) -> Operation:
    return delete_key(wish.user, wish.body.key_id)


def _full(wish: Wish, key_ids: Iterable[str]) -> str:
    others = [key for key in key_ids if key != wish.body.key_id]
    return (
        f"{wish.user} has {KEYS_EACH} access keys and AWS allows no more, so there is no room for a new one."
        f" Delete {' or '.join(others)} first (access_key.delete), then ask again."
    )
