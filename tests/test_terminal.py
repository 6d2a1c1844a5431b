"""`gatehouse` as a person's tool, against a running lab."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.cli.exits import Exit
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

    watched = bob.does("watch", asked["id"], "--timeout", "30s")
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
