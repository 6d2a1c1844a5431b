"""People in the fake Slack: what they type and press, and what they are shown for it."""

from typing import Any

from tests.support.fake_slack import FakeSlack
from tests.support.fake_slack_state import Message, View
from tests.support.lab import Lab

BOB, ALICE, PI, STRANGER = "U1", "U2", "U3", "U4"


def typed(slack: FakeSlack, text: str, user: str) -> str:
    """Type a command; what was answered, to the one who typed alone."""
    before = len(slack.ephemerals(user))
    ack = slack.command("/access", text, user=user)
    assert ack.status == 200, ack
    assert ack.body["response_type"] == "ephemeral"
    return slack.ephemerals(user)[before].words


def waiting_for(slack: FakeSlack, user: str) -> Message:
    """The list of what waits for somebody's decision, with its buttons."""
    typed(slack, "pending", user)
    return slack.ephemerals(user)[-1]


def after(slack: FakeSlack, user: str, do: Any) -> str:
    """What somebody alone is shown after something they do."""
    before = len(slack.ephemerals(user))
    ack = do()
    assert ack.status == 200, ack
    slack.wait(lambda: len(slack.ephemerals(user)) > before)
    return slack.ephemerals(user)[-1].words


def opened(slack: FakeSlack, user: str, do: Any) -> View:
    """The modal that opens after something they do."""
    before = len(slack.modals(user))
    assert do().status == 200
    slack.wait(lambda: len(slack.modals(user)) > before)
    return slack.modals(user)[-1]


def home(slack: FakeSlack, user: str) -> View:
    """Their home tab, as it stands."""
    found = slack.home(user)
    assert found is not None
    return found


def home_says(slack: FakeSlack, user: str, *words: str) -> None:
    """Wait until their home tab says all of it."""
    slack.wait(lambda: (found := slack.home(user)) is not None and all(w in found.words for w in words))


def newest(lab: Lab, **wanted: str) -> Any:
    query = "&".join(f"{name}={value}" for name, value in wanted.items())
    return lab.get("pi", f"/v1/access-requests?limit=1&{query}")["items"][0]


def refusals(lab: Lab) -> list[tuple[str, str]]:
    """The newest refused attempts: who, and with which code."""
    events = lab.get("pi", "/v1/audit-events?event=attempt.refused&limit=5")["items"]
    return [(event["actor"], event["data"]["code"]) for event in events if event["channel"] == "slack"]
