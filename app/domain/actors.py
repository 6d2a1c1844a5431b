"""Who does something, as the audit names them."""

from dataclasses import dataclass, field
from datetime import datetime

from app.domain.people import Person
from app.domain.words import SYSTEM, Channel, Scope


@dataclass(frozen=True)
class Actor:
    """Somebody, the channel they came by, and the id of the HTTP request."""

    name: str
    channel: Channel | None = None
    request_id: str | None = None


SYSTEM_ACTOR = Actor(SYSTEM)


@dataclass(frozen=True)
class Caller(Actor):
    """An authenticated user and what the token allows.

    Attributes:
        person: The user behind the token.
        scopes: What the token may be used for.
        token_ends: The end of the token; what it makes ends no later (rule 14).
        may_mint: False for tokens that can make nothing (rule 14: those from AWS proofs).
    """

    person: Person = field(default_factory=lambda: Person(""))
    scopes: frozenset[Scope] = frozenset()
    token_id: str = ""
    token_ends: datetime | None = None
    may_mint: bool = True

    @property
    def is_admin(self) -> bool:
        """Whether the caller is a person with the role admin."""
        return self.person.is_admin

    @property
    def sees_all(self) -> bool:
        """Whether the caller may see everybody's requests and grants."""
        return self.is_admin or ("auditor" in self.person.roles and self.person.owner is None)
