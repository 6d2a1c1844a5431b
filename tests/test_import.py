"""Importing a living account over HTTP and by the command, on both databases; IAM is moto."""

import base64
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from app import cli
from app.services import importing
from tests.conftest import BOTH, Databases
from tests.support.lab import Lab

IMPORT = "/v1/accounts/default/import"
READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
OWN = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
_numbers = itertools.count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Lab]:
    with databases.lab(request.param) as found:
        yield found


def new_group(lab: Lab, *, path: str = "/lab/") -> str:
    """A group that IAM has and Gatehouse does not know."""
    name = f"Found{next(_numbers)}"
    lab.iam.create_group(GroupName=name, Path=path)
    lab.iam.attach_group_policy(GroupName=name, PolicyArn=READ_ONLY)
    return name


def new_user(lab: Lab, *groups: str, name: str = "", tags: dict[str, str] | None = None) -> str:
    """A user whom IAM has and Gatehouse does not know."""
    name = name or f"found{next(_numbers)}"
    lab.iam.create_user(UserName=name, Path="/lab/", Tags=[{"Key": k, "Value": v} for k, v in (tags or {}).items()])
    for group in groups:
        lab.iam.add_user_to_group(UserName=name, GroupName=group)
    return name


def whole(lab: Lab) -> Any:
    """Everything that IAM says of itself, but for AWS's own policies."""
    kinds = ["User", "Group", "Role", "LocalManagedPolicy"]
    answer = lab.iam.get_account_authorization_details(Filter=kinds)
    return {key: answer[key] for key in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")}


def kinds(found: list[dict[str, Any]], subject: str) -> list[str]:
    return sorted(finding["kind"] for finding in found if finding["subject"] == subject)


def grants_of(lab: Lab, user: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = lab.get("pi", f"/v1/grants?user={user}")["items"]
    return items


def test_what_stands_in_the_account_becomes_people_groups_and_grants_without_an_end(lab: Lab) -> None:
    group, outside = new_group(lab), new_group(lab, path="/")
    carol = new_user(lab, group, outside, tags={"email": "Carol@lab.example"})
    dave = new_user(lab, group, name=f"dave{next(_numbers)}@lab.example")
    lab.iam.put_user_policy(UserName=dave, PolicyName="own", PolicyDocument=OWN)
    new_user(lab, group, name="ALICE")
    new_user(lab, name="system")
    lab.iam.add_user_to_group(UserName="bob", GroupName=group)
    before = whole(lab)

    found = lab.post("pi", IMPORT)
    assert found["first"] is True
    assert found["differences"] == []
    assert (found["users"], found["memberships"]) == (2, 4)
    assert before == whole(lab), "nothing is written to AWS"
    assert kinds(found["findings"], outside) == ["outside_our_paths"]
    assert kinds(found["findings"], dave) == ["policies_on_user"]
    assert kinds(found["findings"], "ALICE") == ["name_clash"]
    assert kinds(found["findings"], "system") == ["name_not_usable"]

    [one, other] = grants_of(lab, carol)
    assert {one["group"], other["group"]} == {group, outside}
    for grant in (one, other):
        assert (grant["state"], grant["origin"]) == ("active", "imported")
        assert (grant["access_request_id"], grant["duration"], grant["ends_at"]) == (None, None, None)
    assert [g["group"] for g in grants_of(lab, "bob")] == [group]
    person = lab.get("pi", f"/v1/users/{carol}")
    assert (person["email"], person["roles"]) == ("Carol@lab.example", ["member"])
    assert (person["verified"], person["enrolled"], person["iam"]) == (False, False, True)
    assert lab.get("pi", f"/v1/users/{dave}")["email"] == f"{dave.replace('@', '=')}@imported.invalid"
    managed = lab.get("pi", f"/v1/groups/{group}")
    assert (managed["path"], managed["policies"]) == ("/lab/", [READ_ONLY])
    assert (managed["rule"]["required_approvals"], managed["rule"]["max_duration"]) == (1, "P30D")

    assert lab.get("pi", "/v1/audit-events/verify")["valid"] is True
    [event] = lab.get("pi", f"/v1/audit-events?subject={carol}")["items"]
    assert (event["event"], event["actor"]) == ("user.imported", "pi")
    assert event["data"]["grants"] == {one["group"]: one["id"], other["group"]: other["id"]}
    [account] = lab.get("bob", "/v1/accounts")["items"]
    assert (account["id"], account["name"], account["aws_account_id"]) == ("default", "default", "123456789012")
    assert None not in {account["setup_at"], account["imported_at"]}


def test_rule_29_a_second_import_changes_nothing_and_reports_what_differs(lab: Lab) -> None:
    group = new_group(lab)
    carol, dave = new_user(lab, group), new_user(lab, group)
    lab.post("pi", IMPORT)
    again = lab.post("pi", IMPORT)
    assert (again["first"], again["users"], again["groups"], again["memberships"]) == (False, 0, 0, 0)
    assert again["differences"] == []

    lab.iam.add_user_to_group(UserName=carol, GroupName="LabGuest")
    lab.iam.detach_group_policy(GroupName=group, PolicyArn=READ_ONLY)
    erin, late = new_user(lab, group), new_group(lab)
    third = lab.post("pi", IMPORT)
    assert kinds(third["differences"], carol) == ["membership_without_grant"]
    assert kinds(third["differences"], group) == ["group_differs"]
    assert kinds(third["differences"], erin) == ["user_unknown"]
    assert kinds(third["differences"], late) == ["group_unknown"]
    assert [g["group"] for g in grants_of(lab, carol)] == [group], "only reported"
    assert lab.call("pi", "GET", f"/v1/users/{erin}").status_code == 404
    assert lab.call("pi", "GET", f"/v1/groups/{late}").status_code == 404
    assert len(grants_of(lab, dave)) == 1


def test_a_key_that_was_used_imports_nothing_again(lab: Lab) -> None:
    def events() -> int:
        found = lab.get("pi", "/v1/audit-events?limit=200")["items"]
        return len([e for e in found if e["event"] in {"account.imported", "account.compared"}])

    path, key = "/v1/accounts/default/import", {"Idempotency-Key": "once"}
    first, before = lab.post("pi", path, headers=key), events()
    assert lab.post("pi", path, headers=key) == first
    assert lab.post("pi", path, {"another": "body"}, headers=key, expect=422)["code"] == "idempotency_key_reused"
    assert events() == before
    lab.post("pi", path, headers={"Idempotency-Key": "another"})
    assert events() == before + 1


def test_rule_1_only_an_admin_imports_and_the_refusal_is_audited(lab: Lab) -> None:
    assert lab.post("bob", IMPORT, expect=403)["code"] == "admin_only"
    assert lab.post("pi", "/v1/accounts/nowhere/import", expect=404)["code"] == "account_not_found"
    [refused] = lab.get("pi", "/v1/audit-events?event=attempt.refused")["items"]
    assert (refused["actor"], refused["data"]["path"]) == ("bob", IMPORT)


def test_rule_20_only_imported_grants_have_no_end_and_every_end_there_is_works_for_them(lab: Lab) -> None:
    first, second, third = (new_group(lab) for _ in range(3))
    carol = new_user(lab)
    for group in (first, second, third):
        lab.iam.add_user_to_group(UserName="bob", GroupName=group)
        lab.iam.add_user_to_group(UserName=carol, GroupName=group)
    lab.post("pi", IMPORT)
    mine = {grant["group"]: grant["id"] for grant in grants_of(lab, "bob")}

    refused = lab.post("bob", f"/v1/grants/{mine[first]}/extend", {"duration": "P1D", "reason": "x"}, expect=409)
    assert refused["code"] == "adopt_instead"
    assert lab.ask("bob", first, expect=409)["code"] == "already_has_access"
    held = {h["group"]: h for h in lab.get("bob", "/v1/users/bob/access")["groups"]}
    [why] = held[first]["grants"]
    assert (why["origin"], why["access_request"], why["approvals"]) == ("imported", None, [])
    assert why["note"].startswith("imported on 20")

    lab.post("bob", f"/v1/grants/{mine[first]}/revoke", {"reason": "done"}, expect=202)
    lab.post("alice", f"/v1/grants/{mine[second]}/revoke", {"reason": "as an admin"}, expect=202)
    leave = {"kind": "group.leave", "change": {"group": third}, "reason": "done"}
    lab.post("bob", "/v1/access-requests", leave, expect=201)
    for group in (first, second, third):
        lab.grant_until(mine[group], "revoked")
    assert lab.groups_in_iam("bob") == []
    gone = lab.call("pi", "DELETE", f"/v1/users/{carol}").json()
    lab.approve("alice", gone["id"])
    lab.applied(gone["id"])
    assert {grant["state"] for grant in grants_of(lab, carol)} == {"revoked"}
    assert {grant["end_reason"] for grant in grants_of(lab, carol)} == {"user_deleted"}


@BOTH
def test_an_import_that_died_goes_on_where_it_stopped(
    kind: str, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_PART", 2)
    with databases.lab(kind, with_worker=False) as lab:
        group = new_group(lab)
        names = [new_user(lab, group) for _ in range(5)]
        events = f"/v1/audit-events?event=user.imported&subject={names[1]}"
        taken: list[str] = []

        def dies(*_of: Any) -> None:
            if len(taken) > 1:
                raise RuntimeError("killed")
            taken.append("part")

        listeners = lab.running.database.after_commit
        listeners.append(lambda tx: dies() if any(d["event"] == "user.imported" for d in tx.drafts) else None)
        assert lab.call("pi", "POST", IMPORT).status_code == 500
        listeners.pop()
        assert lab.get("pi", "/v1/accounts/default")["imported_at"] is None
        assert len(lab.get("pi", events)["items"]) == 1

        found = lab.post("pi", IMPORT)
        assert found["first"] is True
        assert found["differences"] == []
        assert [len(grants_of(lab, name)) for name in names] == [1] * 5
        assert len(lab.get("pi", events)["items"]) == 1


def test_rule_34_the_command_goes_through_the_server_or_works_alone(
    databases: Databases, aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with databases.lab("sqlite") as lab:
        carol = new_user(lab, new_group(lab))
        monkeypatch.setenv("GATEHOUSE_URL", lab.url)
        silent = CliRunner().invoke(cli.app, ["import"])
        assert "GATEHOUSE_TOKEN is missing" in str(silent.exception)
        monkeypatch.setenv("GATEHOUSE_TOKEN", lab.tokens["pi"])
        through = json.loads(CliRunner().invoke(cli.app, ["import", "--json"]).stdout)
        assert through["first"] is True
        assert len(grants_of(lab, carol)) == 1
        monkeypatch.setenv("GATEHOUSE_TOKEN", lab.tokens["bob"])
        assert "Only an admin" in str(CliRunner().invoke(cli.app, ["import"]).exception)
        monkeypatch.delenv("GATEHOUSE_URL")
        settings = lab.settings
    assert settings.secret_key is not None
    assert settings.audit_key is not None
    for name, value in {
        "GATEHOUSE_DATABASE_URL": settings.database_url,
        "GATEHOUSE_SECRET_KEY": _written(settings.secret_key),
        "GATEHOUSE_AUDIT_KEY": _written(settings.audit_key),
        "AWS_ENDPOINT_URL": aws,
    }.items():
        monkeypatch.setenv(name, value)
    alone = CliRunner().invoke(cli.app, ["import"])
    assert alone.exit_code == 0, alone.output
    assert alone.stdout.splitlines()[-1] == "No differences."


def _written(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode()
