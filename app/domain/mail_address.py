"""Where mail is handed over, as one address in the settings, and who may be written to. Pure."""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote, urlsplit

_PORTS = {"smtp": 587, "smtps": 465}
_ATOM = r"[^\s<>()\[\]\\,;:\"@\x00-\x1f\x7f]+"
_ADDRESS = re.compile(rf"{_ATOM}@{_ATOM}")


@dataclass(frozen=True)
class MailServer:
    """Who takes our mail.

    Attributes:
        tls: From the first byte (`smtps`), asked for before anything else is said (`starttls`), or none (`plain`).
    """

    host: str
    port: int
    tls: Literal["smtps", "starttls", "plain"]
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def parse(url: str, *, plain: bool) -> MailServer:
    """Read `smtp://user:password@host:587` (with STARTTLS) or `smtps://…`.

    Args:
        plain: Mail may go over the network as anybody can read it. To this machine itself it always may.

    Raises:
        ValueError: It is no such address; what it says is for people, and holds nothing of the address.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise ValueError(_FORM) from None
    if parts.scheme not in _PORTS or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(_FORM)
    user, password = unquote(parts.username or "") or None, unquote(parts.password or "") or None
    if (user is None) != (password is None):
        raise ValueError("names a user or a password and not both; write what is special in them as %XX")
    bare = plain or _is_loopback(host)
    return MailServer(
        host, port, "smtps" if parts.scheme == "smtps" else "plain" if bare else "starttls", user, password
    )


def is_writable(address: str) -> bool:
    """Whether mail can be sent to it: one address, without anything that a header or SMTP would read otherwise.

    What stands between `=?` and `?=` a header reads as encoded (RFC 2047), and line ends can stand in it.
    """
    return _ADDRESS.fullmatch(address) is not None and "=?" not in address


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_FORM = "must be where mail is handed over, such as smtp://user:password@mail.example.org:587 or smtps://…"
