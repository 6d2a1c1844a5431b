"""`group.create` and `group.delete` against the strict fake: whatever befalls a call, they come to an end."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.domain import documents
from app.domain.sightings import SeenPolicy
from app.domain.work import Work
from app.models import Group, Lane
from app.services import policy_documents
from app.services.backoff import Backoff
from app.services.lanes import Lanes
from app.services.reconcile import Reconciler
from tests.conftest import Databases
from tests.support import fake_checks as checks
from tests.support.fake_iam import ADMIN_BOUNDARY_ARN, BOUNDARY_ARN, GROUPS, Account, Died, FakeIam, Fault
from tests.support.lab import Lab
from tests.test_group_update import ASK, FORCE_MFA, GLACIER, S3
from tests.test_group_update_faults import READ, shown, work
from tests.test_lifecycle import newcomer, refused, wish

_numbers = itertools.count(1)
FAULTS = [Fault.BUSY, Fault.DROPPED, Fault.LOST, Fault.CRASH, Fault.CRASH_AFTER]
OWN = "arn:aws:iam::123456789012:policy/lab/Own"
BY_HAND = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Lab]:
    """A lab without a worker, on each database: carol is the third admin; what is due is carried out by `work`."""
    with databases.lab(request.param, with_worker=False) as found:
        found.register("carol", ("admin",), vouched_by="alice")
        found.post("carol", "/v1/users/alice/vouch")
        yield found


@pytest.fixture
def name() -> str:
    return f"Team{next(_numbers)}"


@pytest.fixture
def iam(lab: Lab) -> FakeIam:
    """A strict IAM with the force-MFA policy, whose documents Gatehouse has read."""
    found = FakeIam()
    found.policies[FORCE_MFA] = SeenPolicy(FORCE_MFA, "force", has_deny=True)
    with lab.running.database.write() as tx:
        policy_documents.keep(tx, "default", found.policies.values())  # not those of the lab's moto
    return found


def approved(lab: Lab, method: str, path: str, body: Any = None) -> Any:
    answer = lab.call("pi", method, f"/v1/groups{path}", body)
    assert answer.status_code == 202, answer.text
    decided = lab.approve("alice", answer.json()["id"])
    return decided if decided["decision"] == "approved" else lab.approve("carol", decided["id"])


def creation(lab: Lab, name: str, **more: Any) -> Any:
    """An approved request for a group of two policies that needs MFA."""
    body = {"name": name, "policies": [READ, GLACIER], "rule": {"requires_mfa": True}, **more}
    return approved(lab, "POST", "", body)


def settled(lab: Lab, name: str) -> None:
    """The group was made long enough ago for IAM to be believed about it."""
    with lab.running.database.write() as tx:
        tx.session.execute(sa.update(Group).values(created_at=tx.now.replace(year=2020)).where(col(Group.name) == name))


def a_full_group(lab: Lab, iam: FakeIam, name: str) -> str:
    """A managed group with a holder, a stranger, and a policy that somebody put there by hand; the holder."""
    creation(lab, name, rule={})
    work(lab, iam)
    settled(lab, name)
    holder = newcomer(lab, token=False, iam=False)
    iam.users |= {holder: Account(), "stranger": Account(groups={name})}
    asked = lab.post("pi", ASK, wish("group.join", {"group": name}, user=holder), expect=201)
    lab.approve("alice", asked["id"])
    work(lab, iam)
    assert iam.users[holder].groups == {name}
    by_hand = documents.fingerprint(BY_HAND)
    iam.groups[name]["inline:by-hand"] = by_hand
    iam.documents[by_hand] = BY_HAND
    return holder


def states(lab: Lab, name: str) -> list[tuple[str, str]]:
    return [(g["state"], g["end_reason"]) for g in lab.get("pi", f"/v1/grants?group={name}")["items"]]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("position", [0, 2])
def test_whatever_befalls_a_call_the_group_is_made(
    lab: Lab,
    name: str,
    iam: FakeIam,
    fault: Fault,
    position: int,
) -> None:
    asked = creation(lab, name)
    iam.faults.extend([Fault.NONE] * position + [fault])
    work(lab, iam)
    assert shown(lab, asked)["provisioning"] == "applied", shown(lab, asked)
    assert sorted(iam.groups[name]) == sorted([READ, GLACIER, FORCE_MFA])
    assert lab.get("pi", f"/v1/groups/{name}")["policies"] == [READ, GLACIER]
    assert set(iam.calls) == {"CreateGroup", "AttachGroupPolicy"}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("position", [0, 3, 5])
def test_rule_24_whatever_befalls_a_call_the_group_is_deleted_and_its_grants_end(
    lab: Lab,
    name: str,
    iam: FakeIam,
    fault: Fault,
    position: int,
) -> None:
    a_full_group(lab, iam, name)
    asked = approved(lab, "DELETE", f"/{name}")
    iam.faults.extend([Fault.NONE] * position + [fault])
    work(lab, iam)
    assert shown(lab, asked)["provisioning"] == "applied", shown(lab, asked)
    assert (name in iam.groups, {g for _, g in iam.memberships()}) == (False, set())
    assert states(lab, name) == [("revoked", "group_deleted")]
    assert refused(lab, "pi", "GET", f"/v1/groups/{name}") == (404, "group_not_found")


@pytest.mark.parametrize("position", [1, 2, 3])
def test_rule_19_a_group_that_cannot_be_finished_is_taken_back_and_can_be_retried(
    lab: Lab,
    name: str,
    iam: FakeIam,
    position: int,
) -> None:
    asked = creation(lab, name)
    iam.faults.extend([Fault.NONE] * position + [Fault.REFUSED])
    work(lab, iam)
    row = shown(lab, asked)
    assert (row["provisioning"], row["failure"]["aws_code"], iam.groups) == ("failed", "AccessDenied", {})
    lab.post("pi", f"{ASK}/{asked['id']}/retry")
    work(lab, iam)
    assert shown(lab, asked)["provisioning"] == "applied"


def test_rule_19_a_deletion_that_is_refused_gives_the_group_its_policies_back(
    lab: Lab,
    name: str,
    iam: FakeIam,
) -> None:
    holder = a_full_group(lab, iam, name)
    asked = approved(lab, "DELETE", f"/{name}")
    iam.faults.extend([Fault.NONE] * 5 + [Fault.REFUSED])
    work(lab, iam)
    row = shown(lab, asked)
    assert (row["provisioning"], row["failure"]["code"]) == ("failed", "access_denied")
    assert (sorted(iam.groups[name]), iam.users[holder].groups) == (sorted([READ, GLACIER]), set())
    assert states(lab, name) == [("revoked", "group_deleted")], "IAM shows that nobody has it"
    lab.post("pi", f"{ASK}/{asked['id']}/retry")
    work(lab, iam)
    assert (shown(lab, asked)["provisioning"], name in iam.groups) == ("applied", False)


def test_rule_13_what_is_half_taken_apart_is_judged_by_what_it_was(lab: Lab, name: str, iam: FakeIam) -> None:
    iam.policies[OWN] = checks.policy(OWN, BY_HAND)
    asked = creation(lab, name, rule={}, policies=[OWN])
    work(lab, iam)
    asked = approved(lab, "DELETE", f"/{name}")
    assert asked["ruling"]["required_approvals"] == 1
    iam.faults.extend([Fault.NONE, Fault.BUSY, Fault.BUSY, Fault.BUSY])
    work(lab, iam)
    assert (shown(lab, asked)["provisioning"], name in iam.groups) == ("applied", False)


def test_somebody_who_comes_in_while_the_group_is_taken_apart_is_taken_out_too(
    lab: Lab,
    name: str,
    iam: FakeIam,
) -> None:
    a_full_group(lab, iam, name)
    asked = approved(lab, "DELETE", f"/{name}")

    real = iam._DeleteGroup

    def meanwhile(parameters: Any) -> None:
        iam._DeleteGroup = real  # type: ignore[method-assign] # once
        iam.users["stranger"].groups.add(name)
        real(parameters)

    iam._DeleteGroup = meanwhile  # type: ignore[method-assign]
    work(lab, iam)
    assert (shown(lab, asked)["provisioning"], name in iam.groups) == ("applied", False)


@pytest.mark.parametrize("there", ["same", "other case", "made meanwhile"])
def test_a_group_that_we_did_not_make_is_refused_and_left_alone(
    lab: Lab,
    name: str,
    iam: FakeIam,
    there: str,
) -> None:
    asked = creation(lab, name)
    other = name.upper() if there == "other case" else name

    if there == "made meanwhile":
        iam.faults.append(Fault.CRASH)
        with pytest.raises(Died):
            Reconciler(lab.running.database, lambda _account: iam)(Work("request", "default", asked["id"]))
    iam.groups[other] = {S3: "somebody's"}
    work(lab, iam)
    assert shown(lab, asked)["failure"]["code"] == "group_exists"
    assert (iam.groups, iam.calls) == ({other: {S3: "somebody's"}}, [])


def test_the_quota_of_groups_is_checked_before_any_call(lab: Lab, name: str, iam: FakeIam) -> None:
    asked = creation(lab, name)
    iam.groups |= {f"crowd-{n}": {} for n in range(GROUPS)}
    work(lab, iam)
    assert (shown(lab, asked)["failure"]["code"], iam.calls) == ("limit_exceeded", [])


def test_a_group_that_was_made_a_moment_ago_and_is_not_shown_is_not_deleted_for_that(
    lab: Lab,
    name: str,
    iam: FakeIam,
) -> None:
    creation(lab, name)
    work(lab, iam)
    hidden = iam.groups.pop(name)
    asked = approved(lab, "DELETE", f"/{name}")
    Reconciler(lab.running.database, lambda _account: iam, Backoff(first=0.001, longest=0.001))(
        Work("request", "default", asked["id"])
    )
    assert shown(lab, asked)["provisioning"] == "queued"
    iam.groups[name] = hidden
    work(lab, iam)
    assert (shown(lab, asked)["provisioning"], iam.groups) == ("applied", {})


@pytest.mark.parametrize("begun", [True, False])
def test_rule_32_a_group_that_was_given_up_and_comes_late_is_deleted_while_it_is_bare(
    lab: Lab,
    name: str,
    iam: FakeIam,
    *,
    begun: bool,
) -> None:
    asked = creation(lab, name)
    if not begun:
        iam.groups[name] = {}
    iam.faults.append(Fault.REFUSED)
    work(lab, iam)
    assert shown(lab, asked)["provisioning"] == "failed"
    iam.groups[name] = {READ: "late"} if begun else {}
    database, lane = lab.running.database, f"group:{name}"
    with database.write() as tx:
        tx.session.merge(Lane(account="default", principal=lane, fence=0, look_again_at=tx.now))
    Reconciler(database, lambda _account: iam)(Work("lane", "default", lane))
    assert (name in iam.groups) is not begun, "one that was there before is somebody else's"


def test_rule_32_on_sqlite_a_group_that_was_being_made_at_kill_9_is_looked_at_once_more(
    lab: Lab,
    name: str,
    iam: FakeIam,
) -> None:
    database = lab.running.database
    asked = creation(lab, name)
    iam.faults.append(Fault.CRASH)
    with pytest.raises(Died):
        Reconciler(database, lambda _account: iam)(Work("request", "default", asked["id"]))
    Lanes(database).begin()
    with database.read() as tx:
        planned = tx.session.get(Lane, ("default", f"group:{name}"))
        assert planned is not None
        assert (planned.look_again_at is not None) is database.is_sqlite
    work(lab, iam)
    assert shown(lab, asked)["provisioning"] == "applied"


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.BUSY, Fault.DROPPED, Fault.CRASH, Fault.CRASH_AFTER])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_rule_26_whoever_is_in_a_group_of_administrators_is_capped_and_moved_before_it_goes(
    lab: Lab, name: str, iam: FakeIam, fault: Fault, position: int
) -> None:
    creation(lab, name, rule={}, policies=["AdministratorAccess"])
    work(lab, iam)
    settled(lab, name)
    iam.users["stranger"] = Account(path="/lab-admin/", boundary=ADMIN_BOUNDARY_ARN, groups={name})
    asked = approved(lab, "DELETE", f"/{name}")
    iam.faults.extend([Fault.NONE] * position + [fault])
    work(lab, iam)
    assert (shown(lab, asked)["provisioning"], name in iam.groups) == ("applied", False)
    stranger = iam.users["stranger"]
    assert (stranger.path, stranger.boundary, stranger.groups) == ("/lab/", BOUNDARY_ARN, set())
