"""What is said of a kind: its life, a refused one, and where an emulator differs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.support.worlds import Wish, World

Prepare = Callable[[World], Wish]
Look = Callable[[World, Wish], str]


@dataclass(frozen=True)
class Refused:
    """A change that is not made.

    Attributes:
        status: Of the answer when it is asked; 0: it is approved, and `failed` when it is carried out.
    """

    when: str
    prepare: Prepare
    code: str
    status: int = 0


@dataclass(frozen=True)
class Deviation:
    """What is otherwise on an emulator (rule 28); what is left out is as on AWS."""

    shows: str = ""
    without: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Life:
    """How a kind lives.

    Attributes:
        approvers: Who has to agree, in words.
        by_rule: The rule that approves the life that is tested; empty: one other admin.
        calls: In order. None at all: it is in Gatehouse's own database only, or there is nothing to call.
        undo: What takes it back where it cannot be finished, or ends it, in words.
        findings: What is said on every backend.
    """

    approvers: str
    prepare: Prepare
    look: Look
    shows: str
    refused: Refused
    calls: tuple[str, ...] = ()
    undo: str = "nothing"
    by_rule: str = ""
    findings: tuple[str, ...] = ()
    deviations: Mapping[str, Deviation] = field(default_factory=dict)
