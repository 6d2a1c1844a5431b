"""Plans: the IAM calls that remain, and a digest over the state they lead to. Pure.

The digest covers the end state and not the calls (rule 21), so that a call already made, or made by
somebody else, does not void an approval, and a changed policy document does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain import canonical


@dataclass(frozen=True)
class Operation:
    """One call. `action` and `parameters` are AWS's own names, `summary` is for people."""

    service: str
    action: str
    parameters: Mapping[str, Any]
    summary: str

    def as_json(self) -> dict[str, Any]:
        """The shape of the contract."""
        return {
            "service": self.service,
            "action": self.action,
            "parameters": dict(self.parameters),
            "summary": self.summary,
        }


@dataclass(frozen=True)
class Plan:
    """What carrying out a request comes to.

    Attributes:
        also: The same end state as it is written while less is known of it, for requests that were made then.
    """

    end_state: Mapping[str, Any]
    operations: tuple[Operation, ...] = ()
    notes: tuple[str, ...] = ()
    also: tuple[Mapping[str, Any], ...] = ()
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", canonical.digest(self.end_state))

    def is_what(self, digest: str) -> bool:
        """Whether this is the plan of that digest."""
        return digest in {self.digest, *map(canonical.digest, self.also)}

    def as_json(self) -> dict[str, Any]:
        """The shape of the contract."""
        return {"digest": self.digest, "operations": [o.as_json() for o in self.operations]}


class CannotCarryOut(Exception):
    """The account is not in a state in which the change could be made.

    Args:
        code: A stable word, for example `guardrails_missing`.
        detail: What is missing and what to do.
        waits: True when it may come right by itself, so that the request stays queued.
    """

    def __init__(self, code: str, detail: str, *, waits: bool = False) -> None:
        super().__init__(detail)
        self.code, self.detail, self.waits = code, detail, waits
