"""The table of who is told what, how mail and ends are chosen, and what mail may look like: data and pure functions."""

from datetime import timedelta

import pytest

from app.domain.mail_address import is_writable, parse
from app.domain.notice_table import SUBJECTS, TABLE, said
from app.domain.notices import CHOOSABLE, MAIL_ONLY, NEVER_OFF, Topic, leads, pause, ways
from app.telling import letters
from tests.support.notices_page import PAGE, written


def test_the_page_has_the_table() -> None:
    assert PAGE.read_text() == written(PAGE.read_text()), "python -m tests.support.notices_page writes it"


def test_every_topic_has_a_subject() -> None:
    assert set(SUBJECTS) == set(Topic)


def test_rule_15_what_keeps_access_safe_cannot_be_turned_off() -> None:
    assert all(ways(topic, "off") for topic in NEVER_OFF)
    assert all(ways(topic, "off") == () for topic in Topic if topic not in NEVER_OFF)
    assert {Topic.LINKED, Topic.RECOVERED, Topic.SECRET, Topic.ENROLMENT} <= NEVER_OFF
    assert not {Topic.LINKED, Topic.RECOVERED, Topic.ENROLMENT} & set(CHOOSABLE)
    assert ways(Topic.LINKED, "slack") == ("mail", "slack")
    assert [ways(topic, "slack") for topic in MAIL_ONLY] == [("mail",)]


def test_a_line_holds_only_for_the_facts_that_it_is_for() -> None:
    [line] = [one for one in TABLE if one.event == "grant.ended"]
    assert said(line, {"access": "LabGuest", "reason": "expired", "continued_by": "another"}) is None
    assert "LabGuest" in (said(line, {"access": "LabGuest", "reason": "expired", "continued_by": None}) or "")
    assert "{what}" in (said(line, {"access": "{what}", "reason": "", "continued_by": None}) or "")  # text stays text


def test_ends_are_said_a_day_before_or_with_a_quarter_left() -> None:
    for least, most, lead in leads():
        assert lead <= timedelta(days=1)
        assert lead <= least / 4
        assert most is None or most > least
    assert [pause(n) for n in (0, 1, 50)] == [timedelta(seconds=s) for s in (5, 10, 1800)]


@pytest.mark.parametrize(
    ("url", "plain", "expected"),
    [
        ("smtp://mail.example.org", False, ("mail.example.org", 587, "starttls", None, None)),
        ("smtp://u:p%40ss@mail.example.org:25", False, ("mail.example.org", 25, "starttls", "u", "p@ss")),
        ("smtps://u:p@mail.example.org", False, ("mail.example.org", 465, "smtps", "u", "p")),
        ("smtp://127.0.0.1:2525", False, ("127.0.0.1", 2525, "plain", None, None)),
        ("smtp://[::1]:2525", False, ("::1", 2525, "plain", None, None)),
        ("smtp://mail.example.org", True, ("mail.example.org", 587, "plain", None, None)),
    ],
)
def test_where_mail_is_handed_over(url: str, plain: bool, expected: tuple[object, ...]) -> None:  # noqa: FBT001
    found = parse(url, plain=plain)
    assert (found.host, found.port, found.tls, found.user, found.password) == expected
    assert "p@ss" not in repr(found)


@pytest.mark.parametrize("url", ["mail.lab.test", "http://a", "smtp://:25", "smtp://u@a", "smtp://a:b:c", "smtp://a/x"])
def test_what_is_no_mail_server_is_refused_without_saying_it_again(url: str) -> None:
    with pytest.raises(ValueError, match=r"must be|names a") as refused:
        parse(url, plain=False)
    assert url not in str(refused.value)


def test_only_one_plain_address_is_written_to() -> None:
    assert is_writable("bob@lab.example")
    for bad in ("bob", "a@b,c@d", "a@b>c@d", "a@b\r\nBcc: c@d", '"a b"@c', "a@b@c", "<a@b>"):
        assert not is_writable(bad)


def test_the_same_notices_make_the_same_letter() -> None:
    made = [letters.plain(ids, "b@c", [Topic.DECIDED] * 2, "bob", ["x", "y"]) for ids in (["1", "2"], ["2", "1"])]
    assert made[0].id == made[1].id
    assert made[0].id != letters.plain(["1"], "b@c", [Topic.DECIDED], "bob", ["x"]).id
