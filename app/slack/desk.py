"""Where both transports hand over what Slack tells: looked at, done once, by the same listeners."""

import hashlib
import json
import threading
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse

from app import log, metrics
from app.config import Slack
from app.errors import BadRequest, GatehouseError, Unavailable
from app.slack import front
from app.slack.app import make_app
from app.slack.house import SlackHouse
from app.slack.once import Once

_log = log.get("slack")
_FAILED, _UNKNOWN = 500, 404


class Desk:
    """Takes what Slack tells.

    Args:
        app: With every listener.
        slack: Whose workspace and app it is.
    """

    def __init__(self, app: App, slack: Slack) -> None:
        self.slack = slack
        self._app = app
        self._once = Once[BoltResponse](lambda answer: answer.status < _FAILED)

    def take(self, body: Any, transport: str) -> BoltResponse:
        """Do what it asks for, and only then answer.

        Args:
            body: What was told, as Slack writes it in Socket Mode: a command's fields, an interaction, an event.
            transport: `http` or `socket`, for the metric.

        Raises:
            BadRequest: It has no shape that we know.
            Unauthenticated: It is another workspace's.
            Unavailable: A listener failed; Slack may tell it again.
        """
        try:
            front.require_ours(self.slack, body)
            answer, again = self._once(_print(body), lambda: self._dispatch(body))
        except GatehouseError as refusal:
            metrics.SLACK_TAKEN.labels(transport, "refused").inc()
            _log.warning("refused", transport=transport, code=refusal.code, detail=refusal.detail)
            raise
        except TimeoutError:
            metrics.SLACK_TAKEN.labels(transport, "failed").inc()
            raise Unavailable("This is still being done; look again in a moment.", code="still_busy") from None
        if answer.status >= _FAILED:  # Bolt has logged what it was
            metrics.SLACK_TAKEN.labels(transport, "failed").inc()
            raise Unavailable("This did not work and is logged; try again in a moment.", code="listener_failed")
        if answer.status == _UNKNOWN:
            # Slack would tell it again and again, and show people an error, for what is nothing to us.
            metrics.SLACK_TAKEN.labels(transport, "unknown").inc()
            return BoltResponse(status=200)
        metrics.SLACK_TAKEN.labels(transport, "again" if again else "done").inc()
        return answer

    def close(self, timeout: float) -> bool:
        """Let what is said after the acknowledgement be said. False: not all of it was, within `timeout` seconds."""
        executor: Any = self._app.listener_runner.listener_executor
        closing = threading.Thread(target=executor.shutdown, daemon=True)
        closing.start()
        closing.join(timeout)
        if closing.is_alive():
            executor.shutdown(wait=False, cancel_futures=True)
            return False
        return True

    def _dispatch(self, body: dict[str, Any]) -> BoltResponse:
        try:
            # Over HTTP, too: Bolt's own reader loses a command that has the word payload in its text.
            request = BoltRequest(mode="socket_mode", body=body)
        except (TypeError, ValueError, LookupError, AttributeError):
            raise BadRequest("This is nothing that Slack sends.", code="bad_payload") from None
        return self._app.dispatch(request)


def make_desk(house: SlackHouse) -> Desk:
    """The desk of a process, with its own app."""
    return Desk(make_app(house), house.slack)


def _print(body: Any) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
