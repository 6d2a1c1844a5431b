"""The contract of the IAM port, memberships: each test says what a backend does, seen from the user and the group."""

from tests.support.deviations import behaviour
from tests.support.fake_iam import GROUPS_PER_USER
from tests.support.iam_ports import Port, new_name


def groups_of(port: Port, name: str) -> tuple[str, ...]:
    user = port.iam.user(name)
    assert user is not None
    return user.groups


def sides(port: Port, user: str, group: str) -> str:
    seen = group in groups_of(port, user), user in (port.iam.members(group) or ())
    return {(True, True): "both sides", (False, False): "neither side"}.get(seen, "one side")


def added(port: Port, user: str, group: str) -> str:
    outcome = port.outcome("AddUserToGroup", UserName=user, GroupName=group)
    assert groups_of(port, user).count(group) <= 1
    return f"{outcome}, seen from {sides(port, user, group)}"


@behaviour
def test_members_missing(port: Port) -> str:
    return str(port.iam.members(new_name("nothing")))


@behaviour
def test_members_none(port: Port) -> str:
    found = port.iam.members(port.new_group())
    return "nobody" if found == frozenset() else str(found)


@behaviour
def test_members_shown(port: Port) -> str:
    one, group = port.new_member()
    another, _ = port.new_user(), port.new_user()
    port.do("AddUserToGroup", UserName=another, GroupName=group)
    found = port.iam.members(group)
    return "those two" if found == frozenset({one, another}) else str(found)


@behaviour
def test_add(port: Port) -> str:
    return added(port, port.new_user(), port.new_group())


@behaviour
def test_add_twice(port: Port) -> str:
    return added(port, *port.new_member())


@behaviour
def test_add_user_missing(port: Port) -> str:
    return port.outcome("AddUserToGroup", UserName=new_name("nobody"), GroupName=port.new_group())


@behaviour
def test_add_group_missing(port: Port) -> str:
    return port.outcome("AddUserToGroup", UserName=port.new_user(), GroupName=new_name("nothing"))


@behaviour
def test_add_beyond_quota(port: Port) -> str:
    user = port.new_user()
    for _ in range(GROUPS_PER_USER):
        port.do("AddUserToGroup", UserName=user, GroupName=port.new_group())
    outcome = port.outcome("AddUserToGroup", UserName=user, GroupName=port.new_group())
    return f"{outcome}, {len(groups_of(port, user))} groups"


@behaviour
def test_remove(port: Port) -> str:
    user, group = port.new_member()
    outcome = port.outcome("RemoveUserFromGroup", UserName=user, GroupName=group)
    return f"{outcome}, seen from {sides(port, user, group)}"


@behaviour
def test_remove_non_member(port: Port) -> str:
    return port.outcome("RemoveUserFromGroup", UserName=port.new_user(), GroupName=port.new_member()[1])


@behaviour
def test_remove_user_missing(port: Port) -> str:
    return port.outcome("RemoveUserFromGroup", UserName=new_name("nobody"), GroupName=port.new_group())


@behaviour
def test_remove_group_missing(port: Port) -> str:
    return port.outcome("RemoveUserFromGroup", UserName=port.new_user(), GroupName=new_name("nothing"))
