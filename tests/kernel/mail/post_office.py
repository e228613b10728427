"""A real SMTP server on loopback that keeps what it accepts and can be told to misbehave."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from django.test import override_settings


@dataclass
class PostOffice:
    """What has been accepted, and how to answer."""

    port: int = 0
    accepted: list[Message] = field(default_factory=list)
    to_recipient: str = ""
    to_data: str = ""
    hang_up_after_data: bool = False
    seconds_before_recipient: float = 0

    async def handle_RCPT(
        self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        await asyncio.sleep(self.seconds_before_recipient)
        if self.to_recipient:
            return self.to_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        if self.to_data:
            return self.to_data
        self.accepted.append(message_from_bytes(envelope.content))
        if self.hang_up_after_data:
            server.transport.abort()
        return "250 Message accepted for delivery"


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """Open a mail server and point the settings at it."""
    office = PostOffice()
    controller = Controller(office, hostname="127.0.0.1", port=0)
    # The library waits for the number it was given, so a free one is found beforehand.
    controller.port = _free_port()
    controller.start()
    office.port = controller.port
    try:
        with override_settings(
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=office.port,
            EMAIL_TIMEOUT=5,
        ):
            yield office
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
