"""Until the listeners are here: `/access link` and a word for everything else."""

from typing import Any

from slack_bolt import App

from app.services import slack_links
from app.slack.house import SlackHouse


def register(app: App, house: SlackHouse) -> None:
    """Let the app listen."""

    def access(ack: Any, command: dict[str, Any]) -> None:
        if command.get("text", "").strip() != "link":
            ack("Write /access help.")
            return
        with house.database.write() as tx:
            code = slack_links.new_code(tx, command["user_id"], command["user_name"], command["team_id"])
        ack(code)

    app.command("/access")(access)
