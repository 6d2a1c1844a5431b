"""Tokens and enrolment: what a token may be used for, how it comes about, who vouches, and services."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from app.domain import secrets
from app.domain.actors import SYSTEM_ACTOR
from app.domain.words import Scope, UserState
from app.errors import Conflict, Forbidden
from app.models import Enrolment, Token, User
from app.services import catalogue, owner, tokens
from tests.conftest import BOTH, Databases
from tests.support.lab import Lab

ASK = "/v1/access-requests"
EVERY = sorted(scope.value for scope in Scope)


@pytest.fixture
def fresh(databases: Databases) -> Iterator[Lab]:
    """A lab of its own without a worker."""
    with databases.lab("sqlite", with_worker=False) as found:
        yield found


def code_of(lab: Lab, who: str | None, method: str, path: str, body: Any = None) -> tuple[int, str]:
    """Status and code of a refusal."""
    answer = lab.call(who, method, path, body)
    return answer.status_code, answer.json().get("code", "")


def mint(lab: Lab, who: str, scopes: list[str], expires_in: str = "P1D", *, known_as: str = "") -> Any:
    """Another token; `known_as` lets the lab call with it."""
    made = lab.post(who, "/v1/tokens", {"name": "t", "scopes": scopes, "expires_in": expires_in}, expect=201)
    if known_as:
        lab.tokens[known_as] = made["token"]
    return made


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def change(lab: Lab, statement: sa.Update) -> None:
    """What only time or a later kind of request would do."""
    with lab.running.database.write() as tx:
        tx.session.execute(statement)


# Making and ending tokens


def test_a_token_is_shown_once_and_only_its_fingerprint_is_kept(still: Lab) -> None:
    made = mint(still, "bob", ["requests:read"])
    assert made.keys() == {"id", "name", "scopes", "created_at", "expires_at", "token"}
    assert secrets.looks_like_token(made["token"])
    assert made["token"].startswith("gh_pat_")
    listed = still.get("bob", "/v1/tokens")["items"]
    assert listed[0] == {name: made[name] for name in made.keys() - {"token"}}
    with still.running.database.read() as tx:
        stored = tx.session.get_one(Token, made["id"]).model_dump()
    assert stored["sha256"] == secrets.fingerprint(made["token"])
    assert made["token"] not in repr(stored)


def test_the_first_token_holds_every_scope_for_90_days(still: Lab) -> None:
    still.register("first")
    me = still.get("first", "/v1/me")
    assert me["scopes"] == EVERY
    (listed,) = still.get("first", "/v1/tokens")["items"]
    assert moment(listed["expires_at"]) - moment(listed["created_at"]) == timedelta(days=90)
    assert me["token_expires_at"] == listed["expires_at"]


def test_rule_14_scopes_are_at_most_those_of_the_token_in_hand(still: Lab) -> None:
    mint(still, "pi", ["requests:read", "admin"], known_as="narrow")
    assert still.get("narrow", "/v1/me")["scopes"] == ["admin", "requests:read"]
    mint(still, "narrow", ["requests:read"], known_as="narrower")
    assert still.get("narrower", "/v1/me")["scopes"] == ["requests:read"]
    for who, beyond in (("narrow", "audit:read"), ("narrower", "admin")):
        wish = {"name": "t", "scopes": ["requests:read", beyond], "expires_in": "P1D"}
        assert code_of(still, who, "POST", "/v1/tokens", wish) == (403, "scope_not_held")


def test_rule_14_the_end_is_at_most_that_of_the_token_in_hand(still: Lab) -> None:
    parent = mint(still, "bob", ["requests:read"], "PT2H", known_as="parent")
    child = mint(still, "parent", ["requests:read"], "P90D", known_as="child")
    grandchild = mint(still, "child", ["requests:read"], "PT1H")
    assert child["expires_at"] == parent["expires_at"]
    assert moment(grandchild["expires_at"]) - moment(grandchild["created_at"]) == timedelta(hours=1)


def test_rule_14_a_token_from_an_aws_proof_mints_nothing(still: Lab) -> None:
    with still.running.database.write() as tx:
        bob = tx.session.scalars(select(User).where(col(User.name) == "bob")).one()
        scopes = (Scope.REQUESTS_READ, Scope.REQUESTS_WRITE)
        _, still.tokens["aws"] = tokens.issue(tx, bob, name="aws", by=SYSTEM_ACTOR, origin="aws", scopes=scopes)
    wish = {"name": "t", "scopes": ["requests:read"], "expires_in": "P1D"}
    assert still.get("aws", ASK)["items"] is not None
    assert code_of(still, "aws", "POST", "/v1/tokens", wish) == (403, "token_cannot_mint")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("expires_in", "P91D"),
        ("expires_in", "P90DT1S"),
        ("expires_in", "PT0S"),
        ("expires_in", None),
        ("scopes", []),
        ("scopes", ["everything"]),
        ("scopes", "admin"),
        ("scopes", None),
        ("name", ""),
        ("name", "  "),
        ("name", "x" * 101),
    ],
)
def test_a_token_asked_for_wrongly_is_422(still: Lab, field: str, value: Any) -> None:
    wish = {"name": "t", "scopes": ["admin"], "expires_in": "P90D", field: value}
    assert code_of(still, "pi", "POST", "/v1/tokens", wish) == (422, "invalid")


@BOTH
def test_a_revoked_token_works_no_more(fresh_on: Lab) -> None:
    lab = fresh_on
    made = mint(lab, "bob", EVERY, known_as="short")
    path = f"/v1/tokens/{made['id']}"
    assert code_of(lab, "alice", "DELETE", path) == (404, "token_not_found")
    assert code_of(lab, "pi", "DELETE", path) == (404, "token_not_found")
    assert lab.get("short", "/v1/me")["name"] == "bob"
    answer = lab.call("bob", "DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert code_of(lab, "short", "GET", "/v1/me") == (401, "bad_token")
    assert code_of(lab, "bob", "DELETE", path) == (404, "token_not_found")
    assert made["id"] not in [row["id"] for row in lab.get("bob", "/v1/tokens")["items"]]


def test_a_token_may_end_itself(still: Lab) -> None:
    made = mint(still, "bob", ["requests:read"], known_as="itself")
    assert still.call("itself", "DELETE", f"/v1/tokens/{made['id']}").status_code == 204
    assert code_of(still, "itself", "GET", "/v1/me") == (401, "bad_token")


def test_a_token_works_until_its_end(still: Lab) -> None:
    made = mint(still, "bob", ["requests:read"], known_as="ended")
    assert still.get("ended", "/v1/me")["name"] == "bob"
    with still.running.database.read() as tx:
        now = tx.now
    change(still, sa.update(Token).where(col(Token.id) == made["id"]).values(expires_at=now))
    assert code_of(still, "ended", "GET", "/v1/me") == (401, "bad_token")
    assert made["id"] not in [row["id"] for row in still.get("bob", "/v1/tokens")["items"]]


def test_one_has_a_hundred_tokens_at_most(fresh: Lab) -> None:
    for _ in range(99):
        mint(fresh, "bob", ["admin"])
    wish = {"name": "t", "scopes": ["admin"], "expires_in": "P1D"}
    assert code_of(fresh, "bob", "POST", "/v1/tokens", wish) == (409, "too_many_tokens")
    mint(fresh, "alice", ["admin"])


def test_a_suspended_users_tokens_do_not_work(fresh: Lab) -> None:
    mint(fresh, "bob", ["requests:read"], known_as="other")
    at = sa.update(User).where(col(User.name) == "bob")
    change(fresh, at.values(state=UserState.SUSPENDED))
    for who in ("bob", "other"):
        assert code_of(fresh, who, "GET", "/v1/me") == (401, "bad_token")
    change(fresh, at.values(state=UserState.ACTIVE))
    assert fresh.get("bob", "/v1/me")["name"] == "bob"


# Scopes

NEEDS = {
    "requests:read": [("GET", ASK), ("GET", f"{ASK}/x"), ("POST", f"{ASK}/preview"), ("GET", "/v1/grants")],
    "requests:write": [("POST", ASK), ("POST", f"{ASK}/x/cancel"), ("POST", "/v1/grants/x/revoke")],
    "requests:decide": [("POST", f"{ASK}/x/approve"), ("POST", f"{ASK}/x/deny"), ("POST", "/v1/users/bob/vouch")],
    "directory:read": [("GET", "/v1/users"), ("GET", "/v1/groups"), ("GET", "/v1/groups/LabUser/rule")],
    "directory:write": [("POST", "/v1/users"), ("PATCH", "/v1/users/bob"), ("POST", "/v1/users/bob/enrolment")],
    "audit:read": [("GET", "/v1/audit-events"), ("GET", "/v1/audit-events/verify")],
    "admin": [("POST", f"{ASK}/x/retry"), ("POST", "/v1/users/bob/enrolment")],
}


@pytest.mark.parametrize("scope", NEEDS)
def test_an_admins_token_without_the_scope_is_403(still: Lab, scope: str) -> None:
    mint(still, "pi", [other for other in EVERY if other != scope], known_as="lacking")
    for method, path in NEEDS[scope]:
        body: Any = None if method == "GET" else {}
        assert code_of(still, "lacking", method, path, body) == (403, "insufficient_scope"), path
    assert still.get("lacking", "/v1/me")["name"] == "pi"


def test_a_scope_widens_nothing(still: Lab) -> None:
    assert still.get("bob", "/v1/me")["scopes"] == EVERY
    newcomer = {"name": "eve", "email": "eve@lab.example"}
    assert code_of(still, "bob", "POST", "/v1/users", newcomer) == (403, "admin_only")
    assert code_of(still, "bob", "POST", "/v1/users/alice/enrolment") == (403, "admin_only")
    assert code_of(still, "bob", "GET", "/v1/audit-events") == (403, "auditors_only")
    assert code_of(still, "bob", "PATCH", "/v1/users/alice", {"roles": ["member"]}) == (403, "not_for_others")


# Enrolment


def newcomer(lab: Lab, name: str) -> str:
    """Register somebody and answer the path of their codes."""
    lab.post("pi", "/v1/users", {"name": name, "email": f"{name}@lab.example"}, expect=201)
    return f"/v1/users/{name}/enrolment"


@BOTH
def test_a_code_works_once(fresh_on: Lab) -> None:
    lab = fresh_on
    handed = lab.post("pi", newcomer(lab, "carol"), expect=201)
    assert handed.keys() == {"code", "expires_at"}
    redeemed = lab.post(None, "/v1/enrolments/redeem", {"code": handed["code"].lower().replace("-", " ")})
    assert redeemed["user"] == "carol"
    lab.tokens["carol"] = redeemed["token"]
    assert lab.get("carol", "/v1/me")["roles"] == ["member"]
    assert code_of(lab, None, "POST", "/v1/enrolments/redeem", {"code": handed["code"]}) == (400, "invalid_code")
    assert lab.post("pi", "/v1/users/carol/enrolment", expect=202)["kind"] == "user.enrol", "not without another admin"
    with lab.running.database.read() as tx:
        stored = tx.session.scalars(select(Enrolment).where(col(Enrolment.user) == "carol")).one().model_dump()
    assert handed["code"] not in repr(stored)


def test_a_new_code_replaces_the_one_before(still: Lab) -> None:
    path = newcomer(still, "dora")
    first, second = (still.post(who, path, expect=201)["code"] for who in ("pi", "alice"))
    assert code_of(still, None, "POST", "/v1/enrolments/redeem", {"code": first}) == (400, "invalid_code")
    assert still.post(None, "/v1/enrolments/redeem", {"code": second})["user"] == "dora"


def test_a_code_is_good_for_24_hours(still: Lab) -> None:
    code = still.post("pi", newcomer(still, "erin"), expect=201)["code"]
    with still.running.database.read() as tx:
        made = tx.session.scalars(select(Enrolment).where(col(Enrolment.user) == "erin")).one()
        lasts, now = made.expires_at - made.created_at, tx.now
    assert lasts == timedelta(hours=24)
    change(still, sa.update(Enrolment).where(col(Enrolment.user) == "erin").values(expires_at=now))
    assert code_of(still, None, "POST", "/v1/enrolments/redeem", {"code": code}) == (400, "invalid_code")


@pytest.mark.parametrize("code", ["K7QF-2M9X", "x", "-", " ", "' OR 1=1 --", "ß" * 64])
def test_an_unknown_code_is_400_like_a_used_one(still: Lab, code: str) -> None:
    assert code_of(still, None, "POST", "/v1/enrolments/redeem", {"code": code}) == (400, "invalid_code")


def test_codes_are_for_registered_people_and_from_admins(still: Lab) -> None:
    path = newcomer(still, "fay")
    assert code_of(still, "bob", "POST", path) == (403, "admin_only")
    assert code_of(still, "pi", "POST", "/v1/users/nobody/enrolment") == (404, "user_not_found")
    assert code_of(still, "alice", "POST", "/v1/users/pi/enrolment") == (409, "recover_instead")


# Vouching


def test_rule_8_who_was_enrolled_by_an_admin_is_unverified_until_another_admin_vouches(fresh: Lab) -> None:
    fresh.register("carol")
    shown = fresh.get("pi", "/v1/users/carol")
    assert (shown["enrolled"], shown["verified"]) == (True, False)
    assert code_of(fresh, "pi", "POST", "/v1/users/carol/vouch") == (403, "one_hand")
    assert code_of(fresh, "carol", "POST", "/v1/users/carol/vouch") == (403, "admin_only")
    assert code_of(fresh, "bob", "POST", "/v1/users/carol/vouch") == (403, "admin_only")
    assert fresh.get("pi", "/v1/users/carol")["verified"] is False
    # Alice is unverified herself: pi handed out her code. She is another hand all the same.
    assert fresh.get("pi", "/v1/users/alice")["verified"] is False
    assert fresh.post("alice", "/v1/users/carol/vouch")["verified"] is True
    assert fresh.post("alice", "/v1/users/carol/vouch")["version"] == fresh.get("pi", "/v1/users/carol")["version"]
    vouched = fresh.get("pi", "/v1/audit-events?event=user.vouched&subject=carol")["items"]
    assert [(event["actor"], event["data"]["enrolled_by"]) for event in vouched] == [("alice", "pi")]


def test_rule_8_nobody_is_vouched_for_before_they_are_enrolled(fresh: Lab) -> None:
    newcomer(fresh, "carol")
    assert code_of(fresh, "alice", "POST", "/v1/users/carol/vouch") == (409, "not_enrolled")
    assert code_of(fresh, "alice", "POST", "/v1/users/nobody/vouch") == (404, "user_not_found")
    assert code_of(fresh, "alice", "POST", "/v1/users/alice/vouch") == (403, "one_hand")


def test_rule_8_enroller_and_enrolled_approve_nothing_for_each_other_while_a_third_admin_exists(fresh: Lab) -> None:
    def approvers(of: str) -> list[str]:
        wish = {"kind": "group.join", "change": {"group": "LabGuest"}, "reason": "a test"}
        names: list[str] = fresh.post(of, f"{ASK}/preview", wish)["ruling"]["eligible_approvers"]
        return names

    # With two admins nobody else could vouch, so the pair counts.
    assert (approvers("pi"), approvers("alice")) == (["alice"], ["pi"])
    fresh.register("carol", ("admin",), vouched_by="alice")
    assert (approvers("pi"), approvers("alice"), approvers("carol")) == (["carol"], ["carol"], ["alice", "pi"])

    asked = fresh.ask("pi")
    assert code_of(fresh, "alice", "POST", f"{ASK}/{asked['id']}/approve") == (403, "not_eligible")
    denied = fresh.post("alice", f"{ASK}/{asked['id']}/deny", {"comment": "a denial always counts"})
    assert denied["decision"] == "denied"

    fresh.post("carol", "/v1/users/alice/vouch")
    assert (approvers("pi"), approvers("alice")) == (["alice", "carol"], ["carol", "pi"])


# The owner


@BOTH
def test_rule_16_recovering_gives_the_owner_a_new_token_and_ends_the_others(fresh_on: Lab) -> None:
    lab = fresh_on
    mint(lab, "pi", EVERY, known_as="second")
    with lab.running.database.write() as tx:
        code, _ = tokens.recover(tx, "pi")
    assert lab.get("pi", "/v1/me")["name"] == "pi"
    lab.tokens["recovered"] = lab.post(None, "/v1/enrolments/redeem", {"code": code})["token"]
    for lost in ("pi", "second"):
        assert code_of(lab, lost, "GET", "/v1/me") == (401, "bad_token")
    me = lab.get("recovered", "/v1/me")
    assert (me["name"], me["roles"], me["user"]["verified"], me["scopes"]) == ("pi", ["admin", "member"], True, EVERY)
    assert lab.get("alice", "/v1/me")["name"] == "alice"
    events = lab.get("alice", "/v1/audit-events?event=owner.recovery_code_made")["items"]
    assert [(event["actor"], event["subject"]) for event in events] == [("system", "pi")]


def test_rule_16_only_the_owner_is_recovered_and_init_refuses_where_an_admin_exists(still: Lab) -> None:
    with pytest.raises(Forbidden) as refusal, still.running.database.write() as tx:
        tokens.recover(tx, "alice")
    assert refusal.value.code == "not_the_owner"
    with pytest.raises(Conflict) as again, still.running.database.write() as tx:
        owner.begin(tx, catalogue.read(None), name="eve", email="eve@lab.example")
    assert again.value.code == "owner_exists"


# Services


def service(lab: Lab, name: str, belongs_to: str) -> None:
    """A service of somebody's, with a token."""
    wish = {"name": name, "email": f"{name}@lab.example", "roles": ["service"], "owner": belongs_to}
    shown = lab.post("pi", "/v1/users", wish, expect=201)["user"]
    assert (shown["roles"], shown["owner"]) == (["service"], belongs_to)
    code = lab.post("pi", f"/v1/users/{name}/enrolment", expect=201)["code"]
    lab.tokens[name] = lab.post(None, "/v1/enrolments/redeem", {"code": code})["token"]


def test_a_service_has_an_owner_and_a_token_of_its_own_kind(still: Lab) -> None:
    service(still, "robot", "bob")
    assert still.tokens["robot"].startswith("gh_svc_")
    me = still.get("robot", "/v1/me")
    assert (me["name"], me["roles"], me["approves"], me["user"]["owner"]) == ("robot", ["service"], [], "bob")
    assert mint(still, "robot", ["requests:read"])["token"].startswith("gh_svc_")
    wish = {"name": "cog", "email": "cog@lab.example", "roles": ["service"], "owner": "robot"}
    assert code_of(still, "pi", "POST", "/v1/users", wish) == (422, "not_a_person")
    assert code_of(still, "pi", "POST", "/v1/users", wish | {"owner": "nobody"}) == (404, "user_not_found")
    assert code_of(still, "pi", "POST", "/v1/users", wish | {"roles": []}) == (422, "not_a_service")
    mixed = wish | {"roles": ["service", "admin"], "owner": "bob"}
    assert code_of(still, "pi", "POST", "/v1/users", mixed) == (422, "not_a_person")
    assert code_of(still, "pi", "PATCH", "/v1/users/bob", {"roles": ["service"]}) == (422, "not_a_person")


def test_rule_1_a_service_of_an_admin_counts_as_that_person_and_approves_nothing(fresh: Lab) -> None:
    service(fresh, "robot", "alice")
    asked = fresh.ask("robot", user="alice")
    assert (asked["requester"], asked["user"]) == ("robot", "alice")
    assert asked["ruling"]["eligible_approvers"] == ["pi"]
    for who in ("robot", "alice"):
        assert code_of(fresh, who, "POST", f"{ASK}/{asked['id']}/approve") == (403, "own_request")
    assert fresh.approve("pi", asked["id"])["decision"] == "approved"

    other = fresh.ask("bob")
    assert other["ruling"]["eligible_approvers"] == ["alice", "pi"]
    assert code_of(fresh, "robot", "POST", f"{ASK}/{other['id']}/approve") == (404, "access_request_not_found")
    assert code_of(fresh, "robot", "POST", "/v1/users/bob/vouch") == (403, "admin_only")
    assert code_of(fresh, "robot", "GET", "/v1/audit-events") == (403, "auditors_only")
    assert code_of(fresh, "robot", "POST", "/v1/users", {"name": "x", "email": "x@lab.example"}) == (403, "admin_only")
    assert code_of(fresh, "pi", "PATCH", "/v1/users/robot", {"roles": ["admin"]}) == (422, "not_a_person")
    assert code_of(fresh, "alice", "POST", "/v1/users/robot/vouch") == (409, "not_a_person")
