"""What a second look (rule 32) writes to IAM is in the audit before it is written, as every other write is."""

import json

import pytest

from app.services import sightings
from app.services.late_groups import LookAtGroup
from app.services.late_policies import LookAtPolicy
from tests.support.fake_iam import Died, FakeIam, Fault
from tests.support.lab import Lab
from tests.test_group_update import GLACIER, S3
from tests.test_group_update_faults import READ, approved, iam, lab, name, work  # noqa: F401 - fixtures
from tests.test_policies import WRITE, arn_of, file


def put_right(lab: Lab, kind: str) -> list[str]:  # noqa: F811
    return [e["data"][kind] for e in lab.get("pi", f"/v1/audit-events?event={kind}.put_right")["items"]]


def test_rule_36_a_group(lab: Lab, name: str, iam: FakeIam) -> None:  # noqa: F811
    approved(lab, name, {"policies": [GLACIER, S3]})
    work(lab, iam)
    iam.groups[name][READ] = "late"
    iam.faults.append(Fault.CRASH_AFTER)
    with pytest.raises(Died):
        LookAtGroup(lab.running.database, iam)("default", f"group:{name}")
    assert READ not in iam.groups[name]
    assert name in put_right(lab, "group")


def test_rule_36_a_policy(lab: Lab, name: str, iam: FakeIam) -> None:  # noqa: F811
    made = {"PolicyName": name, "Path": "/lab/", "PolicyDocument": json.dumps(WRITE)}
    iam._CreatePolicy(made)
    with lab.running.database.write() as tx:
        found = iam.lab_policy(arn_of(name))
        assert found is not None
        sightings.save_lab_policy(tx, "default", name, found.as_json())
    for number in range(2):
        asked = file(lab, "PUT", name, {"document": {**WRITE, "Id": f"number {number}"}})
        lab.approve("alice", asked["id"])
        work(lab, iam)
    late = {"PolicyArn": arn_of(name), "PolicyDocument": json.dumps({**WRITE, "Id": "number 0"}), "SetAsDefault": True}
    iam._CreatePolicyVersion(late)
    iam.faults.append(Fault.CRASH_AFTER)
    with pytest.raises(Died):
        LookAtPolicy(lab.running.database, iam)("default", f"policy:{name}")
    assert name in put_right(lab, "policy")
