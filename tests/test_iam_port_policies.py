"""The contract of the IAM port, the lab's own policies and their versions: each test says what a backend does."""

import json
from typing import Any

from app.domain import documents
from app.domain.lab_policies import VERSIONS, LabPolicy
from tests.support.deviations import behaviour
from tests.support.iam_ports import DENYING, DOCUMENT, Port, new_name


def lab(port: Port, arn: str) -> LabPolicy:
    seen = port.iam.lab_policy(arn)
    assert seen is not None
    assert seen.policy.name == arn
    return seen


def version(port: Port, arn: str, document: Any = DENYING) -> str:
    text = json.dumps(document)
    return port.outcome("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)


def with_versions(port: Port, number: int = 2) -> str:
    arn = port.new_policy()
    for _ in range(number - 1):
        assert version(port, arn) == "done"
    return arn


def missing(port: Port) -> str:
    return port.arn("policy/lab/NotThere")


def stays(port: Port, arn: str) -> str:
    outcome = port.outcome("DeletePolicy", PolicyArn=arn)
    return f"{outcome}, {'gone' if port.iam.lab_policy(arn) is None else 'it stays'}"


@behaviour
def test_lab_policy_missing(port: Port) -> str:
    return str(port.iam.lab_policy(missing(port)))


@behaviour
def test_lab_policy_shown(port: Port) -> str:
    arn, group = with_versions(port), port.new_group()
    port.do("AttachGroupPolicy", GroupName=group, PolicyArn=arn)
    seen = lab(port, arn)
    assert (seen.policy.document, seen.policy.sha256) == (DENYING, documents.fingerprint(DENYING))
    assert [(v.id, v.default) for v in seen.versions] == [("v1", False), ("v2", True)]
    assert seen.versions[0].created <= seen.versions[1].created
    assert (seen.groups, seen.users, seen.roles, seen.bounds) == ((group,), (), (), ())
    return "both versions, the document, the group"


@behaviour
def test_lab_policy_of_a_user(port: Port) -> str:
    arn, user, capped = port.new_policy(), port.new_user(), new_name("user")
    port.attach_to_user(user, arn)
    port.do("CreateUser", UserName=capped, PermissionsBoundary=arn)
    seen = lab(port, arn)
    expected = ((user,), (capped,))
    if (seen.users, seen.bounds) == expected:
        return "each for itself"
    return f"attached: {seen.users == (user,)}, boundary: {[{user: 'the other', capped: 'it'}[b] for b in seen.bounds]}"


@behaviour
def test_create_version(port: Port) -> str:
    arn = port.new_policy()
    outcome = version(port, arn)
    return f"{outcome}, {'the new document' if lab(port, arn).policy.document == DENYING else 'the old one'}"


@behaviour
def test_create_version_missing(port: Port) -> str:
    return version(port, missing(port))


@behaviour
def test_create_version_malformed(port: Port) -> str:
    return version(port, port.new_policy(), {"Version": "2012-10-17"})


@behaviour
def test_create_version_beyond_quota(port: Port) -> str:
    arn = with_versions(port, VERSIONS)
    outcome = version(port, arn, DOCUMENT)
    return f"{outcome}, {len(lab(port, arn).versions)} versions"


@behaviour
def test_delete_version(port: Port) -> str:
    arn = with_versions(port)
    outcome = port.outcome("DeletePolicyVersion", PolicyArn=arn, VersionId="v1")
    left = [v.id for v in lab(port, arn).versions]
    return f"{outcome}, {'the other one is shown' if left == ['v2'] else left}"


@behaviour
def test_delete_version_default(port: Port) -> str:
    return port.outcome("DeletePolicyVersion", PolicyArn=with_versions(port), VersionId="v2")


@behaviour
def test_delete_version_missing(port: Port) -> str:
    return port.outcome("DeletePolicyVersion", PolicyArn=with_versions(port), VersionId="v9")


@behaviour
def test_delete_policy(port: Port) -> str:
    return stays(port, port.new_policy()).replace("it stays", "there")


@behaviour
def test_delete_policy_missing(port: Port) -> str:
    return port.outcome("DeletePolicy", PolicyArn=missing(port))


@behaviour
def test_delete_policy_attached(port: Port) -> str:
    arn = port.new_policy()
    port.do("AttachGroupPolicy", GroupName=port.new_group(), PolicyArn=arn)
    return stays(port, arn)


@behaviour
def test_delete_policy_with_versions(port: Port) -> str:
    return stays(port, with_versions(port))


@behaviour
def test_delete_policy_of_a_boundary(port: Port) -> str:
    arn = port.new_policy()
    port.do("CreateUser", UserName=new_name("user"), PermissionsBoundary=arn)
    return stays(port, arn)
