"""What can go wrong between us and IAM, and rules that say when it does."""

import random
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

LONGEST_HOLD = 120.0
"""Seconds after which a held call goes on by itself: a forgotten release must not stop a test run."""

_READS = ("Get", "List", "Simulate", "Generate")


@dataclass(frozen=True)
class Call:
    """One call as it came in.

    Attributes:
        number: Counted from 1 in the order of arrival.
        parameters: As sent, without Action and Version.
        caller: Whose access key signed it.
        arrived: Monotonic seconds.
    """

    number: int
    action: str
    parameters: Mapping[str, str]
    caller: str = ""
    arrived: float = field(default_factory=time.monotonic)

    @property
    def is_write(self) -> bool:
        return not self.action.startswith(_READS)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whom it reads or changes; the first one orders writes."""
        names = (("UserName", "user"), ("GroupName", "group"), ("PolicyArn", "policy"))
        return tuple(f"{kind}:{self.parameters[name]}" for name, kind in names if name in self.parameters)

    @property
    def canonical(self) -> str:
        """The same for two reads that ask the same."""
        return "&".join([self.action, *(f"{k}={v}" for k, v in sorted(self.parameters.items()))])


@dataclass(frozen=True)
class Answer:
    """An error instead of the call; the backend never sees it."""

    status: int
    code: str
    message: str = "told to fail"


@dataclass(frozen=True)
class Lie:
    """The answer to a write says done, and the backend never sees it."""


@dataclass(frozen=True)
class Slow:
    """Seconds before the call is passed on, and before the answer."""

    before: float = 0.0
    after: float = 0.0


@dataclass(frozen=True)
class Drop:
    """The connection is closed without an answer: before the backend sees the call, or after it did it."""

    when: Literal["before", "after"]


@dataclass(frozen=True)
class Truncated:
    """Only a part of the answer's body comes.

    Attributes:
        keep: That part of it, from 0 to 1.
        honest: The length in the header is that of the part, so that only the XML shows it; otherwise the
            connection ends early.
    """

    keep: float = 0.5
    honest: bool = False


@dataclass(frozen=True)
class ShortPages:
    """A list comes in pages of `size`; the proxy keeps the others for the Marker."""

    size: int = 1


@dataclass(frozen=True)
class Stale:
    """A read is answered as before the last write of its user or group; of something just made: NoSuchEntity."""


@dataclass
class Hold:
    """The call stands still until it is released, so that a test can kill or stop a process in the middle of it."""

    when: Literal["before", "after"] = "before"
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def wait_reached(self, seconds: float = 60.0) -> None:
        """Wait until the call stands here."""
        assert self.reached.wait(seconds), "no call came to be held"

    def release(self) -> None:
        """Let it go on."""
        self.released.set()

    def stand(self) -> None:
        """The call's side."""
        self.reached.set()
        self.released.wait(LONGEST_HOLD)


Fault = Answer | Lie | Slow | Drop | Truncated | ShortPages | Stale | Hold

THROTTLED = Answer(400, "Throttling", "Rate exceeded")
BROKEN = Answer(500, "ServiceFailure", "the service failed")
CONCURRENT = Answer(409, "ConcurrentModification", "somebody else changes it")
UNMODIFIABLE = Answer(409, "EntityTemporarilyUnmodifiable", "not just now")
LIMIT = Answer(409, "LimitExceeded", "the quota is used up")
DENIED = Answer(403, "AccessDenied", "not authorized to perform this")
NO_SUCH = Answer(404, "NoSuchEntity", "there is none")
DROP_BEFORE, DROP_AFTER = Drop("before"), Drop("after")

PASSING: tuple[Fault, ...] = (
    THROTTLED,
    BROKEN,
    CONCURRENT,
    UNMODIFIABLE,
    DROP_BEFORE,
    DROP_AFTER,
    Slow(before=0.05),
    Slow(after=0.05),
    Truncated(),
    ShortPages(),
    Stale(),
)
"""Everything that goes away by itself: what a history check throws in."""

What = str | Collection[str] | Callable[[Call], bool] | None


@dataclass
class Rule:
    """When a fault is met.

    Attributes:
        what: An action, some actions, a question about the call, or None for every call.
        fault: What happens; one of several is drawn.
        times: How often at most; None is always.
        skip: So many matching calls pass first.
        probability: Of each matching call.
        met: How often it happened.
    """

    what: What
    fault: Fault | Sequence[Fault]
    times: int | None = 1
    skip: int = 0
    probability: float = 1.0
    met: int = 0

    def choose(self, call: Call, draw: random.Random) -> Fault | None:
        """The fault for this call, if it is to have one."""
        if self.times is not None and self.met >= self.times:
            return None
        if not self._is_meant(call):
            return None
        if self.skip:
            self.skip -= 1
            return None
        if self.probability < 1.0 and draw.random() >= self.probability:
            return None
        self.met += 1
        return draw.choice(self.fault) if isinstance(self.fault, Sequence) else self.fault

    def _is_meant(self, call: Call) -> bool:
        if self.what is None:
            return True
        if callable(self.what):
            return self.what(call)
        return call.action == self.what if isinstance(self.what, str) else call.action in self.what


def of_user(action: str, user: str) -> Callable[[Call], bool]:
    """A question for a rule: this action for this user."""
    return lambda call: call.action == action and call.parameters.get("UserName") == user


class Rules:
    """The rules in force.

    Args:
        seed: Of everything that is drawn.

    Attributes:
        met: Every fault that happened, with its call, in order.
    """

    def __init__(self, seed: int) -> None:
        self.met: list[tuple[Call, Fault]] = []
        self._rules: list[Rule] = []
        self._holds: list[Hold] = []
        self._draw = random.Random(seed)  # noqa: S311 - a seed is what it is for
        self._choosing = threading.Lock()

    def on(
        self,
        what: What,
        fault: Fault | Sequence[Fault],
        *,
        times: int | None = 1,
        skip: int = 0,
        probability: float = 1.0,
    ) -> Rule:
        """Make calls go wrong from now on; the first rule that fits decides. See `Rule`."""
        rule = Rule(what, fault, times, skip, probability)
        with self._choosing:
            self._rules.append(rule)
        return rule

    def hold(self, what: What, when: Literal["before", "after"] = "before") -> Hold:
        """Let the next such call stand still, before it is passed on or before its answer is."""
        hold = Hold(when)
        self._holds.append(hold)
        self.on(what, hold)
        return hold

    def reseed(self, seed: int) -> None:
        """Draw anew from a seed, so that a test can be run again by itself."""
        with self._choosing:
            self._draw.seed(seed)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._choosing:
            self._rules.clear()

    def choose(self, call: Call) -> Fault | None:
        """What happens to a call."""
        with self._choosing:
            for rule in self._rules:
                fault = rule.choose(call, self._draw)
                if fault is not None:
                    self.met.append((call, fault))
                    return fault
        return None

    def release_all(self) -> None:
        """Nothing is held any more."""
        for hold in self._holds:
            hold.release()
