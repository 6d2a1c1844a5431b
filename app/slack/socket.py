"""Socket Mode: a WebSocket that we open, so that Slack needs no address of ours.

slack_sdk's client holds one connection and reads it. Whether there is one, and when to try again, is decided here:
Slack may be away when we start, or the token bad, and neither may stop us, or have us knock all day.
"""

import contextlib
import os
import random
import socket
import threading
import time

from slack_bolt.adapter.socket_mode.internals import send_response
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from typing_extensions import override

from app import log, metrics
from app.clients.slack import LOGGER, may_connect, web_client
from app.config import Slack
from app.errors import GatehouseError, StartError
from app.slack.desk import Desk

_log = log.get("slack")
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds between tries to connect, growing. A bad token is tried once a minute: it may be repaired at Slack's side."""
LOOK = 0.25
"""Seconds between looks at whether the connection stands."""
PING = 10.0
"""Seconds; a connection without an answer for four of them is given up."""
CONCURRENCY = 10


def pause_after(tries: int) -> float:
    """Seconds to wait after so many tries that failed."""
    return min(FIRST_PAUSE * 2.0 ** min(tries - 1, 10), LONGEST_PAUSE)


class _Client(SocketModeClient):
    """slack_sdk's, that does not sleep as long as Slack likes, nor go wherever it is told.

    Attributes:
        slack: The settings; set before it connects.
    """

    slack: Slack

    @override
    def issue_new_wss_url(self) -> str:
        url = str(self.web_client.apps_connections_open(app_token=self.app_token).get("url", ""))
        if not may_connect(self.slack, url):
            raise ConnectionError("Slack names an address that would not be encrypted")
        return url


class SocketMode:
    """Keeps one connection to Slack, until it is stopped.

    Args:
        desk: Takes what comes.

    Raises:
        StartError: There is no app token.
    """

    def __init__(self, desk: Desk) -> None:
        slack: Slack = desk.slack
        if slack.app_token is None:
            raise StartError("GATEHOUSE_SLACK_APP_TOKEN is missing: Socket Mode needs it, see README, Slack")
        self._desk = desk
        self._stopping, self._closed = threading.Event(), threading.Event()
        self._busy, self._free = 0, threading.Condition()
        self._thread = threading.Thread(target=self._keep, name="gatehouse-slack", daemon=True)
        self._client = _Client(
            app_token=slack.app_token.get_secret_value(),
            web_client=web_client(slack, retries=0),
            logger=LOGGER,
            auto_reconnect_enabled=False,  # that would knock every ten seconds for ever
            ping_interval=PING,
            concurrency=CONCURRENCY,
        )
        self._client.slack = slack
        self._client.socket_mode_request_listeners.append(self._take)

    def start(self) -> None:
        """Begin; it is connected when Slack lets us."""
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """Take nothing more, finish what was taken, and leave. False: it was not finished within `timeout` seconds."""
        self._stopping.set()
        with self._free:
            drained = self._free.wait_for(lambda: self._busy == 0, timeout)
        with contextlib.suppress(Exception):  # whatever the library says at the end, nobody can do anything about it
            self._client.close()
        self._thread.join(timeout)
        metrics.SLACK_CONNECTED.set(0)
        return drained

    def _keep(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            standing = self._client.is_connected()
            metrics.SLACK_CONNECTED.set(int(standing))
            if standing:
                tries = 0
                if not self._stopping.wait(LOOK) and self._hung_up():
                    self._client.disconnect()
                continue
            problem = self._connect()
            if problem is None:
                _log.info("connected")
                continue
            tries += 1
            metrics.SLACK_CONNECT_FAILURES.inc()
            pause = pause_after(tries) * random.uniform(0.8, 1.0)  # noqa: S311 - no secret; not all in one moment
            _log.error("slack_away", problem=problem, tries=tries, seconds=round(pause, 1))
            self._stopping.wait(pause)

    def _connect(self) -> str | None:
        """Connect once; what went wrong, as a word."""
        try:
            self._client.connect_to_new_endpoint()
        except SlackApiError as refusal:
            return str(refusal.response.get("error", "refused"))[:64]
        except Exception as problem:  # noqa: BLE001 - a library's network errors are of every kind, and none may end this
            return type(problem).__name__
        return None if self._client.is_connected() else "no_connection"

    def _hung_up(self) -> bool:
        """Whether Slack's end is gone without a word, which the library sees only when nobody answers its pings.

        Until then it would read nothing, again and again, with all its might.
        """
        session = self._client.current_session
        try:
            # The bare socket, which has bytes to read where the encrypted one may have none.
            with socket.socket(fileno=os.dup(session.sock.fileno())) as bare:  # type: ignore[union-attr] # AttributeError
                return bare.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except (AttributeError, OSError, ValueError):  # closed in the same moment
            return True

    def _take(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        with self._free:
            if self._stopping.is_set():
                return  # not acknowledged: Slack tells it to another connection
            self._busy += 1
        try:
            send_response(client, request, self._desk.take(request.payload, "socket"), time.time())
        except GatehouseError:
            pass  # logged and counted by the desk; what is not acknowledged shows as an error, or comes again
        except Exception as problem:  # noqa: BLE001 - the connection went in the middle of the answer
            _log.warning("not_acknowledged", problem=type(problem).__name__)
        finally:
            with self._free:
                self._busy -= 1
                self._free.notify_all()
