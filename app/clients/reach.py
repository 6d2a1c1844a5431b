"""Connections to where webhooks go: a name is resolved once, every address checked, and the checked one connected to.

This is a network backend for httpcore, below HTTP and TLS: whatever stands above, nothing is connected to that was not
checked, and TLS still checks the host's name. DNS that changes its answer gains nothing, since nobody asks twice.
"""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address

import httpcore
from typing_extensions import override

from app.domain import addresses
from app.domain.addresses import Address, Network

CONNECT = 5.0
"""Seconds for resolving and connecting, each."""
_MOST_ADDRESSES = 32
"""Of one name; more are not looked at, and the name is refused. A load balancer of AWS's has 8 of each kind."""

Resolve = Callable[[str, int], Sequence[str]]
"""The IP addresses of a host.

Raises:
    OSError: There is none, or nobody to ask.
"""


class Refused(httpcore.ConnectError):
    """The name leads to an address that webhooks are not sent to."""


class Untrusted(httpcore.ConnectError):
    """TLS could not be agreed on: most often the certificate is not the host's, or not of anybody we trust."""


class Unknown(httpcore.ConnectError):
    """The name could not be resolved."""


def resolve(host: str, port: int) -> list[str]:
    """Ask this machine's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


def checked(
    host: str, port: int, *, allowed: Sequence[Network], plain: bool, resolver: Resolve, timeout: float
) -> list[Address]:
    """The addresses to connect to, of which each may be.

    Args:
        plain: It will be spoken to without TLS, which is for `allowed` networks only.
        timeout: Seconds for the resolver.

    Raises:
        Refused: One of them may not be connected to; then none is.
        Unknown: There is none, or the resolver did not answer in time.
    """
    try:
        texts: Sequence[str] = [str(ip_address(host))]
    except ValueError:
        texts = _asked(resolver, host, port, timeout)
    found = [ip_address(text) for text in texts]
    if not found:
        raise Unknown("name_unknown")
    if len(found) > _MOST_ADDRESSES:
        raise Refused("too_many_addresses")
    for address in found:
        why = addresses.refused(address, allowed)
        if why is None and plain and not addresses.is_allowed(address, allowed):
            why = "not_https"
        if why is not None:
            raise Refused(why)
    return found


def _asked(resolver: Resolve, host: str, port: int, timeout: float) -> Sequence[str]:
    # The C library's resolver has no timeout that we could set; the thread ends when it gives up.
    said: queue.SimpleQueue[Sequence[str]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            said.put(resolver(host, port))
        except (OSError, UnicodeError):
            said.put([])

    threading.Thread(target=ask, name="gatehouse-resolve", daemon=True).start()
    try:
        return said.get(timeout=max(0.0, timeout))
    except queue.Empty:
        return []


class Backend(httpcore.NetworkBackend):
    """Connects for one call.

    Args:
        allowed: As in `checked`, and so are `plain` and `resolver`.
        connect: Seconds for resolving and connecting, each.
        deadline: When the whole call has to be over, by the monotonic clock.
    """

    def __init__(
        self, allowed: Sequence[Network], *, plain: bool, resolver: Resolve, connect: float, deadline: float
    ) -> None:
        self._allowed, self._plain, self._resolver = allowed, plain, resolver
        self._connect, self._deadline = connect, deadline
        self._inner = httpcore.SyncBackend()

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve, check, connect: to the first address that answers."""
        wait = min(self._connect, _left(self._deadline, httpcore.ConnectTimeout))
        found = checked(host, port, allowed=self._allowed, plain=self._plain, resolver=self._resolver, timeout=wait)
        ends = min(time.monotonic() + self._connect, self._deadline)
        problem: Exception = httpcore.ConnectTimeout("no time left")
        for address in found:
            try:
                left = _left(ends, httpcore.ConnectTimeout)
                if address != found[-1]:  # one that swallows everything leaves time for the others
                    left /= 2
                made = self._inner.connect_tcp(str(address), port, left, None, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                problem = failed
            else:
                return _Stream(made, self._deadline)
        raise problem


class _Stream(httpcore.NetworkStream):
    """A connection that ends with its call: whoever sends a byte now and then does not keep it."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner, self._deadline = inner, deadline

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._deadline, httpcore.ReadTimeout))

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._deadline, httpcore.WriteTimeout))

    @override
    def close(self) -> None:
        self._inner.close()

    @override
    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, httpcore.ConnectTimeout)
        try:
            made = self._inner.start_tls(ssl_context, server_hostname, left)
        except httpcore.ConnectError as problem:
            raise Untrusted("tls_failed") from problem
        return _Stream(made, self._deadline)

    @override
    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


def _left(deadline: float, late: type[httpcore.TimeoutException]) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise late("no time left")
    return left
