"""Which IP addresses webhooks may be sent to: public ones, and what the settings name. Pure.

The lists are the IANA special-purpose registries (as of 2026), and what clouds keep for themselves at addresses that
look public. Of IPv6 everything is refused that is not global unicast, so that what is given out next is refused too.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def _networks(**named: str) -> list[tuple[str, Network]]:
    return [(why, ip_network(text)) for why, texts in named.items() for text in texts.split()]


_REFUSED_4 = _networks(
    metadata="169.254.169.254/32 168.63.129.16/32 100.100.100.200/32 192.0.0.192/32",
    unspecified="0.0.0.0/8",
    loopback="127.0.0.0/8",
    private="10.0.0.0/8 172.16.0.0/12 192.168.0.0/16",
    link_local="169.254.0.0/16",
    shared="100.64.0.0/10",
    documentation="192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 233.252.0.0/24",
    benchmarking="198.18.0.0/15",
    relay="192.88.99.0/24 192.52.193.0/24 192.31.196.0/24 192.175.48.0/24",
    multicast="224.0.0.0/4",
    broadcast="255.255.255.255/32",
    reserved="192.0.0.0/24 240.0.0.0/4",
)
_REFUSED_6 = _networks(
    metadata="fd00:ec2::254/128 fd20:ce::254/128",
    unspecified="::/128",
    loopback="::1/128",
    # Addresses that hold an IPv4 address, whichever: whoever connects may land there.
    mapped="::ffff:0:0/96",
    translated="::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48",
    compatible="::/96",
    teredo="2001::/32",
    six_to_four="2002::/16",
    benchmarking="2001:2::/48",
    documentation="2001:db8::/32 3fff::/20",
    relay="2001:3::/32 2001:4:112::/48 2620:4f:8000::/48",
    reserved="2001::/23",
    private="fc00::/7",
    link_local="fe80::/10",
    site_local="fec0::/10",
    multicast="ff00::/8",
)
_GLOBAL_6 = IPv6Network("2000::/3")
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
"""The upper half of an interface identifier that holds an IPv4 address (RFC 5214, 6.1)."""


def refused(address: Address, allowed: Iterable[Network] = ()) -> str | None:
    """Why nothing may be sent there; None where it may.

    Args:
        allowed: Networks that the settings open.
    """
    if is_allowed(address, allowed):
        return None
    if isinstance(address, IPv4Address):
        return _found(address, _REFUSED_4)
    if address.scope_id is not None:
        return "link_local"
    why = _found(address, _REFUSED_6)
    if why is None and address not in _GLOBAL_6:
        why = "reserved"
    if why is None and (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        why = "isatap"
    return why


def is_allowed(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether the settings open it: then it may be private, and spoken to without TLS."""
    return any(address in network for network in allowed)


def _found(address: Address, named: list[tuple[str, Network]]) -> str | None:
    return next((why for why, network in named if address in network), None)
