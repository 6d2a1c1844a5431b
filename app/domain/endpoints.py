"""Addresses of webhooks: a URL is taken apart once, strictly, and everybody goes by the parts. Pure.

Readers of URLs disagree about odd spellings, and each disagreement is a way past a check. So what is not written
plainly is refused: names in ASCII (IDNs as `xn--…`), IPv4 as four decimal numbers, IPv6 in brackets and without a zone.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from typing_extensions import override

from app.domain.addresses import Address

LONGEST = 2000
"""Characters of a URL."""
_URL = re.compile(r"(?i:(https?)):([!-~]*)")
_REST = re.compile(r"//([^/?#]+)(/[^?#]*)?(\?[^#]*)?")
_PLACE = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:@]+)(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A last label that is one makes the host an IPv4 address to browsers and libc (WHATWG URL, "ends in a number")."""
_LONGEST_NAME = 253
_LAST_PORT = 65535
_PORTS = {"https": 443, "http": 80}


class Unusable(ValueError):
    """This is no address that webhooks are sent to; the text says why."""


@dataclass(frozen=True)
class Endpoint:
    """Where a webhook goes.

    Attributes:
        scheme: `https` or `http`.
        host: A name in lower case, or an IP address without brackets.
        address: The host, where it is an IP address.
        target: Path and query, as sent.
    """

    scheme: str
    host: str
    port: int
    target: str
    address: Address | None = None

    @property
    def authority(self) -> str:
        """The host, and the port where it is not the usual one, as in the `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @override
    def __str__(self) -> str:
        """The URL, in one spelling."""
        return f"{self.scheme}://{self.authority}{self.target}"


def parse(url: str) -> Endpoint:
    """Take a URL apart.

    Raises:
        Unusable: It is not one, or not plainly written.
    """
    if len(url) > LONGEST:
        raise Unusable(f"a URL has {LONGEST} characters at most")
    known = _URL.fullmatch(url)
    if known is None:
        raise Unusable("write a URL that begins with https:// in plain ASCII, without spaces")
    scheme = known[1].lower()
    rest = _REST.fullmatch(known[2])
    if rest is None or "\\" in url:
        raise Unusable("write https://host/path, without a fragment or a backslash")
    if "@" in rest[1]:
        raise Unusable("leave out user name and password; what is sent is signed")
    place = _PLACE.fullmatch(rest[1])
    if place is None:
        raise Unusable("write the host as a name, as 192.0.2.1, or as [2001:db8::1], with a port if you like")
    port = int(place[2] or _PORTS[scheme])
    if not 0 < port <= _LAST_PORT:
        raise Unusable(f"a port is a number from 1 to {_LAST_PORT}")
    host, address = _host(place[1])
    return Endpoint(scheme, host, port, (rest[2] or "/") + (rest[3] or ""), address)


def _host(text: str) -> tuple[str, Address | None]:
    try:
        if text.startswith("["):
            six = IPv6Address(text[1:-1])
            return str(six), six
        name = text.lower()
        if _NUMBER.fullmatch(name.rstrip(".").rpartition(".")[2]):
            four = IPv4Address(name)
            return str(four), four
    except AddressValueError:
        raise Unusable("write an IP address as 192.0.2.1 or [2001:db8::1]") from None
    if len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise Unusable("write the host's name in letters, digits and hyphens, without a dot at its end")
    return name, None
