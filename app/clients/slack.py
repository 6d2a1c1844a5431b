"""Slack's Web API: one client a process, with a timeout, few tries, and what may be answered to."""

import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from typing_extensions import override

from app.config import LOOPBACK, Slack
from app.errors import StartError

TIMEOUT = 5
"""Seconds for one answer of Slack's."""
_TOO_MANY, _TLS = 429, 443
PAUSE = 3
"""Seconds that we wait at most when Slack asks for a pause. Who can wait longer has rows that are due later."""

LOGGER = logging.getLogger("gatehouse.slack")
"""What slack_sdk and slack_bolt log goes here. At DEBUG they would log what people write: never more than warnings."""
LOGGER.setLevel(logging.WARNING)


class _ShortPauses(RateLimitErrorRetryHandler):
    """Tries again after the pause that Slack asks for, where that is short."""

    @override
    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or response.status_code != _TOO_MANY:
            return False
        asked: Sequence[str] = next((v for k, v in response.headers.items() if k.lower() == "retry-after"), ["1"])
        return asked[0].isdigit() and int(asked[0]) <= PAUSE


def web_client(slack: Slack | None, *, timeout: int = TIMEOUT, retries: int = 1) -> WebClient:
    """A client with the bot's token.

    Args:
        slack: The settings, `settings.slack()`.
        timeout: Seconds for one answer.
        retries: Further tries after a lost connection, a 5xx, or a 429 with a pause of three seconds at most.

    Raises:
        StartError: Slack is not configured.
    """
    if slack is None:
        raise StartError("Slack is not configured: see README, Slack")
    handlers: list[RetryHandler] = []
    if retries:
        handlers = [
            ConnectionErrorRetryHandler(max_retry_count=retries),
            ServerErrorRetryHandler(max_retry_count=retries),
            _ShortPauses(max_retry_count=retries),
        ]
    return WebClient(
        slack.bot_token.get_secret_value(),
        base_url=slack.api_url,
        timeout=timeout,
        logger=LOGGER,
        retry_handlers=handlers,
    )


def may_connect(slack: Slack, url: str) -> bool:
    """Whether a WebSocket of Slack's would be encrypted: slack_sdk speaks TLS on port 443 and plainly on any other.

    Plainly only where the Web API is as well, which is on this machine alone.
    """
    try:
        given = urlsplit(url)
        encrypted = given.scheme == "wss" and given.port in {None, _TLS}
    except ValueError:
        return False
    plain = urlsplit(slack.api_url).scheme == "http" and given.scheme == "ws" and given.hostname in LOOPBACK
    return encrypted or plain


def may_answer(slack: Slack, response_url: str) -> bool:
    """Whether a `response_url` is Slack's: the host of the Web API, or one below it (hooks.slack.com)."""
    try:
        ours, given = urlsplit(slack.api_url), urlsplit(response_url)
        host, port = given.hostname or "", given.port
    except ValueError:
        return False
    base = ours.hostname or ""
    below = host == base or host.endswith(f".{base}")
    return below and (given.scheme, port) == (ours.scheme, ours.port) and given.username is None
