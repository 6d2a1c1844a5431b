"""What has to be there before each life, arranged past Gatehouse, and what is then asked for."""

import json
from typing import Any

from tests.support import one_off as documents
from tests.support.iam_ports import DOCUMENT, THINGS, FakePort, HttpPort, new_name
from tests.support.worlds import Wish, World

READING, COMPUTING = "AmazonS3ReadOnlyAccess", "AmazonEC2FullAccess"
WRITING: dict[str, Any] = {**DOCUMENT, "Statement": [{**DOCUMENT["Statement"][0], "Action": "s3:PutObject"}]}
EMAIL = "watch@lab.example"


def _user(world: World, *things: str, by: str = "pi", **change: Any) -> Wish:
    """A change for somebody new who has these things."""
    name = world.person()
    for thing in things:
        world.port.give(name, thing)
    return Wish(change, name, by)


# People.


def somebody(world: World) -> Wish:
    return _user(world)


def themselves(world: World) -> Wish:
    return Wish(by=world.person())


def without_iam(world: World) -> Wish:
    return Wish(user=world.person(iam=False))


def nobody_in_iam(world: World) -> Wish:
    change = {"groups": ["LabGuest"], "console": True, "access_key": True}
    return Wish(change, world.person(iam=False))


def stranger(world: World) -> Wish:
    return Wish({}, world.person())


def auditor(world: World) -> Wish:
    return Wish({"roles": ["auditor"]}, world.person(iam=False))


def member_again(world: World) -> Wish:
    return Wish({"roles": ["member"]}, world.person(iam=False))


def with_credentials(world: World) -> Wish:
    return _user(world, "login profile", "access key")


def suspended(world: World) -> Wish:
    wish = with_credentials(world)
    world.done("user.suspend", wish)
    return wish


def with_everything(world: World) -> Wish:
    wish = _user(world, *THINGS)
    for kind in ("certificate", "SSH key", "service credential"):
        world.port.give_credential(wish.subject, kind)
    world.port.do("AddUserToGroup", UserName=wish.subject, GroupName="LabGuest")
    world.port.do("CreateVirtualMFADevice", VirtualMFADeviceName=wish.subject, Path="/lab/")  # not activated
    return wish


def enrolled(world: World) -> Wish:
    return Wish({}, world.person(iam=False))


def alice_herself(_world: World) -> Wish:
    return Wish(by="alice")


def with_service(world: World) -> Wish:
    wish = _user(world)
    world.person(iam=False, service_of=wish.subject)
    return wish


# Membership, and permissions of one's own.


def guest(world: World) -> Wish:
    return _user(world, group="LabGuest")


def guest_without_iam(world: World) -> Wish:
    return Wish({"group": "LabGuest"}, world.person(iam=False))


def member(world: World) -> Wish:
    wish = guest(world)
    world.port.do("AddUserToGroup", UserName=wish.subject, GroupName="LabGuest")
    return wish


def member_of_another(world: World) -> Wish:
    return Wish({"group": "LabGuest"}, member(world).user, world.person(iam=False))


def one_off(world: World) -> Wish:
    change = {"name": "console", "document": documents.policy()}
    return Wish(change, world.person(), more={"duration": "PT1H"})


def one_off_there(world: World) -> Wish:
    wish = one_off(world)
    text = json.dumps(DOCUMENT)
    world.port.do("PutUserPolicy", UserName=wish.subject, PolicyName="console", PolicyDocument=text)
    return wish


# Passwords, keys, devices.


def with_login(world: World) -> Wish:
    return _user(world, "login profile")


def asked_by_another(world: World) -> Wish:
    return Wish({}, with_login(world).user, world.person(iam=False))


def _key(world: World, name: str) -> str:
    world.port.do("CreateAccessKey", UserName=name)
    return world.port.kept["AccessKeyId"]


def with_key(world: World) -> Wish:
    return Wish({"key_id": _key(world, name := world.person())}, name)


def with_two_keys(world: World) -> Wish:
    return _user(world, "access key", "access key")


def key_of_another(world: World) -> Wish:
    wish = with_key(world)
    return Wish(wish.change, wish.user, world.person(iam=False))


def own_key(world: World) -> Wish:
    return Wish({"key_id": _key(world, name := world.person())}, by=name)


def no_such_key(world: World) -> Wish:
    return Wish({"key_id": "AKIAIOSFODNN7EXAMPLE"}, by=world.person())


def with_device(world: World) -> Wish:
    return _user(world, "MFA device")


def themselves_with_device(world: World) -> Wish:
    return Wish(by=str(with_device(world).user))


# Groups.


def new_group(_world: World) -> Wish:
    name = new_name("Group")
    return Wish({"name": name, "policies": [READING]}, of=name)


def _group(world: World) -> str:
    wish = new_group(world)
    world.done("group.create", wish)
    return wish.of


def group_there(world: World) -> Wish:
    wish = new_group(world)
    world.port.do("CreateGroup", GroupName=wish.of)
    return wish


def other_policies(world: World) -> Wish:
    name = _group(world)
    return Wish({"name": name, "policies": [COMPUTING]}, of=name)


def group_gone(world: World) -> Wish:
    wish = other_policies(world)
    world.port.do("DetachGroupPolicy", GroupName=wish.of, PolicyArn=f"arn:aws:iam::aws:policy/{READING}")
    world.port.do("DeleteGroup", GroupName=wish.of)
    return wish


def group_with_member(world: World) -> Wish:
    name = _group(world)
    world.port.do("AddUserToGroup", UserName=world.person(), GroupName=name)
    return Wish({"name": name}, of=name)


def group_named_elsewhere(world: World) -> Wish:
    name, other = _group(world), new_group(world)
    rule = {"approvers": [f"group:{name}", "role:admin"], "required_approvals": 1, "max_duration": "P1D"}
    world.done("group.create", Wish({**other.change, "rule": rule}, of=other.of))
    return Wish({"name": name}, of=name)


# Policies.


def new_policy(world: World) -> Wish:
    name = new_name("Policy")
    return Wish({"name": name, "document": DOCUMENT}, of=world.port.arn(f"policy/lab/{name}"))


def policy_there(world: World) -> Wish:
    wish = new_policy(world)
    text = json.dumps(WRITING)
    world.port.do("CreatePolicy", PolicyName=wish.change["name"], Path="/lab/", PolicyDocument=text)
    return wish


def other_document(world: World) -> Wish:
    wish = new_policy(world)
    world.done("policy.create", wish)
    return Wish({**wish.change, "document": WRITING}, of=wish.of)


def policy_gone(world: World) -> Wish:
    wish = other_document(world)
    world.port.do("DeletePolicy", PolicyArn=wish.of)
    return wish


def old_policy(world: World) -> Wish:
    wish = other_document(world)
    world.done("policy.update", wish)
    return Wish({"name": wish.change["name"]}, of=wish.of)


def policy_of_a_role(world: World) -> Wish:
    wish = old_policy(world)
    if isinstance(world.port, FakePort):
        world.port.fake.roles[wish.of] = "robot"
    if isinstance(world.port, HttpPort):
        boto, role = world.port.boto, new_name("role")
        boto.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(DOCUMENT))
        boto.attach_role_policy(RoleName=role, PolicyArn=wish.of)
    return wish


# The account.


def password_policy(_world: World) -> Wish:
    return Wish({"minimum_length": 16})


def password_policy_for_a_user(world: World) -> Wish:
    return Wish({"minimum_length": 8}, world.person(iam=False))


def log_group(world: World) -> Wish:
    name = world.port.log_group()
    return Wish({"log_group": name, "email": EMAIL}, of=name)


def no_log_group(_world: World) -> Wish:
    name = new_name("nothing")
    return Wish({"log_group": name, "email": EMAIL}, of=name)
