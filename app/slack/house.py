"""What every listener may need, made once a process."""

from dataclasses import dataclass, field

from slack_sdk import WebClient

from app.clients.slack import web_client
from app.config import Settings, Slack
from app.db import Database
from app.errors import StartError


@dataclass
class SlackHouse:
    """The parts that listeners work with.

    Attributes:
        database: Opens transactions; no call to Slack is made inside one.
        settings: All of them.
        slack: Those of Slack.
        client: The Web API, as the bot.

    Raises:
        StartError: Slack is not configured.
    """

    database: Database
    settings: Settings
    slack: Slack = field(init=False)
    client: WebClient = field(init=False, repr=False)

    def __post_init__(self) -> None:
        found = self.settings.slack()
        if found is None:
            raise StartError("Slack is not configured: see README, Slack")
        self.slack, self.client = found, web_client(found)
