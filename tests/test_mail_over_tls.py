"""Mail over STARTTLS: signed in only after the channel is private, to a server whose certificate is believed."""

import contextlib
import datetime as dt
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.clients.mail import Letter, Mailer, MailLater
from app.domain.mail_address import MailServer
from tests.support.post_office import post_office

LETTER = Letter("one", "bob@lab.example", "Gatehouse: it is done", "Grüße\n.\nend\n")


def certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = folder / "server.pem"
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_a_server_that_drips_is_left() -> None:
    """Each byte comes in time for its step, and the last one never."""
    dripped: list[bool] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            taken, _ = listening.accept()
            with taken, contextlib.suppress(OSError):
                for _ in range(400):
                    taken.sendall(b"2")
                    time.sleep(0.05)
                dripped.append(True)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        server = MailServer("127.0.0.1", listening.getsockname()[1], "plain")
        with pytest.raises(MailLater):
            Mailer(server, "gatehouse@lab.example", whole=0.5).send(LETTER)
        thread.join(30)
        assert dripped == []


def test_mail_is_handed_over_in_private(tmp_path: Path) -> None:
    path = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    with post_office(context) as office:
        server = MailServer("localhost", office.port, "starttls", "gatehouse", office.password)
        believes = ssl.create_default_context(cafile=path)
        Mailer(server, "gatehouse@lab.example", context=believes).send(LETTER)
        [mail] = office.mails
        assert mail.text.splitlines() == LETTER.text.splitlines()
        assert mail.id == "<one@lab.example>"
        with pytest.raises(MailLater, match="CertVerification"):  # nobody vouches for it
            Mailer(server, "gatehouse@lab.example").send(LETTER)
        plain = MailServer("localhost", office.port, "plain", "gatehouse", "wrong")
        with pytest.raises(MailLater):
            Mailer(plain, "gatehouse@lab.example").send(LETTER)
    with post_office() as office:  # it has no STARTTLS, so nothing is said to it
        mailer = Mailer(MailServer("localhost", office.port, "starttls"), "gatehouse@lab.example", context=believes)
        with pytest.raises(MailLater):
            mailer.send(LETTER)
        assert office.mails == []
