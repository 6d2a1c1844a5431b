"""`gatehouse setup` on an account that has something of these names already, on the strict fake."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from app import migrate
from app.clients.iam import BotoIam
from app.db import Database
from app.domain import documents, guardrails
from app.domain.actors import SYSTEM_ACTOR
from app.domain.lab_policies import VERSIONS
from app.domain.plans import Operation
from app.models import AuditEvent
from app.services import catalogue, owner, setup
from bench.lab import script
from tests.support.fake_iam import ACCOUNT, ADMIN_BOUNDARY_ARN, BOUNDARY_ARN, FakeIam
from tests.support.one_off import policy

OLD = json.dumps(policy())
OURS = documents.fingerprint(guardrails.boundary("aws", ACCOUNT))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path / 'gatehouse.db'}", audit_key=bytes(32))
    migrate.upgrade(found.engine)
    with found.write() as tx:
        owner.begin(tx, catalogue.read(None), name="pi", email="pi@lab.example")
    yield found
    found.close()


@pytest.fixture
def iam() -> FakeIam:
    """An account with a LabBoundary of an older Gatehouse, or of somebody's own, in as many versions as AWS keeps."""
    found = FakeIam()
    del found.policies[BOUNDARY_ARN], found.policies[ADMIN_BOUNDARY_ARN]
    old = {"PolicyName": guardrails.BOUNDARY_NAME, "Path": guardrails.GOVERNANCE_PATH, "PolicyDocument": OLD}
    made = Operation("iam", "CreatePolicy", old, "made before")
    more = {"PolicyArn": BOUNDARY_ARN, "PolicyDocument": OLD}
    for operation in (made, *(Operation("iam", "CreatePolicyVersion", more, "another") for _ in range(VERSIONS - 1))):
        found.call(operation)
    found.calls.clear()
    return found


def versions(iam: FakeIam) -> list[str]:
    seen = iam.lab_policy(BOUNDARY_ARN)
    assert seen is not None
    return [version.id for version in seen.versions]


def test_rule_29_the_first_setup_gives_guardrails_that_are_there_our_documents(
    database: Database, iam: FakeIam
) -> None:
    outcome = setup.run(database, iam, SYSTEM_ACTOR, "default")
    assert iam.policies[BOUNDARY_ARN].sha256 == OURS
    assert versions(iam) == ["v1", "v3", "v4", "v5", "v6"]  # the one that counted can be gone back to
    assert any(f"give {BOUNDARY_ARN} this document" in line for line in outcome.done)
    with database.read() as tx:
        bodies = [json.loads(body) for body in tx.session.scalars(select(AuditEvent.body))]
    said = [b["data"]["operation"]["action"] for b in bodies if b["event"] == "setup"]
    assert said[:2] == ["DeletePolicyVersion", "CreatePolicyVersion"]


def test_rule_29_a_later_setup_only_says_that_they_differ(database: Database, iam: FakeIam) -> None:
    setup.run(database, iam, SYSTEM_ACTOR, "default")
    version = {"PolicyArn": BOUNDARY_ARN, "PolicyDocument": OLD, "SetAsDefault": True}
    iam.call(Operation("iam", "DeletePolicyVersion", {"PolicyArn": BOUNDARY_ARN, "VersionId": "v1"}, "room"))
    iam.call(Operation("iam", "CreatePolicyVersion", version, "by somebody"))
    iam.calls.clear()
    outcome = setup.run(database, iam, SYSTEM_ACTOR, "default")
    assert (iam.calls, outcome.done) == ([], ())
    assert [line for line in outcome.differences if "LabBoundary" in line and "something else" in line] != []


def test_the_account_of_the_bench_is_as_setup_leaves_one(database: Database) -> None:
    """Otherwise the bench of two workers cannot begin, which nobody would notice until it is run."""
    with script("bench.slow_iam", "0") as url:
        outcome = setup.run(database, BotoIam(endpoint_url=url), SYSTEM_ACTOR, "default")
    assert (outcome.done, outcome.differences) == ((), ())
