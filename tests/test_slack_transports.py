"""Slack tells us things over Socket Mode and over HTTP: both do the same, once, and neither minds Slack's moods."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from app import metrics
from app.slack.desk import make_desk
from app.slack.house import SlackHouse
from app.slack.socket import LONGEST_PAUSE, SocketMode, pause_after
from tests.conftest import Databases
from tests.support.fake_slack import FakeSlack
from tests.support.lab import Lab
from tests.support.slack_lab import code_of, link, slack_lab


@pytest.fixture(scope="module")
def lab(databases: Databases, slack: FakeSlack, aws: str) -> Iterator[Lab]:
    with slack_lab(databases, slack, aws) as found:
        yield found


@pytest.fixture(params=["socket", "http"])
def transport(request: pytest.FixtureRequest, slack: FakeSlack, lab: Lab) -> Iterator[str]:
    if request.param == "http":
        slack.over_http(lab.url)
    yield str(request.param)
    slack.over_socket()


def codes_made(lab: Lab) -> int:
    return len(lab.get("pi", "/v1/audit-events?event=slack.code_made&limit=200")["items"])


def taken(transport: str, outcome: str) -> float:
    return float(metrics.SLACK_TAKEN.labels(transport, outcome)._value.get())


def test_a_command_goes_round_over_either_transport(lab: Lab, slack: FakeSlack, transport: str) -> None:
    before = taken(transport, "done")
    link(lab, slack, "U1", "bob")
    assert lab.get("bob", "/v1/me/slack")["slack_user_id"] == "U1"
    assert taken(transport, "done") == before + 1


def test_what_is_told_again_is_answered_again_and_done_once(lab: Lab, slack: FakeSlack, transport: str) -> None:
    first = slack.command("/access", "link", user="U2")
    made, before = codes_made(lab), taken(transport, "again")
    again = slack.again(first)
    assert (again.status, again.body) == (first.status, first.body)
    assert (codes_made(lab), taken(transport, "again")) == (made, before + 1)
    # Its first code is still good, so nothing was made anew.
    lab.post("alice", "/v1/me/slack", {"code": code_of(slack, "U2"), "slack_user_id": "U2"})


def test_what_we_do_not_listen_to_is_acknowledged_so_that_it_is_not_told_for_ever(
    lab: Lab,  # noqa: ARG001 - it listens
    slack: FakeSlack,
    transport: str,
) -> None:
    before = taken(transport, "unknown")
    assert slack.event({"type": "team_rename", "name": "Lab 2"}).status == 200
    assert taken(transport, "unknown") == before + 1


@pytest.mark.parametrize(
    "change",
    [
        {"team_id": "T0OTHER"},
        {"api_app_id": "A0OTHER"},
        {"team_id": None},
        {"response_url": "https://evil.example/answer"},
        {"user_id": "U2 "},
    ],
    ids=str,
)
def test_another_workspace_or_app_is_nobody(lab: Lab, slack: FakeSlack, change: dict[str, Any]) -> None:
    made = codes_made(lab)
    told = slack.command("/access", "help", user="U3").sent
    payload = {k: v for k, v in {**told.payload, "text": "link", **change}.items() if v is not None}
    other = type(told)(told.kind, payload, "E-other")
    slack.over_http(lab.url)
    assert slack.tell(other).status in {400, 401}
    slack.over_socket()
    slack.patience, patience = 0.3, slack.patience
    assert slack.tell(other).status is None
    slack.patience = patience
    slack.server.envelopes.pop("E-other")
    assert codes_made(lab) == made


def test_a_lost_connection_is_made_again(lab: Lab, slack: FakeSlack) -> None:
    for trouble in (slack.cut, slack.refresh):
        before = slack.server.links[0]
        trouble()
        slack.wait(lambda was=before: slack.server.links and was not in slack.server.links)
        assert slack.command("/access", "help", user="U1").status == 200
    assert lab.get(None, "/readyz")["status"]


def test_while_slack_is_away_everything_else_works_and_what_was_not_heard_is_told_later(
    lab: Lab, slack: FakeSlack
) -> None:
    failures = metrics.SLACK_CONNECT_FAILURES._value.get()
    slack.down()
    slack.wait(lambda: metrics.SLACK_CONNECT_FAILURES._value.get() > failures)
    assert metrics.SLACK_CONNECTED._value.get() == 0
    assert lab.get("bob", "/v1/me")["name"] == "bob"
    heard: list[int | None] = []
    asks = threading.Thread(target=lambda: heard.append(slack.command("/access", "link", user="U3").status))
    asks.start()
    slack.wait(lambda: [e for e in slack.server.envelopes.values() if not e.acked.is_set()])
    slack.up()
    asks.join(120)
    assert heard == [200]
    lab.post("pi", "/v1/me/slack", {"code": code_of(slack, "U3"), "slack_user_id": "U3"})


def test_a_bad_token_is_logged_without_the_token_and_tried_ever_more_seldom(
    lab: Lab, slack: FakeSlack, capfd: pytest.CaptureFixture[str]
) -> None:
    desk = make_desk(SlackHouse(lab.running.database, lab.settings))
    slack.fail("apps.connections.open", error="invalid_auth", times=1000)
    calls = len(slack.calls("apps.connections.open"))
    mode = SocketMode(desk)
    mode.start()
    slack.wait(lambda: len(slack.calls("apps.connections.open")) >= calls + 2)
    assert mode.stop(60)
    slack.state.failures.clear()
    said = capfd.readouterr().err
    assert '"problem": "invalid_auth"' in said
    assert [secret for secret in slack.secrets() if secret in said] == []
    pauses = [pause_after(tries) for tries in range(1, 30)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE


def test_the_web_api_is_asked_again_after_a_short_pause_only(lab: Lab, slack: FakeSlack) -> None:
    client = SlackHouse(lab.running.database, lab.settings).client
    slack.fail("auth.test", status=429, retry_after=0)
    assert client.auth_test()["ok"]
    slack.fail("auth.test", status=503)
    assert client.auth_test()["ok"]
    slack.fail("auth.test", status=429, retry_after=60)
    calls = len(slack.calls("auth.test"))
    with pytest.raises(Exception, match="ratelimited"):
        client.auth_test()
    assert len(slack.calls("auth.test")) == calls + 1
