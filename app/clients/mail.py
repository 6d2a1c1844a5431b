"""Mail over SMTP: one letter a call, in plain text, with a timeout for each step and for all of them."""

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from app.domain.mail_address import MailServer, is_writable

TIMEOUT = 10.0
"""Seconds for each step of the conversation."""
WHOLE = 60.0
"""Seconds for all of it: a server that says a byte now and then passes every step's."""
_OURS = smtplib.SMTPConnectError | smtplib.SMTPHeloError | smtplib.SMTPSenderRefused
_LATER = range(400, 500)
_READY = 220
_NOT_US = {454, 530, 534, 535, 538}
"""What is wrong with how we sign in: whoever runs Gatehouse can mend that, so it is tried again."""


@dataclass(frozen=True)
class Letter:
    """One mail.

    Attributes:
        id: The left half of its Message-ID. The same letter sent twice has the same, so that it is recognised.
        subject: Words of ours alone.
    """

    id: str
    to: str
    subject: str
    text: str = field(repr=False)


class MailError(Exception):
    """It was not taken, as far as we know. `code` is a word for rows and logs; nothing of the letter is in it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class MailLater(MailError):
    """It may be taken later."""


class MailRefused(MailError):
    """It will never be taken: an address that does not exist."""


class Mailer:
    """Hands letters to one server.

    Args:
        server: Whom to hand them to.
        sender: The address that they are from.
        timeout: Seconds for each step.
        whole: Seconds for all of them.
        context: Which certificates are believed; the system's where None.
    """

    def __init__(
        self,
        server: MailServer,
        sender: str,
        *,
        timeout: float = TIMEOUT,
        whole: float = WHOLE,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._server, self._sender, self._timeout, self._whole = server, sender, timeout, whole
        self._context = context or ssl.create_default_context()

    def send(self, letter: Letter) -> None:
        """Hand a letter over. When this returns, the server has taken it upon itself.

        Raises:
            MailLater, MailRefused: It was not taken; or the conversation broke off, and it may have been.
        """
        if not is_writable(letter.to):
            raise MailRefused("bad_address")
        try:
            message = self._written(letter)
        except ValueError:
            raise MailRefused("bad_address") from None
        try:
            with self._conversation() as smtp:
                smtp.send_message(message, self._sender, [letter.to])
        except smtplib.SMTPRecipientsRefused as problem:
            code = next(iter(problem.recipients.values()), (0, b""))[0]
            raise (MailLater if code in _LATER else MailRefused)(f"smtp_{code}") from None
        except smtplib.SMTPResponseException as problem:
            code = problem.smtp_code
            later = code in _LATER or code in _NOT_US or isinstance(problem, _OURS)
            raise (MailLater if later or code <= 0 else MailRefused)(f"smtp_{code}") from None
        except smtplib.SMTPNotSupportedError:
            # STARTTLS, AUTH or an address beyond ASCII: the server may be mended, the address will not.
            raise (MailLater if letter.to.isascii() else MailRefused)("smtp_not_supported") from None
        except (smtplib.SMTPException, OSError, ValueError) as problem:
            raise MailLater(f"smtp_{type(problem).__name__}") from None

    @contextlib.contextmanager
    def _conversation(self) -> Iterator[smtplib.SMTP]:
        """A connection that is signed in, and cut when it has lasted long enough."""
        server = self._server
        smtp = (
            smtplib.SMTP_SSL(timeout=self._timeout, context=self._context)
            if server.tls == "smtps"
            else smtplib.SMTP(timeout=self._timeout)
        )

        def cut() -> None:
            with contextlib.suppress(OSError, AttributeError):  # there is no socket yet, or none any more
                smtp.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr] # AttributeError

        timer = threading.Timer(self._whole, cut)
        timer.daemon = True
        timer.start()
        try:
            smtp._host = server.host  # type: ignore[attr-defined] # noqa: SLF001 - what its own constructor does, for TLS
            code, said = smtp.connect(server.host, server.port)
            if code != _READY:
                raise smtplib.SMTPConnectError(code, said)
            if server.tls == "starttls":
                smtp.starttls(context=self._context)
            if server.user is not None and server.password is not None:
                smtp.login(server.user, server.password)
            yield smtp
            with contextlib.suppress(smtplib.SMTPException, OSError):  # the letter is taken, whatever it says now
                smtp.quit()
        finally:
            timer.cancel()
            smtp.close()

    def _written(self, letter: Letter) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = f"<{letter.id}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers it
        message.set_content(letter.text)
        return message
