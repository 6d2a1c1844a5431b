"""What is known of all groups when one is made, changed or deleted: the pure part."""

from app.domain.groups import Groups
from app.domain.people import Person, Roster
from app.domain.rules import Rule


def test_what_a_rule_names_and_is_not_there() -> None:
    groups = Groups(rules={"A": Rule(), "B": Rule(), "C": Rule()}, deleted=frozenset({"D"}), going=frozenset({"B"}))
    roster = Roster({"ann": Person("ann"), "robot": Person("robot", owner="ann")})
    entries = ("role:admin", "ann", "robot", "nobody", "group:A", "group:B", "group:D", "group:a")
    rule = Rule(approvers=entries, break_glass=("ann",), escalate_to=("group:X",))
    unknown = ("robot", "nobody", "group:B", "group:D", "group:a")
    assert list(groups.unknown_in(rule, roster)) == [*(("approvers", e) for e in unknown), ("escalate_to", "group:X")]


def test_a_name_is_known_whatever_the_case_and_who_names_a_group_is_found() -> None:
    rules = {"A": Rule(approvers=("group:A",)), "B": Rule(break_glass=("group:A",)), "C": Rule()}
    groups = Groups(rules, deleted=frozenset({"Old"}))
    assert [groups.of_key(n) for n in ("a", "OLD", "X")] == ["A", "Old", None]
    assert (groups.named_by("A"), groups.named_by("C")) == (("B",), ())
