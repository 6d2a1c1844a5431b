"""Where webhooks may go: which addresses are refused, how URLs are read, and that nothing unchecked is connected to."""

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from app import config
from app.clients.webhooks import Poster
from app.domain.addresses import refused
from app.domain.endpoints import Endpoint, Unusable, parse
from app.errors import StartError
from tests.support.receiver import Receiver, receiving

LOOPBACK = (ip_network("127.0.0.0/8"),)
PUBLIC = "93.184.215.14"
REFUSED = {
    "metadata": "169.254.169.254 fd00:ec2::254 168.63.129.16 100.100.100.200",
    "unspecified": "0.0.0.0 0.1.2.3 ::",
    "loopback": "127.0.0.1 127.255.255.254 ::1",
    "private": "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 fc00::1 fd12:3456::1",
    "link_local": "169.254.0.1 fe80::1 fe80::1%eth0",
    "site_local": "fec0::1",
    "shared": "100.64.0.1 100.127.255.255",
    "documentation": "192.0.2.1 198.51.100.1 203.0.113.1 2001:db8::1 3fff::1",
    "benchmarking": "198.18.0.1 198.19.255.255 2001:2::1",
    "multicast": "224.0.0.1 239.255.255.250 ff02::1 ff0e::1",
    "broadcast": "255.255.255.255",
    "reserved": "240.0.0.1 192.0.0.8 100::1 4000::1 2001:10::1 5f00::1",
    "mapped": "::ffff:127.0.0.1 ::ffff:93.184.215.14",
    "compatible": "::127.0.0.1 ::2",
    "translated": "64:ff9b::127.0.0.1 64:ff9b:1::10.0.0.1 ::ffff:0:127.0.0.1",
    "six_to_four": "2002:7f00:1::1",
    "teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "isatap": "2600::5efe:127.0.0.1 2600::200:5efe:10.0.0.1",
    "relay": "192.88.99.1",
}
OPEN = ["93.184.215.14", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2600::1", "2606:4700:4700::1111", "2003::5eff:0:1"]


@pytest.mark.parametrize(("why", "address"), [(why, one) for why, texts in REFUSED.items() for one in texts.split()])
def test_what_is_not_public_is_refused(why: str, address: str) -> None:
    assert refused(ip_address(address)) == why


@pytest.mark.parametrize("address", OPEN)
def test_what_is_public_is_open(address: str) -> None:
    assert refused(ip_address(address)) is None


@given(st.ip_addresses())
def test_whatever_python_does_not_call_global_is_refused(address: IPv4Address | IPv6Address) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert refused(address) is not None


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "::", "64:ff9b::", "2002::", "2001::", "2600::5efe:0:0"]))
def test_no_ipv6_address_that_holds_an_ipv4_one_is_open(inner: IPv4Address, prefix: str) -> None:
    shift = 80 if prefix == "2002::" else 0
    assert refused(IPv6Address(int(IPv6Address(prefix)) | int(inner) << shift)) is not None


@given(st.ip_addresses())
def test_what_the_settings_open_is_open_and_nothing_else(address: IPv4Address | IPv6Address) -> None:
    just_it = (ip_network(address),)
    assert refused(address, just_it) is None
    other = address + 1 if int(address) % 2 == 0 else address - 1
    assert refused(other, just_it) == refused(other)


ODD = [
    *("http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "http://1/"),
    *("https://127.0.0.1./", "https://hooks.example./", "https://hooks..example/", "https://.example/", "https:///"),
    *(
        "https://\uff11\uff12\uff17.0.0.1/",
        "https://hooks\u3002example/",
        "https://hooks\uff0eexample/",
        "https://\u24d4x.org/",
    ),
    *("https://pi@hooks.example/", "https://pi:pw@hooks.example/", "https://hooks.example:@127.0.0.1/"),
    *("https://hooks.example\\@127.0.0.1/", "https://hooks.example#@127.0.0.1/", "https://hooks.example/#part"),
    *(
        "https://[::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[::1/",
        "https://::1/",
        "https://[v1.a]/",
        "https://[]/",
    ),
    *(
        "https://hooks.example:0/",
        "https://hooks.example:65536/",
        "https://hooks.example:8\u0663/",
        "https://hooks.example:/",
    ),
    *("https://hooks.example:080443/", "https://hooks.example:-1/", "https://hooks.example: 80/"),
    *("https:hooks.example", "https:/hooks.example/", "//hooks.example/", "hooks.example", "", "https://"),
    *("ftp://hooks.example/", "file:///etc/passwd", "gopher://hooks.example/", "javascript:alert(1)"),
    *(
        "https://hooks.example/a b",
        "https://hooks.example/\n",
        "https://hooks.example/\r\nHost: x",
        "\thttps://a.example/",
    ),
    *("https://%31%32%37.0.0.1/", "https://hooks%2eexample/", "https://hooks.example/" + "x" * 2000, "https://a.0x7f/"),
    *(
        "https://256.1.1.1/",
        "https://1.2.3.4.5/",
        "https://hooks.example,a.example/",
        "https://-a.example/",
        "https://a*b/",
    ),
]


@pytest.mark.parametrize("url", ODD)
def test_odd_spellings_are_refused_and_not_read(url: str) -> None:
    with pytest.raises(Unusable):
        parse(url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://Hooks.Example", "https://hooks.example/"),
        ("HTTPS://hooks.example:443/a?b=c", "https://hooks.example/a?b=c"),
        ("http://hooks.example:8080?x", "http://hooks.example:8080/?x"),
        ("https://[2600:0::1]:8443/", "https://[2600::1]:8443/"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
    ],
)
def test_what_is_plainly_written_has_one_spelling(url: str, said: str) -> None:
    assert str(parse(url)) == said
    assert parse(said) == parse(url)


PARTS = st.text(st.sampled_from("ab1.0x:@/\\[]%#?-_ \t\u3002\uff11\u00e9"), max_size=12)


@given(st.one_of(st.builds("https://{}/{}".format, PARTS, PARTS), st.builds("http://{}".format, PARTS), st.text()))
def test_what_is_read_at_all_other_readers_read_alike(url: str) -> None:
    try:
        found = parse(url)
    except Unusable:
        return
    assert parse(str(found)) == found
    others = (urlsplit(str(found)).hostname, httpx.URL(str(found)).host, urlsplit(url).hostname)
    assert all(other is not None and _same(other, found) for other in others)
    assert found.address is None or found.address == ip_address(found.host)


def _same(host: str, found: Endpoint) -> bool:
    return host == found.host or (found.address is not None and ip_address(host) == found.address)


# The connection


class Changing:
    """A resolver that gives one answer after the other."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, _host: str, _port: int) -> list[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def named(receiver: Receiver, host: str = "hooks.lab.example") -> Endpoint:
    """The receiver under a name."""
    at = parse(receiver.url)
    return parse(f"{at.scheme}://{host}:{at.port}/ok")


def test_a_name_is_resolved_once_and_what_was_checked_is_connected_to(receiver: Receiver) -> None:
    rebinding = Changing(["127.0.0.1"], ["169.254.169.254"])
    poster = Poster(LOOPBACK, rebinding)
    assert poster.post(named(receiver), b"{}", {}).status == 200
    assert rebinding.asked == 1
    assert receiver.calls[0].headers["host"] == named(receiver).authority
    assert poster.post(named(receiver), b"{}", {}).error == "address_refused"
    assert len(receiver.calls) == 1


def test_an_address_that_was_public_at_registration_is_refused_when_it_leads_inside(receiver: Receiver) -> None:
    rebinding = Changing([PUBLIC], ["127.0.0.1"])
    poster = Poster((), rebinding)
    endpoint = parse(f"https://hooks.lab.example:{parse(receiver.url).port}/ok")
    assert poster.why_not(endpoint) is None
    assert poster.post(endpoint, b"{}", {}).error == "address_refused"
    assert receiver.calls == []


@pytest.mark.parametrize(
    "answer",
    [["10.0.0.1"], [PUBLIC, "127.0.0.1"], ["::ffff:7f00:1"], ["fe80::1%lo"], [PUBLIC] * 33, ["64:ff9b::7f00:1"]],
)
def test_one_bad_address_among_a_names_refuses_it(answer: list[str]) -> None:
    assert Poster((), Changing(answer)).post(parse("https://hooks.example/"), b"{}", {}).error == "address_refused"


def test_plain_http_is_for_what_the_settings_open(receiver: Receiver) -> None:
    assert Poster((), Changing([PUBLIC])).why_not(parse("http://hooks.example/")) == "not_https"
    assert Poster(LOOPBACK, Changing([PUBLIC])).why_not(parse("http://hooks.example/")) == "not_https"
    assert Poster(LOOPBACK).post(parse(receiver.url), b"{}", {}).status == 200


def test_a_name_that_nobody_knows_is_an_outcome_and_no_refusal() -> None:
    def nobody(_host: str, _port: int) -> list[str]:
        raise OSError

    poster = Poster((), nobody)
    assert poster.why_not(parse("https://hooks.example/")) is None
    assert poster.post(parse("https://hooks.example/"), b"{}", {}).error == "name_unknown"


def certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """A certificate for these names that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    there, keys = folder / "certificate.pem", folder / "key.pem"
    there.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    keys.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return there, keys


def test_tls_checks_the_hosts_name_and_not_the_address(tmp_path: Path) -> None:
    there, keys = certificate(tmp_path, "hooks.lab.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(there, keys)
    with receiving(context) as receiver:
        trusting = Poster(LOOPBACK, Changing(["127.0.0.1"]), trust=ssl.create_default_context(cafile=str(there)))
        assert trusting.post(named(receiver), b"{}", {}).status == 200
        assert trusting.post(named(receiver, "other.lab.example"), b"{}", {}).error == "tls_failed"
        assert Poster(LOOPBACK, Changing(["127.0.0.1"])).post(named(receiver), b"{}", {}).error == "tls_failed"
        assert len(receiver.calls) == 1


def test_a_proxy_of_the_environment_is_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert Poster(LOOPBACK).post(parse(receiver.url), b"{}", {}).status == 200


@pytest.mark.parametrize("text", ["10.0.0.0/33", "lab", "10.0.0.1/8", "10.0.0.0/8;fd00::/8"])
def test_a_bad_list_of_networks_is_one_line_at_start(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_WEBHOOKS_ALLOW_PRIVATE", text)
    with pytest.raises(StartError, match="GATEHOUSE_WEBHOOKS_ALLOW_PRIVATE is not usable: must be networks"):
        config.load()


def test_a_good_list_of_networks_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_WEBHOOKS_ALLOW_PRIVATE", "127.0.0.0/8, fd12:3456::/32,10.1.2.3")
    found = config.load().webhooks_allow_private
    assert [str(network) for network in found] == ["127.0.0.0/8", "fd12:3456::/32", "10.1.2.3/32"]
    assert all(isinstance(one, ipaddress.IPv4Network | ipaddress.IPv6Network) for one in found)
