"""The Bolt app: one set of listeners for both transports, and nobody but our workspace's.

Nothing is asked of Slack to make it: Slack being away must not keep Gatehouse from starting.
"""

from typing import Any

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from app.clients.slack import LOGGER
from app.slack import listeners
from app.slack.house import SlackHouse


def make_app(house: SlackHouse) -> App:
    """The app, with every listener.

    A request is carried out before it is answered (`process_before_response`): commit, then acknowledge.
    Signature and origin are looked at before (`app/api/slack.py`, `app/slack/desk.py`), so Bolt does not do it again.
    """
    bot_token = house.slack.bot_token.get_secret_value()

    def authorize(team_id: str | None, user_id: str | None) -> Any:
        if team_id != house.slack.team_id:
            return None
        return AuthorizeResult(enterprise_id=None, team_id=team_id, user_id=user_id, bot_token=bot_token)

    # Bolt makes a client for each request after this one, with the token that authorize answers.
    template = WebClient(
        base_url=house.client.base_url,
        timeout=house.client.timeout,
        logger=LOGGER,
        retry_handlers=house.client.retry_handlers,
    )
    made: Any = App(
        name="gatehouse",
        logger=LOGGER,
        client=template,
        authorize=authorize,
        process_before_response=True,
        token_verification_enabled=False,
        request_verification_enabled=False,
        ssl_check_enabled=False,
        url_verification_enabled=False,
    )
    listeners.register(made, house)
    app: App = made
    return app
