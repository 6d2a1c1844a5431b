"""A lab that Slack tells things, and people in it who are linked."""

import contextlib
import re
from collections.abc import Iterator

from tests.conftest import Databases
from tests.support.fake_slack import FakeSlack
from tests.support.lab import Lab, serving


@contextlib.contextmanager
def slack_lab(
    databases: Databases, slack: FakeSlack, aws: str, *, socket: bool = True, with_worker: bool = False
) -> Iterator[Lab]:
    """A running lab on SQLite, told of over Socket Mode and over HTTP; the fake uses Socket Mode until told otherwise.

    Args:
        socket: Whether it opens a WebSocket.
    """
    settings, tokens = databases.prepared("sqlite")
    settings = settings.model_copy(update=slack.settings(socket=socket))
    with serving(settings, tokens, aws, with_worker=with_worker) as lab:
        if socket:
            slack.wait_connected()
        yield lab


def link(lab: Lab, slack: FakeSlack, user: str, name: str) -> None:
    """Link a person, as they would do it."""
    ack = slack.command("/access", "link", user=user)
    assert ack.status == 200, ack
    code = code_of(slack, user)
    lab.post(name, "/v1/me/slack", {"code": code, "slack_user_id": user})


def code_of(slack: FakeSlack, user: str) -> str:
    """The code that somebody was shown last."""
    words = slack.ephemerals(user)[-1].words
    found = re.search(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b", words)
    assert found, words
    return found.group()
