"""Rulings: how many approvals a request needs, from whom, for how long, and why. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.domain.durations import in_words, to_text
from app.domain.people import Person, Roster, one_hand
from app.domain.rules import Rule


@dataclass(frozen=True)
class GroupFacts:
    """A group a request names.

    Attributes:
        asked: Its rule when the request was made.
        now: Its rule at this moment; the stricter of the two binds (rule 5).
        has_deny: Whether its documents hold a Deny of their own, so that leaving is not less access (rule 3).
    """

    name: str
    asked: Rule
    now: Rule
    has_deny: bool = False

    @property
    def max_duration(self) -> timedelta:
        """The longest grant: the shorter of the two."""
        return min(self.asked.max_duration, self.now.max_duration)

    @property
    def requires_mfa(self) -> bool:
        """Whether either rule asks for an MFA device."""
        return self.asked.requires_mfa or self.now.requires_mfa


@dataclass(frozen=True)
class Case:
    """What a ruling is made from.

    Attributes:
        power: Administrator power is involved (rule 13).
        gain: Members of the groups named would get more by it (rule 4).
        only_admin: The admin, while only one has ever existed (rule 7).
        longest: What bounds the duration beside the groups' rules.
        hands_out: A login or a key comes along with it.
    """

    kind: str
    asker: Person
    subject: Person
    roster: Roster
    groups: tuple[GroupFacts, ...] = ()
    duration: timedelta | None = None
    power: bool = False
    gain: bool = False
    only_admin: str | None = None
    longest: timedelta | None = None
    hands_out: bool = False

    @property
    def parties(self) -> frozenset[str]:
        """The persons who may not decide: behind the asker and behind the subject (rule 2)."""
        return frozenset({self.asker.counts_as, self.subject.counts_as})


@dataclass(frozen=True)
class Need:
    """One rule to be met: everyone who counts is in every one of the approver lists."""

    rule: str
    required: int
    approvers: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Refusal:
    """Why a request cannot be made, as a code with a sentence."""

    status: int
    code: str
    detail: str
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """A need, weighed: who could meet it and how many are enough."""

    rule: str
    required: int
    wanted: int
    eligible: frozenset[str]
    may_deny: frozenset[str]


@dataclass(frozen=True)
class Ruling:
    """The outcome. `by_rule` names the rule that approves at once, if one does."""

    parts: tuple[Part, ...]
    reasons: tuple[str, ...]
    max_duration: timedelta | None = None
    by_rule: str | None = None
    refusals: tuple[Refusal, ...] = ()

    @property
    def required_approvals(self) -> int:
        """The fewest approvals that can be enough."""
        return 0 if self.by_rule else max((p.required for p in self.parts), default=0)

    @property
    def eligible(self) -> frozenset[str]:
        """Everyone whose approval counts for at least one part."""
        return frozenset().union(*(p.eligible for p in self.parts))

    @property
    def may_deny(self) -> frozenset[str]:
        """Everyone whose denial counts: rule 8 bars approvals only."""
        return frozenset().union(*(p.may_deny for p in self.parts))

    def met_by(self, approvers: Iterable[str]) -> bool:
        """Say whether these approvals are enough: every part separately (rule 4)."""
        given = frozenset(approvers)
        return bool(self.parts) and all(len(given & p.eligible) >= p.required for p in self.parts)

    def as_json(self) -> dict[str, object]:
        """The shape of the contract, with the parts beside it."""
        return {
            "required_approvals": self.required_approvals,
            "eligible_approvers": sorted(self.eligible),
            "max_duration": to_text(self.max_duration) if self.max_duration else None,
            "reasons": list(self.reasons),
            "by_rule": self.by_rule,
            "parts": [
                {
                    "rule": p.rule,
                    "required_approvals": p.required,
                    "eligible_approvers": sorted(p.eligible),
                }
                for p in self.parts
            ],
        }


def weigh(need: Need, case: Case) -> tuple[Part, list[str]]:
    """Weigh one need: who counts, how many are enough (rule 6), and the reasons in words."""
    roster = case.roster
    pools = [roster.named_by(names) for names in need.approvers]
    others = frozenset.intersection(*pools) - case.parties
    # Suspended people count for the quorum and cannot approve: suspending never lowers it (rule 6).
    required = max(1, min(need.required, len(others)))
    active = frozenset(n for n in others if roster.people[n].active)
    barred = frozenset(
        n
        for n in active
        if any(
            one_hand(roster, roster.people[n], roster.people[party]) for party in case.parties if party in roster.people
        )
    )
    eligible = active - barred
    reasons = [f"{need.rule} needs {_count(required)} of {', '.join(sorted(eligible)) or 'nobody'}"]
    if required < need.required:
        reasons.append(
            f"{need.rule} asks for {_count(need.required)}, but only {len(others)} could give one"
            f" besides who asked and who it is for, so {_count(required)} will do"
        )
    if barred:
        reasons.append(
            f"{', '.join(sorted(barred))} cannot approve here: enrolled by the same hand and not vouched for yet"
        )
    if 0 < len(eligible) < required:
        reasons.append(f"only {len(eligible)} can approve {need.rule} now; have somebody vouched for or made admin")
    return Part(need.rule, required, need.required, eligible, active), reasons


def _count(number: int) -> str:
    return f"{number} approval{'' if number == 1 else 's'}"


def rule_on(case: Case, needs: Iterable[Need], by_rule: tuple[str, str] | None) -> Ruling:
    """Make the ruling.

    Args:
        case: Who asks for what, and the rules when asked and now.
        needs: The rules to be met, each separately.
        by_rule: The name of the rule that approves at once and its reason, or None.
    """
    limits = [*(g.max_duration for g in case.groups), *([case.longest] if case.longest else ())]
    longest = min(limits, default=None)
    refusals: list[Refusal] = []
    if longest and case.duration and case.duration > longest:
        refusals.append(
            Refusal(
                422,
                "duration_too_long",
                f"{in_words(case.duration)} is longer than the rule allows;"
                f" ask for {in_words(longest)} ({to_text(longest)}) or less.",
            )
        )
    if by_rule is not None:
        return Ruling((), (by_rule[1],), longest, by_rule[0], tuple(refusals))
    parts: list[Part] = []
    reasons: list[str] = []
    for need in needs:
        part, why = weigh(need, case)
        parts.append(part)
        reasons += why
        if not part.eligible:
            refusals.append(
                Refusal(
                    409,
                    "no_eligible_approver",
                    f"Nobody could approve this: {need.rule} wants {' and '.join(_any_of(need))},"
                    " who is neither the asker nor the user it is for. Have an admin enrol or vouch for one.",
                )
            )
    return Ruling(tuple(parts), tuple(reasons), longest, None, tuple(refusals))


def _any_of(need: Need) -> list[str]:
    lists = dict.fromkeys(need.approvers)
    return [f"one of {', '.join(names)}" for names in lists]
