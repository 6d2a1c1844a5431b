"""Plans and their digests: what is approved is an end state, and what may not be carried out is said."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.changes import REGISTRY
from app.changes.base import Wish
from app.changes.group_membership import GroupBody
from app.changes.user_create import UserCreateBody
from app.changes.user_roles import UserRolesBody
from app.domain.people import Person, Roster
from app.domain.plans import CannotCarryOut, Plan
from app.domain.rulings import Case
from app.domain.sightings import Seen, SeenGroup, SeenPolicy, SeenUser
from app.domain.words import Kind
from tests.support.fake_iam import BOUNDARY_ARN, Account, FakeIam
from tests.support.fake_users import Key

ARN = "arn:aws:iam::123456789012:user/lab/bob"
BOUNDARY = SeenPolicy(BOUNDARY_ARN, "cap-1", has_deny=True)
POLICIES = (SeenPolicy("a", "doc-a"), SeenPolicy("b", "doc-b"))
KINDS = [Kind.GROUP_JOIN, Kind.USER_CREATE, Kind.GROUP_LEAVE]


def wish(kind: Kind, body: Any = None, **more: Any) -> Wish:
    if body is None:
        body = UserCreateBody(groups=("G",)) if kind == Kind.USER_CREATE else GroupBody(group="G")
    values = {
        "account": "default",
        "user": "bob",
        "user_id": "id-1",
        "request_id": "req-1",
        "boundary_arn": BOUNDARY_ARN,
    }
    return Wish(kind=kind, body=body, **{**values, **more})


def user(**more: Any) -> SeenUser:
    return replace(SeenUser("bob", ARN, boundary=BOUNDARY_ARN), **more)


def seen(**more: Any) -> Seen:
    return replace(Seen(user(), {"G": SeenGroup("G", POLICIES)}, BOUNDARY, fresh=True), **more)


def plan(kind: Kind, what: Seen, **more: Any) -> Plan:
    return REGISTRY[kind].plan(wish(kind, **more), what)


def calls(made: Plan) -> list[str]:
    return [o.action for o in made.operations]


def refusal(kind: Kind, what: Seen, **more: Any) -> tuple[str, bool]:
    with pytest.raises(CannotCarryOut) as refused:
        plan(kind, what, **more)
    return refused.value.code, refused.value.waits


BASE = {Kind.GROUP_JOIN: seen(), Kind.USER_CREATE: seen(user=None), Kind.GROUP_LEAVE: seen(user=user(groups=("G",)))}
DONE = {
    Kind.GROUP_JOIN: seen(user=user(groups=("G",))),
    Kind.USER_CREATE: seen(user=user(groups=("G",), tags={"gatehouse:request": "req-1"})),
    Kind.GROUP_LEAVE: seen(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rule_21_the_digest_does_not_depend_on_the_calls_that_remain(kind: Kind) -> None:
    before, after = plan(kind, BASE[kind]), plan(kind, DONE[kind])
    assert calls(before)
    assert not after.operations
    assert before.digest == after.digest


def test_the_calls() -> None:
    assert calls(plan(Kind.GROUP_JOIN, BASE[Kind.GROUP_JOIN])) == ["AddUserToGroup"]
    assert calls(plan(Kind.GROUP_LEAVE, BASE[Kind.GROUP_LEAVE])) == ["RemoveUserFromGroup"]
    made = plan(Kind.USER_CREATE, BASE[Kind.USER_CREATE], body=UserCreateBody(groups=("G",), tags={"lab": "rna"}))
    assert calls(made) == ["CreateUser", "AddUserToGroup"]
    assert made.operations[0].parameters == {
        "Path": "/lab/",
        "UserName": "bob",
        "PermissionsBoundary": BOUNDARY_ARN,
        "Tags": [
            {"Key": "lab", "Value": "rna"},
            {"Key": "gatehouse:user", "Value": "id-1"},
            {"Key": "gatehouse:request", "Value": "req-1"},
        ],
    }


ELSE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "account": ({"account": "other"}, {}),
    "the subject's id": ({"user_id": "id-2"}, {}),
    "a document": ({}, {"groups": {"G": SeenGroup("G", (POLICIES[0], SeenPolicy("b", "doc-c")))}}),
    "a policy less": ({}, {"groups": {"G": SeenGroup("G", POLICIES[:1])}}),
    "a policy more": ({}, {"groups": {"G": SeenGroup("G", (*POLICIES, SeenPolicy("c", "doc-c")))}}),
    "a document that cannot be read": ({}, {"groups": {"G": SeenGroup("G", (POLICIES[0], SeenPolicy("b", None)))}}),
    "the boundary's document": ({}, {"boundary": replace(BOUNDARY, sha256="cap-2")}),
    "which boundary": ({}, {"boundary": replace(BOUNDARY, name="other")}),
}


@pytest.mark.parametrize("kind", [Kind.GROUP_JOIN, Kind.USER_CREATE])
@pytest.mark.parametrize("what", ELSE)
def test_rule_21_the_digest_changes_with_the_end_state(kind: Kind, what: str) -> None:
    of_wish, of_seen = ELSE[what]
    assert plan(kind, replace(BASE[kind], **of_seen), **of_wish).digest != plan(kind, BASE[kind]).digest


def test_rule_21_each_kind_and_each_group_has_its_own_digest() -> None:
    digests = {plan(k, BASE[k]).digest for k in KINDS}
    both = seen(groups={n: SeenGroup(n, POLICIES) for n in ("G", "H")})
    digests |= {plan(Kind.GROUP_JOIN, both, body=GroupBody(group="H")).digest}
    digests |= {plan(Kind.GROUP_LEAVE, both, body=GroupBody(group="H")).digest}
    digests |= {plan(Kind.USER_CREATE, replace(both, user=None), body=UserCreateBody(tags={"a": "b"})).digest}
    assert len(digests) == 6


@pytest.mark.parametrize("kind", KINDS)
def test_rule_21_the_digest_leaves_out_what_is_nobodys_business(kind: Kind) -> None:
    base = plan(kind, BASE[kind]).digest
    assert plan(kind, BASE[kind], request_id="req-2").digest == base
    assert plan(kind, replace(BASE[kind], emulated=True)).digest == base


@pytest.mark.parametrize("kind", KINDS)
def test_rule_21_seen_from_the_database_and_from_iam_is_the_same(kind: Kind) -> None:
    fresh = BASE[kind]
    # Through JSON, as the database stores it.
    stored = Seen(
        user=SeenUser.from_json(json.loads(json.dumps(fresh.user.as_json()))) if fresh.user else None,
        groups={n: SeenGroup.from_json(json.loads(json.dumps(g.as_json()))) for n, g in fresh.groups.items()},
        boundary=SeenPolicy(**json.loads(json.dumps(vars(BOUNDARY)))),
    )
    assert plan(kind, stored).digest == plan(kind, fresh).digest
    assert stored.groups == dict(fresh.groups)


@given(st.permutations(["A", "B", "C"]))
def test_the_order_of_groups_is_not_the_change(order: list[str]) -> None:
    what = seen(user=None, groups={n: SeenGroup(n, POLICIES) for n in "ABC"})
    one = plan(Kind.USER_CREATE, what, body=UserCreateBody(groups=tuple(order)))
    assert one.digest == plan(Kind.USER_CREATE, what, body=UserCreateBody(groups=("A", "B", "C"))).digest


def test_what_cannot_be_joined_is_said() -> None:
    assert refusal(Kind.GROUP_JOIN, seen(user=None)) == ("no_iam_user", False)
    assert refusal(Kind.GROUP_JOIN, seen(groups={})) == ("no_iam_group", False)
    assert refusal(Kind.USER_CREATE, seen(user=None, groups={})) == ("no_iam_group", False)


def test_asking_looks_only_at_what_was_last_seen_and_refuses_nothing() -> None:
    for what in (Seen(), Seen(user=user(boundary=None)), Seen(user=user(groups=tuple("ABCDEFHIJK")))):
        assert calls(plan(Kind.GROUP_JOIN, what)) == ["AddUserToGroup"]
    assert calls(plan(Kind.USER_CREATE, Seen())) == ["CreateUser", "AddUserToGroup"]


def test_a_user_is_in_ten_groups_at_most() -> None:
    nine, ten = tuple("ABCDEFHIJ"), tuple("ABCDEFHIJK")
    assert calls(plan(Kind.GROUP_JOIN, seen(user=user(groups=nine)))) == ["AddUserToGroup"]
    assert refusal(Kind.GROUP_JOIN, seen(user=user(groups=ten))) == ("limit_exceeded", False)
    assert calls(plan(Kind.GROUP_JOIN, seen(user=user(groups=(*nine, "G"))))) == []
    with pytest.raises(ValueError, match="at most 10"):
        UserCreateBody(groups=(*ten, "G"))


@pytest.mark.parametrize(("device", "waits"), [(True, False), (False, True), (None, False)])
def test_joining_waits_for_a_device(device: bool | None, waits: bool) -> None:  # noqa: FBT001 - a case
    what = seen(user=user(has_mfa=device))
    if waits:
        assert refusal(Kind.GROUP_JOIN, what, needs_mfa=True) == ("mfa_required", True)
    else:
        assert calls(plan(Kind.GROUP_JOIN, what, needs_mfa=True)) == ["AddUserToGroup"]
    assert calls(plan(Kind.GROUP_JOIN, what)) == ["AddUserToGroup"]


def test_a_new_user_cannot_have_a_device() -> None:
    change, asked = REGISTRY[Kind.USER_CREATE], wish(Kind.USER_CREATE, needs_mfa=True)
    case = Case(Kind.USER_CREATE, Person("pi"), Person("bob"), Roster())
    assert [r.code for r in change.refusals(asked, case, Seen())] == ["mfa_required"]
    assert refusal(Kind.USER_CREATE, seen(user=None), needs_mfa=True) == ("mfa_required", False)


def test_rule_26_nobody_joins_without_a_boundary() -> None:
    bare = seen(user=user(boundary=None))
    assert refusal(Kind.GROUP_JOIN, bare) == ("guardrails_missing", False)
    assert refusal(Kind.USER_CREATE, seen(user=None, boundary=None)) == ("guardrails_missing", False)


def test_rule_28_what_an_emulator_does_not_keep_is_a_finding() -> None:
    made = plan(Kind.GROUP_JOIN, seen(user=user(boundary=None), emulated=True))
    assert calls(made) == ["AddUserToGroup"]
    assert ["boundary" in n for n in made.notes] == [True]
    assert plan(Kind.GROUP_JOIN, seen(emulated=True)).notes == ()


OURS = {"gatehouse:user": "id-1"}


def test_rule_29_only_what_is_ours_and_holds_nothing_is_adopted() -> None:
    assert calls(plan(Kind.USER_CREATE, seen(user=user(tags=OURS)))) == ["AddUserToGroup"]
    for tags in ({}, {"gatehouse:user": "id-2"}, {"gatehouse:request": "req-0"}):
        assert refusal(Kind.USER_CREATE, seen(user=user(tags=tags))) == ("name_in_use", False)
    for thing in ("group X", "access key", "inline policy", "attached policy", "MFA device", "login profile"):
        assert refusal(Kind.USER_CREATE, seen(user=user(tags=OURS, belongings=(thing,)))) == ("name_in_use", False)
    own = user(tags={"gatehouse:request": "req-1"}, belongings=("group G",), groups=("G",))
    assert calls(plan(Kind.USER_CREATE, seen(user=own))) == [], "what this very request made is no stranger"


@pytest.mark.parametrize("other", [None, "arn:aws:iam::123456789012:policy/Mine"])
def test_rule_26_who_is_adopted_is_capped_first(other: str | None) -> None:
    adopted = plan(Kind.USER_CREATE, seen(user=user(tags=OURS, boundary=other)))
    assert calls(adopted) == ["PutUserPermissionsBoundary", "AddUserToGroup"]
    assert adopted.operations[0].parameters == {"UserName": "bob", "PermissionsBoundary": BOUNDARY_ARN}


def test_rule_19_undoing_deletes_only_the_user_this_request_made() -> None:
    change, asked = REGISTRY[Kind.USER_CREATE], wish(Kind.USER_CREATE)
    made = seen(user=user(tags={**OURS, "gatehouse:request": "req-1"}))
    assert [o.action for o in change.undo(asked, made)] == ["DeleteUser"]
    for other in (seen(user=None), seen(user=user(tags=OURS)), seen(user=user(tags={"gatehouse:request": "req-2"}))):
        assert change.undo(asked, other) == ()


def test_rule_29_belongings_are_looked_at_where_adopting_is_decided() -> None:
    iam = FakeIam()
    iam.groups["G"] = {"a": "doc-a"}
    iam.users["bob"] = Account(tags=dict(OURS), keys={"AKIA1": Key("hidden")}, groups={"X"})
    change, asked = REGISTRY[Kind.USER_CREATE], wish(Kind.USER_CREATE)
    found = change.observe(iam, asked).user
    assert found is not None
    assert found.belongings == ("group X", "access key")
    iam.users["bob"].tags["gatehouse:request"] = "req-1"
    own = change.observe(iam, asked)
    assert own.fresh
    assert own.user is not None
    assert own.user.belongings == ()


def test_leaving_is_called_unless_iam_itself_says_it_is_done() -> None:
    assert calls(plan(Kind.GROUP_LEAVE, Seen())) == ["RemoveUserFromGroup"]
    assert calls(plan(Kind.GROUP_LEAVE, replace(seen(), fresh=False))) == ["RemoveUserFromGroup"]
    assert calls(plan(Kind.GROUP_LEAVE, seen(user=None))) == []


def test_roles_are_written_in_our_own_database() -> None:
    def roles(*names: str, **more: Any) -> Plan:
        return plan(Kind.USER_ROLES, Seen(), body=UserRolesBody.model_validate({"roles": names}), **more)

    assert [(o.service, o.action) for o in roles("admin").operations] == [("gatehouse", "SetRoles")]
    assert roles("admin", "member").digest == roles("member", "admin").digest
    assert len({roles("admin").digest, roles("member").digest, roles("admin", user_id="id-2").digest}) == 3
    assert roles("admin").digest.startswith("sha256:")
    assert len(roles("admin").digest) == 71
