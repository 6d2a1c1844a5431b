"""A real mail server on loopback that remembers what it took, refuses when told to, and can go away."""

import contextlib
import dataclasses
import email
import email.policy
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import SecretStr

from tests.support.ports import free_port
from tests.support.site import until


@dataclasses.dataclass
class Mail:
    """One that was taken."""

    to: str
    sender: str
    message: EmailMessage

    @property
    def text(self) -> str:
        """What is read in it."""
        return str(self.message.get_content())

    @property
    def id(self) -> str:
        """Its Message-ID."""
        return str(self.message["Message-ID"])


class PostOffice:
    """The test's view of it, and aiosmtpd's handler.

    Attributes:
        answers: What the next mails are answered in place of being taken; None drops the connection.
    """

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.answers: list[str | None] = []
        self.refused: list[str] = []
        self.port = 0
        self.password = "open-sesame"  # noqa: S105 - of a server in the tests
        self._controller: Controller | None = None
        self._context: ssl.SSLContext | None = None

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Whether this person has a mailbox."""
        if address in self.refused:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Take a mail, unless the next answer is another."""
        content = envelope.content
        assert isinstance(content, bytes)
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer is None:
            transport: Any = server.transport
            transport.abort()
            return "421 gone"
        if answer.startswith("2"):
            message = email.message_from_bytes(content, policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            self.mails.append(Mail(envelope.rcpt_tos[0], str(envelope.mail_from), message))
        return answer

    def open(self, *, context: ssl.SSLContext | None = None) -> None:
        """Listen; again on the same port."""
        self._context = context or self._context

        def authenticate(_server: SMTP, _s: Session, _e: Envelope, _mechanism: str, data: LoginPassword) -> AuthResult:
            return AuthResult(success=data.password == self.password.encode())

        options: dict[str, Any] = {"authenticator": authenticate, "auth_require_tls": False, "enable_SMTPUTF8": True}
        options["ready_timeout"] = 60.0
        if self._context is not None:
            options |= {"tls_context": self._context, "require_starttls": True}
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port or free_port(), **options)
        self._controller.start()
        self.port = self._controller.port

    def close(self) -> None:
        """Be away."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def settings(self) -> dict[str, Any]:
        """What Gatehouse has to be told."""
        url = SecretStr(f"smtp://gatehouse:{self.password}@127.0.0.1:{self.port}")
        return {"mail_url": url, "mail_from": "gatehouse@lab.example"}

    def of(self, name: str) -> list[Mail]:
        """What somebody got."""
        return [mail for mail in self.mails if mail.to == f"{name}@lab.example"]

    def wait(self, name: str, words: str, seconds: float = 60) -> Mail:
        """The first mail to somebody with these words, as soon as it is there."""
        until(lambda: any(words in mail.text for mail in self.of(name)), seconds, lambda: f"no mail to {name}: {words}")
        return next(mail for mail in self.of(name) if words in mail.text)


@contextlib.contextmanager
def post_office(context: ssl.SSLContext | None = None) -> Iterator[PostOffice]:
    """One that listens until the end of the block."""
    office = PostOffice()
    office.open(context=context)
    try:
        yield office
    finally:
        office.close()
