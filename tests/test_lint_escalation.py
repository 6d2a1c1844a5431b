"""Which ways to more power are open: rule 13's administrator power."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

import app
from app.domain import guardrails
from app.domain.lint import actions, escalation
from app.domain.lint.methods import METHODS
from tests.test_lint import INSTANCE, SERIAL, policy

CATALOG = Path(app.__file__).parent / "catalog"
ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}"
BOUNDARY = guardrails.boundary("aws", ACCOUNT)
OWN = [f"{IAM}:user/${{aws:username}}", f"{IAM}:user/*/${{aws:username}}"]


def allow(*names: str, on: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(names), "Resource": on, **more}


def deny(*names: str, on: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(*names, on=on, **more), "Effect": "Deny"}


def open_ways(*statements: dict[str, Any], boundary: dict[str, Any] | None = None) -> list[str]:
    return [opening.method.name for opening in escalation.open_methods([policy(*statements)], boundary)]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_rule_13_each_way_is_open_with_all_its_actions_and_closed_without_any_of_them(method: Any) -> None:
    names = [step.action for step in method.steps]
    assert method.name in open_ways(*(allow(name) for name in names))
    for name in names:
        assert method.name not in open_ways(*(allow(other) for other in names if other != name))
        assert method.name not in open_ways(allow("*"), deny(name))
        assert [action.name for action in actions.named(name)] == [name]  # AWS has it, in these letters


def test_rule_13_everything_opens_every_way() -> None:
    assert open_ways(allow("*")) == [method.name for method in METHODS]
    assert open_ways({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}) == [m.name for m in METHODS]


RUN = "iam:PassRole + ec2:RunInstances"
OPEN: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "by pattern": ("iam:PutUserPolicy", [allow("iam:Put*Policy")]),
    "by many stars": ("iam:PutUserPolicy", [allow("iam:" + "*" * 3000)]),
    "on what a variable names": (
        "ssm:StartSession",
        [allow("ssm:StartSession", on="arn:aws:ec2:*:*:instance/${aws:RequestTag/instance}")],
    ),
    "in small letters": ("iam:PutUserPolicy", [allow("IAM:putuserpolicy")]),
    "in two documents": (RUN, [allow("iam:PassRole"), allow("ec2:RunInstances")]),
    "on somebody": ("iam:CreateAccessKey", [allow("iam:CreateAccessKey", on=f"{IAM}:user/lab/bob")]),
    "on oneself and others": ("iam:CreateAccessKey", [allow("iam:CreateAccessKey", on=[*OWN, f"{IAM}:user/lab/*"])]),
    "a policy on oneself": ("iam:AttachUserPolicy", [allow("iam:AttachUserPolicy", on=OWN)]),
    "one role": (RUN, [allow("ec2:*"), allow("iam:PassRole", on=f"{IAM}:role/Admin")]),
    "under a condition": ("iam:CreateAccessKey", [allow("iam:*", Condition={"Bool": {"aws:SecureTransport": "true"}})]),
    "denied under a condition": (
        "iam:CreateAccessKey",
        [allow("iam:*"), deny("iam:*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})],
    ),
    "denied on one only": ("iam:CreateAccessKey", [allow("iam:*"), deny("iam:*", on=f"{IAM}:user/lab/bob")]),
    "denied all but this": (
        "iam:CreateAccessKey",
        [allow("iam:*"), {"Effect": "Deny", "NotAction": "iam:Create*", "Resource": "*"}],
    ),
    "on all but some": (
        "iam:CreateAccessKey",
        [{"Effect": "Allow", "Action": "iam:*", "NotResource": f"{IAM}:user/lab/bob"}],
    ),
    "an effect in small letters": ("iam:CreateAccessKey", [{**allow("iam:CreateAccessKey"), "Effect": "allow"}]),
    "an element in small letters": (
        "iam:CreateAccessKey",
        [{"Effect": "Allow", "action": "iam:CreateAccessKey", "Resource": "*"}],
    ),
    "any instance": (
        "ec2-instance-connect:SendSSHPublicKey",
        [allow("ec2-instance-connect:SendSSHPublicKey", on="arn:aws:ec2:*:*:instance/*")],
    ),
}
CLOSED: dict[str, list[dict[str, Any]]] = {
    "reading": [allow("iam:Get*", "iam:List*", "ec2:Describe*", "s3:*")],
    "the serial console": [allow(SERIAL)],
    "one's own keys and password": [
        allow("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile", on=[*OWN, f"{IAM}:mfa/*"])
    ],
    "one instance": [allow("ec2-instance-connect:SendSSHPublicKey", "ssm:StartSession", on=INSTANCE)],
    "roles made to be passed": [allow("ec2:RunInstances"), allow("iam:PassRole", on=f"{IAM}:role/lab/*")],
    "a role is passed to nothing": [allow("iam:PassRole")],
    "the wrong resource": [allow("iam:CreateAccessKey", "iam:PassRole", "ec2:RunInstances", on="arn:aws:s3:::x/*")],
    "denied": [allow("iam:*"), deny("iam:*")],
    "denied on all of them": [allow("iam:CreateAccessKey"), deny("iam:*", on="arn:*:iam::*:user/*")],
    "denied on more": [
        allow("iam:CreateAccessKey", on=f"{IAM}:user/lab/*"),
        deny("iam:CreateAccessKey", on=f"{IAM}:user/*"),
    ],
    "denied all but reading": [allow("*"), {"Effect": "Deny", "NotAction": ["s3:Get*"], "Resource": "*"}],
    "denied outside": [
        allow("iam:CreateAccessKey"),
        {"Effect": "Deny", "Action": "iam:*", "NotResource": "arn:aws:s3:::x"},
    ],
    "allowed outside": [{"Effect": "Allow", "Action": "iam:CreateAccessKey", "NotResource": "arn:*:iam::*:user/*"}],
    "nothing": [],
}


@pytest.mark.parametrize(("name", "given"), OPEN.values(), ids=OPEN.keys())
def test_rule_13_a_way_is_open(name: str, given: list[dict[str, Any]]) -> None:
    assert name in open_ways(*given)
    assert escalation.has_administrator_power([policy(statement) for statement in given])


@pytest.mark.parametrize("given", CLOSED.values(), ids=CLOSED.keys())
def test_rule_13_no_way_is_open(given: list[dict[str, Any]]) -> None:
    assert open_ways(*given) == []
    assert not escalation.has_administrator_power([policy(*given)])


def test_rule_13_the_boundary_counts() -> None:
    assert open_ways(allow("iam:*"), boundary=BOUNDARY) == []
    assert open_ways(allow("*"), boundary=policy(allow("s3:*"))) == []
    assert open_ways(allow("*"), boundary={}) == []  # a boundary that allows nothing
    assert open_ways(allow("*"), boundary=policy(allow("*"))) == [method.name for method in METHODS]
    assert open_ways(allow("*"), boundary=policy(allow("*"), deny("iam:*", "ec2:*"))) == [
        method.name for method in METHODS if not any(step.action.startswith(("iam:", "ec2:")) for step in method.steps)
    ]


def test_rule_13_what_the_boundary_gives_is_only_what_both_give() -> None:
    bob, lab = f"{IAM}:user/lab/bob", f"{IAM}:user/lab/*"
    key = "iam:CreateAccessKey"
    assert open_ways(allow(key, on=bob), boundary=policy(allow(key, on=lab))) == [key]
    assert open_ways(allow(key, on=f"{IAM}:user/other/bob"), boundary=policy(allow(key, on=lab))) == []
    assert open_ways(allow(key), boundary=policy(allow(key, on=OWN))) == []
    assert open_ways(allow(key, on=OWN), boundary=policy(allow(key))) == []


def test_rule_13_the_boundary_leaves_instances_that_have_roles() -> None:
    """What LabUser keeps under LabBoundary: the same two as in iam-facts.md, "What changes the plan"."""
    given = allow("ec2:*", "s3:*", "glacier:*", "cloudshell:*", "iam:*")
    assert open_ways(given, boundary=BOUNDARY) == [
        "ec2:ModifyInstanceAttribute + ec2:StopInstances + ec2:StartInstances",
        "ec2:CreateLaunchTemplateVersion + ec2:ModifyLaunchTemplate",
    ]
    assert open_ways(allow("*"), boundary=BOUNDARY)[0] == "ec2-instance-connect:SendSSHPublicKey"


AWS = {name: entry["Document"] for name, entry in json.loads(aws_managed_policies_data).items()}
GROUPS = {group["name"]: group["policies"] for group in tomllib.loads((CATALOG / "default.toml").read_text())["group"]}


@pytest.mark.parametrize(
    ("group", "unbounded", "bounded"), [("LabAdmin", len(METHODS), 5), ("LabUser", 22, 2), ("LabGuest", 0, 0)]
)
def test_rule_13_what_the_labs_groups_open(group: str, unbounded: int, bounded: int) -> None:
    given = [AWS[name] for name in GROUPS[group]]
    assert (len(escalation.open_methods(given)), len(escalation.open_methods(given, BOUNDARY))) == (unbounded, bounded)


def test_rule_13_reading_opens_nothing() -> None:
    names = ["ReadOnlyAccess", "SecurityAudit", "ViewOnlyAccess", "IAMReadOnlyAccess", "AmazonS3FullAccess"]
    assert not escalation.has_administrator_power([AWS[name] for name in names])


def test_an_opening_says_which_statement_and_resource() -> None:
    given = policy(allow("ec2:RunInstances"), {**allow("iam:PassRole", on=[f"{IAM}:role/Admin"]), "Sid": "Pass"})
    (opening,) = escalation.open_methods([given])
    assert [(s.name, r.text) for s, r in zip(opening.statements, opening.resources, strict=True)] == [
        ("Pass", f"{IAM}:role/Admin"),
        ("statement 1", "*"),
    ]


def test_documents_that_are_none_open_nothing() -> None:
    odd: list[dict[str, Any]] = [
        {},
        {"Statement": 7},
        {"Statement": [None, "x", []]},
        {"Statement": {"Effect": "Allow"}},
    ]
    assert escalation.open_methods(odd) == []
