"""What the terminal makes of answers: retries, refusals, nonsense, and text that would like to be more than text."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli import plain
from app.cli.exits import MEANINGS, Exit
from tests.support.odd_server import Odd, odd_server
from tests.support.terminal import Person

HOSTILE = "\x1b[2J\x1b]0;owned\x07[red]no[/red] :smile: \u202egpj.exe\n\r\x9b31m"
ROW: dict[str, Any] = {
    "id": "01a21ae8-84d6-700a-b4fe-c1a4b33a22cd",
    "kind": "group.join",
    "user": "bob",
    "requester": "bob",
    "change": {"group": "LabGuest"},
    "reason": "a test",
    "duration": "P7D",
    "starts_at": None,
    "decision": "pending",
    "provisioning": "none",
    "ruling": {"required_approvals": 1, "eligible_approvers": ["pi"], "reasons": ["one of pi"]},
    "plan": {"digest": "sha256:" + "0" * 64, "operations": [{"summary": "add bob"}]},
    "decisions": [],
    "grant_id": None,
    "failure": None,
    "created_at": "2026-11-27T02:00:00Z",
}
DEEP = b"[" * 100_000
"""More than a reader of JSON goes into."""
ASK = ("request", "LabGuest", "--because", "a test")


@pytest.fixture
def odd() -> Iterator[Odd]:
    with odd_server() as found:
        yield found


@pytest.fixture
def person(odd: Odd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.chdir(tmp_path)
    return Person(tmp_path / "home", {"GATEHOUSE_URL": odd.url, "GATEHOUSE_TOKEN": "gh_pat_x"})


def problem(status: int, code: str = "some_code") -> tuple[int, Any]:
    return status, {"type": "t", "title": "t", "status": status, "detail": "Not now.", "code": code, "request_id": "r"}


def test_what_may_have_been_done_is_sent_again_with_the_same_key(odd: Odd, person: Person) -> None:
    odd.answers = [problem(503), problem(429), (0, None), (201, ROW)]
    assert person.json(*ASK) == ROW
    assert len(odd.seen) == 4
    assert len({(path, headers["Idempotency-Key"], body) for _, path, headers, body in odd.seen}) == 1
    assert {headers["User-Agent"].split("/")[0] for _, _, headers, _ in odd.seen} == {"gatehouse-cli"}
    before = odd.seen[0][2]["Idempotency-Key"]
    person.json(*ASK)
    assert odd.seen[-1][2]["Idempotency-Key"] != before


def test_what_is_given_once_is_not_asked_for_twice(odd: Odd, person: Person) -> None:
    odd.answers = [(0, None)]
    said = person.run("collect", ROW["id"], "--json")
    assert (said.code, len(odd.seen)) == (Exit.NO_ANSWER, 1)
    assert said.json["code"] == "no_answer"
    assert person.run("watch", "--json").json["code"] == "wrong_use"
    assert "look before you do it again" in said.err


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (problem(403, "own_request"), Exit.REFUSED, "own_request"),
        (problem(409, "already_pending"), Exit.REFUSED, "already_pending"),
        (problem(404, "request_not_found"), Exit.NOT_THERE, "request_not_found"),
        (problem(410, "gone"), Exit.NOT_THERE, "gone"),
        (problem(503, "database_away"), Exit.NO_ANSWER, "database_away"),
        ((200, b"<html>"), Exit.REFUSED, "unreadable"),
        ((500, b""), Exit.NO_ANSWER, "unreadable"),
        ((200, {"hello": "world"}), Exit.NO_ANSWER, "no_answer"),
        ((200, []), Exit.NO_ANSWER, "no_answer"),
        ((302, {}), Exit.REFUSED, "unreadable"),
        ((200, DEEP), Exit.REFUSED, "unreadable"),
        ((403, DEEP), Exit.REFUSED, "unreadable"),
    ],
)
def test_a_refusal_is_a_line_a_code_and_with_json_the_document(
    odd: Odd, person: Person, answer: tuple[int, Any], code: Exit, says: str
) -> None:
    odd.answers = [answer]
    with_json, without = person.run("approve", ROW["id"], "--json"), person.run("approve", ROW["id"])
    assert (with_json.code, without.code) == (code, code)
    assert with_json.json["code"] == says
    assert without.out == ""
    assert [line.startswith("gatehouse: ") for line in without.err.splitlines()] == [True]
    if isinstance(answer[1], dict) and "code" in answer[1]:
        assert with_json.json == answer[1]
        assert "Not now." in without.err


def test_an_answer_without_end_is_not_read(odd: Odd, person: Person) -> None:
    odd.answers = [(200, b" " * (17 * 1024 * 1024))]
    said = person.run("whoami")
    assert (said.code, "more than makes sense" in said.err) == (Exit.NO_ANSWER, True)


def test_what_others_wrote_is_shown_harmlessly(odd: Odd, person: Person) -> None:
    row = {**ROW, "reason": HOSTILE, "user": HOSTILE, "change": {"group": HOSTILE}}
    row["ruling"] = {"required_approvals": 1, "eligible_approvers": [HOSTILE], "reasons": [HOSTILE]}
    row["plan"] = {"digest": "d", "operations": [{"summary": HOSTILE}]}
    event = {"at": "2026-11-27T02:00:00Z", "event": HOSTILE, "actor": HOSTILE}
    odd.answers = [(200, row), (200, {"items": [event], "next_cursor": None})]
    shown = person.does("show", ROW["id"]).out
    odd.answers = [(200, {"items": [row], "next_cursor": None})]
    lists = person.does("pending").out
    assert max(map(len, lists.splitlines()[:-1])) <= 80
    shown += lists
    odd.answers = [(403, {"detail": HOSTILE, "code": HOSTILE})]
    shown += person.run("show", ROW["id"]).err
    assert not set(shown) & set("\x1b\x07\r\x9b\u202e")
    assert "[red]no[/red]" in shown
    assert "\\x1b[2J" in shown


@given(st.text())
def test_clean_text_moves_nothing(text: str) -> None:
    shown = plain.clean(text)
    assert shown.isprintable()
    shown.encode()
    assert plain.clean(shown) == shown


def test_tables_are_words_without_colours_where_they_are_piped(odd: Odd, person: Person) -> None:
    odd.answers = [(200, {"items": [ROW, {**ROW, "id": ROW["id"][:-1] + "e"}], "next_cursor": None})]
    lines = person.does("pending").out.splitlines()
    assert lines[0].split() == ["Id", "Who", "What", "For", "State", "Why"]
    assert max(map(len, lines[:-1])) <= 80
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("request", "LabGuest"), "--because"),
        (("request", "--because", "x"), "which group"),
        (("request", "LabGuest", "--because", "x", "--for", "soon"), "7d, 4h or 90m"),
        (("request", "LabGuest", "--because", "x", "--starts", "soon"), "is no time"),
        (("deny", ROW["id"]), "--comment"),
        (("show", "xyz"), "letters a to f"),
        (("watch",), "which request"),
        (("collect", ROW["id"]), "--json"),
        (("extend", "LabGuest", "--for", "1d"), "--because"),
    ],
)
def test_wrong_use_sends_nothing_that_changes_anything(
    odd: Odd, person: Person, arguments: tuple[str, ...], says: str
) -> None:
    odd.answers = [(200, {})]
    said = person.run(*arguments)
    assert (said.code, said.out) == (Exit.USAGE, ""), said.err
    assert says in said.err
    assert [seen for seen in odd.seen if seen[0] != "GET"] == []


def test_ids_by_their_beginning(odd: Odd, person: Person) -> None:
    ids = ["01a21ae8-9000-7000-8000-000000000000", ROW["id"], "01a21ae8-84d0-7000-8000-000000000000"]
    page = {"items": [{**ROW, "id": one} for one in ids], "next_cursor": None}
    odd.answers = [(200, page)]
    several = person.run("cancel", "01a21ae8")
    assert (several.code, ids[0] in several.err) == (Exit.USAGE, True)
    odd.answers = [(200, page), (200, ROW)]
    assert person.json("cancel", "01A21AE8-84D6") == ROW
    assert odd.seen[-1][:2] == ("POST", f"/v1/access-requests/{ROW['id']}/cancel")
    # What is older than the beginning is not looked through, however much of it there is.
    odd.answers, odd.seen = [(200, {**page, "next_cursor": "more"})], []
    assert person.run("cancel", "01a21ae8-8f").code == Exit.NOT_THERE
    assert len(odd.seen) == 2


def test_how_a_wait_ends(odd: Odd, person: Person) -> None:
    failed = {**ROW, "decision": "approved", "provisioning": "failed", "failure": {"detail": "No boundary."}}
    applied = {**failed, "provisioning": "applied", "failure": None}
    for last, code in ((applied, Exit.DONE), (failed, Exit.NOT_GIVEN), ({**ROW, "decision": "denied"}, Exit.NOT_GIVEN)):
        odd.answers = [(201, ROW), (200, last)]
        said = person.run(*ASK, "--wait", "--json")
        assert (said.code, said.json) == (code, last)
    odd.answers = [(201, ROW)]
    said = person.run(*ASK, "--wait", "--timeout", "1s", "--json")
    assert (said.code, said.json) == (Exit.WAITING, ROW)
    odd.answers = [(201, ROW), (0, None)]  # asked for all the same, and the id is not lost
    said = person.run(*ASK, "--wait", "--json")
    assert (said.code, said.json) == (Exit.NO_ANSWER, ROW)
    assert ROW["id"] in said.err


def test_who_approves_a_policy_sees_it(odd: Odd, person: Person) -> None:
    statement = {"Effect": "Allow", "Action": f"s3:*{HOSTILE}", "Resource": "*"}
    change = {"name": "Results", "document": {"Version": "2012-10-17", "Statement": [statement]}}
    odd.answers = [(200, {**ROW, "kind": "policy.create", "change": change}), (200, {"items": [], "next_cursor": None})]
    shown = person.does("show", ROW["id"]).out
    assert "policy.create Results" in shown
    assert '"Action": "s3:*\\u001b[2J' in shown
    assert "\x1b" not in shown
    long = {**change, "description": ["x"] * 300}
    odd.answers = [(200, {**ROW, "kind": "policy.create", "change": long}), (200, {"items": [], "next_cursor": None})]
    assert "more lines: gatehouse show" in person.does("show", ROW["id"]).out


def test_every_exit_code_is_documented() -> None:
    text = (Path(__file__).parent.parent / "docs" / "terminal.md").read_text()
    table = re.findall(r"^\| `(\d+)` \| (.*) \|$", text, flags=re.MULTILINE)
    assert [(str(code.value), meaning) for code, meaning in MEANINGS.items()] == table
    assert set(MEANINGS) == set(Exit)


def test_json_is_ascii_whatever_it_says(odd: Odd, person: Person) -> None:
    odd.answers = [(200, {"items": [{**ROW, "reason": HOSTILE}], "next_cursor": None})]
    said = person.does("pending", "--json").out
    assert said.strip().isprintable()
    assert json.loads(said)["items"][0]["reason"] == HOSTILE
