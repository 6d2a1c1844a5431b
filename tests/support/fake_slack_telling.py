"""How the fake Slack tells the app something: over its WebSocket, or by a signed POST. Either waits for the answer."""

import contextlib
import dataclasses
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.support.fake_slack_server import Envelope, SlackServer
from tests.support.fake_slack_state import Params, State

PATH = "/v1/slack/events"
_ENVELOPES = {"command": "slash_commands", "interactive": "interactive", "event": "events_api"}


@dataclasses.dataclass(frozen=True)
class Ack:
    """What the app answered to what it was told.

    Attributes:
        status: 200; over HTTP what was answered; None where nobody acknowledged in time.
        body: The payload: a dict, a text, or nothing.
    """

    status: int | None
    body: Any
    sent: "Told"


@dataclasses.dataclass(frozen=True)
class Told:
    """What the app was told, to be told again."""

    kind: str
    payload: Params
    envelope: str


class Teller:
    """Tells, over the transport that is chosen.

    Attributes:
        patience: Seconds for an acknowledgement. Slack itself gives three; two busy cores need more.
    """

    def __init__(self, state: State, server: SlackServer) -> None:
        self.state, self.server = state, server
        self.patience = 60.0
        self._http: tuple[str, httpx.Client] | None = None

    def over_http(self, url: str) -> None:
        """Tell the app by signed POSTs from now on.

        Args:
            url: Of Gatehouse, without the path.
        """
        self._http = (url + PATH, httpx.Client(timeout=120))

    def over_socket(self) -> None:
        """Tell it over Socket Mode from now on, which is how it begins."""
        if self._http is not None:
            self._http[1].close()
        self._http = None

    def signed(self, body: bytes, *, at: float | None = None, secret: str | None = None) -> dict[str, str]:
        """The headers of a body that Slack sends over HTTP."""
        stamp = str(int(time.time() if at is None else at))
        key = (secret or self.state.signing_secret).encode()
        mac = hmac.new(key, b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={mac}"}

    def tell(self, told: Told, retry: int = 0) -> Ack:
        if self._http is not None:
            return self._post(told, retry)
        accepts = told.kind != "event"
        body = {"type": _ENVELOPES[told.kind], "envelope_id": told.envelope, "accepts_response_payload": accepts}
        envelope = Envelope({**body, "payload": told.payload, "retry_attempt": retry})
        with self.state.lock:
            self.server.envelopes[told.envelope] = envelope
            links = list(self.server.links)
        if links:
            envelope.sent += 1
            with contextlib.suppress(Exception):  # cut in the same moment: the next one gets it
                links[-1].send(envelope.body)
        if not envelope.acked.wait(self.patience):
            return Ack(None, None, told)
        return Ack(200, envelope.answer, told)

    def _post(self, told: Told, retry: int) -> Ack:
        assert self._http is not None
        url, client = self._http
        form = {"command": told.payload, "interactive": {"payload": json.dumps(told.payload)}}
        if told.kind == "event":
            kind, body = "application/json", json.dumps(told.payload).encode()
        else:
            kind, body = "application/x-www-form-urlencoded", urlencode(form[told.kind]).encode()
        headers = {"Content-Type": kind, **self.signed(body)}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        answer = client.post(url, content=body, headers=headers)
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return Ack(answer.status_code, answer.json() if is_json else answer.text or None, told)
