"""Real processes: what survives kill -9, what one process says to another, and one clear line for every mistake."""

import contextlib
import dataclasses
import json
import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.site import STEP, Site, key, moto_process, new_site


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """An AWS of this module's own, in another process and as yet empty."""
    with moto_process() as url:
        yield url


@pytest.fixture(scope="module")
def prepared(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """init, setup, and pi, alice and bob, all by the real commands; no process left running."""
    site = new_site(tmp_path_factory.mktemp("site"), moto)
    site.enrol()
    return site


@pytest.fixture
def site(prepared: Site, tmp_path: Path, iam: Any) -> Site:
    """A copy of the prepared one; bob is in IAM and in no group."""
    if "bob" not in {u["UserName"] for u in iam.list_users()["Users"]}:
        iam.create_user(UserName="bob", Path="/lab/")
    for group in groups_of_bob(iam):
        iam.remove_user_from_group(UserName="bob", GroupName=group)
    return prepared.copied(tmp_path / "site")


@pytest.fixture(scope="module")
def iam(moto: str) -> Any:
    return boto3.client("iam", endpoint_url=moto, region_name="us-east-1")


def groups_of_bob(iam: Any) -> list[str]:
    return [g["GroupName"] for g in iam.list_groups_for_user(UserName="bob")["Groups"]]


@pytest.fixture
def silent() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(16)
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"


@pytest.mark.crash
def test_a_grant_ends_although_the_process_was_killed_while_it_was_active(site: Site, iam: Any) -> None:
    with site.serving() as server:
        asked = server.ask("PT1H")
        server.approve(asked)
        grant_id = server.applied(asked)["grant_id"]
        assert groups_of_bob(iam) == ["LabGuest"]
        server.kill()
    assert groups_of_bob(iam) == ["LabGuest"]
    with contextlib.closing(sqlite3.connect(site.folder / "gatehouse.db")) as connection, connection:
        # Its time is over meanwhile; a short one might be over before the server is killed.
        over = "UPDATE access_grant SET ends_at = :past, due_at = :past WHERE id = :id"
        connection.execute(over, {"past": "2020-01-01 00:00:00.000000", "id": grant_id})
    with site.serving() as server:
        deadline = time.monotonic() + 60
        while (grant := server.call("pi", "GET", f"/v1/grants/{grant_id}"))["state"] != "revoked":
            assert time.monotonic() < deadline, grant
            time.sleep(STEP)
        assert grant["end_reason"] == "expired"
        assert groups_of_bob(iam) == []
        assert server.call("pi", "GET", "/v1/audit-events/verify")["valid"] is True


@pytest.mark.crash
def test_what_was_approved_is_carried_out_although_the_process_was_killed_meanwhile(
    site: Site, iam: Any, silent: str
) -> None:
    # The worker hangs in its first reading of IAM, so the kill is between approval and carrying out.
    with site.but(AWS_ENDPOINT_URL=silent).serving() as server:
        asked = server.ask("PT1H")
        server.approve(asked)
        server.kill()
    assert site.rows("SELECT decision, provisioning FROM access_request WHERE kind = 'group.join'") == [
        ("approved", "queued")
    ]
    assert groups_of_bob(iam) == []
    with site.serving() as server:
        server.applied(asked)
        assert groups_of_bob(iam) == ["LabGuest"]


@pytest.mark.crash
def test_sigterm_finishes_what_is_under_way_and_exits_0(site: Site, iam: Any) -> None:
    with site.serving() as server:
        asked = server.ask("PT1H")
        server.approve(asked)
        code, said = server.terminate()
    assert (code, "Traceback" in said) == (0, False)
    [(provisioning,)] = site.rows("SELECT provisioning FROM access_request WHERE kind = 'group.join'")
    assert provisioning in {"queued", "applied"}
    assert groups_of_bob(iam) == (["LabGuest"] if provisioning == "applied" else [])


def test_a_second_process_on_the_same_file_is_refused_and_reading_is_not(site: Site) -> None:
    with site.serving():
        commands = (
            ("serve", "--port", "0"),
            ("setup",),
            ("init", "--owner", "eve", "--email", "eve@lab.example"),
        )
        with ThreadPoolExecutor(len(commands)) as pool:
            for said in pool.map(lambda arguments: site.refused(*arguments), commands):
                assert "Another Gatehouse is using this database" in said
        assert site.json("audit", "verify", "--json")["valid"] is True


def test_the_token_of_a_killed_servers_database_still_works_after_recovery(site: Site) -> None:
    found = site.json("recover", "--owner", "pi", "--json")
    with site.serving() as server:
        token = server.call(None, "POST", "/v1/enrolments/redeem", {"code": found["code"]})["token"]
        server.call("pi", "GET", "/v1/me", expect=401)
        server.tokens["pi"] = token
        assert server.call("pi", "GET", "/v1/me")["name"] == "pi"
    assert "bob is not the owner" in site.refused("recover", "--owner", "bob", code=1)


NO_START: dict[str, tuple[dict[str, str | None], str]] = {
    "a bad setting": ({"GATEHOUSE_RATE_LIMIT": "lots"}, "GATEHOUSE_RATE_LIMIT is not usable"),
    "a missing key": ({"GATEHOUSE_SECRET_KEY": None}, "GATEHOUSE_SECRET_KEY is missing"),
    "a weak key": ({"GATEHOUSE_AUDIT_KEY": "A" * 43 + "="}, "GATEHOUSE_AUDIT_KEY is not usable"),
    "an unknown database": ({"GATEHOUSE_DATABASE_URL": "mysql://here"}, "write sqlite:///file.db"),
    "no tables": ({"GATEHOUSE_DATABASE_URL": "sqlite:///new.db"}, "has no tables yet"),
    "no folder": ({"GATEHOUSE_DATABASE_URL": "sqlite:////nowhere/new.db"}, "/nowhere/new.db"),
    "no PostgreSQL": ({"GATEHOUSE_DATABASE_URL": "postgresql+psycopg://me:hush@127.0.0.1:1/x"}, "cannot be reached"),
}


@pytest.fixture(scope="module")
def not_started(prepared: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each mistake is told, all of them run side by side."""
    folder = tmp_path_factory.mktemp("mistakes")
    site = dataclasses.replace(prepared, folder=folder)
    shutil.copytree(prepared.folder, folder, dirs_exist_ok=True)
    with ThreadPoolExecutor(4) as pool:
        lines = pool.map(lambda mistake: site.but(**mistake[0]).refused("serve", "--port", "0"), NO_START.values())
        return dict(zip(NO_START, lines, strict=True))


@pytest.mark.parametrize("mistake", NO_START)
def test_what_cannot_start_says_so_in_one_line(not_started: dict[str, str], mistake: str) -> None:
    said = not_started[mistake]
    assert NO_START[mistake][1] in said
    assert "hush" not in said
    assert "lots" not in said


def test_a_taken_port_is_one_line(site: Site) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        assert f"Cannot listen on 127.0.0.1 port {port}" in site.refused("serve", "--port", str(port))


def test_an_aws_that_does_not_answer_is_one_line(site: Site) -> None:
    assert "AWS does not answer" in site.but(AWS_ENDPOINT_URL="http://127.0.0.1:1").refused("setup")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[[group]\n", "is not TOML"),
        ('[[group]]\nname = "A"\ncolour = "red"\n', "group.0.colour"),
        (None, "cannot be read"),
    ],
    ids=["no-toml", "unknown-field", "no-file"],
)
def test_a_catalogue_that_cannot_be_used_is_one_line_and_nothing_is_made(
    site: Site, tmp_path: Path, text: str | None, line: str
) -> None:
    file = tmp_path / "catalogue.toml"
    if text is not None:
        file.write_text(text)
    fresh = site.but(GATEHOUSE_CATALOG=str(file), GATEHOUSE_DATABASE_URL="sqlite:///fresh.db")
    assert line in fresh.refused("init", "--owner", "pi", "--email", "pi@lab.example")
    assert not (site.folder / "fresh.db").exists()


def test_init_is_refused_where_an_owner_is(site: Site) -> None:
    said = site.refused("init", "--owner", "eve", "--email", "eve@lab.example", code=1)
    assert "gatehouse recover" in said
    assert site.rows("SELECT name FROM lab_user WHERE is_owner") == [("pi",)]


def test_setup_run_again_changes_nothing_and_reports_what_differs(site: Site, iam: Any) -> None:
    arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    assert site.json("setup", "--json") == {
        "account": "default",
        "aws_account_id": "123456789012",
        "done": [],
        "differences": [],
    }
    iam.detach_group_policy(GroupName="LabGuest", PolicyArn=arn)
    try:
        again = site.json("setup", "--json")
        assert (again["done"], again["differences"]) == ([], [f"attach {arn} to LabGuest"])
        attached = iam.list_attached_group_policies(GroupName="LabGuest")["AttachedPolicies"]
        assert arn not in {p["PolicyArn"] for p in attached}
    finally:
        iam.attach_group_policy(GroupName="LabGuest", PolicyArn=arn)


def test_audit_verify_answers_by_its_exit_code(site: Site) -> None:
    assert site.json("audit", "verify", "--json")["valid"] is True
    with contextlib.closing(sqlite3.connect(site.folder / "gatehouse.db")) as connection:
        connection.execute(
            "UPDATE audit_event SET body = replace(body, 'bob', 'eve') WHERE seq = (SELECT max(seq) FROM audit_event)"
        )
        connection.commit()
    done = site.run("audit", "verify", "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["valid"] is False
    assert "was changed" in found["problem"]
    other = site.but(GATEHOUSE_AUDIT_KEY=key()).run("audit", "verify")
    assert (other.returncode, "does NOT hold" in other.stdout) == (1, True)


def test_migrate_prepares_an_empty_database_and_can_be_repeated(site: Site) -> None:
    fresh = site.but(GATEHOUSE_DATABASE_URL="sqlite:///fresh.db")
    first, second = fresh.run("migrate"), fresh.run("migrate")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == second.stdout
    assert fresh.json("init", "--owner", "pi", "--email", "pi@lab.example", "--json")["token"].startswith("gh_pat_")


def test_guardrails_and_openapi_print_one_document_and_need_no_settings(tmp_path: Path) -> None:
    bare = Site(tmp_path, {"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    shown = bare.json("guardrails", "show", "--account-id", "210987654321")
    assert set(shown) == {
        "LabBoundary",
        "LabForceMFA",
        "LabAdminBoundary",
        "GatehouseRole",
        "GatehouseAdminRole",
        "GatehouseSCP",
    }
    assert "arn:aws:iam::210987654321:" in json.dumps(shown["LabBoundary"])
    assert bare.json("guardrails", "show", "--account-id", "210987654321", "--json") == shown
    document = bare.json("openapi")
    assert document["openapi"].startswith("3.1")
    assert "/v1/access-requests/{request_id}/approve" in document["paths"]
    assert list(tmp_path.iterdir()) == []


def test_serve_simulate_needs_no_settings_and_prints_url_and_tokens(tmp_path: Path) -> None:
    bare = Site(tmp_path, {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"})
    with bare.serving("--simulate") as server:
        assert set(server.said) == {"url", "aws_endpoint_url", "tokens"}
        assert {who: server.call(who, "GET", "/v1/me")["roles"] for who in ("pi", "alice", "bob")} == {
            "pi": ["admin", "member"],
            "alice": ["admin", "member"],
            "bob": ["member"],
        }
        asked = server.ask("PT1H")
        server.approve(asked)
        server.applied(asked)
        aws = boto3.client("iam", endpoint_url=server.said["aws_endpoint_url"], region_name="us-east-1")
        assert groups_of_bob(aws) == ["LabGuest"]
        assert server.terminate()[0] == 0
    assert list(tmp_path.iterdir()) == []
