"""Logging in and out: where a token is kept, and where it never goes."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.cli.exits import Exit
from tests.conftest import Databases
from tests.support.lab import Lab
from tests.support.odd_server import odd_server
from tests.support.terminal import Person


@pytest.fixture(scope="module")
def lab(databases: Databases) -> Iterator[Lab]:
    """One lab for the whole module; nothing is carried out in it."""
    with databases.lab("sqlite", with_worker=False) as found:
        yield found


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Somebody with nothing but an empty home."""
    monkeypatch.chdir(tmp_path)
    return Person(tmp_path / "home")


def config(person: Person) -> Path:
    return person.home / "gatehouse" / "config.json"


def test_a_code_becomes_a_stored_token_that_logout_ends(lab: Lab, person: Person) -> None:
    lab.post("pi", "/v1/users", {"name": "cleo", "email": "cleo@lab.example"}, expect=201)
    code = lab.post("pi", "/v1/users/cleo/enrolment", expect=201)["code"]
    said = person.does("login", lab.url, stdin=f"{code.lower()}\n")
    assert "as cleo" in said.out
    token = json.loads(config(person).read_text())["token"]
    assert token not in said.out + said.err
    assert [stat.S_IMODE(p.stat().st_mode) for p in (config(person), config(person).parent)] == [0o600, 0o700]
    assert [p.name for p in config(person).parent.iterdir()] == ["config.json"]

    assert person.json("whoami")["name"] == "cleo"
    events = lab.get("pi", "/v1/audit-events?limit=20")["items"]
    redeemed = [e["channel"] for e in events if (e["event"], e["actor"]) == ("enrolment.redeemed", "cleo")]
    assert redeemed == ["cli"]
    spent = person.run("login", lab.url, stdin=f"{code}\n")
    assert (spent.code, "invalid_code" in spent.err) == (Exit.REFUSED, True)

    assert person.json("logout") == {"ended": True}
    assert not config(person).exists()
    lab.tokens["cleo"] = token
    assert lab.call("cleo", "GET", "/v1/me").status_code == 401
    assert person.run("whoami").code == Exit.USAGE
    assert "Nobody was logged in" in person.does("logout").out


def test_an_existing_token(lab: Lab, person: Person) -> None:
    scopes = ["requests:read", "requests:write"]
    made = lab.post("bob", "/v1/tokens", {"name": "t", "scopes": scopes, "expires_in": "P1D"}, expect=201)
    person.does("login", lab.url, "--token", stdin=made["token"] + "\n")
    assert person.json("whoami")["token_id"] == made["id"]
    # What the environment says goes before what is stored, and a wrong token is not stored.
    env = {"GATEHOUSE_TOKEN": lab.tokens["alice"]}
    assert person.does("whoami", "--json", **env).json["name"] == "alice"
    assert person.run("login", lab.url, "--token", stdin="gh_pat_wrong\n").code == Exit.REFUSED
    assert person.json("whoami")["name"] == "bob"
    assert person.json("logout", "--keep") == {"ended": False}
    assert lab.client.get("/v1/me", headers={"Authorization": f"Bearer {made['token']}"}).status_code == 200


def test_a_stored_token_goes_nowhere_else(lab: Lab, person: Person, tmp_path: Path) -> None:
    person.does("login", lab.url, "--token", stdin=lab.tokens["bob"] + "\n")
    with odd_server() as odd:
        odd.answers = [(200, {})]
        elsewhere = person.run("whoami", GATEHOUSE_URL=odd.url)
        assert (elsewhere.code, "GATEHOUSE_TOKEN is missing" in elsewhere.err) == (Exit.USAGE, True)
        # A .env may come with anybody's folder.
        (tmp_path / ".env").write_text(f"GATEHOUSE_URL={odd.url}\n")
        for env in ({}, {"GATEHOUSE_TOKEN": "gh_pat_mine"}):
            strange = person.run("whoami", **env)
            assert (strange.code, "stands in .env alone" in strange.err) == (Exit.USAGE, True)
        assert odd.seen == []
        odd.answers = [(302, {})]
        (tmp_path / ".env").write_text(f"GATEHOUSE_URL={odd.url}\nGATEHOUSE_TOKEN=gh_pat_theirs\n")
        person.run("whoami")
        assert [headers["Authorization"] for _, _, headers, _ in odd.seen] == ["Bearer gh_pat_theirs"]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://gatehouse.example", "plain http to another machine"),
        ("http://10.0.0.1:8000", "plain http to another machine"),
        ("http://127.0.0.1.example.com", "plain http to another machine"),
        ("ftp://127.0.0.1", "is no address"),
        ("https://", "is no address"),
        ("https://me:secret@gatehouse.example", "is no address"),
        ("http://127.0.0.1:99999", "is no address"),
        ("http://[::1", "is no address"),
    ],
)
def test_addresses_that_get_no_token(person: Person, url: str, says: str) -> None:
    somebody = {"GATEHOUSE_TOKEN": "gh_pat_x"}
    for said in (person.run("login", url, stdin="CODE\n"), person.run("mine", **somebody, GATEHOUSE_URL=url)):
        assert (said.code, says in said.err) == (Exit.USAGE, True), said.err
        assert "secret" not in said.err


def test_plain_http_where_it_is_meant(person: Person) -> None:
    somebody = {"GATEHOUSE_TOKEN": "gh_pat_x"}
    for said in (
        person.run("login", "http://gatehouse.invalid", "--insecure", stdin="CODE\n"),
        person.run("mine", **somebody, GATEHOUSE_URL="http://gatehouse.invalid", GATEHOUSE_INSECURE="true"),
    ):
        assert (said.code, "does not answer" in said.err) == (Exit.NO_ANSWER, True), said.err


def test_what_others_can_read_is_not_used(lab: Lab, person: Person) -> None:
    person.does("login", lab.url, "--token", stdin=lab.tokens["bob"] + "\n")
    config(person).chmod(0o640)
    said = person.run("mine")
    assert (said.code, "chmod 600" in said.err) == (Exit.USAGE, True)
    config(person).chmod(0o600)
    person.does("mine")
    for text in ("", "[]", '{"url": 1}', "\x00"):
        config(person).write_text(text)
        said = person.run("mine")
        assert (said.code, "log in anew" in said.err) == (Exit.USAGE, True)


def test_a_code_is_not_spent_where_its_token_could_not_be_kept(lab: Lab, person: Person) -> None:
    lab.post("pi", "/v1/users", {"name": "dan", "email": "dan@lab.example"}, expect=201)
    code = lab.post("pi", "/v1/users/dan/enrolment", expect=201)["code"]
    person.home.write_text("in the way")
    said = person.run("login", lab.url, stdin=f"{code}\n")
    assert (said.code, "cannot be made" in said.err) == (Exit.USAGE, True)
    person.home.unlink()
    person.does("login", lab.url, stdin=f"{code}\n")


def test_the_channel_is_a_label(lab: Lab) -> None:
    """It changes what is noted, and never what is allowed."""
    asked = lab.ask("bob", "LabGuest")
    browser: dict[str, Any] = {"headers": {"User-Agent": "Mozilla gatehouse-cli/1"}}
    terminal: dict[str, Any] = {"headers": {"User-Agent": "gatehouse-cli/1"}}
    path = f"/v1/access-requests/{asked['id']}/approve"
    assert lab.call("bob", "POST", path, **terminal).status_code == 403
    lab.post("alice", path, **browser)
    [decision] = lab.get("pi", f"/v1/access-requests/{asked['id']}")["decisions"]
    assert decision["channel"] == "api"
    events = lab.get("pi", f"/v1/access-requests/{asked['id']}/events")["items"]
    assert [e["channel"] for e in events if e["event"] == "attempt.refused"] == ["cli"]
