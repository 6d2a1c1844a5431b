"""The contract of the IAM port, users: each test says what a backend does; `deviations.check` judges it."""

from typing import Any

import pytest

from app.domain.admin_path import is_below
from app.domain.sightings import SeenUser
from tests.support.deviations import behaviour
from tests.support.fake_checks import TAGS, USER_NAME
from tests.support.fake_iam import USERS
from tests.support.iam_ports import DENYING, THINGS, Port, new_name


def shown(port: Port, name: str, **options: bool) -> SeenUser:
    user = port.iam.user(name, **options)
    assert user is not None
    assert user.name == name
    return user


def tags(*keys: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": f"value of {key}"} for key in keys]


def deletion(port: Port, name: str) -> str:
    outcome = port.outcome("DeleteUser", UserName=name)
    return f"{outcome}, the user {'is gone' if port.iam.user(name) is None else 'stays'}"


def left(port: Port, thing: str) -> str:
    name = port.new_user()
    port.give(name, thing)
    return deletion(port, name)


def creation(port: Port, name: str | None = None, **more: Any) -> str:
    return port.outcome("CreateUser", UserName=name or new_name("user"), **more)


@behaviour
def test_account(port: Port) -> str:
    known = {port.account: "the account", "aws": "its partition"}
    return " and ".join(known.get(word, word) for word in port.iam.account())


@behaviour
def test_user_missing(port: Port) -> str:
    return str(port.iam.user(new_name("nobody")))


@behaviour
def test_user_shown(port: Port) -> str:
    name = port.new_user(Path="/lab/")
    user = shown(port, name)
    assert (user.groups, user.boundary, user.has_mfa, user.belongings) == ((), None, None, ())
    return user.arn.replace(port.account, "ACCOUNT").replace(name, "NAME")


@behaviour
def test_user_tags(port: Port) -> str:
    name = port.new_user(Tags=tags("gatehouse:managed", "Über die Straße", "c"))
    found = shown(port, name).tags
    return "the tags" if found == {t["Key"]: t["Value"] for t in tags(*found)} and len(found) == 3 else str(found)


@behaviour
def test_user_groups(port: Port) -> str:
    name, groups = port.new_user(), [port.new_group(), port.new_group()]
    for group in reversed(groups):
        port.do("AddUserToGroup", UserName=name, GroupName=group)
    found = shown(port, name).groups
    return "both, sorted" if found == tuple(sorted(groups)) else str(found)


@behaviour
def test_user_devices(port: Port) -> str:
    name = port.new_user()
    without = shown(port, name, mfa=True)
    port.give(name, "MFA device")
    return f"{shown(port, name).has_mfa}, {without.has_mfa}, {shown(port, name, mfa=True).has_mfa}"


@behaviour
def test_user_belongings(port: Port) -> str:
    name, group = port.new_member()
    for thing in THINGS:
        port.give(name, thing)
    assert shown(port, name).belongings == ()
    found = sorted(shown(port, name, belongings=True).belongings)
    return "each named, the group too" if found == sorted([f"group {group}", *THINGS]) else str(found)


@behaviour
def test_create_user(port: Port) -> str:
    name, boundary = new_name("user"), port.new_policy(DENYING)
    outcome = creation(port, name, Path="/lab/", Tags=tags("a", "b"), PermissionsBoundary=boundary)
    user = shown(port, name)
    assert user.arn == port.arn(f"user/lab/{name}")
    assert user.tags == {"a": "value of a", "b": "value of b"}
    return f"{outcome}, the boundary is {'kept' if user.boundary == boundary else 'not kept'}"


@behaviour
def test_create_user_boundary_missing(port: Port) -> str:
    return creation(port, PermissionsBoundary=port.arn("policy/lab/NotThere"))


@behaviour
def test_create_user_taken(port: Port) -> str:
    return creation(port, port.new_user(Path="/lab/"), Path="/lab-admin/")


@behaviour
def test_create_user_taken_in_other_case(port: Port) -> str:
    return creation(port, port.new_user().upper())


@behaviour
def test_create_user_name_too_long(port: Port) -> str:
    port.do("CreateUser", UserName=new_name("user").ljust(USER_NAME, "x"))
    return creation(port, new_name("user").ljust(USER_NAME + 1, "x"))


@behaviour
def test_create_user_name_with_a_space(port: Port) -> str:
    port.do("CreateUser", UserName=f"{new_name('user')}_+=,.@-")
    return creation(port, f"{new_name('user')} x")


@behaviour
def test_create_user_path_without_slash(port: Port) -> str:
    return creation(port, Path="/lab")


@behaviour
def test_create_user_tag_twice(port: Port) -> str:
    return creation(port, Tags=tags("a", "b", "a"))


@behaviour
def test_create_user_tag_twice_in_other_case(port: Port) -> str:
    return creation(port, Tags=tags("Owner", "owner"))


@behaviour
def test_create_user_too_many_tags(port: Port) -> str:
    port.do("CreateUser", UserName=new_name("user"), Tags=tags(*map(str, range(TAGS))))
    name = new_name("user")
    outcome = creation(port, name, Tags=tags(*map(str, range(TAGS + 1))))
    made = "no user" if port.iam.user(name) is None else "the user is made"
    return f"{'done' if outcome == 'done' else 'refused'}, {made}"


@behaviour
def test_create_user_beyond_quota(port: Port) -> str:
    with port.full(users=USERS) as crowded:
        return creation(crowded)


@behaviour
def test_delete_user(port: Port) -> str:
    name, group = port.new_member()
    port.do("RemoveUserFromGroup", UserName=name, GroupName=group)
    return deletion(port, name)


@behaviour
def test_delete_user_missing(port: Port) -> str:
    return port.outcome("DeleteUser", UserName=new_name("nobody"))


@behaviour
def test_delete_user_in_group(port: Port) -> str:
    return deletion(port, port.new_member()[0])


@behaviour
def test_delete_user_in_group_then_anew(port: Port) -> str:
    name, group = port.new_member()
    port.outcome("DeleteUser", UserName=name)
    return f"{creation(port, name)}, {'a member still' if group in shown(port, name).groups else 'in no group'}"


@behaviour
def test_delete_user_with_access_key(port: Port) -> str:
    return left(port, "access key")


@behaviour
def test_delete_user_with_inline_policy(port: Port) -> str:
    return left(port, "inline policy")


@behaviour
def test_delete_user_with_attached_policy(port: Port) -> str:
    return left(port, "attached policy")


@behaviour
def test_delete_user_with_device(port: Port) -> str:
    return left(port, "MFA device")


@behaviour
def test_delete_user_with_login(port: Port) -> str:
    return left(port, "login profile")


def bounded(port: Port, name: str) -> str:
    boundary = port.new_policy()
    outcome = port.outcome("PutUserPermissionsBoundary", UserName=name, PermissionsBoundary=boundary)
    return f"{outcome}, {'shown' if shown(port, name).boundary == boundary else 'not shown'}"


@behaviour
def test_boundary_put(port: Port) -> str:
    return bounded(port, port.new_user())


@behaviour
def test_boundary_replaced(port: Port) -> str:
    return bounded(port, port.new_user(PermissionsBoundary=port.new_policy(DENYING)))


@behaviour
def test_boundary_user_missing(port: Port) -> str:
    boundary = port.new_policy()
    return port.outcome("PutUserPermissionsBoundary", UserName=new_name("nobody"), PermissionsBoundary=boundary)


@behaviour
def test_boundary_policy_missing(port: Port) -> str:
    boundary = port.arn("policy/lab/NotThere")
    return port.outcome("PutUserPermissionsBoundary", UserName=port.new_user(), PermissionsBoundary=boundary)


@behaviour
def test_move_user(port: Port) -> str:
    name, group = port.new_member()
    port.outcome("PutUserPermissionsBoundary", UserName=name, PermissionsBoundary=(boundary := port.new_policy()))
    outcome = port.outcome("UpdateUser", UserName=name, NewPath="/lab-admin/")
    user = shown(port, name)
    there = "shown there" if is_below(user.arn, "user") else "not shown there"
    return f"{outcome}, {there}, its groups {'and boundary ' if user.boundary == boundary else ''}kept" * (
        user.groups == (group,)
    )


@behaviour
def test_move_user_missing(port: Port) -> str:
    return port.outcome("UpdateUser", UserName=new_name("nobody"), NewPath="/lab-admin/")


@pytest.mark.parametrize("action", ["CreateRole", "DeleteRole", "GetUser", "__class__"])
def test_no_other_action_can_be_called(port: Port, action: str) -> None:
    with pytest.raises(ValueError, match=action):
        port.outcome(action, UserName=port.new_user())
