"""The rules of `rules.md`, each over HTTP, as far as the kinds that are built reach. The number is in the name."""

import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from app.clients import aws
from app.clients.iam import BotoIam
from app.clients.trail import Trail
from app.delivery.due import due
from app.delivery.embedded import only_one
from app.domain.actors import SYSTEM_ACTOR
from app.domain.belongings import Belongings
from app.domain.devices import Device
from app.domain.inline import InlinePolicy
from app.domain.lab_policies import LabPolicy
from app.domain.monitoring import SeenMonitoring
from app.domain.password_policy import PasswordPolicy
from app.domain.plans import Operation
from app.domain.sightings import SeenGroup, SeenPolicy, SeenUser
from app.domain.words import UserState
from app.errors import StartError, Unavailable
from app.main import make_database
from app.models import Grant, Group, User
from app.services import audit, setup, tokens
from app.services.backoff import Backoff
from app.services.reconcile import Reconciler
from tests.conftest import BOTH, Databases
from tests.support.lab import STEP, Lab, serving
from tests.test_lifecycle import at, boto_iam, new_group, newcomer, refused, until, wish

ASK = "/v1/access-requests"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
VIEW_ONLY = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
DENY = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}})


class Iam:
    """The real one, watched: what is called is kept, a call can be refused, and it can claim to be AWS's.

    Args:
        before: Told of every changing call before it is made; what it raises is the answer.
    """

    def __init__(
        self, real: BotoIam, before: Callable[[Operation], None] | None = None, *, emulated: bool = True
    ) -> None:
        self._real, self._before, self.emulated = real, before, emulated
        self.calls: list[str] = []

    def account(self) -> tuple[str, str]:
        return self._real.account()

    def user(self, name: str, *, mfa: bool = False, belongings: bool = False) -> SeenUser | None:
        return self._real.user(name, mfa=mfa, belongings=belongings)

    def group(self, name: str) -> SeenGroup | None:
        return self._real.group(name)

    def members(self, group: str) -> frozenset[str] | None:
        return self._real.members(group)

    def group_names(self) -> frozenset[str]:
        return self._real.group_names()

    def policy(self, arn: str) -> SeenPolicy | None:
        return self._real.policy(arn)

    def lab_policy(self, arn: str) -> LabPolicy | None:
        return self._real.lab_policy(arn)

    def trail(self) -> Trail:
        return self._real.trail()

    def belongings(self, name: str) -> Belongings | None:
        return self._real.belongings(name)

    def password_policy(self) -> PasswordPolicy | None:
        return self._real.password_policy()

    def monitoring(self, log_group: str) -> SeenMonitoring:
        return self._real.monitoring(log_group)

    def devices(self, name: str) -> tuple[Device, ...] | None:
        return self._real.devices(name)

    def spare_devices(self) -> frozenset[str]:
        return self._real.spare_devices()

    def inline(self, name: str, *, documents: bool = True) -> tuple[InlinePolicy, ...] | None:
        return self._real.inline(name, documents=documents)

    def key_used(self, key_id: str) -> dt.datetime | None:
        return self._real.key_used(key_id)

    def call(self, operation: Operation, secret: str | None = None) -> Mapping[str, str]:
        if self._before is not None:
            self._before(operation)
        self.calls.append(operation.action)
        return self._real.call(operation, secret)


@pytest.fixture
def still(databases: Databases) -> Iterator[Lab]:
    """A lab without a worker: what is due is carried out by `work`."""
    with databases.lab("sqlite", with_worker=False) as found:
        yield found


def work(lab: Lab, iam: Iam | None = None, *, pause: float = 0.01) -> Iam:
    """Do everything that is due; `pause` is long where something fails again and again, or this may never end."""
    iam = iam or Iam(boto_iam(lab))
    database = lab.running.database
    reconcile = Reconciler(database, lambda _account: iam, Backoff(first=pause, longest=pause))
    for _ in range(20):
        with database.read() as tx:
            batch = due(tx)
        if not batch:
            return iam
        for one in batch:
            reconcile(one)
    raise AssertionError("there is no end of work")


def set_rule(lab: Lab, group: str, **rule: Any) -> None:
    """Change a group's rule behind the API, which cannot do that yet."""
    with lab.running.database.write() as tx:
        row = tx.session.scalars(select(Group).where(col(Group.name) == group)).one()
        row.rule = {**row.rule, **rule}


def set_user(lab: Lab, name: str, **values: Any) -> None:
    """Change a user behind the API, which cannot do that yet."""
    with lab.running.database.write() as tx:
        user = tx.session.scalars(select(User).where(col(User.name) == name)).one()
        for field, value in values.items():
            setattr(user, field, value)


def the_grant(lab: Lab, request: dict[str, Any]) -> Grant:
    with lab.running.database.read() as tx:
        grant = tx.session.scalars(select(Grant).where(col(Grant.access_request_id) == request["id"])).one()
        tx.session.expunge(grant)
        return grant


def shown(lab: Lab, request: dict[str, Any]) -> Any:
    return lab.get("pi", f"{ASK}/{request['id']}")


def service_of(lab: Lab, owner: str, name: str = "robot") -> str:
    """A service with a token."""
    body = {"name": name, "email": f"{name}@lab.example", "roles": ["service"], "owner": owner}
    lab.post("pi", "/v1/users", body, expect=201)
    code = lab.post("pi", f"/v1/users/{name}/enrolment", expect=201)["code"]
    lab.tokens[name] = lab.post(None, "/v1/enrolments/redeem", {"code": code})["token"]
    return name


# Who may ask, decide, take away


def test_rule_1_asking_for_another_needs_an_admin_or_an_approver_of_the_group(lab: Lab) -> None:
    name, approver = newcomer(lab), newcomer(lab, "apr")
    body = wish("group.join", {"group": "LabGuest"}, user=name)
    assert refused(lab, "bob", "POST", ASK, body) == (403, "not_for_others")
    assert lab.ask("pi", user=name)["requester"] == "pi"
    group = new_group(lab, approvers=[approver, "alice"])
    assert refused(lab, approver, "POST", ASK, wish("user.create", {}, user=name)) == (403, "not_for_others")
    asked = lab.ask(approver, group, user=name)
    assert (asked["requester"], asked["ruling"]["eligible_approvers"]) == (approver, ["alice"])


def test_rule_1_a_service_counts_as_its_owner_and_never_approves(lab: Lab) -> None:
    robot = service_of(lab, "bob")
    asked = lab.ask(robot, user="bob")
    assert (asked["requester"], asked["user"]) == (robot, "bob")
    name = newcomer(lab)
    body = wish("group.join", {"group": "LabGuest"}, user=name)
    assert refused(lab, robot, "POST", ASK, body) == (403, "not_for_others")
    group = new_group(lab, approvers=[robot, "alice"])
    other = lab.ask(name, group)
    assert other["ruling"]["eligible_approvers"] == ["alice"]
    assert refused(lab, robot, "POST", f"{ASK}/{other['id']}/approve") == (404, "access_request_not_found")


def test_rule_2_nobody_decides_on_what_they_asked_for_or_what_is_for_them(lab: Lab) -> None:
    own = lab.ask("pi")
    for_bob = lab.ask("pi", user="bob")
    robot = service_of(lab, "pi")
    by_robot = lab.ask(robot, "LabUser")
    for asked in (own, for_bob, by_robot):
        for verdict in ("approve", "deny"):
            path = f"{ASK}/{asked['id']}/{verdict}"
            body = {"comment": "mine"}
            assert refused(lab, "pi", "POST", path, body) == (403, "own_request")
    assert refused(lab, "bob", "POST", f"{ASK}/{for_bob['id']}/approve") == (403, "own_request")
    for asked in (own, for_bob, by_robot):
        assert shown(lab, asked)["decision"] == "pending"
        assert asked["ruling"]["eligible_approvers"] == ["alice"]


def test_rule_2_names_and_addresses_are_unique_whatever_the_case(lab: Lab) -> None:
    body = {"name": "BOB", "email": "other@lab.example"}
    assert refused(lab, "pi", "POST", "/v1/users", body) == (409, "name_taken")
    body = {"name": "robert", "email": "BOB@Lab.Example"}
    assert refused(lab, "pi", "POST", "/v1/users", body) == (409, "email_taken")
    set_user(lab, "bob", state=UserState.DELETED)
    body = {"name": "Bob", "email": "new@lab.example"}
    assert refused(lab, "pi", "POST", "/v1/users", body) == (409, "name_taken")


def test_rule_3_leaving_a_group_that_denies_something_needs_an_admin(lab: Lab) -> None:
    name = newcomer(lab)
    group = new_group(lab, approvers=["role:admin"])
    lab.iam.put_group_policy(GroupName=group, PolicyName="no-s3", PolicyDocument=DENY)
    setup.run(lab.running.database, boto_iam(lab), SYSTEM_ACTOR, "default")
    grant = lab.join(name, group)
    revoke = f"/v1/grants/{grant['id']}/revoke"
    assert refused(lab, name, "POST", revoke, {"reason": "free me"}) == (403, "not_less_access")
    asked = lab.post(name, ASK, wish("group.leave", {"group": group}), expect=201)
    assert (asked["decision"], asked["ruling"]["required_approvals"]) == ("pending", 1)
    assert lab.groups_in_iam(name) == [group]
    lab.approve("alice", asked["id"])
    lab.applied(asked["id"])
    lab.grant_until(grant["id"], "revoked")
    assert lab.groups_in_iam(name) == []


def test_rule_4_the_rule_of_each_group_is_met_separately(lab: Lab) -> None:
    one, two, both = (newcomer(lab, stem) for stem in ("one", "two", "both"))
    first, second = new_group(lab, approvers=[one, both]), new_group(lab, approvers=[two, both])
    name = newcomer(lab, iam=False)
    asked = lab.post(name, ASK, wish("user.create", {"groups": [first, second]}), expect=201)
    assert asked["ruling"]["eligible_approvers"] == sorted([one, two, both])
    assert lab.approve(one, asked["id"])["decision"] == "pending"
    assert lab.approve(two, asked["id"])["decision"] == "approved"
    lab.applied(asked["id"])

    other = newcomer(lab, iam=False)
    asked = lab.post(other, ASK, wish("user.create", {"groups": [first, second]}), expect=201)
    assert lab.approve(both, asked["id"])["decision"] == "approved"
    lab.applied(asked["id"])
    assert lab.groups_in_iam(other) == sorted([first, second])


def test_rule_5_the_stricter_of_the_rule_when_asked_and_the_rule_now_binds_at_approval(lab: Lab) -> None:
    group = new_group(lab, approvers=["role:admin"], required_approvals=1)
    stricter = lab.ask(newcomer(lab), group)
    set_rule(lab, group, required_approvals=2)
    laxer = lab.ask(newcomer(lab), group)
    assert lab.approve("pi", stricter["id"])["decision"] == "pending"
    assert lab.approve("alice", stricter["id"])["decision"] == "approved"
    set_rule(lab, group, required_approvals=1)
    assert lab.approve("pi", laxer["id"])["decision"] == "pending"
    assert lab.approve("alice", laxer["id"])["decision"] == "approved"


def test_rule_5_it_binds_again_when_the_request_is_carried_out(still: Lab) -> None:
    group = new_group(still, approvers=["role:admin"], required_approvals=1)
    name = newcomer(still)
    asked = still.ask(name, group)
    still.approve("pi", asked["id"])
    set_rule(still, group, required_approvals=2)
    assert work(still).calls == []
    row = shown(still, asked)
    assert (row["decision"], row["provisioning"], row["ruling"]["required_approvals"]) == ("pending", "none", 2)
    assert [d["void"] is None for d in row["decisions"]] == [False]
    assert still.groups_in_iam(name) == []


@pytest.mark.parametrize("moment", ["approval", "carrying out"])
def test_rule_5_a_grant_lasts_no_longer_than_the_rule_now_allows(still: Lab, moment: str) -> None:
    group = new_group(still, approvers=["role:admin"], max_duration="P10D")
    asked = still.ask(newcomer(still), group, duration="P10D")
    if moment == "approval":
        set_rule(still, group, max_duration="PT1H")
    still.approve("pi", asked["id"])
    if moment == "carrying out":
        set_rule(still, group, max_duration="PT1H")
    work(still)
    assert shown(still, asked)["provisioning"] == "applied"
    grant = the_grant(still, asked)
    assert grant.ends_at is not None
    assert grant.starts_at is not None
    assert grant.ends_at - grant.starts_at == dt.timedelta(hours=1)


def test_rule_6_the_quorum_is_what_others_can_give_and_says_so(lab: Lab) -> None:
    full = lab.ask("bob", "LabAdmin")["ruling"]
    assert (full["required_approvals"], full["eligible_approvers"]) == (2, ["alice", "pi"])
    lowered = lab.ask("pi", "LabAdmin")
    assert (lowered["ruling"]["required_approvals"], lowered["ruling"]["eligible_approvers"]) == (1, ["alice"])
    assert any("asks for 2 approvals, but only 1" in reason for reason in lowered["ruling"]["reasons"])
    [event] = lab.get("pi", f"/v1/audit-events?access_request_id={lowered['id']}")["items"]
    assert event["data"]["ruling"]["reasons"] == lowered["ruling"]["reasons"]


def test_rule_6_suspending_lowers_no_quorum_and_makes_nobody_the_only_admin(lab: Lab) -> None:
    set_user(lab, "alice", state=UserState.SUSPENDED)
    ruling = lab.ask("bob", "LabAdmin")["ruling"]
    assert (ruling["required_approvals"], ruling["eligible_approvers"]) == (2, ["pi"])
    body = wish("user.roles", {"roles": ["auditor", "member"]}, user="bob")
    assert refused(lab, "pi", "POST", ASK, body) == (409, "no_eligible_approver")


def test_rule_7_access_needs_a_second_person_even_while_there_is_one_admin(lab: Lab) -> None:
    with lab.running.database.write() as tx:
        tx.session.execute(sa.update(User).where(col(User.name) == "alice").values(roles=["member"]))
    assert refused(lab, "pi", "POST", ASK, wish("group.join", {"group": "LabGuest"})) == (409, "no_eligible_approver")
    roles = lab.post("pi", ASK, wish("user.roles", {"roles": ["auditor", "member"]}, user="bob"), expect=201)
    assert [d["approver"] for d in roles["decisions"]] == ["rule:sole_admin"]
    assert lab.get("bob", "/v1/me")["roles"] == ["auditor", "member"]


def test_rule_8_who_handed_out_the_code_does_not_count_until_another_admin_vouches(lab: Lab) -> None:
    lab.register("carol", by="alice")
    lab.iam.create_user(UserName="carol", Path="/lab/")
    asked = lab.ask("carol")
    assert asked["ruling"]["eligible_approvers"] == ["pi"]
    assert any("alice cannot approve here" in reason for reason in asked["ruling"]["reasons"])
    assert refused(lab, "alice", "POST", f"{ASK}/{asked['id']}/approve") == (403, "not_eligible")
    assert refused(lab, "alice", "POST", "/v1/users/carol/vouch") == (403, "one_hand")
    lab.post("pi", "/v1/users/carol/vouch")
    assert lab.approve("alice", asked["id"])["decision"] == "approved"
    lab.applied(asked["id"])


def test_rule_8_a_denial_always_counts(lab: Lab) -> None:
    lab.register("carol", by="alice")
    asked = lab.ask("carol")
    denied = lab.post("alice", f"{ASK}/{asked['id']}/deny", {"comment": "no"})
    assert denied["decision"] == "denied"


def test_rule_8_somebody_unverified_does_not_count_for_who_enrolled_them(lab: Lab) -> None:
    lab.register("carol", ("admin",), by="pi")
    lab.post("carol", "/v1/users/alice/vouch")  # pi enrolled alice too
    asked = lab.ask("pi")
    assert asked["ruling"]["eligible_approvers"] == ["alice"]
    assert refused(lab, "carol", "POST", f"{ASK}/{asked['id']}/approve") == (403, "not_eligible")
    assert lab.ask("bob")["ruling"]["eligible_approvers"] == ["alice", "carol", "pi"]


# Tokens and identities


def test_rule_14_a_token_is_at_most_what_made_it(lab: Lab) -> None:
    def mint(who: str, scopes: list[str], expires_in: str = "PT1H") -> httpx.Response:
        return lab.call(who, "POST", "/v1/tokens", {"name": "small", "scopes": scopes, "expires_in": expires_in})

    small = mint("alice", ["requests:read", "requests:write"]).json()
    lab.tokens["small"] = small["token"]
    assert lab.get("small", "/v1/me")["scopes"] == ["requests:read", "requests:write"]
    longer = mint("small", ["requests:read"], "P90D").json()
    assert longer["expires_at"] == small["expires_at"]
    beyond = mint("small", ["requests:read", "requests:decide"])
    assert (beyond.status_code, beyond.json()["code"]) == (403, "scope_not_held")
    asked = lab.ask("bob")
    assert refused(lab, "small", "POST", f"{ASK}/{asked['id']}/approve") == (403, "insufficient_scope")
    assert shown(lab, asked)["decision"] == "pending"


def test_rule_16_recovery_gives_the_owner_a_new_token_and_ends_the_others(lab: Lab) -> None:
    with lab.running.database.write() as tx:
        code, _ = tokens.recover(tx, "pi")
    again = lab.post(None, "/v1/enrolments/redeem", {"code": code})["token"]
    assert refused(lab, "pi", "GET", "/v1/me") == (401, "bad_token")
    lab.tokens["pi"] = again
    assert lab.get("pi", "/v1/me")["name"] == "pi"
    [event] = lab.get("pi", "/v1/audit-events?event=owner.recovery_code_made")["items"]
    assert (event["actor"], event["subject"]) == ("system", "pi")


def test_rule_17_an_answer_that_holds_a_secret_is_given_once(lab: Lab) -> None:
    lab.post("pi", "/v1/users", {"name": "carol", "email": "carol@lab.example"}, expect=201)
    headers, code = {"Idempotency-Key": "k1"}, None
    token = {"name": "t", "scopes": ["requests:read"], "expires_in": "PT1H"}
    for key, path, body, first in (
        ("k1", "/v1/tokens", token, 201),
        ("k2", "/v1/users/carol/enrolment", None, 201),
    ):
        headers = {"Idempotency-Key": key}
        answer = lab.post("pi", path, body, expect=first, headers=headers)
        again = lab.call("pi", "POST", path, body, headers=headers)
        assert (again.status_code, again.json()["code"]) == (409, "already_delivered")
        code = answer.get("code")
    redeem = {"code": code}
    lab.post(None, "/v1/enrolments/redeem", redeem, headers=headers)
    again = lab.call(None, "POST", "/v1/enrolments/redeem", redeem, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "already_delivered")
    assert len(lab.get("pi", "/v1/tokens")["items"]) == 2


# States and time


@pytest.mark.parametrize("who", ["bob", "pi", "alice"])
def test_rule_18_what_is_approved_can_be_cancelled_by_requester_subject_and_admin(still: Lab, who: str) -> None:
    asked = still.ask("pi", user="bob")
    still.approve("alice", asked["id"])
    cancelled = still.post(who, f"{ASK}/{asked['id']}/cancel")
    assert (cancelled["decision"], cancelled["provisioning"]) == ("cancelled", "none")
    assert work(still).calls == []
    grant = the_grant(still, asked)
    assert (grant.state, grant.end_reason) == ("revoked", "cancelled")
    assert still.groups_in_iam("bob") == []


def test_rule_18_what_nobody_decides_and_what_is_not_carried_out_in_time_lapses(
    databases: Databases, still: Lab
) -> None:
    with serving(
        still.settings.model_copy(
            update={
                "lapse_after": dt.timedelta(hours=1),
                "database_url": databases._copy("sqlite", still.settings.database_url),
            }
        ),
        still.tokens,
        still.iam.meta.endpoint_url,
        with_worker=False,
    ) as lab:
        undecided, unfinished = lab.ask("bob"), lab.ask("alice")
        lab.approve("pi", unfinished["id"])
        last = at(shown(lab, unfinished)["lapses_at"])
        lab.running.database.clock = lambda: last  # a second of waiting would be over before a slow machine approved
        assert work(lab).calls == []
        assert [shown(lab, r)["decision"] for r in (undecided, unfinished)] == ["lapsed", "lapsed"]
        assert the_grant(lab, unfinished).state == "revoked"
        assert refused(lab, "pi", "POST", f"{ASK}/{undecided['id']}/approve") == (409, "not_pending")


def test_rule_18_an_approver_who_lost_the_role_makes_it_pending_again(still: Lab) -> None:
    still.register("carol", ("admin",), vouched_by="alice")
    still.post("carol", "/v1/users/alice/vouch")  # pi enrolled alice too
    asked = still.ask("bob")
    still.approve("carol", asked["id"])
    roles = still.post("pi", ASK, wish("user.roles", {"roles": ["member"]}, user="carol"), expect=201)
    still.approve("alice", roles["id"])
    assert work(still).calls == []
    row = shown(still, asked)
    assert (row["decision"], row["provisioning"], row["grant_id"]) == ("pending", "none", None)
    assert row["decisions"][0]["void"] == "an approver is no longer eligible"
    assert row["ruling"]["eligible_approvers"] == ["alice", "pi"]
    [loud] = still.get("pi", f"/v1/audit-events?event=access_request.approvals_void&access_request_id={asked['id']}")[
        "items"
    ]
    assert loud["data"]["reason"] == "an approver is no longer eligible"
    still.approve("alice", asked["id"])
    assert work(still).calls == ["AddUserToGroup"]
    assert shown(still, asked)["provisioning"] == "applied"


def test_rule_18_a_request_whose_party_is_gone_is_closed_by_the_system(still: Lab) -> None:
    asked = still.ask("pi", user="bob")
    still.approve("alice", asked["id"])
    set_user(still, "bob", state=UserState.SUSPENDED)
    assert work(still).calls == []
    assert shown(still, asked)["decision"] == "cancelled"
    events = still.get("pi", f"{ASK}/{asked['id']}/events")["items"]
    assert (events[-1]["event"], events[-1]["actor"]) == ("access_request.cancelled", "system")


def test_rule_19_the_grant_is_applying_with_its_undo_due_before_the_first_write(still: Lab) -> None:
    asked = still.ask("bob", duration="PT1H")
    still.approve("pi", asked["id"])
    found: list[tuple[str, dt.datetime | None]] = []

    def look(_operation: Operation) -> None:
        grant = the_grant(still, asked)
        found.append((grant.state, grant.due_at))

    work(still, Iam(boto_iam(still), look))
    [(state, undo_at)] = found
    assert state == "applying"
    assert undo_at is not None
    assert undo_at > at(asked["created_at"]) + dt.timedelta(hours=1)


def test_rule_19_what_fails_half_way_is_undone_and_read_back_before_it_is_failed(still: Lab) -> None:
    name = newcomer(still, iam=False)
    asked = still.post(name, ASK, wish("user.create", {"groups": ["LabGuest", "LabUser"]}), expect=201)
    still.approve("pi", asked["id"])
    states: list[str] = []

    def refuse(operation: Operation) -> None:
        states.append(shown(still, asked)["provisioning"])
        if operation.parameters.get("GroupName") == "LabUser" and operation.action == "AddUserToGroup":
            raise aws.NeedsPerson("AddUserToGroup", "AccessDenied", "not allowed")

    iam = work(still, Iam(boto_iam(still), refuse))
    # The second group was never shown; IAM may only not show it yet, so it is taken away as well.
    assert iam.calls == ["CreateUser", "AddUserToGroup", "RemoveUserFromGroup", "RemoveUserFromGroup", "DeleteUser"]
    assert set(states) == {"applying"}
    row = shown(still, asked)
    assert (row["provisioning"], row["failure"]["code"]) == ("failed", "access_denied")
    assert name not in {u["UserName"] for u in still.iam.list_users()["Users"]}
    grants = still.get("pi", f"/v1/grants?user={name}")["items"]
    assert {(g["state"], g["end_reason"]) for g in grants} == {("revoked", "not_applied")}


def test_rule_20_starts_and_durations_have_limits(lab: Lab) -> None:
    soon = (dt.datetime.now(dt.UTC) + dt.timedelta(days=29)).isoformat()
    late = (dt.datetime.now(dt.UTC) + dt.timedelta(days=31)).isoformat()
    past = (dt.datetime.now(dt.UTC) - dt.timedelta(days=1)).isoformat()
    for starts_at, code in ((late, "starts_too_late"), (past, "starts_in_the_past")):
        body = wish("group.join", {"group": "LabGuest"}, starts_at=starts_at)
        assert refused(lab, "bob", "POST", ASK, body) == (422, code)
    asked = lab.ask("bob", starts_at=soon)
    assert asked["duration"] == "P30D"


def test_rule_20_a_retry_needs_an_approval_that_is_still_good(still: Lab) -> None:
    still.register("carol", ("admin",), vouched_by="alice")
    name = newcomer(still, iam=False)
    asked = still.ask(name)
    still.approve("carol", asked["id"])
    work(still)
    assert shown(still, asked)["failure"]["code"] == "no_iam_user"
    set_user(still, "carol", roles=["member"])
    assert refused(still, "pi", "POST", f"{ASK}/{asked['id']}/retry") == (409, "approval_void")


def test_rule_21_a_changed_policy_voids_the_approval_and_the_same_approver_may_approve_again(lab: Lab) -> None:
    group = new_group(lab, policies=(READ_ONLY,), approvers=["role:admin"])
    name = newcomer(lab)
    asked = lab.ask(name, group)
    lab.iam.attach_group_policy(GroupName=group, PolicyArn=VIEW_ONLY)
    lab.approve("alice", asked["id"], {"plan_digest": asked["plan"]["digest"]})
    row = until(lab, asked["id"], "decision", "pending")
    assert row["plan"]["digest"] != asked["plan"]["digest"]
    assert [d["void"] is None for d in row["decisions"]] == [False]
    assert lab.groups_in_iam(name) == []
    old = {"plan_digest": asked["plan"]["digest"]}
    assert refused(lab, "alice", "POST", f"{ASK}/{asked['id']}/approve", old) == (409, "plan_changed")
    lab.approve("alice", asked["id"], {"plan_digest": row["plan"]["digest"]})
    lab.applied(asked["id"])
    assert lab.groups_in_iam(name) == [group]
    events = [e["event"] for e in lab.get(name, f"{ASK}/{asked['id']}/events")["items"]]
    assert events.count("access_request.approvals_void") == 1


def test_rule_21_the_third_void_is_a_failure(still: Lab) -> None:
    group = new_group(still, approvers=["role:admin"])
    asked = still.ask("bob", group)
    for number in range(3):
        assert shown(still, asked)["decision"] == "pending"
        still.approve("alice", asked["id"])
        document = DENY.replace("s3:*", f"s3:Get{number}")
        still.iam.put_group_policy(GroupName=group, PolicyName="changing", PolicyDocument=document)
        assert work(still).calls == []
    row = shown(still, asked)
    assert (row["decision"], row["provisioning"]) == ("approved", "failed")
    assert row["failure"]["code"] == "plan_keeps_changing"
    assert still.groups_in_iam("bob") == []


def test_rule_21_what_takes_away_is_never_void(lab: Lab) -> None:
    group = new_group(lab, policies=(READ_ONLY,), approvers=["role:admin"])
    leaver, expirer = newcomer(lab), newcomer(lab)
    lab.join(leaver, group)
    grant = lab.join(expirer, group, duration="PT1H")
    lab.iam.attach_group_policy(GroupName=group, PolicyArn=VIEW_ONLY)
    lab.fall_due(grant["id"])
    left = lab.post(leaver, ASK, wish("group.leave", {"group": group}), expect=201)
    lab.applied(left["id"])
    lab.grant_until(grant["id"], "revoked")
    assert lab.groups_in_iam(leaver) == lab.groups_in_iam(expirer) == []


def test_rule_22_a_revoke_ends_every_grant_of_that_access_and_cancels_what_is_asked_for(lab: Lab) -> None:
    first = lab.join("bob", duration="P1D")
    body = {"duration": "P2D", "reason": "longer"}
    extended = lab.post("bob", f"/v1/grants/{first['id']}/extend", body, expect=201)
    lab.approve("pi", extended["id"])
    second = lab.applied(extended["id"])["grant_id"]
    asked = lab.post("bob", f"/v1/grants/{second}/extend", {"duration": "P3D", "reason": "longer"}, expect=201)
    other = lab.join("bob", "LabUser")
    lab.post("bob", f"/v1/grants/{first['id']}/revoke", {"reason": "done"}, expect=202)
    for grant in (first["id"], second):
        assert lab.grant_until(grant, "revoked")["end_reason"] == "revoked"
    assert shown(lab, asked)["decision"] == "cancelled"
    assert lab.get("pi", f"/v1/grants/{other['id']}")["state"] == "active"
    assert lab.groups_in_iam("bob") == ["LabUser"]


def test_rule_22_leaving_ends_scheduled_access_too(lab: Lab) -> None:
    starts_at = (dt.datetime.now(dt.UTC) + dt.timedelta(days=2)).isoformat()
    later = lab.ask("bob", "LabUser", starts_at=starts_at)
    scheduled = lab.approve("pi", later["id"])["grant_id"]
    left = lab.post("bob", ASK, wish("group.leave", {"group": "LabUser"}), expect=201)
    lab.applied(left["id"])
    assert lab.get("bob", f"/v1/grants/{scheduled}")["state"] == "revoked"
    assert shown(lab, later)["decision"] == "cancelled"


def test_rule_22_an_end_by_time_while_another_grant_stands_makes_no_call(still: Lab) -> None:
    asked = still.ask("bob", duration="PT1H")
    still.approve("pi", asked["id"])
    work(still)
    first = the_grant(still, asked)
    more = still.post("bob", f"/v1/grants/{first.id}/extend", {"duration": "P1D", "reason": "x"}, expect=201)
    still.approve("pi", more["id"])
    assert work(still).calls == []
    still.fall_due(first.id)
    assert work(still).calls == []
    ended = still.get("bob", f"/v1/grants/{first.id}")
    assert (ended["state"], ended["continued_by"]) == ("revoked", the_grant(still, more).id)
    assert still.groups_in_iam("bob") == ["LabGuest"]


def test_rule_22_access_removed_outside_is_not_given_again_by_an_extension(still: Lab) -> None:
    asked = still.ask("bob")
    still.approve("pi", asked["id"])
    work(still)
    set_rule(still, "LabGuest", max_duration="P60D")
    grant = the_grant(still, asked)
    grant_id = grant.id
    with still.running.database.write() as tx:
        row = tx.session.get_one(Grant, grant_id)
        row.ends_at = tx.now + dt.timedelta(days=1)
        row.starts_at = tx.now - dt.timedelta(minutes=10)  # long enough ago for IAM to show it everywhere
    more = still.post("bob", f"/v1/grants/{grant_id}/extend", {"duration": "P2D", "reason": "x"}, expect=201)
    still.approve("pi", more["id"])
    still.iam.remove_user_from_group(UserName="bob", GroupName="LabGuest")
    assert work(still).calls == []
    assert still.get("bob", f"/v1/grants/{grant_id}")["end_reason"] == "removed_outside"
    assert shown(still, more)["failure"]["code"] == "grant_ended"
    assert still.groups_in_iam("bob") == []


def test_rule_23_an_extension_is_no_second_asking_and_must_end_later(lab: Lab) -> None:
    grant = lab.join("bob", duration="P1D")
    path = f"/v1/grants/{grant['id']}/extend"
    assert refused(lab, "bob", "POST", ASK, wish("group.join", {"group": "LabGuest"})) == (409, "already_has_access")
    assert refused(lab, "bob", "POST", path, {"duration": "PT1H", "reason": "x"}) == (409, "not_later")
    assert lab.post("bob", path, {"duration": "P2D", "reason": "x"}, expect=201)["decision"] == "pending"
    lab.post("bob", f"/v1/grants/{grant['id']}/revoke", {"reason": "x"}, expect=202)
    lab.grant_until(grant["id"], "revoked")
    assert refused(lab, "bob", "POST", path, {"duration": "P2D", "reason": "x"}) == (409, "grant_ended")


def test_rule_24_for_somebody_suspended_only_removals_are_carried_out(still: Lab) -> None:
    short = still.ask("bob", duration="PT1H")
    still.approve("pi", short["id"])
    work(still)
    asked = still.ask("bob", "LabUser")
    still.approve("pi", asked["id"])
    set_user(still, "bob", state=UserState.SUSPENDED)
    assert refused(still, "bob", "GET", "/v1/me")[0] == 401
    still.fall_due(the_grant(still, short).id)
    assert work(still).calls == ["RemoveUserFromGroup"]
    assert shown(still, asked)["decision"] == "cancelled"
    assert still.groups_in_iam("bob") == []


# AWS


def test_rule_28_what_an_emulator_does_not_keep_is_a_finding_and_on_aws_a_failure(still: Lab) -> None:
    asked = still.ask("bob")
    still.approve("pi", asked["id"])
    work(still)
    [event] = still.get("pi", f"/v1/audit-events?event=access_request.applied&access_request_id={asked['id']}")["items"]
    assert event["data"]["findings"] == ["bob has no permissions boundary: this endpoint does not keep it"]

    other = still.ask("alice")
    still.approve("pi", other["id"])
    iam = work(still, Iam(boto_iam(still), emulated=False))
    assert iam.calls == []
    row = shown(still, other)
    assert (row["provisioning"], row["failure"]["code"]) == ("failed", "guardrails_missing")
    assert still.groups_in_iam("alice") == []


def test_rule_29_a_second_setup_changes_nothing_and_reports_what_differs(lab: Lab) -> None:
    group = new_group(lab, approvers=["role:admin"])
    database = lab.running.database
    with database.write() as tx:
        tx.session.execute(sa.update(Group).where(col(Group.name) == group).values(policies=["AmazonS3ReadOnlyAccess"]))
    outcome = setup.run(database, boto_iam(lab), SYSTEM_ACTOR, "default")
    assert outcome.done == ()
    assert [d for d in outcome.differences if group in d] == [
        f"attach arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess to {group}"
    ]
    assert lab.iam.list_attached_group_policies(GroupName=group)["AttachedPolicies"] == []


# Delivery


def test_rule_34_one_process_writes_to_sqlite_and_others_may_read(lab: Lab) -> None:
    second = make_database(lab.settings)
    try:
        with pytest.raises(StartError, match="Another Gatehouse is using this database"), only_one(second):
            pass
        assert audit.verify(second).valid
    finally:
        second.close()


def test_rule_35_waiting_holds_no_thread_and_an_eleventh_wait_answers_at_once(lab: Lab) -> None:
    asked = lab.ask("bob")
    path = f"{ASK}/{asked['id']}?wait=60&until=decided"
    others = []
    for number in range(4):
        body = {"name": f"t{number}", "scopes": ["requests:read"], "expires_in": "PT1H"}
        lab.post("pi", "/v1/tokens", body, expect=201)
        lab.register(f"aud{number}", ("auditor",))
        others.append(f"aud{number}")
    limits = httpx.Limits(max_connections=None)
    started = threading.Semaphore(0)

    with httpx.Client(base_url=lab.url, timeout=90, limits=limits) as client, ThreadPoolExecutor(60) as pool:

        def wait(who: str) -> Any:
            headers = {"Authorization": f"Bearer {lab.tokens[who]}"}
            started.release()
            return client.get(path, headers=headers).json()

        # 50 waits: more than the 40 threads that the server has.
        waits = [pool.submit(wait, who) for who in ("alice", *others) for _ in range(10)]
        for _ in waits:
            started.acquire()
        bell = lab.running.server.config.app.state.house.bell  # type: ignore[union-attr] # it is our application
        deadline = time.monotonic() + 50
        while sum(bell._each.values()) < 50:
            assert time.monotonic() < deadline, dict(bell._each)
            time.sleep(STEP)
        assert wait("alice")["decision"] == "pending"
        assert lab.get("pi", "/v1/me")["name"] == "pi"
        assert not any(w.done() for w in waits)
        lab.post("pi", f"{ASK}/{asked['id']}/deny", {"comment": "no"})
        assert {w.result()["decision"] for w in waits} == {"denied"}


_NO_AUDIT = {
    "sqlite": ["CREATE TRIGGER full BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'disk full'); END"],
    "postgresql": [
        "CREATE FUNCTION full_() RETURNS trigger AS 'BEGIN RAISE EXCEPTION ''disk full''; END' LANGUAGE plpgsql",
        "CREATE TRIGGER full_ BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION full_()",
    ],
}


@BOTH
def test_rule_36_when_the_audit_cannot_be_written_the_change_does_not_happen(databases: Databases, kind: str) -> None:
    with databases.lab(kind, with_worker=False) as lab:
        approved, pending = lab.ask("bob"), lab.ask("bob", "LabUser")
        lab.approve("alice", approved["id"])
        with lab.running.database.engine.begin() as connection:
            for statement in _NO_AUDIT[kind]:
                connection.execute(sa.text(statement))
        body = {"name": "carol", "email": "carol@lab.example"}
        for who, path, sent in (
            ("alice", f"{ASK}/{pending['id']}/approve", None),
            ("alice", f"{ASK}/{pending['id']}/deny", {"comment": "no"}),
            ("bob", f"{ASK}/{pending['id']}/cancel", None),
            ("alice", ASK, wish("group.join", {"group": "LabGuest"})),
            ("pi", "/v1/users", body),
        ):
            answer = lab.call(who, "POST", path, sent)
            assert answer.status_code >= 400, answer.text
            assert "disk full" not in answer.text
        iam = Iam(boto_iam(lab))
        with pytest.raises(Unavailable):  # whoever delivers is told, and tries again
            work(lab, iam)
        assert iam.calls == []

        assert lab.groups_in_iam("bob") == []
        assert shown(lab, approved)["provisioning"] == "queued"
        assert (shown(lab, pending)["decision"], shown(lab, pending)["decisions"]) == ("pending", [])
        assert lab.get("alice", f"{ASK}?mine=true&kind=group.join")["items"] == []
        assert refused(lab, "pi", "GET", "/v1/users/carol") == (404, "user_not_found")
        assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True
