"""Being told in Slack: cards with copies that are kept true, whatever happens to Slack, the workers and the network."""

from collections.abc import Iterator

import pytest

from tests.conftest import Databases
from tests.support.fake_slack import CHANNEL, FakeSlack
from tests.support.fake_slack_state import Message
from tests.support.lab import Lab
from tests.support.site import until
from tests.support.slack_lab import link, slack_lab

IDS = {"bob": "U1", "alice": "U2", "pi": "U3"}


@pytest.fixture(scope="module")
def lab(databases: Databases, slack: FakeSlack, aws: str) -> Iterator[Lab]:
    with slack_lab(databases, slack, aws, with_worker=True) as found:
        for name in ("bob", "alice"):
            link(found, slack, IDS[name], name)
        yield found


def card(slack: FakeSlack, where: str, request_id: str) -> Message | None:
    return next((m for m in slack.messages(where) if request_id in m.words), None)


def shown(slack: FakeSlack, where: str, request_id: str, *words: str) -> None:
    def holds() -> bool:
        found = card(slack, where, request_id)
        return found is not None and all(word in found.words for word in words)

    until(holds, 60, lambda: f"{where}: {[m.words for m in slack.messages(where)]}")


def test_every_copy_of_a_request_shows_what_is_true(lab: Lab, slack: FakeSlack) -> None:
    request = lab.ask("bob", duration="P1D")
    for where in (IDS["alice"], CHANNEL):
        shown(slack, where, request["id"], "bob asks to join LabGuest", "0 of 1 approval given")
    found = card(slack, IDS["alice"], request["id"])
    assert found is not None
    slack.click(found, "approve", user=IDS["alice"])
    for where in (IDS["alice"], CHANNEL):
        shown(slack, where, request["id"], "Approved and carried out", "alice approved")
    until(lambda: any("bob has LabGuest now" in m.words for m in slack.messages(IDS["bob"])))
    assert len([m for m in slack.messages(CHANNEL) if request["id"] in m.words]) == 1


def test_what_slack_missed_it_shows_when_it_is_back(lab: Lab, slack: FakeSlack) -> None:
    request = lab.ask("bob", "LabUser", duration="P1D")
    shown(slack, IDS["alice"], request["id"], "0 of 1 approval given")
    slack.down()
    lab.post("pi", f"/v1/access-requests/{request['id']}/deny", {"comment": "not today"})
    second = lab.ask("bob", "LabUser", duration="P2D")
    slack.up()
    shown(slack, IDS["alice"], request["id"], "Denied", "not today")
    shown(slack, CHANNEL, second["id"], "0 of 1 approval given")
    lab.post("bob", f"/v1/access-requests/{second['id']}/cancel")
    shown(slack, CHANNEL, second["id"], "Cancelled")


def test_a_pause_that_slack_asks_for_is_kept(lab: Lab, slack: FakeSlack) -> None:
    failure = slack.fail("chat.postMessage", status=429, retry_after=2, times=1)
    request = lab.ask("bob", "LabUser", duration="P3D")
    shown(slack, CHANNEL, request["id"])
    assert failure.times == 0
    calls = [call for call in slack.state.calls if call.method == "chat.postMessage"]
    refused = next(call for call in calls if call.status == 429)
    after = min(call.at for call in calls if call.at > refused.at)
    assert after - refused.at >= 2
    lab.post("bob", f"/v1/access-requests/{request['id']}/cancel")


def test_rule_15_a_new_link_is_told_to_the_account_before(lab: Lab, slack: FakeSlack) -> None:
    link(lab, slack, "U4", "alice")
    until(lambda: any("another was linked" in m.words for m in slack.messages(IDS["alice"])))
    until(lambda: any("can act as you" in m.words for m in slack.messages("U4")))
    link(lab, slack, IDS["alice"], "alice")


def test_the_same_link_again_is_no_alarm(lab: Lab, slack: FakeSlack) -> None:
    for _ in range(2):
        link(lab, slack, IDS["pi"], "pi")
    until(lambda: len([m for m in slack.messages(IDS["pi"]) if "can act as you" in m.words]) == 2)
    assert not [m for m in slack.messages(IDS["pi"]) if "another was linked" in m.words]
