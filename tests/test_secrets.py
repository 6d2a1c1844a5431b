"""Console passwords and access keys over HTTP, with moto behind it: asked, approved, made, collected once."""

import datetime as dt
import io
import json
import logging
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from app import log
from app.db import Database
from app.models import Secret, columns
from app.services.housekeeping import tidy
from tests.conftest import BOTH
from tests.support.lab import Lab

ASK = "/v1/access-requests"
SECRETS = "/v1/secrets"


def wish(kind: str, change: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "change": change or {}, "reason": "a test", **more}


def done(lab: Lab, kind: str, change: dict[str, str] | None = None, *, who: str = "bob", **more: Any) -> Any:
    """Ask, have it approved where that is needed, and wait until it is applied."""
    asked = lab.post(who, ASK, wish(kind, change, **more), expect=201)
    if asked["decision"] == "pending":
        lab.approve("alice", asked["id"])
    return lab.applied(asked["id"])


def failed(lab: Lab, kind: str, change: dict[str, str] | None = None) -> Any:
    asked = lab.post("bob", ASK, wish(kind, change), expect=201)
    lab.approve("alice", asked["id"])
    row = lab.get("pi", f"{ASK}/{asked['id']}?wait=60&until=applied")
    assert row["provisioning"] == "failed", row
    return row["failure"]["code"]


def waiting(lab: Lab, who: str = "bob") -> list[Any]:
    items: list[Any] = lab.get(who, SECRETS)["items"]
    return items


def collect(lab: Lab, who: str = "bob") -> Any:
    return lab.post(who, f"{SECRETS}/{waiting(lab, who)[0]['id']}/collect")


def refused(lab: Lab, who: str, path: str, **options: Any) -> tuple[int, str]:
    answer = lab.call(who, "POST", path, **options)
    return answer.status_code, answer.json()["code"]


def age(lab: Lab, by: dt.timedelta) -> None:
    """Make every secret older."""
    table = columns(Secret)
    with lab.running.database.write() as tx:
        for row in tx.session.execute(sa.select(table.c.id, table.c.expires_at)).all():
            change = sa.update(table).where(table.c.id == row.id).values(expires_at=row.expires_at - by)
            tx.session.connection().execute(change)


@BOTH
def test_a_password_is_made_collected_once_reset_and_taken_away(lab_on: Lab) -> None:
    lab = lab_on
    row = done(lab, "console.enable")
    assert row["ruling"]["required_approvals"] == 1
    assert [o["action"] for o in row["plan"]["operations"]] == ["CreateLoginProfile"]
    (item,) = waiting(lab)
    assert {k: item[k] for k in ("kind", "account", "access_request_id")} == {
        "kind": "console_password",
        "account": "default",
        "access_request_id": row["id"],
    }
    first = collect(lab)
    assert sorted(first) == ["kind", "password", "sign_in_url", "user_name"]
    assert (first["kind"], first["user_name"]) == ("console_password", "bob")
    assert first["sign_in_url"] == "https://123456789012.signin.aws.amazon.com/console"
    assert len(first["password"]) >= 20
    assert waiting(lab) == []
    assert refused(lab, "bob", f"{SECRETS}/{item['id']}/collect") == (410, "gone")
    assert lab.iam.get_login_profile(UserName="bob")["LoginProfile"]["UserName"] == "bob"
    assert failed(lab, "console.enable") == "already_has_login"

    done(lab, "console.reset")
    done(lab, "console.reset")
    assert len(waiting(lab)) == 1, "the password that another replaced cannot be collected"
    assert collect(lab)["password"] != first["password"]

    done(lab, "console.reset")
    gone = done(lab, "console.disable")
    assert gone["decisions"][0]["approver"] == "rule:less_access"
    assert waiting(lab) == [], "what opens nothing any more is not kept"
    with pytest.raises(lab.iam.exceptions.NoSuchEntityException):
        lab.iam.get_login_profile(UserName="bob")
    assert failed(lab, "console.reset") == "no_login"


@BOTH
def test_keys_are_made_up_to_two_and_taken_away(lab_on: Lab) -> None:
    lab = lab_on
    done(lab, "access_key.create")
    first = collect(lab)
    assert sorted(first) == ["access_key_id", "kind", "secret_access_key"]
    assert first["kind"] == "access_key"
    done(lab, "access_key.create")
    second = collect(lab)
    keys = [k["AccessKeyId"] for k in lab.iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]]
    assert sorted(keys) == sorted([first["access_key_id"], second["access_key_id"]])
    assert failed(lab, "access_key.create") == "limit_exceeded"
    assert len(lab.iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]) == 2

    for key in keys:
        row = done(lab, "access_key.delete", {"key_id": key}, who="pi", user="bob")
        assert row["decisions"][0]["approver"] == "rule:less_access"
    assert lab.iam.list_access_keys(UserName="bob")["AccessKeyMetadata"] == []


def test_only_the_user_it_is_for_collects_and_once_for_all(lab: Lab) -> None:
    done(lab, "access_key.create", who="pi", user="bob")
    (item,) = waiting(lab)
    path = f"{SECRETS}/{item['id']}/collect"
    for who in ("pi", "alice"):
        assert waiting(lab, who) == []
        assert refused(lab, who, path) == (404, "secret_not_found")
    assert refused(lab, "bob", f"{SECRETS}/nothing/collect") == (404, "secret_not_found")
    key = {"Idempotency-Key": "once"}
    assert lab.post("bob", path, headers=key)["kind"] == "access_key"
    assert refused(lab, "bob", path, headers=key) == (409, "already_delivered"), "rule 17"
    assert refused(lab, "bob", path) == (410, "gone")


def test_a_service_collects_its_own_key_and_has_no_console(lab: Lab) -> None:
    robot = {"name": "robot", "email": "r@lab.example", "roles": ["service"], "owner": "bob"}
    lab.post("pi", "/v1/users", robot, expect=201)
    code = lab.post("pi", "/v1/users/robot/enrolment", expect=201)["code"]
    lab.tokens["robot"] = lab.post(None, "/v1/enrolments/redeem", {"code": code})["token"]
    lab.iam.create_user(UserName="robot", Path="/lab/")
    asked = wish("console.enable", user="robot")
    assert refused(lab, "pi", ASK, body=asked) == (409, "not_for_services")
    done(lab, "access_key.create", who="pi", user="robot")
    (item,) = waiting(lab, "robot")
    assert refused(lab, "bob", f"{SECRETS}/{item['id']}/collect") == (404, "secret_not_found")
    assert collect(lab, "robot")["kind"] == "access_key"


def test_a_secret_is_gone_after_72_hours_and_erased(lab: Lab) -> None:
    done(lab, "console.enable")
    (item,) = waiting(lab)
    lasts = dt.datetime.fromisoformat(item["expires_at"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(hours=71) < lasts <= dt.timedelta(hours=72)
    age(lab, dt.timedelta(hours=72))
    assert waiting(lab) == []
    assert refused(lab, "bob", f"{SECRETS}/{item['id']}/collect") == (410, "gone")
    tidy(lab.running.database)
    with lab.running.database.read() as tx:
        assert tx.session.execute(sa.select(columns(Secret).c.sealed)).scalar_one() is None
    events = lab.get("pi", f"{ASK}/{item['access_request_id']}/events")["items"]
    assert [e["event"] for e in events if e["event"].startswith("secret.")] == ["secret.waiting", "secret.expired"]


def test_with_another_secret_key_it_says_so_and_keeps_it(lab: Lab) -> None:
    done(lab, "console.enable")
    (item,) = waiting(lab)
    database = lab.running.database
    right = database.terms
    database.terms = type(right)(lapse_after=right.lapse_after, require_mfa=right.require_mfa)  # any other key
    path = f"{SECRETS}/{item['id']}/collect"
    answer = lab.call("bob", "POST", path)
    assert (answer.status_code, answer.json()["code"]) == (503, "secret_unreadable")
    assert "GATEHOUSE_SECRET_KEY" in answer.json()["detail"]
    database.terms = right
    assert lab.post("bob", path)["kind"] == "console_password"


@pytest.mark.parametrize("kind", ["console.enable", "console.reset", "access_key.create"])
def test_rule_2_an_admin_does_not_approve_their_own(lab: Lab, kind: str) -> None:
    asked = lab.post("alice", ASK, wish(kind), expect=201)
    assert asked["ruling"]["eligible_approvers"] == ["pi"]
    assert lab.approve("alice", asked["id"], expect=403)["code"]


def test_rule_1_and_3_nobody_takes_away_what_is_anothers_but_an_admin(lab: Lab) -> None:
    for asked in (wish("console.disable", user="alice"), wish("access_key.delete", {"key_id": "A" * 20}, user="alice")):
        assert refused(lab, "bob", ASK, body=asked) == (403, "not_for_others")


@pytest.mark.parametrize("key_id", ["", "short", "akiaiosfodnn7example", "AKIA IOSFODNN7EXAMPLE", "A" * 129])
def test_a_key_id_that_is_none(lab: Lab, key_id: str) -> None:
    assert refused(lab, "bob", ASK, body=wish("access_key.delete", {"key_id": key_id}))[0] == 422


def everything(database: Database) -> str:
    """Every row of every table, as text and as bytes."""
    with database.read() as tx:
        rows = [
            row._asdict() for table in SQLModel.metadata.sorted_tables for row in tx.session.execute(sa.select(table))
        ]
    return repr(rows) + json.dumps(rows, default=str)


@BOTH
def test_a_secret_is_in_its_answer_and_nowhere_else(lab_on: Lab, capfd: pytest.CaptureFixture[str]) -> None:
    lab, answers = lab_on, list[str]()

    def keep(response: httpx.Response) -> None:
        response.read()
        answers.append(response.text)

    lab.client.event_hooks = {"response": [keep]}
    library = io.StringIO()
    handler = logging.StreamHandler(library)
    logging.getLogger().addHandler(handler)
    log.configure(json_lines=True, level="DEBUG")
    try:
        for kind in ("console.enable", "access_key.create"):
            done(lab, kind)
        before = everything(lab.running.database)
        secrets = []
        for item in waiting(lab):
            found = lab.post("bob", f"{SECRETS}/{item['id']}/collect", headers={"Idempotency-Key": item["id"]})
            secrets.append(found.get("password") or found["secret_access_key"])
            lab.call("bob", "POST", f"{SECRETS}/{item['id']}/collect")
        lab.get("pi", "/v1/audit-events?limit=200")
    finally:
        log.configure(json_lines=True, level="ERROR")
        logging.getLogger().removeHandler(handler)
    written = capfd.readouterr()
    assert "/collect" in written.err, "the log was looked at"
    for secret in secrets:
        assert sum(secret in answer for answer in answers) == 1
        for place in (before, everything(lab.running.database), written.out, written.err, library.getvalue()):
            assert secret not in place
    assert len(secrets) == 2
