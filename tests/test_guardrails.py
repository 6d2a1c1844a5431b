"""The guardrail documents themselves, and that their cases can be trusted. What they decide: `make guardrails`."""

import json
import re
from pathlib import Path

import pytest

from app.domain import guardrail_documents
from app.domain.rules import Catalogue
from tests.guardrails import cases, documents, mutants

QUOTAS = {"GatehouseSCP": 5120}
MANAGED_POLICY = 6144
"""Characters without white space: IAM and Organizations, "Quotas"."""

KINDS = {"group", "instance-profile", "mfa", "policy", "role", "user"}


@pytest.mark.parametrize("name", documents.ours())
def test_the_guardrails_fit_their_quotas(name: str) -> None:
    document = documents.ours()[name]
    text = json.dumps(document, separators=(",", ":"))
    # With room for a catalogue that attaches twice as much.
    assert len(text) <= QUOTAS.get(name, MANAGED_POLICY) * 3 // 4
    assert all(0x20 <= ord(c) <= 0xFF for c in text)
    assert document["Version"] == "2012-10-17"
    sids = [s["Sid"] for s in document["Statement"]]
    assert len(set(sids)) == len(sids)
    assert all(sid.isalnum() for sid in sids)


@pytest.mark.parametrize("name", documents.ours())
def test_the_kind_in_an_iam_arn_is_spelled_out(name: str) -> None:
    """A wildcard there matches nothing (IAM User Guide, "IAM identifiers"): found by iam-simulate, kept here."""
    found = re.findall(r"arn:aws:iam::[^:]*:([^/\"]+)/", json.dumps(documents.ours()[name]))
    assert set(found) <= KINDS
    assert found


def test_all_guardrails_are_made_for_the_partition_and_the_account() -> None:
    made = guardrail_documents.every("aws-cn", "210987654321", Catalogue(group=()))
    text = json.dumps(made)
    assert set(made) == set(documents.ours())
    assert "arn:aws:" not in text
    assert documents.ACCOUNT not in text


def attachable(catalogue: Catalogue, role: str) -> set[str]:
    (statement,) = [
        s
        for s in guardrail_documents.every("aws", "123456789012", catalogue)[role]["Statement"]
        if s.get("Action") == "iam:AttachGroupPolicy"
    ]
    return set(statement["Condition"]["ArnLike"]["iam:PolicyARN"])


def test_rule_26_each_role_attaches_what_the_catalogue_has_below_its_path() -> None:
    catalogue = Catalogue.model_validate(
        {
            "group": [
                {"name": "A", "policies": ["AmazonS3FullAccess", "arn:aws:iam::123456789012:policy/own/X"]},
                {"name": "B", "path": "/lab-admin/", "policies": ["AdministratorAccess"]},
            ]
        }
    )
    own = "arn:aws:iam::123456789012:policy"
    assert attachable(catalogue, "GatehouseRole") == {
        "arn:aws:iam::aws:policy/AmazonS3FullAccess",
        f"{own}/own/X",
        f"{own}/lab/*",
        f"{own}/governance/LabForceMFA",
    }
    assert attachable(catalogue, "GatehouseAdminRole") == {
        "arn:aws:iam::aws:policy/AdministratorAccess",
        f"{own}/lab-admin/*",
        f"{own}/governance/LabForceMFA",
    }


@pytest.mark.parametrize("name", documents.ours())
def test_every_guardrail_has_allowed_and_refused_cases_and_mutants(name: str) -> None:
    about = [r.case.outcome for r in cases.requests() if name in r.uses]
    assert "allowed" in about
    assert {"refused", "denied"} & set(about)
    spoilt = list(mutants.of(name, documents.ours()[name]))
    for statement in documents.ours()[name]["Statement"]:
        assert any(m.spoilt == f"{statement['Sid']} dropped" for m in spoilt)
    assert all(m.document != documents.ours()[name] for m in spoilt)
    assert all(any(m.concerns(r.wire["action"]) for r in cases.requests() if name in r.uses) for m in spoilt)


def test_every_case_has_somebody_and_everybody_has_a_case() -> None:
    assert {name for case in cases.cases() for name in case.who} == set(cases.principals())


def test_a_mutant_is_made_of_every_part() -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "One",
                "Effect": "Deny",
                "NotAction": ["iam:GetUser", "iam:ListUsers"],
                "Resource": ["a", "${b, 'c'}"],
                "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}, "Null": {"x": ["1", "2"]}},
            },
            {"Sid": "Two", "Effect": "Allow", "Action": ["iam:Get*", "iam:ListUsers"], "Resource": "*"},
        ],
    }
    assert [m.spoilt for m in mutants.of("X", document)] == [
        "One dropped",
        "One: deny turned off",
        "One: NotAction without iam:GetUser",
        "One: NotAction without iam:ListUsers",
        "One: Resource without a",
        "One: Resource without ${b, 'c'}",
        "One: any resource",
        "One: Resource without the variable's default",
        "One: condition removed",
        "One: BoolIfExists removed",
        "One: BoolIfExists made Bool",
        "One: Null removed",
        "One: x without 1",
        "One: x without 2",
        "Two dropped",
        "Two: Action without iam:Get*",
        "Two: Action without iam:ListUsers",
    ]


def test_the_simulator_is_pinned_by_hash_without_an_address() -> None:
    text = (Path(__file__).parent / "guardrails" / "package-lock.json").read_text()
    packages = {name: values for name, values in json.loads(text)["packages"].items() if name}
    assert "://" not in text
    assert "node_modules/@cloud-copilot/iam-simulate" in packages
    assert all(values["integrity"].startswith("sha512-") for values in packages.values())
