"""The contract of the IAM port, groups and policies: each test says what a backend does."""

import json
from typing import Any

from app.domain import documents
from app.domain.sightings import SeenPolicy
from tests.support.deviations import behaviour
from tests.support.fake_checks import OTHER_NAME
from tests.support.fake_iam import AWS_MANAGED, DOCUMENT, GROUPS, POLICIES_PER_GROUP
from tests.support.iam_ports import DENYING, HttpPort, Port, new_name
from tests.support.iam_ports import DOCUMENT as PLAIN

ALLOW = PLAIN["Statement"][0]


def policies(port: Port, group: str) -> tuple[SeenPolicy, ...]:
    seen = port.iam.group(group)
    assert seen is not None
    assert seen.name == group
    return seen.policies


def creation(port: Port, document: Any = PLAIN, *, name: str | None = None, path: str = "/lab/") -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    return port.outcome("CreatePolicy", PolicyName=name or new_name("policy"), Path=path, PolicyDocument=text)


def name_of(arn: str) -> str:
    return arn.rsplit("/", 1)[1]


@behaviour
def test_group_missing(port: Port) -> str:
    return str(port.iam.group(new_name("nothing")))


@behaviour
def test_group_bare(port: Port) -> str:
    return f"{policies(port, port.new_group()) or 'no'} policies"


@behaviour
def test_group_policies(port: Port) -> str:
    group, plain, denying = port.new_group(), port.new_policy(), port.new_policy(DENYING)
    for arn in (denying, plain):
        port.do("AttachGroupPolicy", GroupName=group, PolicyArn=arn)
    port.inline(group, "own", DENYING)
    port.inline(group, "another", PLAIN)
    expected = [
        SeenPolicy(arn, documents.fingerprint(document), document is DENYING)
        for arn, document in ((plain, PLAIN), (denying, DENYING), ("inline:another", PLAIN), ("inline:own", DENYING))
    ]
    found = list(policies(port, group))
    return "each with hash and deny, sorted" if found == sorted(expected, key=lambda p: p.name) else str(found)


@behaviour
def test_policy_missing(port: Port) -> str:
    return str(port.iam.policy(port.arn("policy/lab/NotThere")))


def read_back(port: Port, document: dict[str, Any]) -> str:
    name = new_name("policy")
    port.do("CreatePolicy", PolicyName=name, Path="/lab/", PolicyDocument=json.dumps(document, indent=4))
    seen = port.iam.policy(port.arn(f"policy/lab/{name}"))
    assert seen is not None
    assert seen.name == port.arn(f"policy/lab/{name}")
    known = "the canonical hash" if seen.sha256 == documents.fingerprint(document) else str(seen.sha256)
    return f"{known}, {'a' if seen.has_deny else 'no'} deny"


@behaviour
def test_policy_shown(port: Port) -> str:
    return read_back(port, PLAIN)


@behaviour
def test_policy_denying(port: Port) -> str:
    return read_back(port, {**DENYING, "Statement": [ALLOW, *DENYING["Statement"]]})


@behaviour
def test_policies_of_aws(port: Port) -> str:
    missing = [n for n in AWS_MANAGED if port.iam.policy(f"arn:aws:iam::aws:policy/{n}") is None]
    return f"not there: {', '.join(missing)}" if missing else "all there"


@behaviour
def test_lists_in_pages(port: Port) -> str:
    user, _ = port.new_member()
    port.do("AddUserToGroup", UserName=user, GroupName=port.new_group())
    if not isinstance(port, HttpPort):
        return "whole lists, it speaks no HTTP"
    page = port.boto.list_groups_for_user(UserName=user, MaxItems=1)
    return "IsTruncated" if page.get("IsTruncated") else f"all {len(page['Groups'])} at once"


@behaviour
def test_create_group(port: Port) -> str:
    name = new_name("group")
    outcome = port.outcome("CreateGroup", GroupName=name, Path="/lab-admin/")
    return f"{outcome}, {'not shown' if port.iam.group(name) is None else 'shown'}"


@behaviour
def test_create_group_taken(port: Port) -> str:
    return port.outcome("CreateGroup", GroupName=port.new_group())


@behaviour
def test_create_group_taken_in_other_case(port: Port) -> str:
    return port.outcome("CreateGroup", GroupName=port.new_group().upper())


@behaviour
def test_create_group_taken_in_other_path(port: Port) -> str:
    return port.outcome("CreateGroup", GroupName=port.new_group(), Path="/lab-admin/")


@behaviour
def test_create_group_name_too_long(port: Port) -> str:
    port.do("CreateGroup", GroupName=new_name("group").ljust(OTHER_NAME, "x"))
    return port.outcome("CreateGroup", GroupName=new_name("group").ljust(OTHER_NAME + 1, "x"))


@behaviour
def test_create_group_beyond_quota(port: Port) -> str:
    with port.full(groups=GROUPS) as crowded:
        return crowded.outcome("CreateGroup", GroupName=new_name("group"))


def attached(port: Port, group: str, arn: str) -> str:
    outcome = port.outcome("AttachGroupPolicy", GroupName=group, PolicyArn=arn)
    times = [p.name for p in policies(port, group)].count(arn)
    return f"{outcome}, shown {'once' if times == 1 else f'{times} times'}"


@behaviour
def test_attach(port: Port) -> str:
    return attached(port, port.new_group(), port.new_policy())


@behaviour
def test_attach_twice(port: Port) -> str:
    group, arn = port.new_group(), port.new_policy()
    port.do("AttachGroupPolicy", GroupName=group, PolicyArn=arn)
    return attached(port, group, arn)


@behaviour
def test_attach_group_missing(port: Port) -> str:
    return port.outcome("AttachGroupPolicy", GroupName=new_name("nothing"), PolicyArn=port.new_policy())


@behaviour
def test_attach_policy_missing(port: Port) -> str:
    arn = port.arn("policy/lab/NotThere")
    return port.outcome("AttachGroupPolicy", GroupName=port.new_group(), PolicyArn=arn)


@behaviour
def test_attach_beyond_quota(port: Port) -> str:
    group = port.new_group()
    port.inline(group, "own", PLAIN)  # inline policies do not count
    for _ in range(POLICIES_PER_GROUP):
        port.do("AttachGroupPolicy", GroupName=group, PolicyArn=port.new_policy())
    outcome = port.outcome("AttachGroupPolicy", GroupName=group, PolicyArn=port.new_policy())
    return f"{outcome}, {len(policies(port, group)) - 1} policies"


@behaviour
def test_detach(port: Port) -> str:
    group, arn, other = port.new_group(), port.new_policy(), port.new_policy()
    for one in (arn, other):
        port.do("AttachGroupPolicy", GroupName=group, PolicyArn=one)
    outcome = port.outcome("DetachGroupPolicy", GroupName=group, PolicyArn=arn)
    left = [p.name for p in policies(port, group)]
    return f"{outcome}, {'the other one is shown' if left == [other] else f'{len(left)} are shown'}"


@behaviour
def test_detach_not_attached(port: Port) -> str:
    return port.outcome("DetachGroupPolicy", GroupName=port.new_group(), PolicyArn=port.new_policy())


@behaviour
def test_detach_group_missing(port: Port) -> str:
    return port.outcome("DetachGroupPolicy", GroupName=new_name("nothing"), PolicyArn=port.new_policy())


@behaviour
def test_detach_policy_missing(port: Port) -> str:
    arn = port.arn("policy/lab/NotThere")
    return port.outcome("DetachGroupPolicy", GroupName=port.new_group(), PolicyArn=arn)


@behaviour
def test_create_policy(port: Port) -> str:
    name = new_name("policy")
    outcome = creation(port, name=name, path="/governance/")
    shown = port.iam.policy(port.arn(f"policy/governance/{name}"))
    return f"{outcome}, {'not shown' if shown is None else 'shown'}"


@behaviour
def test_create_policy_taken(port: Port) -> str:
    return creation(port, DENYING, name=name_of(port.new_policy()))


@behaviour
def test_create_policy_taken_in_other_case(port: Port) -> str:
    return creation(port, name=name_of(port.new_policy()).upper())


@behaviour
def test_create_policy_taken_in_other_path(port: Port) -> str:
    return creation(port, name=name_of(port.new_policy()), path="/governance/")


@behaviour
def test_create_policy_no_json(port: Port) -> str:
    return creation(port, "{")


@behaviour
def test_create_policy_no_statement(port: Port) -> str:
    return creation(port, {"Version": "2012-10-17"})


@behaviour
def test_create_policy_unknown_effect(port: Port) -> str:
    return creation(port, {**PLAIN, "Statement": [{**ALLOW, "Effect": "Perhaps"}]})


@behaviour
def test_create_policy_too_large(port: Port) -> str:
    def of(size: int) -> str:
        """A document of so many characters, white space not counted."""
        document = {**PLAIN, "Statement": [{**ALLOW, "Resource": ""}]}
        bare = len("".join(json.dumps(document).split()))
        resource = "arn:aws:s3:::b/"
        return json.dumps({**PLAIN, "Statement": [{**ALLOW, "Resource": resource.ljust(size - bare, "x")}]})

    assert creation(port, of(DOCUMENT)) == "done"
    return creation(port, of(DOCUMENT + 1))
