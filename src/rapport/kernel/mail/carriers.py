"""The port itself: handing one message to a mail server, and telling apart what became of it.

Over SMTP the message is sent up to, but not including, the dot that ends it. Only then is the hand-over
noted, and only then does the dot follow: before it a server must not deliver (RFC 5321, 4.1.1.4).
"""

import re
import smtplib
from collections.abc import Callable
from typing import Protocol

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address


class NotAccepted(Exception):
    """The message is certainly not with the mail server; `for_good` when trying again would not help."""

    def __init__(self, reason: str, *, for_good: bool) -> None:
        super().__init__(reason)
        self.for_good = for_good


class Doubtful(Exception):
    """The message was handed over but no answer came: it may or may not have been accepted."""


class Carrier(Protocol):
    """Something that takes messages to a mail server."""

    def hand_over(self, message: EmailMessage, about_to: Callable[[], None]) -> None:
        """Hand a message over; call `about_to` right before nothing can be taken back any more.

        Raises NotAccepted, Doubtful, or whatever `about_to` raised, in which case nothing was handed over.
        """

    def close(self) -> None:
        """Say goodbye."""


def carrier() -> Carrier:
    """Return the carrier that the settings name."""
    backend: BaseEmailBackend = get_connection()
    return SmtpCarrier(backend) if isinstance(backend, EmailBackend) else PlainCarrier(backend)


class SmtpCarrier:
    """Speaks SMTP; keeps its connection for several messages."""

    def __init__(self, backend: EmailBackend) -> None:
        self.backend = backend

    def hand_over(self, message: EmailMessage, about_to: Callable[[], None]) -> None:
        content = _content(message)
        smtp = self._open()
        try:
            _offer(smtp, message)
            smtp.send(content)
        except NotAccepted:
            self._drop()
            raise
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise NotAccepted(_reason(error), for_good=False) from error
        try:
            about_to()
        except BaseException:
            # Without the final dot the server throws away what it has.
            self._drop()
            raise
        try:
            smtp.send(b".\r\n")
            code, reply = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise Doubtful(_reason(error)) from error
        if code != 250:
            self._drop()
            raise NotAccepted(_answer(code, reply), for_good=code >= 500)

    def _open(self) -> smtplib.SMTP:
        try:
            self.backend.open()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise NotAccepted(_reason(error), for_good=False) from error
        connection: smtplib.SMTP | None = self.backend.connection
        if connection is None:
            raise NotAccepted("The mail server could not be reached.", for_good=False)
        return connection

    def _drop(self) -> None:
        connection: smtplib.SMTP | None = self.backend.connection
        if connection is not None:
            connection.close()
        self.backend.connection = None

    def close(self) -> None:
        self.backend.close()


def _content(message: EmailMessage) -> bytes:
    try:
        content: bytes = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
    except (ValueError, UnicodeError) as error:
        raise NotAccepted(
            f"The message cannot be written as mail ({type(error).__name__}).", for_good=True
        ) from error
    stuffed = re.sub(rb"(?m)^\.", b"..", content)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def _offer(smtp: smtplib.SMTP, message: EmailMessage) -> None:
    """Name sender and recipient, and begin the message."""
    encoding = message.encoding or "utf-8"
    smtp.ehlo_or_helo_if_needed()
    _expect(smtp.mail(sanitize_address(message.from_email, encoding)), {250})
    for address in message.recipients():
        _expect(smtp.rcpt(sanitize_address(address, encoding)), {250, 251})
    _expect(smtp.docmd("DATA"), {354})


def _expect(answer: tuple[int, bytes], good: set[int]) -> None:
    code, reply = answer
    if code not in good:
        raise NotAccepted(_answer(code, reply), for_good=500 <= code < 600)


def _answer(code: int, reply: bytes) -> str:
    return f"{code} {reply.decode('utf-8', 'replace')}"[:500]


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        return _answer(error.smtp_code, reply if isinstance(reply, bytes) else str(reply).encode())
    return str(error)[:500] or type(error).__name__


class PlainCarrier:
    """Uses any other backend of Django (an e-mail service, the console), which is watched less closely."""

    def __init__(self, backend: BaseEmailBackend) -> None:
        self.backend = backend

    def hand_over(self, message: EmailMessage, about_to: Callable[[], None]) -> None:
        _content(message)
        about_to()
        try:
            self.backend.send_messages([message])
        # Any service may fail in its own way; what is not a plain refusal leaves a doubt.
        except Exception as error:
            status = getattr(error, "status_code", None)
            if isinstance(status, int) and 400 <= status < 500:
                raise NotAccepted(_reason(error), for_good=status != 429) from error
            raise Doubtful(_reason(error)) from error

    def close(self) -> None:
        self.backend.close()
