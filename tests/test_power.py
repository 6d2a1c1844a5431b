"""Rule 13 where it binds: power is what the documents open, after the boundary that each affected user really has."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from app.domain import canonical, guardrails, power
from app.services import policy_documents, sightings
from tests import test_group_update_faults as faults
from tests.conftest import Databases
from tests.support import fake_checks as checks
from tests.support.fake_iam import BOUNDARY_ARN, Account, FakeIam
from tests.support.lab import Lab
from tests.test_group_update import EC2, GLACIER, IAM_FULL, S3, change, parts
from tests.test_group_update_faults import shown, work

_numbers = itertools.count(1)
iam, name = faults.iam, faults.name  # fixtures
BOUNDARY = guardrails.boundary("aws", "123456789012")


def allowing(*actions: str, on: str = "*", **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


READING, WRITING = allowing("s3:GetObject"), allowing("iam:PutUserPolicy")
PASSING, RUNNING = allowing("iam:PassRole"), allowing("ec2:RunInstances")


@pytest.mark.parametrize(
    ("documents", "boundaries", "expected"),
    [
        ([], [None], False),
        ([READING], [None], False),
        ([READING, WRITING], [None], True),
        ([READING, WRITING], [], True),  # nobody said what caps them
        ([WRITING], [BOUNDARY], False),
        ([WRITING], [BOUNDARY, None], True),  # one user without is enough
        ([PASSING], [None], False),
        ([PASSING, RUNNING], [None], True),  # it takes both
        ([PASSING, RUNNING], [BOUNDARY], False),
        ([allowing("ec2:*")], [BOUNDARY], True),
        ([READING, None], [BOUNDARY], True),  # nobody has read it
    ],
)
def test_rule_13_power_is_what_documents_open_together_after_each_boundary(
    documents: list[Any], boundaries: list[Any], *, expected: bool
) -> None:
    assert power.of_documents(documents, boundaries) is expected
    assert power.of_documents(reversed(documents), iter(boundaries)) is expected


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Lab]:
    """A lab without a worker, on each database; carol is the third admin."""
    with databases.lab(request.param, with_worker=False) as found:
        found.register("carol", ("admin",), vouched_by="alice")
        found.post("carol", "/v1/users/alice/vouch")  # rule 8
        yield found


def needed(request: Any) -> int:
    """How many admins must agree."""
    return dict(parts(request))["group.update"]


def member(lab: Lab, iam: FakeIam, group: str, boundary: str | None) -> None:
    """Somebody who is seen in the group, put there by hand."""
    who = f"somebody{next(_numbers)}"
    iam.users[who] = Account(boundary=boundary, groups={group})
    with lab.running.database.write() as tx:
        sightings.save_user(tx, "default", who, iam.user(who))


def test_rule_13_the_boundary_that_members_really_have_decides(lab: Lab, name: str, iam: FakeIam) -> None:
    more = {"policies": [GLACIER, IAM_FULL]}
    assert needed(change(lab, name, more)) == 1  # nobody is in it, and whoever joins has the boundary
    member(lab, iam, name, BOUNDARY_ARN)
    assert needed(change(lab, name, {**more, "description": "one capped member"})) == 1
    member(lab, iam, f"{name}x", None)
    member(lab, iam, name.replace("P", "_"), None)
    assert needed(change(lab, name, {**more, "description": "members of others"})) == 1
    member(lab, iam, name, None)
    assert needed(change(lab, name, {**more, "description": "one who is not"})) == 2
    assert needed(change(lab, name, {"policies": [GLACIER]})) == 1


def test_rule_13_a_boundary_that_nobody_has_read_is_none(lab: Lab, name: str, iam: FakeIam) -> None:
    other = "arn:aws:iam::123456789012:policy/governance/Other"
    member(lab, iam, name, other)
    assert needed(change(lab, name, {"policies": [GLACIER, IAM_FULL]})) == 2
    with lab.running.database.write() as tx:
        policy_documents.keep(tx, "default", [checks.policy(other, allowing("s3:*"))])
    assert needed(change(lab, name, {"policies": [GLACIER, IAM_FULL], "description": "read by now"})) == 1


def test_rule_13_joining_looks_at_no_documents(lab: Lab) -> None:
    said: list[str] = []
    engine = lab.running.database.engine

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.append(f"{statement} {parameters}")

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        lab.ask("bob", "LabGuest")
        joined = [one for one in said if "document" in one or "lab_policy" in one]
        change(lab, "LabGuest", {"description": "this one does"})
        changed = [one for one in said if "document" in one or "lab_policy" in one]
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    assert (joined, bool(changed)) == ([], True)


def test_rule_13_lab_user_as_the_catalogue_has_it_needs_two(lab: Lab) -> None:
    assert parts(change(lab, "LabUser", {"description": "power by two ways through EC2"})) == [("group.update", 2)]
    assert parts(change(lab, "LabGuest", {"description": "reads and archives"})) == [("group.update", 1)]


def test_rule_13_what_nobody_has_read_counts_until_it_is_read(lab: Lab, name: str, iam: FakeIam) -> None:
    made = {"PolicyName": f"Own{next(_numbers)}", "Path": "/lab/", "PolicyDocument": json.dumps(READING)}
    own = f"arn:aws:iam::123456789012:policy/lab/{made['PolicyName']}"
    iam._CreatePolicy(made)
    asked = change(lab, name, {"policies": [GLACIER, own]})
    assert needed(asked) == 2
    lab.approve("alice", asked["id"])
    assert lab.approve("carol", asked["id"])["decision"] == "approved"
    work(lab, iam)
    # It was read on the way, which takes nothing back; from then on it is known.
    assert shown(lab, asked)["provisioning"] == "applied"
    assert needed(change(lab, name, {"description": "it only reads"})) == 1


def test_rule_13_power_that_the_ruling_did_not_have_voids_the_approval(lab: Lab, name: str, iam: FakeIam) -> None:
    asked = change(lab, name, {"policies": [GLACIER, S3]})
    assert needed(asked) == 1
    iam.policies[S3] = iam.policies[EC2].__class__(S3, canonical.digest("new"), document=allowing("ec2:*"))
    lab.approve("alice", asked["id"])
    work(lab, iam)
    row = shown(lab, asked)
    assert (row["decision"], row["ruling"]["required_approvals"]) == ("pending", 2)
    assert [d["void"] is None for d in row["decisions"]] == [False]
    assert S3 not in iam.groups[name]
    for who in ("alice", "carol"):
        lab.approve(who, asked["id"])
    work(lab, iam)
    assert S3 in iam.groups[name]


def test_rule_13_a_boundary_that_is_widened_meanwhile_voids_the_approval(lab: Lab, name: str, iam: FakeIam) -> None:
    asked = change(lab, name, {"policies": [GLACIER, IAM_FULL]})
    lab.approve("alice", asked["id"])
    wide = allowing("*")
    before, iam.policies[BOUNDARY_ARN] = (
        iam.policies[BOUNDARY_ARN],
        iam.policies[BOUNDARY_ARN].__class__(BOUNDARY_ARN, "wide", document=wide),
    )
    work(lab, iam)
    row = shown(lab, asked)
    assert (row["decision"], row["ruling"]["required_approvals"]) == ("pending", 2)
    assert row["decisions"][0]["void"].startswith("more must agree than did")
    iam.policies[BOUNDARY_ARN] = before
    with lab.running.database.write() as tx:
        sightings.save_boundary(tx, "default", before)
