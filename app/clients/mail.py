"""Mail over SMTP: one letter a call, in plain text, with a timeout for each step."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate

from app.domain.mail_address import MailServer, is_writable

TIMEOUT = 10.0
"""Seconds for each step of the conversation."""
_OURS = smtplib.SMTPConnectError | smtplib.SMTPHeloError | smtplib.SMTPSenderRefused
_LATER = range(400, 500)
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
        context: Which certificates are believed; the system's where None.
    """

    def __init__(
        self, server: MailServer, sender: str, *, timeout: float = TIMEOUT, context: ssl.SSLContext | None = None
    ) -> None:
        self._server, self._sender, self._timeout = server, sender, timeout
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
            with self._connected() as smtp:
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

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.tls == "smtps":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._timeout, context=self._context
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=self._timeout)
        try:
            if server.tls == "starttls":
                smtp.starttls(context=self._context)
            if server.user is not None and server.password is not None:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

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
