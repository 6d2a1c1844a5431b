"""Slack tells Gatehouse things over Socket Mode and over HTTP, and both do the same."""

from collections.abc import Iterator

import pytest

from tests.conftest import Databases
from tests.support.fake_slack import FakeSlack, fake_slack
from tests.support.lab import Lab
from tests.support.slack_lab import link, slack_lab


@pytest.fixture(scope="module")
def slack() -> Iterator[FakeSlack]:
    with fake_slack() as found:
        yield found


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


def test_a_command_goes_round_over_either_transport(lab: Lab, slack: FakeSlack, transport: str) -> None:
    link(lab, slack, "U1", "bob")
    found = lab.get("bob", "/v1/me/slack")
    assert (found["slack_user_id"], found["slack_name"], found["user"]) == ("U1", "bob", "bob"), transport
