"""The terminal where things are odd: answers that are nearly right, a full disk, no stdin, ids that begin alike."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from app.cli import terminal
from app.cli.client import Api
from app.cli.exits import Exit, NoAnswer
from app.cli.person import completing, screen
from tests.support.odd_server import DRIPPING, Odd, odd_server
from tests.support.terminal import Person
from tests.test_terminal_answers import ASK, HOSTILE, ROW

NOTHING: dict[str, Any] = {"items": [], "next_cursor": None}


@pytest.fixture
def odd() -> Iterator[Odd]:
    with odd_server() as found:
        yield found


@pytest.fixture
def person(odd: Odd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.chdir(tmp_path)
    return Person(tmp_path / "home", {"GATEHOUSE_URL": odd.url, "GATEHOUSE_TOKEN": "gh_pat_x"})


@pytest.mark.parametrize("wrong", [{"created_at": "yesterday"}, {"duration": "P1Y"}, {"created_at": "9999-99-99"}])
def test_an_answer_that_is_nearly_right_is_a_line_and_no_traceback(
    odd: Odd, person: Person, wrong: dict[str, Any]
) -> None:
    odd.answers = [(200, {**ROW, **wrong}), (200, NOTHING)]
    said = person.run("show", ROW["id"])
    assert (said.code, "not what this version" in said.err) == (Exit.NO_ANSWER, True)


def test_a_list_without_an_end_is_not_read_for_ever(odd: Odd, person: Person) -> None:
    odd.answers = [(200, {**NOTHING, "next_cursor": "more"})]
    said = person.run("secrets", "--json")
    assert (said.code, said.json["code"], len(odd.seen)) == (Exit.NO_ANSWER, "no_answer", 200)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000\r", "https://a..example", f"https://{'a' * 70}.example"])
def test_what_is_no_address_is_said_to_be_none(person: Person, url: str) -> None:
    said = person.run("whoami", GATEHOUSE_URL=url)
    assert (said.code, "that is no address" in said.err) == (Exit.NO_ANSWER, True), said.err


@pytest.mark.parametrize("starts", ["0001-01-01 00:00", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"])
def test_a_time_at_the_ends_of_the_calendar_is_no_traceback(odd: Odd, person: Person, starts: str) -> None:
    odd.answers = [(201, ROW)]
    said = person.run(*ASK, "--starts", starts)
    assert "Traceback" not in said.err
    assert (said.code, "is no time" in said.err) == (Exit.USAGE, True)


def test_a_name_that_is_no_utf8_is_asked_for_as_it_is(odd: Odd, person: Person) -> None:
    odd.answers = [(404, {"detail": "There is no such user.", "code": "user_not_found"})]
    assert person.run("why", "b\udcffb").code == Exit.NOT_THERE
    assert odd.seen[0][1] == "/v1/users/b%FFb/access"


def test_a_token_that_is_none_is_not_kept(odd: Odd, person: Person) -> None:
    odd.answers = [(200, {"token": HOSTILE})]
    said = person.run("login", odd.url, "--json", stdin="K7QF-2M9X\n")
    assert said.code != Exit.DONE
    assert said.json["code"] == "wrong_use"
    assert not (person.home / "gatehouse" / "config.json").exists()


def test_a_beginning_is_not_taken_for_my_own_where_it_waits_for_me_as_well(odd: Odd, person: Person) -> None:
    mine, theirs = ROW["id"], ROW["id"][:-1] + "e"
    pages = [(200, {**NOTHING, "items": [{**ROW, "id": one}]}) for one in (mine, theirs)]
    odd.answers = [*pages, (200, ROW)]
    said = person.run("show", ROW["id"][:8], "--json")
    assert (said.code, mine in said.err, theirs in said.err) == (Exit.USAGE, True, True)


@pytest.mark.parametrize("item", [{"name": "LabUser", "description": 5}, {"id": "a", "user": "b", "change": []}, 5])
def test_who_completes_is_offered_nothing_where_the_answer_is_odd(
    odd: Odd, person: Person, monkeypatch: pytest.MonkeyPatch, item: Any
) -> None:
    for name, value in person.env.items():
        monkeypatch.setenv(name, value)
    odd.answers = [(200, {**NOTHING, "items": [item]})]
    assert completing.groups("") == []
    assert completing.to_decide("") == []


def test_who_completes_does_not_wait_for_an_answer_whose_end_does_not_come(odd: Odd) -> None:
    odd.answers = [(200, DRIPPING)]
    door = terminal.Door(odd.url, "gh_pat_x")
    with Api(door, hurry=0.4) as api, pytest.raises(NoAnswer, match="ReadTimeout"):
        api.get("/v1/secrets")
    with Api(door) as api:
        assert api.get("/v1/secrets") == NOTHING


def gatehouse(person: Person, *arguments: str, **how: Any) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "gatehouse"), *arguments]
    env = {"PATH": os.environ["PATH"], "HOME": str(person.home), **person.env}
    return subprocess.run(command, env=env, stderr=subprocess.PIPE, text=True, timeout=120, check=False, **how)


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_full_disk_is_a_line(odd: Odd, person: Person, form: tuple[str, ...]) -> None:
    odd.answers = [(200, NOTHING)]
    with Path("/dev/full").open("w") as full:
        said = gatehouse(person, "pending", *form, stdout=full)
    assert said.returncode != Exit.DONE
    assert "Traceback" not in said.stderr
    assert "gatehouse: What came of it cannot be written" in said.stderr


def test_without_a_stdin_nothing_is_asked(odd: Odd, person: Person) -> None:
    odd.answers = [(200, NOTHING)]
    shell = 'exec "$0" "$@" <&-'
    command = ["sh", "-c", shell, str(Path(sys.executable).parent / "gatehouse"), "login", odd.url, "--token"]
    env = {"PATH": os.environ["PATH"], "HOME": str(person.home)}
    said = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert (said.returncode, "token is missing" in said.stderr) == (Exit.USAGE, True), said.stderr


def test_a_question_shows_what_others_wrote_harmlessly() -> None:
    app = typer.Typer()
    app.command()(lambda: screen.confirmed(f"End {HOSTILE} now?"))
    said = CliRunner().invoke(app, input="n\n")
    assert "Nothing was done." in said.stderr
    assert not set(said.stderr) & set("\x1b\x07\r\x9b\u202e")
