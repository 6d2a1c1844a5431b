"""`access_key.create` and `access_key.delete`."""

from typing import Annotated, Any

from pydantic import StringConstraints
from typing_extensions import override

from app.changes.base import Body, Wish
from app.changes.credentials import CredentialChange
from app.domain.credentials import KEYS_EACH, SeenCredentials
from app.domain.plans import CannotCarryOut, Operation
from app.domain.sightings import Seen
from app.domain.words import Kind

KeyId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{16,128}$")]
"""IAM API Reference, AccessKey: 16 to 128 characters; those of IAM are upper case and digits."""


class KeyBody(Body):
    """Which key, by its id."""

    key_id: KeyId


class AccessKeyCreate(CredentialChange):
    """A key for programs. AWS shows its secret once, so it is kept for its user until collected."""

    kind = Kind.ACCESS_KEY_CREATE

    @override
    def when_asked(self, wish: Wish) -> tuple[Operation, ...]:
        """The one call."""
        return (create_key(wish.user),)

    @override
    def remaining(self, wish: Wish, seen: SeenCredentials) -> tuple[Operation, ...]:
        """One key more."""
        text = f"{wish.user} has {KEYS_EACH} access keys and AWS allows no more. Ask for access_key.delete first."
        return another_key(wish.user, seen, CannotCarryOut("limit_exceeded", text))

    @override
    def undo(self, wish: Wish, seen: Seen) -> tuple[Operation, ...]:
        """Delete every key that came from this request."""
        return without_new_key(wish.user, seen)


class AccessKeyDelete(CredentialChange):
    """The end of a key, at once."""

    kind = Kind.ACCESS_KEY_DELETE
    body = KeyBody
    takes_away = True

    @override
    def end_state(self, wish: Wish, seen: Seen) -> dict[str, Any]:
        """Which key."""
        return {**super().end_state(wish, seen), "key_id": wish.body.key_id}

    @override
    def when_asked(self, wish: Wish) -> tuple[Operation, ...]:
        """The one call."""
        return (delete_key(wish.user, wish.body.key_id),)

    @override
    def remaining(self, wish: Wish, seen: SeenCredentials) -> tuple[Operation, ...]:
        """Nothing, where the user has no such key."""
        return () if seen.key(wish.body.key_id) is None else (delete_key(wish.user, wish.body.key_id),)


def another_key(user: str, seen: SeenCredentials, full: CannotCarryOut) -> tuple[Operation, ...]:
    """The calls that remain until a user has a key of this request.

    What a lost answer left behind is deleted, since nobody has its secret, and another is made.

    Args:
        full: Raised where the user has as many as AWS allows.

    Raises:
        CannotCarryOut: IAM does not show the key yet, or there is no room for it.
    """
    lost = tuple(delete_key(user, key.id) for key in seen.lost)
    if seen.new_key is not None and seen.new_key.made:
        if seen.key(seen.new_key.key_id) is None:
            text = f"IAM does not show the new key of {user} yet; this request goes on when it does."
            raise CannotCarryOut("not_shown_yet", text, waits=True)
        return lost
    if len(seen.keys) - len(lost) >= KEYS_EACH:
        raise full
    return (*lost, create_key(user))


def without_new_key(user: str, seen: Seen) -> tuple[Operation, ...]:
    """Delete every key that came from this request."""
    if not isinstance(seen, SeenCredentials) or seen.new_key is None:
        return ()
    ours = [*seen.lost, seen.key(seen.new_key.key_id)]
    return tuple(delete_key(user, key.id) for key in ours if key is not None)


def create_key(user: str) -> Operation:
    """Make a key."""
    return Operation("iam", "CreateAccessKey", {"UserName": user}, f"make an access key for {user}")


def delete_key(user: str, key_id: str) -> Operation:
    """Delete a key."""
    parameters = {"UserName": user, "AccessKeyId": key_id}
    return Operation("iam", "DeleteAccessKey", parameters, f"delete the access key {key_id} of {user}")
