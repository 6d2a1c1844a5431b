"""`group.update` against the strict fake, with faults; the order of its calls; who agrees while there is one admin."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.changes.attaching import POLICIES_PER_GROUP, attach_and_detach
from app.delivery.due import due
from app.domain import documents
from app.domain.actors import SYSTEM_ACTOR
from app.domain.power import allows_everything
from app.domain.rules import Catalogue
from app.domain.sightings import SeenPolicy
from app.domain.work import Work
from app.models import Lane, User
from app.services import catalogue, policy_documents, setup, sightings
from app.services.backoff import Backoff
from app.services.lanes import Lanes
from app.services.reconcile import Reconciler
from tests.conftest import Databases
from tests.support.fake_iam import Died, FakeIam, Fault
from tests.support.lab import Lab
from tests.test_group_update import ASK, EC2, FORCE_MFA, GLACIER, S3, change, update
from tests.test_lifecycle import boto_iam, new_lab, refused  # noqa: F401 - a fixture

READ = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Lab]:
    """A lab without a worker, on each database: what is due is carried out by `work`."""
    with databases.lab(request.param, with_worker=False) as found:
        yield found


@pytest.fixture
def name() -> str:
    """A group for one test."""
    return f"Pipeline{next(_numbers)}"


@pytest.fixture
def iam(lab: Lab, name: str) -> FakeIam:
    """A strict IAM with that group, which Gatehouse manages and has seen."""
    found = FakeIam()
    found.policies[FORCE_MFA] = SeenPolicy(FORCE_MFA, "force", has_deny=True)
    found.groups[name] = {arn: str(found.policies[arn].sha256) for arn in (READ, GLACIER)}
    with lab.running.database.write() as tx:
        group = {"name": name, "policies": [READ, GLACIER]}
        catalogue.load(tx, SYSTEM_ACTOR, Catalogue.model_validate({"group": [group]}))
        sightings.save_group(tx, "default", name, found.group(name))
        policy_documents.keep(tx, "default", found.policies.values())  # not those of the lab's moto
    return found


def work(lab: Lab, iam: FakeIam) -> None:
    """Do everything that is due; a process that dies is started again."""
    database = lab.running.database
    for _ in range(40):
        with database.read() as tx:
            batch = due(tx)
        if not batch:
            with database.read() as tx:
                if tx.session.execute(sa.text(_OPEN)).scalar_one() == 0:
                    return
            continue
        for one in batch:
            try:
                Reconciler(database, lambda _account: iam, Backoff(first=0.001, longest=0.001))(one)
            except Died:
                with database.write() as tx:  # the lease of the dead one is over
                    tx.session.execute(sa.update(Lane).values(held_until=None))
    raise AssertionError("there is no end of work")


_OPEN = "SELECT count(*) FROM access_request WHERE provisioning IN ('queued', 'applying')"


def approved(lab: Lab, name: str, changes: dict[str, Any]) -> Any:
    asked = change(lab, name, changes)
    return lab.approve("alice", asked["id"])


def shown(lab: Lab, request: dict[str, Any]) -> Any:
    return lab.get("pi", f"{ASK}/{request['id']}")


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.DROPPED, Fault.LOST, Fault.CRASH, Fault.CRASH_AFTER])
@pytest.mark.parametrize("position", [0, 1])
def test_whatever_befalls_a_call_the_group_comes_to_what_was_approved(
    lab: Lab, name: str, iam: FakeIam, fault: Fault, position: int
) -> None:
    asked = approved(lab, name, {"policies": [GLACIER, S3]})
    iam.faults.extend([Fault.NONE] * position + [fault])
    work(lab, iam)
    assert sorted(iam.groups[name]) == sorted([GLACIER, S3])
    assert shown(lab, asked)["provisioning"] == "applied"
    group = lab.get("pi", f"/v1/groups/{name}")
    assert (group["policies"], group["version"]) == ([GLACIER, S3], 2)
    assert set(iam.calls) == {"AttachGroupPolicy", "DetachGroupPolicy"}
    assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True


def test_rule_19_what_cannot_be_finished_is_taken_back_and_can_be_retried(lab: Lab, name: str, iam: FakeIam) -> None:
    before = dict(iam.groups[name])
    asked = approved(lab, name, {"policies": [GLACIER, S3]})
    iam.faults.extend([Fault.NONE, Fault.REFUSED])
    work(lab, iam)
    row = shown(lab, asked)
    assert (row["provisioning"], row["failure"]["aws_code"]) == ("failed", "AccessDenied")
    assert iam.groups[name] == before
    assert iam.calls == ["AttachGroupPolicy", "DetachGroupPolicy"]
    assert lab.get("pi", f"/v1/groups/{name}")["policies"] == [READ, GLACIER]

    lab.post("pi", f"{ASK}/{asked['id']}/retry")
    work(lab, iam)
    assert shown(lab, asked)["provisioning"] == "applied"
    assert sorted(iam.groups[name]) == sorted([GLACIER, S3])


def test_rule_21_a_document_that_stays_and_changed_meanwhile_voids_the_approval(
    lab: Lab, name: str, iam: FakeIam
) -> None:
    asked = approved(lab, name, {"policies": [GLACIER, S3]})
    iam.groups[name][GLACIER] = "another document"
    work(lab, iam)
    row = shown(lab, asked)
    assert (row["decision"], [d["void"] is None for d in row["decisions"]], iam.calls) == ("pending", [False], [])
    lab.approve("alice", asked["id"])
    work(lab, iam)
    assert shown(lab, asked)["provisioning"] == "applied"


def test_what_somebody_attached_by_hand_goes_with_the_next_list_of_policies(lab: Lab, name: str, iam: FakeIam) -> None:
    iam.groups[name][S3] = "by hand"
    asked = approved(lab, name, {"policies": [GLACIER]})
    work(lab, iam)
    assert shown(lab, asked)["provisioning"] == "applied"
    assert list(iam.groups[name]) == [GLACIER]


def test_a_group_that_is_gone_from_iam_cannot_be_changed_there(lab: Lab, name: str, iam: FakeIam) -> None:
    asked = approved(lab, name, {"policies": [S3]})
    del iam.groups[name]
    work(lab, iam)
    # That the policies are gone voids the approval first; with a new one it is said what is missing.
    lab.approve("alice", asked["id"])
    work(lab, iam)
    assert shown(lab, asked)["failure"]["code"] == "no_iam_group"
    assert iam.calls == []


def test_a_rule_alone_is_changed_while_aws_does_not_answer(lab: Lab, name: str, iam: FakeIam) -> None:
    iam.read_faults.extend([Fault.BUSY] * 5)
    done = approved(lab, name, {"rule": {"max_duration": "P2D"}})
    assert done["provisioning"] == "applied"
    assert lab.get("pi", f"/v1/groups/{name}/rule")["max_duration"] == "P2D"
    assert (len(iam.read_faults), iam.calls) == (5, [])


@pytest.mark.parametrize("late", ["attached", "detached", "nothing"])
def test_rule_32_what_came_late_is_put_right_and_nothing_else(lab: Lab, name: str, iam: FakeIam, late: str) -> None:
    approved(lab, name, {"policies": [GLACIER, S3]})
    work(lab, iam)
    other = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    iam.groups[name][other] = "by hand, and no late write of ours"
    if late == "attached":
        iam.groups[name][READ] = "late"
    elif late == "detached":
        del iam.groups[name][S3]
    database, lane = lab.running.database, f"group:{name}"
    with database.write() as tx:
        tx.session.merge(Lane(account="default", principal=lane, fence=0, look_again_at=tx.now))
    Reconciler(database, lambda _account: iam)(Work("lane", "default", lane))
    assert sorted(iam.groups[name]) == sorted([GLACIER, S3, other])
    with database.read() as tx:
        assert tx.session.get_one(Lane, ("default", lane)).look_again_at is None
    made = [e["data"] for e in lab.get("pi", "/v1/audit-events?event=group.put_right")["items"]]
    assert [one["group"] for one in made].count(name) == (late != "nothing")


def test_rule_32_on_sqlite_a_group_that_was_worked_on_at_kill_9_is_looked_at_once_more(
    lab: Lab, name: str, iam: FakeIam
) -> None:
    database, lane = lab.running.database, ("default", f"group:{name}")
    asked = approved(lab, name, {"policies": [GLACIER, S3]})
    iam.faults.append(Fault.CRASH)
    with pytest.raises(Died):
        Reconciler(database, lambda _account: iam)(Work("request", "default", asked["id"]))
    Lanes(database).begin()
    with database.read() as tx:
        planned = tx.session.get(Lane, lane)
        assert planned is not None, "on PostgreSQL it is claimed, and taking it over plans the look"
        assert (planned.look_again_at is not None) is database.is_sqlite
    work(lab, iam)
    assert sorted(iam.groups[name]) == sorted([GLACIER, S3])


def test_rule_32_a_look_that_fails_is_made_again(lab: Lab, name: str, iam: FakeIam) -> None:
    database, lane = lab.running.database, f"group:{name}"
    with database.write() as tx:
        tx.session.merge(Lane(account="default", principal=lane, fence=0, look_again_at=tx.now))
        began = tx.now
    iam.read_faults.append(Fault.BUSY)
    Reconciler(database, lambda _account: iam)(Work("lane", "default", lane))
    with database.read() as tx:
        again = tx.session.get_one(Lane, ("default", lane)).look_again_at
    assert again is not None
    assert again > began


def test_rule_7_while_only_one_admin_has_ever_been_groups_without_power_change_by_rule(new_lab: Lab) -> None:  # noqa: F811
    setup.run(new_lab.running.database, boto_iam(new_lab), SYSTEM_ACTOR, "default")  # unread documents count as power
    done = change(new_lab, "LabGuest/rule", {"max_duration": "P5D"}, method="PUT")
    assert (done["provisioning"], [d["approver"] for d in done["decisions"]]) == ("applied", ["rule:sole_admin"])
    assert new_lab.get("pi", "/v1/groups/LabGuest/rule")["max_duration"] == "P5D"
    for body in (update("LabUser", description="x"), update("LabGuest", policies=[EC2])):
        assert refused(new_lab, "pi", "POST", ASK, body) == (409, "no_eligible_approver")

    new_lab.register("carol", ("admin",))
    with new_lab.running.database.write() as tx:  # behind the API, which wants a third admin for that
        tx.session.execute(sa.update(User).where(col(User.name) == "carol").values(roles=["member"]))
    body = update("LabGuest", description="there has been another admin")
    assert refused(new_lab, "pi", "POST", ASK, body) == (409, "no_eligible_approver")


# The pure core.


def arns(operations: Iterator[Any] | tuple[Any, ...]) -> list[str]:
    return [f"{o.action[0]}{o.parameters['PolicyArn']}" for o in operations]


def test_attaching_comes_first_and_the_guard_before_all_and_behind_all() -> None:
    assert arns(attach_and_detach("G", "ab", ["c", "g"], ["a"], "g")) == ["Ag", "Ac", "Da"]
    assert arns(attach_and_detach("G", "abg", ["c"], ["g", "a"], "g")) == ["Ac", "Da", "Dg"]


@pytest.mark.parametrize("there", [8, 9, 10])
def test_no_more_than_aws_allows_is_attached_at_any_moment(there: int) -> None:
    attached = {f"old{n}" for n in range(there)}
    for operation in attach_and_detach("G", attached, ["n1", "n2", "n3"], sorted(attached)[:there], None):
        arn = operation.parameters["PolicyArn"]
        if operation.action == "AttachGroupPolicy":
            attached.add(arn)
        else:
            attached.remove(arn)
        assert len(attached) <= POLICIES_PER_GROUP
    assert attached == {"n1", "n2", "n3"}


OWN = SeenPolicy("arn:aws:iam::123456789012:policy/lab/Own", "h")


@pytest.mark.parametrize(
    ("policy", "everything"),
    [
        (SeenPolicy(ADMIN, None), True),
        (SeenPolicy("arn:aws-cn:iam::aws:policy/IAMFullAccess", "h"), False),
        (OWN, False),
        (replace(OWN, allows_all=True), True),
        (replace(OWN, name="arn:aws:iam::123456789012:policy/AdministratorAccess"), False),
        (SeenPolicy("inline:all", "h", allows_all=True), True),
    ],
)
def test_rule_26_what_allows_everything(policy: SeenPolicy, *, everything: bool) -> None:
    assert allows_everything([OWN, policy]) is everything


ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (ALL, True),
        ([{**ALL, "Action": ["s3:Get*", "*:*"], "Resource": ["arn:aws:s3:::x", "*"]}], True),
        ([{**ALL, "Effect": "Deny"}], False),
        ([{**ALL, "Action": "iam:*"}], False),
        ([{**ALL, "Resource": "arn:aws:s3:::*"}], False),
        ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], False),
        ("nonsense", False),
    ],
)
def test_a_document_that_allows_everything_is_known(statements: Any, *, expected: bool) -> None:
    assert documents.allows_all({"Version": "2012-10-17", "Statement": statements}) is expected
