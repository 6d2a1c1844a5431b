"""The life of every kind of request over HTTP, on both databases. Each test works with people of its own."""

import datetime as dt
import functools
import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from app import migrate
from app.clients.iam import BotoIam
from app.domain.actors import SYSTEM_ACTOR
from app.domain.rules import Catalogue
from app.main import make_database
from app.models import AccessRequest, columns
from app.services import catalogue, owner, setup, sightings
from tests.conftest import Databases
from tests.support.lab import STEP, Lab, serving

_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Lab]:
    """One running lab for the whole module, on each database."""
    with databases.lab(request.param) as found:
        yield found


def newcomer(lab: Lab, stem: str = "ann", *, iam: bool = True, token: bool = True) -> str:
    """A new member: registered, vouched for, with a token; in IAM without any group."""
    name = f"{stem}{next(_numbers)}"
    if token:
        lab.register(name, vouched_by="alice")
    else:
        lab.post("pi", "/v1/users", {"name": name, "email": f"{name}@lab.example"}, expect=201)
    if iam:
        lab.iam.create_user(UserName=name, Path="/lab/")
    return name


def new_group(lab: Lab, *, policies: tuple[str, ...] = (), **rule: Any) -> str:
    """A new managed group with a rule of its own, in IAM too and seen there."""
    name = f"Group{next(_numbers)}"
    lab.iam.create_group(GroupName=name, Path="/lab/")
    for arn in policies:
        lab.iam.attach_group_policy(GroupName=name, PolicyArn=arn)
    group = {"name": name, "policies": policies, "rule": rule}
    seen = boto_iam(lab).group(name)
    with lab.running.database.write() as tx:
        catalogue.load(tx, SYSTEM_ACTOR, Catalogue.model_validate({"group": [group]}))
        sightings.save_group(tx, "default", name, seen)
    return name


@functools.cache
def _boto_iam(endpoint_url: str) -> BotoIam:
    return BotoIam(endpoint_url=endpoint_url)


def boto_iam(lab: Lab) -> BotoIam:
    """IAM as the worker uses it."""
    return _boto_iam(lab.iam.meta.endpoint_url)


def wish(kind: str, change: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"kind": kind, "change": change, "reason": "a test", **more}


def refused(lab: Lab, who: str | None, method: str, path: str, body: Any = None) -> tuple[int, str]:
    """Status and code of a refusal."""
    answer = lab.call(who, method, path, body)
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def until(lab: Lab, request_id: str, field: str, value: str) -> Any:
    """Wait until a field of a request has a value."""
    deadline = time.monotonic() + 60
    while (row := lab.get("pi", f"/v1/access-requests/{request_id}"))[field] != value:
        assert time.monotonic() < deadline, row
        time.sleep(STEP)
    return row


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


# user.create


def test_an_admin_has_a_user_without_groups_made_at_once(lab: Lab) -> None:
    name = newcomer(lab, iam=False, token=False)
    change = {"email": f"{name}@lab.example", "tags": {"project": "rna"}}
    asked = lab.post("pi", "/v1/access-requests", wish("user.create", change, user=name), expect=201)
    assert (asked["decision"], asked["ruling"]["required_approvals"]) == ("approved", 0)
    assert [(d["approver"], d["channel"]) for d in asked["decisions"]] == [("rule:no_power", "rule")]
    [create] = asked["plan"]["operations"]
    assert create["action"] == "CreateUser"
    assert create["parameters"]["Path"] == "/lab/"
    assert create["parameters"]["PermissionsBoundary"].endswith(":policy/governance/LabBoundary")

    applied = lab.applied(asked["id"])
    assert (applied["grant_id"], applied["grant_ids"]) == (None, [])
    user = lab.iam.get_user(UserName=name)["User"]
    tags = {t["Key"]: t["Value"] for t in user["Tags"]}
    assert user["Path"] == "/lab/"
    assert tags == {
        "project": "rna",
        "gatehouse:request": asked["id"],
        "gatehouse:user": lab.get("pi", f"/v1/users/{name}")["id"],
    }
    assert lab.get("pi", f"/v1/users/{name}")["iam"] is True


def test_a_user_with_groups_meets_the_rule_of_each_and_gets_a_grant_for_each(lab: Lab) -> None:
    name = newcomer(lab, iam=False, token=False)
    change = {"groups": ["LabUser", "LabGuest"]}
    body = wish("user.create", change, user=name, duration="PT1H")
    asked = lab.post("pi", "/v1/access-requests", body, expect=201)
    assert asked["decision"] == "pending"
    assert [p["rule"] for p in asked["ruling"]["parts"]] == ["LabUser", "LabGuest"]
    assert [o["action"] for o in asked["plan"]["operations"]] == ["CreateUser", "AddUserToGroup", "AddUserToGroup"]

    assert lab.approve("alice", asked["id"])["decision"] == "approved"
    applied = lab.applied(asked["id"])
    assert lab.groups_in_iam(name) == ["LabGuest", "LabUser"]
    grants = [lab.get("pi", f"/v1/grants/{i}") for i in applied["grant_ids"]]
    assert sorted((g["group"], g["state"], g["duration"]) for g in grants) == [
        ("LabGuest", "active", "PT1H"),
        ("LabUser", "active", "PT1H"),
    ]


def test_a_user_with_groups_and_no_duration_gets_each_groups_longest(lab: Lab) -> None:
    name = newcomer(lab, iam=False, token=False)
    body = wish("user.create", {"groups": ["LabUser", "LabGuest"]}, user=name)
    asked = lab.post("pi", "/v1/access-requests", body, expect=201)
    lab.approve("alice", asked["id"])
    grants = [lab.get("pi", f"/v1/grants/{i}") for i in lab.applied(asked["id"])["grant_ids"]]
    assert sorted((g["group"], g["duration"]) for g in grants) == [("LabGuest", "P30D"), ("LabUser", "P180D")]


def test_a_member_asks_for_their_own_iam_user_and_an_admin_decides(lab: Lab) -> None:
    name = newcomer(lab, iam=False)
    asked = lab.post(name, "/v1/access-requests", wish("user.create", {}), expect=201)
    assert (asked["decision"], asked["user"], asked["requester"]) == ("pending", name, name)
    assert asked["ruling"]["required_approvals"] == 1
    lab.approve("pi", asked["id"])
    lab.applied(asked["id"])
    assert lab.iam.get_user(UserName=name)["User"]["Path"] == "/lab/"


def test_somebody_unknown_is_registered_by_the_request_of_an_admin_and_not_by_a_preview(lab: Lab) -> None:
    name = f"new{next(_numbers)}"
    body = wish("user.create", {"email": f"{name}@lab.example"}, user=name)
    assert lab.post("pi", "/v1/access-requests/preview", body)["refusals"] == []
    assert refused(lab, "pi", "GET", f"/v1/users/{name}") == (404, "user_not_found")

    asked = lab.post("pi", "/v1/access-requests", body, expect=201)
    user = lab.get("pi", f"/v1/users/{name}")
    assert (user["roles"], user["email"]) == (["member"], f"{name}@lab.example")
    lab.applied(asked["id"])

    body = wish("user.create", {"email": f"{name}x@lab.example"}, user=f"{name}x")
    assert refused(lab, "bob", "POST", "/v1/access-requests", body) == (404, "user_not_found")
    body = wish("user.create", {}, user=f"{name}x")
    assert refused(lab, "pi", "POST", "/v1/access-requests", body) == (422, "email_missing")
    body = wish("user.create", {"email": "other@lab.example"}, user=name)
    assert refused(lab, "pi", "POST", "/v1/access-requests", body) == (422, "email_differs")


def test_asking_again_for_an_iam_user_that_is_there_is_refused(lab: Lab) -> None:
    name = newcomer(lab, iam=False, token=False)
    asked = lab.post("pi", "/v1/access-requests", wish("user.create", {}, user=name), expect=201)
    lab.applied(asked["id"])
    again = wish("user.create", {}, user=name)
    assert refused(lab, "pi", "POST", "/v1/access-requests", again) == (409, "already_exists")


def test_an_empty_iam_user_tagged_as_ours_is_adopted(lab: Lab) -> None:
    name = newcomer(lab, iam=False, token=False)
    user_id = lab.get("pi", f"/v1/users/{name}")["id"]
    made = lab.iam.create_user(UserName=name, Path="/lab/", Tags=[{"Key": "gatehouse:user", "Value": user_id}])
    asked = lab.post("pi", "/v1/access-requests", wish("user.create", {}, user=name), expect=201)
    lab.applied(asked["id"])
    assert lab.iam.get_user(UserName=name)["User"]["UserId"] == made["User"]["UserId"]


@pytest.mark.parametrize("belonging", ["nothing of ours", "group", "key", "policy", "login"])
def test_an_iam_user_that_is_not_ours_or_holds_something_is_not_adopted(lab: Lab, belonging: str) -> None:
    name = newcomer(lab, iam=False, token=False)
    user_id = lab.get("pi", f"/v1/users/{name}")["id"]
    tags = [] if belonging == "nothing of ours" else [{"Key": "gatehouse:user", "Value": user_id}]
    lab.iam.create_user(UserName=name, Path="/lab/", Tags=tags)
    if belonging == "group":
        lab.iam.add_user_to_group(UserName=name, GroupName="LabGuest")
    elif belonging == "key":
        lab.iam.create_access_key(UserName=name)
    elif belonging == "policy":
        lab.iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    elif belonging == "login":
        lab.iam.create_login_profile(UserName=name, Password="Not-a-secret-1")  # noqa: S106 - for moto
    asked = lab.post("pi", "/v1/access-requests", wish("user.create", {}, user=name), expect=201)
    failed = until(lab, asked["id"], "provisioning", "failed")
    assert failed["failure"]["code"] == "name_in_use"
    if belonging == "key":
        for key in lab.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            lab.iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    elif belonging == "policy":
        lab.iam.detach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    elif belonging == "login":
        lab.iam.delete_login_profile(UserName=name)


@pytest.fixture(params=["sqlite", "postgresql"])
def new_lab(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Lab]:
    """A lab just after `gatehouse init`: pi alone, and no account set up."""
    settings, _ = databases.prepared(request.param)
    settings = settings.model_copy(update={"database_url": databases.empty(request.param)})
    database = make_database(settings)
    migrate.upgrade(database.engine)
    with database.write() as tx:
        tokens = {"pi": owner.begin(tx, catalogue.read(None), name="pi", email="pi@lab.example")}
    database.close()
    with serving(settings, tokens, databases._aws) as found:
        yield found


def test_without_guardrails_making_a_user_fails_and_goes_through_after_setup_and_retry(new_lab: Lab) -> None:
    name = f"early{next(_numbers)}"
    body = wish("user.create", {"email": f"{name}@lab.example"}, user=name)
    asked = new_lab.post("pi", "/v1/access-requests", body, expect=201)
    failed = until(new_lab, asked["id"], "provisioning", "failed")
    assert failed["failure"]["code"] == "guardrails_missing"
    assert name not in {u["UserName"] for u in new_lab.iam.list_users()["Users"]}

    setup.run(new_lab.running.database, boto_iam(new_lab), SYSTEM_ACTOR, "default")
    retried = new_lab.post("pi", f"/v1/access-requests/{asked['id']}/retry")
    assert (retried["provisioning"], retried["failure"]) == ("queued", None)
    applied = new_lab.applied(asked["id"])
    assert new_lab.iam.get_user(UserName=name)["User"]["UserName"] == name
    # The boundary is new in the end state: the first approval became void, and the rule decided again.
    assert [(d["approver"], d["void"] is None) for d in applied["decisions"]] == [
        ("rule:no_power", False),
        ("rule:no_power", True),
    ]


# user.roles


def test_roles_are_changed_by_rule_while_there_is_one_admin_and_by_another_admin_after_that(new_lab: Lab) -> None:
    body = {"name": "carol", "email": "carol@lab.example", "roles": ["admin"]}
    answer = new_lab.post("pi", "/v1/users", body, expect=201)
    [roles] = answer["access_requests"]
    assert (roles["kind"], roles["decision"], roles["provisioning"]) == ("user.roles", "approved", "applied")
    assert roles["decisions"][0]["approver"] == "rule:sole_admin"
    assert answer["user"]["roles"] == ["admin", "member"]
    loud = new_lab.get("pi", "/v1/audit-events?event=access_request.approved_by_rule&subject=carol")["items"]
    assert [e["data"]["rule"] for e in loud] == ["rule:sole_admin"]

    new_lab.register("dora")
    code = new_lab.post("pi", "/v1/users/carol/enrolment", expect=201)["code"]
    new_lab.tokens["carol"] = new_lab.post(None, "/v1/enrolments/redeem", {"code": code})["token"]
    asked = new_lab.post(
        "pi", "/v1/access-requests", wish("user.roles", {"roles": ["auditor", "member"]}, user="dora"), expect=201
    )
    assert asked["decision"] == "pending"
    assert asked["ruling"]["eligible_approvers"] == ["carol"]
    assert new_lab.get("pi", "/v1/users/dora")["roles"] == ["member"]
    decided = new_lab.approve("carol", asked["id"])
    assert (decided["decision"], decided["provisioning"]) == ("approved", "applied")
    assert new_lab.get("dora", "/v1/me")["roles"] == ["auditor", "member"]


def test_roles_that_are_there_already_and_taking_the_last_admin_away_are_refused(new_lab: Lab) -> None:
    same = wish("user.roles", {"roles": ["admin", "member"]})
    assert refused(new_lab, "pi", "POST", "/v1/access-requests", same) == (409, "nothing_to_change")
    last = wish("user.roles", {"roles": ["member"]})
    assert refused(new_lab, "pi", "POST", "/v1/access-requests", last) == (409, "last_admin")


def test_a_change_of_roles_by_patch_is_a_request_and_honours_if_match(lab: Lab) -> None:
    name = newcomer(lab, iam=False)
    etag = lab.call("pi", "GET", f"/v1/users/{name}").headers["etag"]
    body = {"roles": ["member", "auditor"]}
    old = lab.call("pi", "PATCH", f"/v1/users/{name}", body, headers={"If-Match": '"999"'})
    assert (old.status_code, old.json()["code"]) == (412, "precondition_failed")
    filed = lab.call("pi", "PATCH", f"/v1/users/{name}", body, headers={"If-Match": etag})
    assert filed.status_code == 202
    [asked] = filed.json()["access_requests"]
    assert (asked["kind"], asked["decision"], asked["ruling"]["eligible_approvers"]) == (
        "user.roles",
        "pending",
        ["alice"],
    )
    assert lab.post("alice", f"/v1/access-requests/{asked['id']}/deny", {"comment": "no"})["decision"] == "denied"
    assert lab.get("pi", f"/v1/users/{name}")["roles"] == ["member"]


# POST /v1/users


def test_registering_answers_201_when_nothing_waits_and_202_when_something_does(lab: Lab) -> None:
    plain, made, waiting = (f"reg{next(_numbers)}" for _ in range(3))
    answer = lab.post("pi", "/v1/users", {"name": plain, "email": f"{plain}@x.example"}, expect=201)
    assert (answer["user"]["name"], answer["access_requests"]) == (plain, [])
    body = {"name": made, "email": f"{made}@x.example", "iam": True}
    [create] = lab.post("pi", "/v1/users", body, expect=201)["access_requests"]
    assert (create["kind"], create["decision"]) == ("user.create", "approved")
    body = {"name": waiting, "email": f"{waiting}@x.example", "iam": True, "groups": ["LabGuest"], "roles": ["auditor"]}
    answer = lab.post("pi", "/v1/users", body, expect=202)
    assert [(r["kind"], r["decision"]) for r in answer["access_requests"]] == [
        ("user.create", "pending"),
        ("user.roles", "pending"),
    ]
    assert answer["user"]["roles"] == ["member"]


def test_registering_is_for_admins(lab: Lab) -> None:
    name = f"reg{next(_numbers)}"
    body = {"name": name, "email": f"{name}@x.example"}
    assert refused(lab, "bob", "POST", "/v1/users", body) == (403, "admin_only")
    body["groups"] = ["LabGuest"]  # type: ignore[assignment] # a body is JSON
    assert refused(lab, "pi", "POST", "/v1/users", body) == (422, "groups_need_iam")


# group.join, and what it is refused for


def test_joining_without_a_duration_lasts_as_long_as_the_rule_allows(lab: Lab) -> None:
    name = newcomer(lab)
    grant = lab.join(name)
    assert (grant["state"], grant["duration"]) == ("active", "P30D")
    assert at(grant["ends_at"]) - at(grant["starts_at"]) == dt.timedelta(days=30)


def test_a_join_waits_as_failed_for_an_iam_user_and_goes_through_on_retry(lab: Lab) -> None:
    name = newcomer(lab, iam=False)
    asked = lab.ask(name)
    lab.approve("pi", asked["id"])
    failed = until(lab, asked["id"], "provisioning", "failed")
    assert failed["failure"]["code"] == "no_iam_user"
    path = f"/v1/access-requests/{asked['id']}/retry"
    assert refused(lab, name, "POST", path) == (403, "admin_only")
    lab.iam.create_user(UserName=name, Path="/lab/")
    lab.post("pi", path)
    applied = lab.applied(asked["id"])
    assert lab.groups_in_iam(name) == ["LabGuest"]
    assert refused(lab, "pi", "POST", path) == (409, "not_failed")
    states = {g["id"]: g["state"] for g in lab.get("pi", f"/v1/grants?user={name}")["items"]}
    assert states.pop(applied["grant_id"]) == "active"
    assert set(states.values()) == {"revoked"}


def test_what_is_refused_at_once(lab: Lab) -> None:
    name = newcomer(lab)
    ask = "/v1/access-requests"
    too_long = wish("group.join", {"group": "LabGuest"}, duration="P31D")
    assert refused(lab, name, "POST", ask, too_long) == (422, "duration_too_long")
    assert refused(lab, name, "POST", ask, wish("group.join", {"group": "Nowhere"})) == (404, "group_not_found")
    other = wish("group.join", {"group": "LabGuest"}, account="elsewhere")
    assert refused(lab, name, "POST", ask, other) == (404, "account_not_found")
    urgent = wish("group.join", {"group": "LabGuest"}, emergency=True)
    assert refused(lab, name, "POST", ask, urgent)[0] == 422
    leave = wish("group.leave", {"group": "LabGuest"}, duration="P1D")
    assert refused(lab, name, "POST", ask, leave) == (422, "duration_not_used")
    group = new_group(lab, approvers=[name])
    alone = wish("group.join", {"group": group})
    assert refused(lab, name, "POST", ask, alone) == (409, "no_eligible_approver")
    assert lab.get(name, f"{ask}?mine=true")["items"] == []


def test_asking_for_what_one_holds_is_refused_with_the_grant_that_gives_it(lab: Lab) -> None:
    name = newcomer(lab)
    grant = lab.join(name)
    answer = lab.call(name, "POST", "/v1/access-requests", wish("group.join", {"group": "LabGuest"}))
    assert (answer.status_code, answer.json()["code"]) == (409, "already_has_access")
    assert answer.json()["grant_id"] == grant["id"]


def test_asking_twice_is_refused_with_the_id_of_the_first(lab: Lab) -> None:
    name = newcomer(lab)
    first = lab.ask(name, duration="P1D")
    answer = lab.call(name, "POST", "/v1/access-requests", wish("group.join", {"group": "LabGuest"}, duration="P2D"))
    assert (answer.status_code, answer.json()["code"]) == (409, "already_pending")
    assert answer.json()["access_request_id"] == first["id"]
    lab.post(name, f"/v1/access-requests/{first['id']}/cancel")
    lab.ask(name, duration="P2D")


def test_a_preview_shows_ruling_plan_and_every_refusal_and_stores_nothing(lab: Lab) -> None:
    name = newcomer(lab)
    good = lab.post(name, "/v1/access-requests/preview", wish("group.join", {"group": "LabUser"}))
    assert (good["refusals"], good["duration"]) == ([], "P180D")
    assert good["ruling"]["required_approvals"] == 1
    assert [o["action"] for o in good["plan"]["operations"]] == ["AddUserToGroup"]

    late = (dt.datetime.now(dt.UTC) + dt.timedelta(days=31)).isoformat()
    bad = wish("group.join", {"group": "LabGuest"}, duration="P31D", starts_at=late)
    shown = lab.post(name, "/v1/access-requests/preview", bad)
    assert [r["code"] for r in shown["refusals"]] == ["starts_too_late", "duration_too_long"]
    assert lab.get(name, "/v1/access-requests?mine=true")["items"] == []

    asked = lab.ask(name, "LabUser")
    assert asked["plan"]["digest"] == good["plan"]["digest"]


def test_access_that_is_to_start_later_is_not_given_before(lab: Lab) -> None:
    name = newcomer(lab)
    starts_at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    asked = lab.ask(name, duration="PT1H", starts_at=starts_at.isoformat())
    approved = lab.approve("pi", asked["id"])
    assert (approved["decision"], approved["provisioning"]) == ("approved", "none")
    grant = lab.get(name, f"/v1/grants/{approved['grant_id']}")
    assert grant["state"] == "scheduled"
    assert lab.groups_in_iam(name) == []
    with lab.running.database.write() as tx:  # a start in a moment may have come before a slow machine approved
        starts_at, row = tx.now, columns(AccessRequest)
        come = sa.update(row).where(row.c.id == asked["id"]).values(starts_at=starts_at, due_at=starts_at)
        tx.session.execute(come)
        tx.later = True
    lab.applied(asked["id"])
    grant = lab.get(name, f"/v1/grants/{grant['id']}")
    assert grant["state"] == "active"
    assert at(grant["starts_at"]) >= starts_at
    assert at(grant["ends_at"]) - at(grant["starts_at"]) == dt.timedelta(hours=1)
    assert lab.groups_in_iam(name) == ["LabGuest"]


# extending


def test_extending_overlaps_and_the_first_end_takes_nothing_away(lab: Lab) -> None:
    name = newcomer(lab)
    first = lab.join(name, duration="PT30M")
    body = {"duration": "PT1H", "reason": "not done yet"}
    asked = lab.post(name, f"/v1/grants/{first['id']}/extend", body, expect=201)
    assert (asked["kind"], asked["decision"], asked["extends"]) == ("group.join", "pending", first["id"])
    assert asked["plan"]["operations"] == []
    lab.approve("pi", asked["id"])
    second = lab.applied(asked["id"])["grant_id"]
    lab.fall_due(first["id"])
    ended = lab.grant_until(first["id"], "revoked")
    assert (ended["end_reason"], ended["continued_by"]) == ("expired", second)
    assert lab.get(name, f"/v1/grants/{second}")["state"] == "active"
    assert lab.groups_in_iam(name) == ["LabGuest"]


def test_an_extension_must_end_later_and_needs_an_active_grant(lab: Lab) -> None:
    name = newcomer(lab)
    grant = lab.join(name, duration="P2D")
    extend = f"/v1/grants/{grant['id']}/extend"
    assert refused(lab, name, "POST", extend, {"duration": "P1D", "reason": "x"}) == (409, "not_later")
    assert refused(lab, name, "POST", extend, {"duration": "P31D", "reason": "x"}) == (422, "duration_too_long")
    lab.post(name, f"/v1/grants/{grant['id']}/revoke", {"reason": "done"}, expect=202)
    lab.grant_until(grant["id"], "revoked")
    assert refused(lab, name, "POST", extend, {"duration": "P3D", "reason": "x"}) == (409, "grant_ended")


# leaving and revoking


def test_leaving_is_approved_by_rule_and_ends_the_grant(lab: Lab) -> None:
    name = newcomer(lab)
    grant = lab.join(name)
    asked = lab.post(name, "/v1/access-requests", wish("group.leave", {"group": "LabGuest"}), expect=201)
    assert [(d["approver"], d["channel"]) for d in asked["decisions"]] == [("rule:less_access", "rule")]
    lab.applied(asked["id"])
    ended = lab.grant_until(grant["id"], "revoked")
    assert (ended["end_reason"], ended["ended_by"]) == ("left", name)
    assert lab.groups_in_iam(name) == []
    again = wish("group.leave", {"group": "LabGuest"})
    assert refused(lab, name, "POST", "/v1/access-requests", again) == (409, "not_a_member")


@pytest.mark.parametrize("who", ["the holder", "an admin", "an approver of the group"])
def test_who_may_revoke(lab: Lab, who: str) -> None:
    name, approver = newcomer(lab), newcomer(lab, "apr")
    group = new_group(lab, approvers=[approver, "alice"])
    grant = lab.join(name, group)
    by = {"the holder": name, "an admin": "pi", "an approver of the group": approver}[who]
    answer = lab.post(by, f"/v1/grants/{grant['id']}/revoke", {"reason": "enough"}, expect=202)
    assert answer["state"] in {"revoking", "revoked"}
    ended = lab.grant_until(grant["id"], "revoked")
    assert (ended["end_reason"], ended["ended_by"]) == ("revoked", by)
    assert lab.groups_in_iam(name) == []
    again = refused(lab, by, "POST", f"/v1/grants/{grant['id']}/revoke", {"reason": "enough"})
    assert again == (409, "grant_ended")


def test_strangers_can_neither_see_nor_revoke_a_grant(lab: Lab) -> None:
    name, stranger = newcomer(lab), newcomer(lab, "str")
    grant = lab.join(name)
    assert refused(lab, stranger, "GET", f"/v1/grants/{grant['id']}") == (404, "grant_not_found")
    path = f"/v1/grants/{grant['id']}/revoke"
    assert refused(lab, stranger, "POST", path, {"reason": "x"}) == (404, "grant_not_found")
    assert refused(lab, None, "POST", path, {"reason": "x"})[0] == 401
    assert lab.groups_in_iam(name) == ["LabGuest"]


# deciding, taking back


def test_a_denial_ends_it_and_the_same_verdict_again_is_the_first_answer(lab: Lab) -> None:
    name = newcomer(lab)
    asked = lab.ask(name)
    path = f"/v1/access-requests/{asked['id']}"
    assert lab.call("pi", "POST", f"{path}/deny", {"comment": " "}).status_code == 422
    denied = lab.post("pi", f"{path}/deny", {"comment": "not now"})
    assert (denied["decision"], denied["decisions"][0]["comment"]) == ("denied", "not now")
    assert lab.post("pi", f"{path}/deny", {"comment": "again"})["decisions"] == denied["decisions"]
    assert refused(lab, "pi", "POST", f"{path}/approve") == (409, "not_pending")
    assert refused(lab, "alice", "POST", f"{path}/deny", {"comment": "me too"}) == (409, "not_pending")
    assert refused(lab, name, "POST", f"{path}/cancel") == (409, "not_pending")


def test_an_approval_of_another_plan_is_refused(lab: Lab) -> None:
    asked = lab.ask(newcomer(lab))
    other = {"plan_digest": "sha256:" + "0" * 64}
    path = f"/v1/access-requests/{asked['id']}/approve"
    assert refused(lab, "pi", "POST", path, other) == (409, "plan_changed")
    lab.approve("pi", asked["id"], {"plan_digest": asked["plan"]["digest"]})
    lab.applied(asked["id"])


def test_an_approval_can_be_withdrawn_while_it_is_pending(lab: Lab) -> None:
    asked = lab.ask(newcomer(lab), "LabAdmin")
    path = f"/v1/access-requests/{asked['id']}"
    assert refused(lab, "alice", "POST", f"{path}/withdraw") == (409, "nothing_to_withdraw")
    assert lab.approve("pi", asked["id"])["decision"] == "pending"
    withdrawn = lab.post("pi", f"{path}/withdraw")
    assert [d["void"] for d in withdrawn["decisions"]] == ["withdrawn"]
    assert lab.approve("alice", asked["id"])["decision"] == "pending"
    assert lab.approve("pi", asked["id"])["decision"] == "approved"
    assert refused(lab, "pi", "POST", f"{path}/withdraw") == (409, "not_pending")
    lab.applied(asked["id"])


def test_requester_and_subject_cancel_and_others_do_not(lab: Lab) -> None:
    name, stranger = newcomer(lab), newcomer(lab, "str")
    asked = lab.ask("pi", user=name)
    path = f"/v1/access-requests/{asked['id']}/cancel"
    assert refused(lab, "alice", "POST", path) == (403, "not_yours_to_cancel")
    assert refused(lab, stranger, "POST", path) == (404, "access_request_not_found")
    assert lab.post(name, path)["decision"] == "cancelled"
    asked = lab.ask("pi", user=name)
    assert lab.post("pi", f"/v1/access-requests/{asked['id']}/cancel")["decision"] == "cancelled"
    grant = lab.join(name)
    path = f"/v1/access-requests/{grant['access_request_id']}/cancel"
    assert refused(lab, name, "POST", path) == (409, "already_begun")


# seeing


def test_members_see_their_own_and_what_they_can_decide(lab: Lab) -> None:
    asker, approver, stranger = newcomer(lab), newcomer(lab, "apr"), newcomer(lab, "str")
    group = new_group(lab, approvers=[approver])
    asked = lab.ask(asker, group)
    one = f"/v1/access-requests/{asked['id']}"
    for who in (asker, approver, "pi"):
        assert lab.get(who, one)["id"] == asked["id"]
    for path in (one, f"{one}/events"):
        assert refused(lab, stranger, "GET", path) == (404, "access_request_not_found")
    assert refused(lab, stranger, "POST", f"{one}/approve") == (404, "access_request_not_found")

    def ids(who: str, query: str) -> list[str]:
        return [r["id"] for r in lab.get(who, f"/v1/access-requests?{query}")["items"]]

    assert ids(stranger, "limit=200") == []
    assert ids(asker, "mine=true") == ids(asker, "") == [asked["id"]]
    assert ids(asker, "to_approve=true") == []
    assert ids(approver, "to_approve=true") == [asked["id"]]
    assert ids(approver, "mine=true") == []
    assert asked["id"] in ids("pi", "decision=pending&limit=200")
    assert ids("pi", f"user={asker}&kind=group.join&group={group}&provisioning=none") == [asked["id"]]
    assert ids("pi", f"user={asker}&kind=group.leave") == []
    assert asked["id"] not in ids("pi", "to_approve=true&limit=200")

    lab.approve(approver, asked["id"])
    lab.applied(asked["id"])
    assert ids(approver, "to_approve=true") == []
    assert ids("pi", f"user={asker}&decision=approved&provisioning=applied") == [asked["id"]]


def test_the_history_of_a_request_is_told_oldest_first(lab: Lab) -> None:
    name = newcomer(lab)
    grant = lab.join(name, duration="PT1S")
    lab.grant_until(grant["id"], "revoked")
    events = lab.get(name, f"/v1/access-requests/{grant['access_request_id']}/events")["items"]
    assert [e["event"] for e in events] == [
        "access_request.asked",
        "decision.made",
        "access_request.approved",
        "access_request.applying",
        "grant.started",
        "access_request.applied",
        "grant.ended",
    ]
    assert [e["seq"] for e in events] == sorted(e["seq"] for e in events)


def test_grants_are_listed_by_user_group_state_and_end(lab: Lab) -> None:
    one, two = newcomer(lab), newcomer(lab)
    group = new_group(lab, approvers=["alice"])
    soon, late = lab.join(one, group, duration="PT1H"), lab.join(two, group, duration="P5D")

    def ids(who: str, query: str) -> list[str]:
        return [g["id"] for g in lab.get(who, f"/v1/grants?{query}")["items"]]

    assert ids("pi", f"group={group}") == [late["id"], soon["id"]]
    assert ids("pi", f"group={group}&user={one}") == [soon["id"]]
    assert ids("pi", f"group={group}&state=revoked") == []
    between = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert ids("pi", f"group={group}&ends_before={between}") == [soon["id"]]
    assert ids(one, "limit=200") == [soon["id"]]
    assert refused(lab, "pi", "GET", "/v1/grants?colour=red")[0] == 422


def test_grants_are_paged_without_loss_while_more_are_added(lab: Lab) -> None:
    group = new_group(lab, approvers=["alice"])
    first = [lab.join(newcomer(lab), group)["id"] for _ in range(3)]
    page = lab.get("pi", f"/v1/grants?group={group}&limit=2")
    assert [g["id"] for g in page["items"]] == [first[2], first[1]]
    lab.join(newcomer(lab), group)
    rest = lab.get("pi", f"/v1/grants?group={group}&limit=2&cursor={page['next_cursor']}")
    assert ([g["id"] for g in rest["items"]], rest["next_cursor"]) == ([first[0]], None)
    changed = page["next_cursor"][:-2] + ("AA" if page["next_cursor"][-2:] != "AA" else "BB")
    assert refused(lab, "pi", "GET", f"/v1/grants?group={group}&cursor={changed}")[0] == 400


def test_groups_show_their_policies_rule_and_members(lab: Lab) -> None:
    name = newcomer(lab)
    names = [g["name"] for g in lab.get(name, "/v1/groups?limit=200")["items"]]
    assert {"LabAdmin", "LabGuest", "LabUser"} <= set(names)
    guest = lab.get(name, "/v1/groups/labguest")
    assert guest["name"] == "LabGuest"
    assert "AmazonS3ReadOnlyAccess" in guest["policies"]
    rule = lab.get(name, "/v1/groups/LabGuest/rule")
    assert rule == guest["rule"]
    assert (rule["required_approvals"], rule["approvers"], rule["max_duration"]) == (1, ["role:admin"], "P30D")
    assert rule["self_service"] == {"max_duration": "P1D", "held_before": True}
    assert refused(lab, name, "GET", "/v1/groups/Nowhere") == (404, "group_not_found")

    grant = lab.join(name)
    members = lab.get(name, "/v1/groups/LabGuest/members?limit=200")["items"]
    assert {"user": name, "grant_id": grant["id"], "ends_at": grant["ends_at"]} in members
    lab.post(name, f"/v1/grants/{grant['id']}/revoke", {"reason": "done"}, expect=202)
    lab.grant_until(grant["id"], "revoked")
    members = lab.get(name, "/v1/groups/LabGuest/members?limit=200")["items"]
    assert name not in [m["user"] for m in members]


def test_users_are_found_by_a_part_of_name_or_address(lab: Lab) -> None:
    name = newcomer(lab, "zoe", iam=False, token=False)
    assert [u["name"] for u in lab.get("bob", f"/v1/users?search={name.upper()}")["items"]] == [name]
    assert [u["name"] for u in lab.get("bob", f"/v1/users?search={name}@lab")["items"]] == [name]
    assert lab.get("bob", f"/v1/users?search={name}&state=suspended")["items"] == []


def test_me_says_who_one_is_may_and_holds(lab: Lab) -> None:
    name = newcomer(lab)
    grant = lab.join(name)
    me = lab.get(name, "/v1/me")
    assert (me["name"], me["roles"], me["approves"]) == (name, ["member"], [])
    assert [g["id"] for g in me["grants"]] == [grant["id"]]
    assert me["may"] == ["ask for access for yourself"]
    admin = lab.get("pi", "/v1/me")
    assert {"LabAdmin", "LabGuest", "LabUser"} <= set(admin["approves"])
    assert len(admin["may"]) > len(me["may"])
    answer = lab.call(None, "GET", "/v1/me")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_audit_is_read_with_filters_by_admins_and_auditors_only(lab: Lab) -> None:
    name = newcomer(lab)
    asked = lab.ask(name)
    lab.post("alice", f"/v1/access-requests/{asked['id']}/deny", {"comment": "no"})

    def events(query: str) -> list[str]:
        return [e["event"] for e in lab.get("pi", f"/v1/audit-events?{query}&limit=200")["items"]]

    assert events(f"access_request_id={asked['id']}") == [
        "access_request.denied",
        "decision.made",
        "access_request.asked",
    ]
    assert events(f"subject={name}&event=decision.made") == ["decision.made"]
    assert events(f"subject={name}&actor={name}&event=decision.made") == []
    assert refused(lab, name, "GET", "/v1/audit-events") == (403, "auditors_only")
    assert refused(lab, name, "GET", "/v1/audit-events/verify") == (403, "auditors_only")

    auditor = f"aud{next(_numbers)}"
    lab.register(auditor, ("auditor",))
    assert lab.get(auditor, "/v1/audit-events/verify")["valid"] is True
    assert lab.get(auditor, f"/v1/access-requests/{asked['id']}")["id"] == asked["id"]
    assert refused(lab, auditor, "POST", f"/v1/access-requests/{asked['id']}/cancel")[0] == 403


def test_a_refused_attempt_is_in_the_audit(lab: Lab) -> None:
    name = newcomer(lab)
    asked = lab.ask(name)
    refused(lab, name, "POST", f"/v1/access-requests/{asked['id']}/approve")
    [event] = lab.get("pi", f"/v1/audit-events?event=attempt.refused&actor={name}")["items"]
    assert (event["data"]["code"], event["access_request_id"]) == ("own_request", asked["id"])


def test_health_needs_no_token_and_readiness_names_its_checks(lab: Lab) -> None:
    assert lab.get(None, "/healthz") == {"status": "ok"}
    ready = lab.get(None, "/readyz")
    assert ready == {
        "status": "ready",
        "checks": dict.fromkeys(("database", "migrations", "keys", "worker", "restored", "ends_spilled"), "ok"),
    }


def test_vouching_is_for_an_admin_who_did_not_hand_out_the_code(lab: Lab) -> None:
    name = f"vou{next(_numbers)}"
    lab.post("pi", "/v1/users", {"name": name, "email": f"{name}@lab.example"}, expect=201)
    path = f"/v1/users/{name}/vouch"
    assert refused(lab, "alice", "POST", path) == (409, "not_enrolled")
    code = lab.post("pi", f"/v1/users/{name}/enrolment", expect=201)["code"]
    lab.tokens[name] = lab.post(None, "/v1/enrolments/redeem", {"code": code})["token"]
    assert lab.get("pi", f"/v1/users/{name}")["verified"] is False
    assert refused(lab, "bob", "POST", path) == (403, "admin_only")
    assert refused(lab, "pi", "POST", path) == (403, "one_hand")
    assert lab.post("alice", path)["verified"] is True
    assert lab.post("pi", f"/v1/users/{name}/enrolment", expect=202)["decision"] == "pending"
