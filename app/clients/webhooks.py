"""Sending webhooks: one POST, nothing followed, little read, soon over, and only to addresses that may be reached."""

import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import certifi
import httpcore

from app.clients import reach
from app.clients.reach import Resolve
from app.domain.addresses import Network
from app.domain.endpoints import Endpoint

WHOLE = 15.0
"""Seconds for one call in all, however slowly its answer comes."""
_READ = 16 * 1024
"""Bytes of the answer's body that are read, and thrown away: its status is the answer."""
_DIGITS = 10


@cache
def _trust() -> ssl.SSLContext:
    """The public authorities, and those that this machine trusts."""
    made: Any = ssl.create_default_context(cafile=certifi.where())
    made.load_default_certs()
    trust: ssl.SSLContext = made
    return trust


@dataclass(frozen=True)
class Outcome:
    """What came of one call.

    Attributes:
        status: Of the answer; None where there was none.
        error: Why there was none, or why the answer was not taken for one; a word of ours.
        retry_after: Seconds that it asked us to wait.
    """

    seconds: float
    status: int | None = None
    error: str | None = None
    retry_after: float | None = None


@dataclass(frozen=True)
class Poster:
    """Sends.

    Attributes:
        allowed: Networks that are open although they are private; plain HTTP is for these alone.
        resolver: Finds addresses; another one in tests.
        connect: Seconds for resolving and connecting, each.
        whole: Seconds for a call in all.
        trust: Whose certificates count; the usual ones when None.
    """

    allowed: Sequence[Network] = ()
    resolver: Resolve = reach.resolve
    connect: float = reach.CONNECT
    whole: float = WHOLE
    trust: ssl.SSLContext = field(default_factory=_trust, repr=False)

    def why_not(self, endpoint: Endpoint) -> str | None:
        """Why nothing would be sent there now; None where it would, and where the name cannot be resolved."""
        try:
            reach.checked(
                endpoint.host,
                endpoint.port,
                allowed=self.allowed,
                plain=endpoint.scheme == "http",
                resolver=self.resolver,
                timeout=self.connect,
            )
        except reach.Refused as refused:
            return str(refused)
        except reach.Unknown:
            return None
        return None

    def post(self, endpoint: Endpoint, body: bytes, headers: Mapping[str, str]) -> Outcome:
        """Send, and say what came of it. Raises nothing of the network's."""
        began = time.monotonic()
        status, error, retry_after = None, None, None
        try:
            status, retry_after = self._post(endpoint, body, headers, began + self.whole)
        except reach.Refused:
            error = "address_refused"
        except reach.Unknown:
            error = "name_unknown"
        except reach.Untrusted:
            error = "tls_failed"
        except httpcore.TimeoutException:
            error = "timeout"
        except httpcore.ConnectError:
            error = "connect_failed"
        except (httpcore.NetworkError, OSError):
            error = "connection_lost"
        except httpcore.ProtocolError:
            error = "not_http"
        return Outcome(round(time.monotonic() - began, 3), status, error, retry_after)

    def _post(
        self, endpoint: Endpoint, body: bytes, headers: Mapping[str, str], deadline: float
    ) -> tuple[int, float | None]:
        backend = reach.Backend(
            self.allowed,
            plain=endpoint.scheme == "http",
            resolver=self.resolver,
            connect=self.connect,
            deadline=deadline,
        )
        url = httpcore.URL(scheme=endpoint.scheme, host=endpoint.host, port=endpoint.port, target=endpoint.target)
        sent = {
            "Host": endpoint.authority,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "User-Agent": "gatehouse-webhooks",
            "Connection": "close",
            **headers,
        }
        with (
            httpcore.ConnectionPool(ssl_context=self.trust, network_backend=backend, max_connections=1) as pool,
            pool.stream("POST", url, headers=list(sent.items()), content=body) as answer,
        ):
            retry_after = _retry_after(answer.headers)
            # The status is known, whatever becomes of the rest; reading a little lets the other side finish.
            with suppress(httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError):
                read = 0
                for chunk in answer.iter_stream():
                    read += len(chunk)
                    if read >= _READ:
                        break
            return answer.status, retry_after


def _retry_after(headers: Sequence[tuple[bytes, bytes]]) -> float | None:
    """Seconds, where it was written as seconds. A date would need a clock that both agree on."""
    for name, value in headers:
        text = value.strip()
        if name.lower() == b"retry-after" and text.isdigit() and len(text) < _DIGITS:
            return float(text)
    return None
