"""What a grant gives, and where its end is brought about. Pure."""

from typing import Literal, NamedTuple

_OF_USER = "user:"


class Access(NamedTuple):
    """One piece of access: membership of a group, or an inline policy of the user's own, by its name.

    Attributes:
        of: Also the name of the column that holds it.
    """

    of: Literal["group", "policy"]
    name: str


def place(user: str, group: str | None) -> str:
    """Where ends go together: in a group, or among one user's own policies.

    No group is called like the second: a group's name has no colon.
    """
    return f"{_OF_USER}{user}" if group is None else group


def user_of(where: str) -> str | None:
    """The user whose own policies a place is; None of a group."""
    return where.removeprefix(_OF_USER) if where.startswith(_OF_USER) else None
