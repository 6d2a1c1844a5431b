"""The contract of the IAM port, the ends of groups: each test says what a backend does."""

from tests.support.deviations import behaviour
from tests.support.iam_ports import DOCUMENT, Port, new_name


def deletion(port: Port, group: str) -> str:
    outcome = port.outcome("DeleteGroup", GroupName=group)
    return f"{outcome}, {'gone' if port.iam.group(group) is None else 'the group stays'}"


@behaviour
def test_group_names(port: Port) -> str:
    before = port.iam.group_names()
    made = {port.new_group(), port.new_group()}
    new = port.iam.group_names() - before
    return "both, and no other that was not there" if new == made else str(new)


@behaviour
def test_delete_group(port: Port) -> str:
    return deletion(port, port.new_group())


@behaviour
def test_delete_group_missing(port: Port) -> str:
    return port.outcome("DeleteGroup", GroupName=new_name("nothing"))


@behaviour
def test_delete_group_with_member(port: Port) -> str:
    return deletion(port, port.new_member()[1])


@behaviour
def test_delete_group_with_attached_policy(port: Port) -> str:
    group = port.new_group()
    port.do("AttachGroupPolicy", GroupName=group, PolicyArn=port.new_policy())
    return deletion(port, group)


@behaviour
def test_delete_group_with_inline_policy(port: Port) -> str:
    group = port.new_group()
    port.inline(group, "own", DOCUMENT)
    return deletion(port, group)


@behaviour
def test_delete_group_policy(port: Port) -> str:
    group = port.new_group()
    port.inline(group, "own", DOCUMENT)
    outcome = port.outcome("DeleteGroupPolicy", GroupName=group, PolicyName="own")
    seen = port.iam.group(group)
    assert seen is not None
    return f"{outcome}, {'shown still' if seen.policies else 'gone'}"


@behaviour
def test_delete_group_policy_missing(port: Port) -> str:
    return port.outcome("DeleteGroupPolicy", GroupName=port.new_group(), PolicyName="nothing")


@behaviour
def test_delete_group_policy_group_missing(port: Port) -> str:
    return port.outcome("DeleteGroupPolicy", GroupName=new_name("nothing"), PolicyName="own")
