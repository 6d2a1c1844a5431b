"""Small parts of Slack's transports: whose addresses are used, and what is done once."""

import dataclasses

import pytest

from app.clients.slack import may_answer, may_connect
from app.config import Slack
from app.slack.once import Once


def test_only_slacks_own_host_is_answered() -> None:
    at_slack = Slack(None, "T", "A", "https://slack.com/api/")  # type: ignore[arg-type] # no token is needed here
    here = dataclasses.replace(at_slack, api_url="http://127.0.0.1:80/api/")
    assert may_answer(at_slack, "https://hooks.slack.com/commands/T/1/x")
    assert may_answer(here, "http://127.0.0.1:80/response/1")
    for bad in (
        "https://hooks.slack.com.evil.example/x",
        "https://evilslack.com/x",
        "http://hooks.slack.com/x",
        "https://hooks.slack.com:8443/x",
        "https://slack.com@evil.example/x",
        "https://u:p@hooks.slack.com/x",
        "https://[::1/x",
        "https://hooks.slack.com:port/x",
        "http://127.0.0.1:80/response/1",
        "",
    ):
        assert not may_answer(at_slack, bad), bad


def test_a_websocket_is_encrypted_or_on_this_machine() -> None:
    at_slack = Slack(None, "T", "A", "https://slack.com/api/")  # type: ignore[arg-type] # no token is needed here
    here = dataclasses.replace(at_slack, api_url="http://127.0.0.1:80/api/")
    assert may_connect(at_slack, "wss://wss-primary.slack.com/link?ticket=x")
    assert may_connect(here, "ws://127.0.0.1:5/link")
    for bad in (
        "ws://slack.com/",
        "wss://slack.com:8443/",
        "ws://127.0.0.1:5/link",
        "https://slack.com/",
        "",
        "wss://[",
    ):
        assert not may_connect(at_slack, bad), bad
    assert not may_connect(here, "ws://elsewhere.example/link")


def test_a_thing_is_done_once_until_it_is_forgotten() -> None:
    done: list[str] = []

    def do(word: str) -> str:
        done.append(word)
        return word

    once = Once[str](lambda answer: answer != "bad", most=2)
    assert once("a", lambda: do("1")) == ("1", False)
    assert once("a", lambda: do("2")) == ("1", True)
    assert once("b", lambda: do("bad")) == ("bad", False)
    assert once("b", lambda: do("good")) == ("good", False)
    with pytest.raises(ZeroDivisionError):
        once("c", lambda: str(1 // 0))
    assert once("c", lambda: do("3")) == ("3", False)
    assert [once("d", lambda: do("d")), once("e", lambda: do("e"))] == [("d", False), ("e", False)]
    assert once("a", lambda: do("4")) == ("4", False)
    assert Once[str](bool, lasts=-1)("x", lambda: "y") == ("y", False)
