"""`gatehouse` as a person's tool, against a running lab."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.exits import Exit
from app.cli.person import asking, words
from app.domain import durations
from app.services import slack_links
from tests.conftest import Databases
from tests.support.lab import Lab
from tests.support.terminal import Person

At = Callable[[str], Person]


@pytest.fixture(scope="module")
def lab(databases: Databases) -> Iterator[Lab]:
    """One running lab for the whole module."""
    with databases.lab("sqlite") as found:
        yield found


@pytest.fixture
def at(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> At:
    """Somebody of the lab at a terminal, with their token in the environment."""
    monkeypatch.chdir(tmp_path)
    return lambda who: Person(tmp_path / who, {"GATEHOUSE_URL": lab.url, "GATEHOUSE_TOKEN": lab.tokens[who]})


def test_from_the_wish_to_the_end(lab: Lab, at: At) -> None:
    bob, alice = at("bob"), at("alice")
    asked = bob.json("request", "LabGuest", "--for", "4h", "--because", "reading the archive")
    assert (asked["decision"], asked["duration"], asked["user"]) == ("pending", "PT4H", "bob")
    short = asked["id"][:13]

    waits = alice.does("pending").out
    assert "join LabGuest" in waits
    assert "reading the archive" in " ".join(waits.split())
    shown = alice.does("show", short).out
    assert "Add bob to LabGuest" in " ".join(shown.split()) or "LabGuest" in shown
    approved = alice.json("approve", short, "--comment", "for today")
    [decision] = approved["decisions"]
    assert (decision["channel"], decision["comment"]) == ("cli", "for today")

    watched = bob.does("watch", asked["id"], "--timeout", "60s")
    assert watched.out.splitlines()[-1].endswith("applied")
    assert lab.groups_in_iam("bob") == ["LabGuest"]
    mine = bob.does("mine").out
    assert "3 hours 59 minutes" in mine
    why = bob.does("why").out
    assert "approved by alice" in why
    assert "reading the archive" in why

    longer = bob.json("extend", "LabGuest", "--for", "1d", "--because", "more to read")
    assert (longer["duration"], longer["decision"]) == ("P1D", "pending")
    assert bob.json("cancel", longer["id"][:13])["decision"] == "cancelled"
    assert bob.json("revoke", "LabGuest")["state"] == "revoking"
    lab.grant_until(asked["id"] and bob.json("show", short)["grant_id"], "revoked")
    assert lab.groups_in_iam("bob") == []
    assert bob.run("revoke", "LabGuest").code == Exit.NOT_THERE


def test_what_would_be_refused_is_said_and_not_asked(lab: Lab, at: At) -> None:
    bob = at("bob")
    seen = bob.run("request", "LabAdmin", "--for", "3w", "--because", "x", "--dry-run", "--json")
    assert (seen.code, [no["code"] for no in seen.json["refusals"]]) == (Exit.REFUSED, ["duration_too_long"])
    fine = bob.does("request", "LabAdmin", "--for", "PT90M", "--because", "x", "--dry-run").out
    assert "1 hour 30 minutes" in fine
    assert "LabAdmin needs 2 approvals" in " ".join(fine.split())
    assert lab.get("bob", "/v1/access-requests?decision=pending&mine=true")["items"] == []


def test_a_denial_ends_the_wait(at: At) -> None:
    bob, alice = at("bob"), at("alice")
    later = bob.json("request", "LabUser", "--because", "x", "--starts", "+2h", "--for", "1h")
    assert later["starts_at"] is not None
    own = bob.run("approve", later["id"], "--json")
    assert (own.code, own.json["code"]) == (Exit.REFUSED, "own_request")
    waits = bob.run("watch", later["id"], "--timeout", "1s", "--json")
    assert (waits.code, waits.json["decision"]) == (Exit.WAITING, "pending")
    alice.does("deny", later["id"], "--comment", "not on a Friday")
    ended = bob.run("watch", later["id"])
    assert (ended.code, ended.out) == (Exit.NOT_GIVEN, f"{later['id']} denied\n")
    shown = " ".join(bob.does("show", later["id"]).out.split())
    assert "not on a Friday" in shown
    missing = at("alice").run("show", "00000000-0000-7000-8000-000000000000", "--json")
    assert (missing.code, missing.json["status"]) == (Exit.NOT_THERE, 404)


def test_a_secret_is_shown_once_and_not_into_a_pipe(lab: Lab, at: At) -> None:
    bob = at("bob")
    wish = {"kind": "access_key.create", "change": {}, "reason": "x"}
    asked = lab.post("bob", "/v1/access-requests", wish, expect=201)
    at("alice").does("approve", asked["id"])
    lab.applied(asked["id"])
    assert "access_key" in bob.does("secrets").out
    [waiting] = bob.json("secrets")["items"]
    piped = bob.run("collect", waiting["id"][:8])
    assert (piped.code, piped.out) == (Exit.USAGE, "")
    collected = bob.json("collect", waiting["id"][:8])
    assert set(collected) == {"kind", "access_key_id", "secret_access_key"}
    again = bob.run("collect", waiting["id"], "--json")
    assert again.code == Exit.NOT_THERE
    assert "Nothing waits" in bob.does("secrets").out


def test_rule_15_a_slack_account_is_linked_with_ones_own_token(lab: Lab, at: At) -> None:
    with lab.running.database.write() as tx:
        code = slack_links.new_code(tx, "U0BOB", "bobby", "T0LAB")
    bob = at("bob")
    assert bob.run("link", "AAAA-AAAA", "U0BOB").code == Exit.REFUSED
    assert "bobby (U0BOB) in Slack is bob here." in bob.does("link", code, "U0BOB").out
    assert lab.get("bob", "/v1/me/slack") == bob.json("link")
    bob.does("link", "--remove")
    assert bob.run("link").code == Exit.NOT_THERE
    assert bob.run("link", code).code == Exit.USAGE


def test_a_shell_completes_names_and_ids(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cli.person.completing._SECONDS", 60.0)  # a busy machine may take more than two
    bob = at("bob")
    asked = bob.json("request", "LabGuest", "--because", "x", "--for", "1h")

    def offered(who: str, line: str, **env: str) -> list[str]:
        asks = {"_GATEHOUSE_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line, **env}
        return [part for part in at(who).run(**asks).out.replace(":", " ").split() if part]

    assert "LabGuest" in str(offered("bob", "gatehouse request Lab"))
    assert asked["id"] in str(offered("alice", "gatehouse approve 01"))
    assert "setup" in str(offered("bob", "gatehouse se"))
    assert "verify" in str(offered("bob", "gatehouse audit v"))
    assert offered("bob", "gatehouse request Lab", GATEHOUSE_URL="http://127.0.0.1:1") == ["_files"]
    bob.does("cancel", asked["id"])


def test_durations_and_times_as_people_type_them() -> None:
    for text, iso in (
        ("7d", "P7D"),
        ("4h", "PT4H"),
        ("90m", "PT1H30M"),
        ("1d12h", "P1DT12H"),
        ("2 weeks", "P14D"),
        ("1 day 30 min", "P1DT30M"),
        ("P7D", "P7D"),
        ("pt90m", "PT1H30M"),
        ("45S", "PT45S"),
        ("3 mins", "PT3M"),
    ):
        assert durations.to_text(durations.typed(text)) == iso
    for text in ("", " ", "7", "d", "0d", "-1d", "1y", "1.5h", "7d7", "h4", "99999999d", "P", "PT", "\uff19d", "1h1d"):
        with pytest.raises(ValueError, match=r"duration|P36500D"):
            durations.typed(text)
    at = datetime(2026, 11, 27, 12, tzinfo=UTC)
    for text in ("+2h", "2026-11-27T14:00:00Z", "2026-11-27 15:00+01:00"):
        assert datetime.fromisoformat(asking.beginning(text, at)) == at + timedelta(hours=2)


@given(st.sets(st.uuids().map(str), min_size=1, max_size=30))
def test_short_ids_tell_each_from_the_others(ids: set[str]) -> None:
    for one, short in words.shortened(ids).items():
        assert len(short) >= 8
        assert [other for other in ids if other.startswith(short)] == [one]
