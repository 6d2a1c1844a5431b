"""The lab's own policies against the strict fake: faults at every call, taking back, a late write, one admin."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.domain.actors import SYSTEM_ACTOR
from app.domain.work import Work
from app.models import Lane
from app.services import setup
from app.services.reconcile import Reconciler
from tests import test_group_update_faults as faults
from tests import test_lifecycle
from tests.conftest import Databases
from tests.support.fake_iam import BOUNDARY_ARN, Account, FakeIam, Fault
from tests.support.lab import Lab
from tests.test_group_update import ASK, change
from tests.test_group_update_faults import shown, work
from tests.test_lifecycle import boto_iam, refused
from tests.test_policies import READ, WRITE, arn_of, file
from tests.test_power import allowing

_numbers = itertools.count(1)
iam, name, new_lab = faults.iam, faults.name, test_lifecycle.new_lab  # fixtures
FAULTS = [Fault.BUSY, Fault.DROPPED, Fault.LOST, Fault.CRASH, Fault.CRASH_AFTER]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Lab]:
    """A lab without a worker, on each database: what is due is carried out by `work`."""
    with databases.lab(request.param, with_worker=False) as found:
        yield found


@pytest.fixture
def policy(lab: Lab, iam: FakeIam) -> str:
    """A policy with five versions that is there and was seen."""
    found = f"Faulty{next(_numbers)}"
    go(lab, iam, file(lab, "POST", found, {"document": READ}))
    for n in range(4):
        document = {**READ, "Id": f"before {n}"}
        iam._CreatePolicyVersion({"PolicyArn": arn_of(found), "PolicyDocument": json.dumps(document)})
    go(lab, iam, file(lab, "PUT", found, {"document": {**READ, "Id": "now"}}))
    iam.calls.clear()
    return found


def go(lab: Lab, iam: FakeIam, request: Any) -> Any:
    """alice approves, and what is due is done."""
    lab.approve("alice", request["id"])
    work(lab, iam)
    return shown(lab, request)


def give(lab: Lab, iam: FakeIam, group: str, policy: str) -> None:
    """Attach it to the group, by a request."""
    assert go(lab, iam, change(lab, group, {"policies": [policy]}))["provisioning"] == "applied"
    iam.calls.clear()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("position", [0, 1])
def test_whatever_befalls_a_call_the_policy_comes_to_what_was_approved(
    lab: Lab,
    iam: FakeIam,
    policy: str,
    fault: Fault,
    position: int,
) -> None:
    oldest = iam.kept[arn_of(policy)].versions[0].id
    put = file(lab, "PUT", policy, {"document": WRITE})
    iam.faults.extend([*[Fault.NONE] * position, fault])
    row = go(lab, iam, put)
    if fault is Fault.LOST and position == 0:  # for AWS there are still five, which waits for a person
        assert (row["provisioning"], row["failure"]["code"]) == ("failed", "limit_exceeded")
        lab.post("pi", f"{ASK}/{put['id']}/retry")
        work(lab, iam)
        row = shown(lab, put)
    assert row["provisioning"] == "applied"
    kept = iam.kept[arn_of(policy)]
    assert (iam.policies[arn_of(policy)].document, len(kept.versions)) == (WRITE, 5)
    assert (oldest in kept.documents, iam.calls.count("CreatePolicyVersion")) == (False, 1)  # no version is burnt twice


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("position", range(4))
def test_whatever_befalls_a_call_the_policy_is_gone_and_detached_everywhere(
    lab: Lab,
    iam: FakeIam,
    name: str,
    policy: str,
    fault: Fault,
    position: int,
) -> None:
    give(lab, iam, name, policy)
    arn = arn_of(policy)
    iam.users["held"] = Account(attached=[arn])
    iam.users["capped"] = Account(boundary=arn)
    gone = file(lab, "DELETE", policy)
    iam.faults.extend([*[Fault.NONE] * position, fault])
    lab.approve("alice", gone["id"])
    work(lab, iam)
    if shown(lab, gone)["decision"] == "pending":  # that others have it was not known when it was asked
        lab.approve("alice", gone["id"])
        work(lab, iam)
    assert shown(lab, gone)["provisioning"] == "applied"
    assert arn not in iam.policies
    assert arn not in iam.groups[name]
    assert (iam.users["held"].attached, iam.users["capped"].boundary) == ([], BOUNDARY_ARN)
    assert lab.get("pi", f"/v1/groups/{name}")["policies"] == []


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_befalls_the_call_a_policy_is_made_once(lab: Lab, iam: FakeIam, fault: Fault) -> None:
    made = f"Faulty{next(_numbers)}"
    asked = file(lab, "POST", made, {"document": READ})
    iam.faults.append(fault)
    assert go(lab, iam, asked)["provisioning"] == "applied"
    assert (len(iam.kept[arn_of(made)].versions), iam.calls.count("CreatePolicy")) == (1, 1)


def test_rule_19_an_update_that_is_abandoned_lets_the_earlier_document_count_again(
    lab: Lab,
    iam: FakeIam,
    name: str,
    policy: str,
) -> None:
    before = iam.policies[arn_of(policy)].document
    put = file(lab, "PUT", policy, {"document": WRITE})

    def attached_by_hand() -> None:
        iam.during = lambda: iam.groups[name].update({arn_of(policy): str(iam.policies[arn_of(policy)].sha256)})

    iam.faults.extend([Fault.NONE, Fault.CRASH_AFTER])
    lab.approve("alice", put["id"])
    # Behind the second call the process dies, and before the next one looks somebody attaches it.
    original = iam._CreatePolicyVersion

    def then_attach(parameters: Any) -> None:
        original(parameters)
        attached_by_hand()

    iam._CreatePolicyVersion = then_attach  # type: ignore[method-assign]
    work(lab, iam)
    row = shown(lab, put)
    assert (row["provisioning"], row["failure"]["code"]) == ("failed", "plan_changed")
    assert iam.policies[arn_of(policy)].document == before
    assert len(iam.kept[arn_of(policy)].versions) == 5


def test_a_role_that_has_it_is_in_the_way(lab: Lab, iam: FakeIam, policy: str) -> None:
    gone = file(lab, "DELETE", policy)
    iam.roles[arn_of(policy)] = "Pipeline"
    row = go(lab, iam, gone)
    assert (row["provisioning"], row["failure"]["code"]) == ("failed", "policy_in_use")
    assert (arn_of(policy) in iam.policies, iam.calls) == (True, [])


@pytest.mark.parametrize("late", [True, False])
def test_rule_32_a_document_that_came_late_is_put_right_and_nothing_else(
    lab: Lab,
    iam: FakeIam,
    policy: str,
    *,
    late: bool,
) -> None:
    go(lab, iam, file(lab, "PUT", policy, {"document": WRITE}))
    go(lab, iam, file(lab, "PUT", policy, {"document": {**WRITE, "Id": "the last"}}))
    document = WRITE if late else {**WRITE, "Id": "by hand"}
    arn, lane = arn_of(policy), f"policy:{policy}"
    iam._DeletePolicyVersion({"PolicyArn": arn, "VersionId": iam.kept[arn].versions[0].id})
    made = {"PolicyArn": arn, "PolicyDocument": json.dumps(document), "SetAsDefault": True}
    iam._CreatePolicyVersion(made)
    with lab.running.database.write() as tx:
        tx.session.merge(Lane(account="default", principal=lane, fence=0, look_again_at=tx.now))
    Reconciler(lab.running.database, lambda _account: iam)(Work("lane", "default", lane))
    assert (iam.policies[arn].document or {}).get("Id") == ("the last" if late else "by hand")
    with lab.running.database.read() as tx:
        assert tx.session.get_one(Lane, ("default", lane)).look_again_at is None
    events = [e["data"]["policy"] for e in lab.get("pi", "/v1/audit-events?event=policy.put_right")["items"]]
    assert (policy in events) is late


def test_rule_7_while_only_one_admin_has_ever_been_policies_without_power_are_approved_by_rule(
    new_lab: Lab,
) -> None:
    setup.run(new_lab.running.database, boto_iam(new_lab), SYSTEM_ACTOR, "default")
    made = f"Sole{next(_numbers)}{new_lab.running.url[-5:]}"
    asked = file(new_lab, "POST", made, {"document": READ})
    assert [d["approver"] for d in asked["decisions"]] == ["rule:sole_admin"]
    new_lab.applied(asked["id"])
    body = {"name": f"{made}x", "document": allowing("ec2:*")}
    assert refused(new_lab, "pi", "POST", "/v1/policies", body) == (409, "no_eligible_approver")
    new_lab.applied(file(new_lab, "DELETE", made)["id"])
