"""Rule 26: whoever joins a group under `/lab-admin/` is capped and moved first, and goes the way back when leaving."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from app.delivery.due import due
from app.domain.admin_path import cap, concerns, fall, is_below, rise
from app.domain.plans import Operation
from app.domain.sightings import SeenUser
from app.models import Lane
from app.services import sightings
from app.services.backoff import Backoff
from app.services.late_writes import LookAgain
from app.services.reconcile import Reconciler
from app.services.removals import take_out
from tests.conftest import Databases
from tests.support.fake_iam import ACCOUNT, ADMIN_BOUNDARY_ARN, BOUNDARY_ARN, Account, Died, FakeIam, Fault
from tests.support.lab import Lab

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
ASK = "/v1/access-requests"
COMING = ["PutUserPermissionsBoundary", "UpdateUser", "AddUserToGroup"]
GOING = ["PutUserPermissionsBoundary", "RemoveUserFromGroup", "UpdateUser"]


@pytest.fixture
def lab(databases: Databases, kind: str) -> Iterator[Lab]:
    with databases.lab(kind, with_worker=False) as found:
        yield found


@pytest.fixture
def iam(lab: Lab) -> FakeIam:
    """A strict IAM with bob and the catalogue's groups, as Gatehouse has seen them."""
    found = FakeIam()
    found.users["bob"] = Account()
    found.groups |= {"LabAdmin": {ADMIN: str(found.policies[ADMIN].sha256)}, "LabGuest": {}}
    with lab.running.database.write() as tx:
        sightings.save_user(tx, "default", "bob", found.user("bob"))
        for arn in (BOUNDARY_ARN, ADMIN_BOUNDARY_ARN):
            sightings.save_boundary(tx, "default", found.policy(arn), arn)
        for name in found.groups:
            sightings.save_group(tx, "default", name, found.group(name))
    return found


both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
on_sqlite = pytest.mark.parametrize("kind", ["sqlite"])


def work(lab: Lab, iam: FakeIam) -> None:
    """Do everything that is due; a process that dies is started again."""
    database, idle = lab.running.database, 0
    while idle < 3:
        with database.read() as tx:
            batch = due(tx)
        idle = 0 if batch else idle + 1
        for one in batch:
            try:
                Reconciler(database, lambda _account: iam, Backoff(first=0.001, longest=0.001))(one)
            except Died:
                with database.write() as tx:  # the lease of the dead one is over
                    tx.session.execute(sa.update(Lane).values(held_until=None))


def joined(lab: Lab, iam: FakeIam, group: str = "LabAdmin") -> Any:
    asked = lab.ask("bob", group, duration="PT1H")
    for by in ("alice", "pi")[: 2 if group == "LabAdmin" else 1]:
        lab.approve(by, asked["id"])
    work(lab, iam)
    return lab.get("pi", f"{ASK}/{asked['id']}")


def place(iam: FakeIam) -> tuple[str, str | None, set[str]]:
    bob = iam.users["bob"]
    return bob.path, bob.boundary, bob.groups


ABOVE = ("/lab-admin/", ADMIN_BOUNDARY_ARN, {"LabAdmin"})
BELOW = ("/lab/", BOUNDARY_ARN, set[str]())


@both
def test_rule_26_boundary_and_path_come_before_the_membership_and_leave_with_it(lab: Lab, iam: FakeIam) -> None:
    row = joined(lab, iam)
    assert (row["provisioning"], [o["action"] for o in row["plan"]["operations"]]) == ("applied", COMING)
    assert (iam.calls, place(iam)) == (COMING, ABOVE)

    iam.calls.clear()
    lab.post("pi", f"/v1/grants/{row['grant_id']}/revoke", {"reason": "done"}, expect=202)
    work(lab, iam)
    assert lab.get("pi", f"/v1/grants/{row['grant_id']}")["state"] == "revoked"
    assert (iam.calls, place(iam)) == (GOING, BELOW)
    assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True


@on_sqlite
def test_rule_26_other_groups_come_and_go_without_it(lab: Lab, iam: FakeIam) -> None:
    admin = joined(lab, iam)
    iam.calls.clear()
    guest = joined(lab, iam, "LabGuest")
    lab.post("pi", f"/v1/grants/{guest['grant_id']}/revoke", {"reason": "done"}, expect=202)
    work(lab, iam)
    assert (iam.calls, place(iam)) == (["AddUserToGroup", "RemoveUserFromGroup"], ABOVE)
    left = lab.post("bob", ASK, {"kind": "group.leave", "change": {"group": "LabAdmin"}, "reason": "done"}, expect=201)
    assert [o["action"] for o in left["plan"]["operations"]] == GOING
    work(lab, iam)
    assert lab.get("pi", f"/v1/grants/{admin['grant_id']}")["state"] == "revoked"
    assert place(iam) == BELOW


@on_sqlite
@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.DROPPED, Fault.LOST, Fault.CRASH, Fault.CRASH_AFTER])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_rule_26_whatever_befalls_a_call_both_ways_are_gone_to_the_end(
    lab: Lab, iam: FakeIam, fault: Fault, position: int
) -> None:
    iam.faults.extend([Fault.NONE] * position + [fault])
    row = joined(lab, iam)
    assert (row["provisioning"], place(iam)) == ("applied", ABOVE)
    # A boundary or a path that was said to be done is not read again when somebody leaves: what takes access away is.
    if fault is not Fault.LOST or position == 1:
        iam.faults.extend([Fault.NONE] * position + [fault])
        lab.post("pi", f"/v1/grants/{row['grant_id']}/revoke", {"reason": "done"}, expect=202)
        work(lab, iam)
        assert lab.get("pi", f"/v1/grants/{row['grant_id']}")["state"] == "revoked"
        assert place(iam) == BELOW


@on_sqlite
@pytest.mark.parametrize("position", [1, 2])
def test_rule_19_a_join_that_cannot_be_finished_takes_boundary_and_path_back(
    lab: Lab, iam: FakeIam, position: int
) -> None:
    iam.faults.extend([Fault.NONE] * position + [Fault.REFUSED])
    row = joined(lab, iam)
    assert (row["provisioning"], row["failure"]["aws_code"]) == ("failed", "AccessDenied")
    assert place(iam) == BELOW


@on_sqlite
def test_rule_26_without_the_boundary_for_administrators_nobody_joins(lab: Lab, iam: FakeIam) -> None:
    asked = lab.ask("bob", "LabAdmin", duration="PT1H")
    for by in ("alice", "pi"):
        lab.approve(by, asked["id"])
    del iam.policies[ADMIN_BOUNDARY_ARN]
    work(lab, iam)
    row = lab.get("pi", f"{ASK}/{asked['id']}")
    assert (row["provisioning"], row["failure"]["code"]) == ("failed", "guardrails_missing")
    assert (iam.calls, place(iam)) == ([], BELOW)


@on_sqlite
def test_rule_21_another_document_of_that_boundary_voids_the_approvals(lab: Lab, iam: FakeIam) -> None:
    asked = lab.ask("bob", "LabAdmin", duration="PT1H")
    for by in ("alice", "pi"):
        lab.approve(by, asked["id"])
    iam.policies[ADMIN_BOUNDARY_ARN] = iam.policies[BOUNDARY_ARN]
    work(lab, iam)
    assert lab.get("pi", f"{ASK}/{asked['id']}")["decision"] == "pending"
    assert (iam.calls, place(iam)) == ([], BELOW)


@on_sqlite
def test_rule_32_a_boundary_that_is_written_late_does_not_stay(lab: Lab, iam: FakeIam) -> None:
    row = joined(lab, iam)
    lab.post("pi", f"/v1/grants/{row['grant_id']}/revoke", {"reason": "done"}, expect=202)
    work(lab, iam)
    iam.call(cap("bob", ADMIN_BOUNDARY_ARN))  # by a worker that stood still
    iam.users["bob"].path = "/lab-admin/"
    LookAgain(lab.running.database, iam)("default", "bob")
    assert place(iam) == BELOW
    [said] = lab.get("pi", "/v1/audit-events?event=user.put_right")["items"]
    assert [o["action"] for o in said["data"]["operations"]] == ["PutUserPermissionsBoundary", "UpdateUser"]


@on_sqlite
def test_rule_26_a_user_made_for_an_admin_group_begins_below(lab: Lab, iam: FakeIam) -> None:
    body = {"name": "dora", "email": "dora@lab.example", "iam": True, "groups": ["LabAdmin"]}
    [asked] = lab.post("pi", "/v1/users", body, expect=202)["access_requests"]
    assert [o["action"] for o in asked["plan"]["operations"]] == ["CreateUser", *COMING]
    lab.approve("alice", asked["id"])
    work(lab, iam)
    dora = iam.users["dora"]
    assert (dora.path, dora.boundary, dora.groups) == ABOVE


def test_rule_26_on_moto_an_administrator_is_moved_and_moved_back(databases: Databases) -> None:
    with databases.lab("sqlite") as lab:
        asked = lab.ask("bob", "LabAdmin", duration="PT1H")
        for by in ("alice", "pi"):
            lab.approve(by, asked["id"])
        grant_id = lab.applied(asked["id"])["grant_id"]
        assert lab.iam.get_user(UserName="bob")["User"]["Path"] == "/lab-admin/"
        lab.post("pi", f"/v1/grants/{grant_id}/revoke", {"reason": "done"}, expect=202)
        lab.grant_until(grant_id, "revoked")
        assert (lab.iam.get_user(UserName="bob")["User"]["Path"], lab.groups_in_iam("bob")) == ("/lab/", [])


def test_rule_3_taking_the_membership_away_does_not_wait_for_the_boundary() -> None:
    iam = FakeIam()
    iam.groups["LabAdmin"] = {}
    iam.users["bob"] = Account(path="/lab-admin/", boundary=ADMIN_BOUNDARY_ARN, groups={"LabAdmin"})
    iam.faults.append(Fault.REFUSED)
    admins = frozenset({"LabAdmin"})
    found = take_out(iam, "LabAdmin", {"bob"}, admin_groups=admins)
    assert (place(iam)[2], list(found.still_in)) == (set(), ["bob"])
    assert take_out(iam, "LabAdmin", {"bob"}, admin_groups=admins).still_in == {}
    assert place(iam) == BELOW


def user(path: str, boundary: str | None, *groups: str) -> SeenUser:
    return SeenUser("bob", f"arn:aws:iam::{ACCOUNT}:user{path}bob", groups, boundary)


def actions(*operations: Operation) -> list[str]:
    return [o.action for o in operations]


def test_only_what_is_missing_is_called() -> None:
    above = user("/lab-admin/", ADMIN_BOUNDARY_ARN)
    assert rise(above, ADMIN_BOUNDARY_ARN, emulated=False) == ()
    assert actions(*rise(user("/lab/", None), ADMIN_BOUNDARY_ARN, emulated=True)) == ["UpdateUser"]
    assert fall(user("/lab/", BOUNDARY_ARN), None, frozenset()) == ((), ())
    two = frozenset({"LabAdmin", "Ops"})
    assert fall(user("/lab-admin/", ADMIN_BOUNDARY_ARN, "LabAdmin", "Ops"), "Ops", two) == ((), ())
    before, after = fall(user("/lab-admin/", None, "Ops"), "Ops", two)
    assert (actions(*before), actions(*after)) == ([], ["UpdateUser"])


@pytest.mark.parametrize(
    ("parameters", "paths", "second"),
    [
        ({"UserName": "bob", "NewPath": "/lab/"}, ["/lab/"], True),
        ({"UserName": "bob", "PermissionsBoundary": ADMIN_BOUNDARY_ARN}, ["/lab/"], True),
        ({"UserName": "bob", "PermissionsBoundary": BOUNDARY_ARN}, ["/lab/"], False),
        ({"UserName": "bob", "PermissionsBoundary": BOUNDARY_ARN}, ["/lab-admin/"], True),
        ({"UserName": "bob", "Path": "/lab/", "PermissionsBoundary": BOUNDARY_ARN}, [], False),
        ({"GroupName": "Ops", "Path": "/lab-admin/"}, [], True),
        ({"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/lab-admin/Ops"}, [], True),
        ({"PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/lab/Ops"}, [], False),
        ({"GroupName": "G", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/lab-admin/Ops"}, ["/lab/"], False),
        ({"UserName": "bob"}, ["/lab-admin/"], True),
        ({"UserName": "bob"}, [None], False),
    ],
)
def test_rule_26_the_second_role_carries_out_what_touches_the_admins_path(
    parameters: dict[str, str], paths: list[str | None], *, second: bool
) -> None:
    assert concerns(Operation("iam", "AnyAction", parameters, ""), paths) is second


def test_paths_are_told_apart() -> None:
    assert is_below(f"arn:aws:iam::{ACCOUNT}:user/lab-admin/bob", "user")
    assert not is_below(f"arn:aws:iam::{ACCOUNT}:user/lab-administration/bob", "user")
    assert not is_below(f"arn:aws:iam::{ACCOUNT}:group/lab-admin/bob", "user")
