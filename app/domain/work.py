"""Work: what is due, named so that any process can do it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, order=True)
class Work:
    """One thing to do now.

    Attributes:
        what: `request`: carry it out. `ends`: end what is due of a group, or of a user's own policies. `rotation`: go
            on with rotating a key. `review`: report what was done under administrator power that ended. `lane`: look
            once more at what a stalled worker may have written late. `tidy`: hourly.
        account: The account's name.
        id: The request's, rotation's or grant's id, the place (`app.domain.access`), or the user's name.
    """

    what: Literal["request", "ends", "rotation", "review", "lane", "tidy"]
    account: str = ""
    id: str = ""
