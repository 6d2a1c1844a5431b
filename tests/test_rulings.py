"""Rules 1 to 8 as pure functions: who must approve, who may, what is refused, and why."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.changes import REGISTRY
from app.changes.base import admin_need, group_needs
from app.changes.group_membership import GroupBody
from app.changes.user_create import UserCreateBody
from app.changes.user_roles import UserRolesBody
from app.domain.people import Person, Roster, one_hand
from app.domain.rules import Rule
from app.domain.rulings import Case, GroupFacts, Ruling, rule_on
from app.domain.sightings import Seen, SeenGroup, SeenPolicy
from app.domain.words import Kind
from tests.test_plans import wish

ADMIN = frozenset({"admin", "member"})
BOB = Person("bob")
PI, ALICE, ZOE = (Person(n, ADMIN) for n in ("pi", "alice", "zoe"))
ROBOT = Person("robot", frozenset({"service"}), owner="bob")


def roster(*people: Person, **members: set[str]) -> Roster:
    return Roster({p.name: p for p in people}, {g: frozenset(m) for g, m in members.items()})


def group(
    name: str = "G", required: int = 1, approvers: tuple[str, ...] = ("role:admin",), days: int = 30
) -> GroupFacts:
    rule = Rule(required_approvals=required, approvers=approvers, max_duration=timedelta(days=days))
    return GroupFacts(name, rule, rule)


def join(
    asker: Person, who: Roster, *groups: GroupFacts, subject: Person | None = None, days: int | None = None
) -> Ruling:
    duration = timedelta(days=days) if days else None
    case = Case(Kind.GROUP_JOIN, asker, subject or asker, who, groups, duration)
    return rule_on(case, group_needs(case), None)


def codes(ruling: Ruling) -> list[str]:
    return [r.code for r in ruling.refusals]


# Who is who.


def test_rule_1_a_service_counts_as_its_owner_and_never_decides() -> None:
    assert ROBOT.counts_as == "bob"
    assert not replace(ROBOT, roles=ADMIN).is_admin
    everyone = roster(BOB, PI, ROBOT, Person("cron", ADMIN, owner="pi"), G={"robot", "bob"})
    assert everyone.admins == {"pi"}
    assert everyone.named_by(["role:admin", "robot", "cron", "group:G", "nobody"]) == {"pi", "bob"}


@pytest.mark.parametrize(("asker", "subject"), [(ROBOT, ROBOT), (ROBOT, BOB), (BOB, ROBOT), (PI, ROBOT), (ROBOT, PI)])
def test_rule_2_who_is_behind_asker_or_subject_is_not_asked(asker: Person, subject: Person) -> None:
    ruling = join(asker, roster(BOB, PI, ALICE, ROBOT), group(approvers=("bob", "role:admin")), subject=subject)
    parties = {asker.counts_as, subject.counts_as}
    assert ruling.eligible == ruling.may_deny == {"bob", "pi", "alice"} - parties
    assert not ruling.met_by(parties)


def test_rule_2_an_admin_does_not_approve_their_own() -> None:
    ruling = join(PI, roster(PI, ALICE), group())
    assert ruling.eligible == {"alice"}
    assert not ruling.met_by({"pi"})
    assert ruling.met_by({"alice"})


# Rule 3.


@pytest.mark.parametrize("denies", [True, False])
def test_rule_3_leaving_waits_only_where_a_deny_goes_with_it(denies: bool) -> None:  # noqa: FBT001 - a case
    change = REGISTRY[Kind.GROUP_LEAVE]
    facts = replace(group(), has_deny=denies)
    case = Case(Kind.GROUP_LEAVE, BOB, BOB, roster(BOB, PI), (facts,))
    ruling = rule_on(case, change.needs(case), change.by_rule(case))
    assert (ruling.by_rule, ruling.required_approvals) == ((None, 1) if denies else ("less_access", 0))
    assert ruling.eligible == ({"pi"} if denies else set())


def test_rule_3_the_force_mfa_policy_is_no_deny_of_the_group() -> None:
    ours = SeenPolicy("arn:aws:iam::1:policy/governance/LabForceMFA", "h", has_deny=True)
    other = SeenPolicy("arn:aws:iam::1:policy/LabForceMFA", "h", has_deny=True)
    inline = SeenPolicy("inline:LabForceMFA", "h", has_deny=True)
    assert not SeenGroup("G", (ours, SeenPolicy("a", "h"))).has_deny
    assert SeenGroup("G", (ours, other)).has_deny
    assert SeenGroup("G", (inline,)).has_deny


# Rules 4 and 5.


def test_rule_4_each_group_is_met_separately_and_one_may_count_twice() -> None:
    who = roster(BOB, PI, ALICE, Person("carol"))
    ruling = join(BOB, who, group("A", 2), group("B", 1, ("carol", "pi")))
    assert ruling.required_approvals == 2
    assert ruling.eligible == {"pi", "alice", "carol"}
    assert not ruling.met_by({"pi", "carol"})
    assert ruling.met_by({"pi", "alice"})
    assert not join(BOB, who, group("A", 2), group("B", 1, ("carol",))).met_by({"pi", "alice"})


def _changed(asked: GroupFacts, now: GroupFacts) -> GroupFacts:
    return GroupFacts("G", asked.asked, now.now)


def test_rule_5_the_stricter_number_and_the_shorter_time_bind() -> None:
    who = roster(BOB, PI, ALICE, ZOE)
    for one, other in ((1, 2), (2, 1)):
        facts = _changed(group(required=one, days=one * 10), group(required=other, days=other * 10))
        ruling = join(BOB, who, facts, days=11)
        assert ruling.required_approvals == 2
        assert (ruling.max_duration, codes(ruling)) == (timedelta(days=10), ["duration_too_long"])
        assert not ruling.met_by({"pi"})


def test_rule_5_mfa_is_needed_when_either_rule_says_so() -> None:
    plain, strict = Rule(), Rule(requires_mfa=True)
    assert [GroupFacts("G", a, n).requires_mfa for a in (plain, strict) for n in (plain, strict)] == [
        False,
        *[True] * 3,
    ]


names = st.sampled_from(["pi", "alice", "zoe", "carol", "dave"])
lists = st.lists(names | st.just("role:admin"), min_size=1, max_size=4, unique=True).map(tuple)
facts = st.builds(group, required=st.integers(1, 4), approvers=lists)


@given(asked=facts, now=facts, given_by=st.frozensets(names))
def test_rule_5_what_meets_the_ruling_meets_both_rules(
    asked: GroupFacts, now: GroupFacts, given_by: frozenset[str]
) -> None:
    who = roster(BOB, PI, ALICE, ZOE, Person("carol"), Person("dave"))
    both = join(BOB, who, _changed(asked, now)).met_by(given_by)
    assert both == (join(BOB, who, asked).met_by(given_by) and join(BOB, who, now).met_by(given_by))


# Rule 6.


@pytest.mark.parametrize(
    ("wanted", "admins", "required"), [(1, 1, 1), (2, 1, 1), (2, 2, 2), (3, 2, 2), (10, 3, 3), (1, 3, 1)]
)
def test_rule_6_the_quorum_is_what_others_can_give(wanted: int, admins: int, required: int) -> None:
    ruling = join(BOB, roster(BOB, *[PI, ALICE, ZOE][:admins]), group(required=wanted))
    assert ruling.required_approvals == required
    said = [r for r in ruling.reasons if "will do" in r]
    assert bool(said) == (required < wanted), "a lowered quorum is said, and only then"


def test_rule_6_asker_and_subject_do_not_count_for_the_quorum() -> None:
    everyone = roster(BOB, PI, ALICE, ZOE)
    assert join(PI, everyone, group(required=3), subject=ALICE).required_approvals == 1
    assert join(PI, everyone, group(required=3)).required_approvals == 2


def test_rule_6_named_approvers_are_counted_where_people_are_named() -> None:
    who = roster(BOB, PI, ALICE, ZOE, Person("carol"), Club={"carol", "bob"})
    assert join(BOB, who, group(required=3, approvers=("carol", "pi"))).required_approvals == 2
    assert join(BOB, who, group(required=3, approvers=("group:Club", "zoe"))).required_approvals == 2
    assert join(BOB, who, group(approvers=("group:Club",))).eligible == {"carol"}
    assert codes(join(BOB, who, group(approvers=("group:Empty", "bob")))) == ["no_eligible_approver"]


@given(suspended=st.frozensets(st.sampled_from(["pi", "alice", "zoe"])), wanted=st.integers(1, 5))
def test_rule_6_suspending_never_lowers_the_quorum(suspended: frozenset[str], wanted: int) -> None:
    before = join(BOB, roster(BOB, PI, ALICE, ZOE), group(required=wanted))
    admins = [replace(p, active=p.name not in suspended) for p in (PI, ALICE, ZOE)]
    after = join(BOB, roster(BOB, *admins), group(required=wanted))
    assert after.required_approvals == before.required_approvals
    assert after.eligible == {"pi", "alice", "zoe"} - suspended
    assert codes(after) == (["no_eligible_approver"] if len(suspended) == 3 else [])


# Rule 7.


def roles_ruling(asker: Person, subject: Person, who: Roster, roles: tuple[str, ...] = ("member",)) -> Ruling:
    change = REGISTRY[Kind.USER_ROLES]
    case = Case(Kind.USER_ROLES, asker, subject, who)
    body = UserRolesBody.model_validate({"roles": roles})
    more = change.refusals(wish(Kind.USER_ROLES, body, user=subject.name), case, Seen())
    ruling = rule_on(case, change.needs(case), change.by_rule(case))
    return replace(ruling, refusals=(*more, *ruling.refusals))


def test_rule_7_the_only_admin_changes_roles_alone() -> None:
    ruling = roles_ruling(PI, BOB, roster(PI, BOB), ("admin",))
    assert (ruling.by_rule, codes(ruling)) == ("sole_admin", [])
    assert "only one admin" in ruling.reasons[0]


def test_rule_7_with_a_second_admin_even_a_suspended_one_it_is_over() -> None:
    ruling = roles_ruling(PI, BOB, roster(PI, BOB, ALICE), ("admin",))
    assert ruling.by_rule is None
    assert ruling.eligible == {"alice"}
    gone = roles_ruling(PI, BOB, roster(PI, BOB, replace(ALICE, active=False)), ("admin",))
    assert (gone.by_rule, codes(gone)) == (None, ["no_eligible_approver"])


def test_rule_7_nobody_else_uses_the_rule_of_the_only_admin() -> None:
    for asker in (BOB, replace(ROBOT, owner="pi")):
        assert roles_ruling(asker, asker, roster(PI, BOB, asker), ("auditor",)).by_rule is None


def test_rule_7_access_itself_always_needs_a_second_person() -> None:
    change = REGISTRY[Kind.GROUP_JOIN]
    case = Case(Kind.GROUP_JOIN, PI, PI, roster(PI), (group(),))
    assert change.by_rule(case) is None
    assert codes(rule_on(case, change.needs(case), None)) == ["no_eligible_approver"]


def test_the_last_admin_stays_services_have_no_roles_and_a_change_changes_something() -> None:
    assert codes(roles_ruling(PI, PI, roster(PI, BOB)))[:1] == ["last_admin"]
    assert "last_admin" not in codes(roles_ruling(PI, PI, roster(PI, ALICE)))
    assert "not_a_person" in codes(roles_ruling(PI, ROBOT, roster(PI, BOB, ROBOT)))
    assert "nothing_to_change" in codes(roles_ruling(PI, BOB, roster(PI, BOB)))
    assert codes(roles_ruling(PI, BOB, roster(PI, BOB), ("auditor",))) == []


# Rule 8.


DORA = Person("dora", ADMIN, verified=False, enrolled_by="pi")


def test_rule_8_who_enrolled_somebody_unverified_does_not_count_for_them() -> None:
    who = roster(PI, ALICE, DORA)
    ruling = join(DORA, who, group(required=2))
    assert ruling.eligible == {"alice"}
    assert ruling.may_deny == {"pi", "alice"}, "denials always count"
    assert not ruling.met_by({"pi"})
    assert any("same hand" in r for r in ruling.reasons)
    assert ruling.required_approvals == 2, "the quorum is rule 6's, one hand or not"


def test_rule_8_nor_the_unverified_for_who_enrolled_them() -> None:
    ruling = join(PI, roster(PI, ALICE, DORA), group())
    assert ruling.eligible == {"alice"}
    assert join(ALICE, roster(PI, ALICE, DORA), group()).eligible == {"pi", "dora"}


def test_rule_8_asking_for_somebody_else_does_not_help() -> None:
    who = roster(PI, ALICE, ZOE, DORA, BOB)
    assert join(DORA, who, group(), subject=BOB).eligible == {"alice", "zoe"}
    assert join(ALICE, who, group(), subject=DORA).eligible == {"zoe"}


@pytest.mark.parametrize(
    ("admins", "expected"),
    [((PI,), False), ((PI, ALICE), True), ((PI, replace(ALICE, active=False)), True)],
    ids=["no third", "a third", "a suspended third"],
)
def test_rule_8_counts_only_while_a_third_admin_exists(admins: tuple[Person, ...], expected: bool) -> None:  # noqa: FBT001
    newcomer = Person("dora", verified=False, enrolled_by="pi")
    who = roster(*admins, newcomer)
    assert one_hand(who, PI, newcomer) == one_hand(who, newcomer, PI) == expected
    active = [a for a in admins if a.active and not (expected and a.name == "pi")]
    assert join(newcomer, who, group()).eligible == {a.name for a in active}


def test_rule_8_an_enrolled_admin_is_no_third_one() -> None:
    assert not one_hand(roster(PI, DORA), PI, DORA)
    assert join(DORA, roster(PI, DORA), group()).eligible == {"pi"}


def test_rule_8_vouching_ends_it_and_it_binds_only_the_pair() -> None:
    who = roster(PI, ALICE, DORA)
    assert not one_hand(who, PI, replace(DORA, verified=True))
    assert not one_hand(who, ALICE, DORA)
    assert not one_hand(who, PI, PI)
    assert one_hand(who, PI, DORA)


# The rest of the contract.


def test_longer_than_the_rule_allows_is_refused_with_the_longest() -> None:
    ruling = join(BOB, roster(BOB, PI), group("A", days=30), group("B", days=7), days=8)
    assert (codes(ruling), ruling.max_duration) == (["duration_too_long"], timedelta(days=7))
    assert "P7D" in ruling.refusals[0].detail
    assert ruling.refusals[0].status == 422
    assert codes(join(BOB, roster(BOB, PI), group(days=7), days=7)) == []


def test_a_request_that_nobody_could_decide_is_refused() -> None:
    ruling = join(PI, roster(PI, BOB), group())
    assert [(r.status, r.code) for r in ruling.refusals] == [(409, "no_eligible_approver")]
    assert codes(join(BOB, roster(PI, BOB), group("A"), group("B", approvers=("bob",)))) == ["no_eligible_approver"]


@pytest.mark.parametrize(
    ("asker", "groups", "hands_out", "by_rule", "required"),
    [
        (PI, (), False, "no_power", 0),
        (PI, (), True, None, 1),
        (BOB, (), False, None, 1),
        (PI, (group(required=2),), False, None, 2),
        (PI, (group(approvers=("zoe",)),), True, None, 1),
    ],
)
def test_user_create(
    *, asker: Person, groups: tuple[GroupFacts, ...], hands_out: bool, by_rule: str | None, required: int
) -> None:
    change = REGISTRY[Kind.USER_CREATE]
    case = Case(Kind.USER_CREATE, asker, BOB, roster(PI, ALICE, ZOE, BOB), groups, hands_out=hands_out)
    ruling = rule_on(case, change.needs(case), change.by_rule(case))
    assert (ruling.by_rule, ruling.required_approvals) == (by_rule, required)


@pytest.mark.parametrize(
    ("asker", "subject", "by_rule", "required"),
    [
        (BOB, BOB, "own_key", 0),
        (BOB, ROBOT, "own_key", 0),
        (ROBOT, ROBOT, "own_key", 0),
        (ROBOT, BOB, None, 1),
        (PI, BOB, None, 1),
    ],
)
def test_a_key_is_rotated_by_rule_where_it_is_ones_own(
    asker: Person, subject: Person, by_rule: str | None, required: int
) -> None:
    change = REGISTRY[Kind.ACCESS_KEY_ROTATE]
    case = Case(Kind.ACCESS_KEY_ROTATE, asker, subject, roster(PI, ALICE, BOB, ROBOT))
    ruling = rule_on(case, change.needs(case), change.by_rule(case))
    assert (ruling.by_rule, ruling.required_approvals) == (by_rule, required)
    assert not ruling.eligible & case.parties


def test_the_groups_a_change_names() -> None:
    assert REGISTRY[Kind.GROUP_JOIN].groups(GroupBody(group="A")) == ("A",)
    assert REGISTRY[Kind.GROUP_LEAVE].groups(GroupBody(group="A")) == ("A",)
    assert REGISTRY[Kind.USER_CREATE].groups(UserCreateBody(groups=("A", "B"))) == ("A", "B")
    assert [(n.required, n.approvers) for n in admin_need(Kind.USER_ROLES)] == [(1, (("role:admin",),))]


def test_a_ruling_without_any_part_is_never_met() -> None:
    assert not Ruling((), ()).met_by({"pi", "alice"})


people = st.builds(
    Person,
    name=names,
    roles=st.sampled_from([ADMIN, frozenset({"member"})]),
    active=st.booleans(),
    verified=st.booleans(),
    enrolled_by=st.none() | names,
    owner=st.none() | st.sampled_from(["pi", "alice"]),
)


@st.composite
def rulings(draw: st.DrawFn) -> tuple[Case, Ruling]:
    found = {p.name: p for p in draw(st.lists(people, min_size=2, max_size=5, unique_by=lambda p: p.name))}
    who = Roster(found, {"Club": draw(st.frozensets(names))})
    asker, subject = draw(st.sampled_from(sorted(found))), draw(st.sampled_from(sorted(found)))
    entries = st.lists(names | st.sampled_from(["role:admin", "group:Club"]), min_size=1, max_size=3).map(tuple)
    groups = draw(st.lists(st.builds(group, required=st.integers(1, 4), approvers=entries), min_size=1, max_size=3))
    case = Case(Kind.GROUP_JOIN, found[asker], found[subject], who, tuple(groups))
    return case, rule_on(case, group_needs(case), None)


@given(rulings(), st.frozensets(names), names)
def test_rule_2_and_4_what_holds_of_every_ruling(
    made: tuple[Case, Ruling], given_by: frozenset[str], more: str
) -> None:
    case, ruling = made
    assert not ruling.met_by(case.parties), "parties never meet a ruling"
    assert not ruling.eligible & case.parties
    assert not ruling.met_by([])
    assert ruling.eligible <= ruling.may_deny
    assert all(case.roster.people[n].owner is None and case.roster.people[n].active for n in ruling.may_deny)
    assert all(p.required >= 1 for p in ruling.parts)
    assert ruling.met_by(given_by) == ruling.met_by(given_by & ruling.eligible)
    assert not ruling.met_by(given_by) or ruling.met_by({*given_by, more}), "one more approval never un-meets"
    assert ("no_eligible_approver" in codes(ruling)) == any(not p.eligible for p in ruling.parts)
