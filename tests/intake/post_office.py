"""A mail server on loopback that keeps what it gets, and can be told to refuse."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP


@dataclass
class Mail:
    """One mail as it arrived."""

    sender: str
    recipients: list[str]
    letter: EmailMessage

    @property
    def body(self) -> str:
        """Its words."""
        return str(self.letter.get_content())


@dataclass
class PostOffice:
    """The server's hands: `refusals` are answers to give before it accepts anything."""

    port: int = 0
    refusals: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    slow_seconds: float = 0.0
    mails: list[Mail] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[Mail]:
        """What came for an address."""
        return [mail for mail in self.mails if address in mail.recipients]

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.unknown:
            return f"550 5.1.1 <{address}> is unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.slow_seconds)
        if self.refusals:
            return self.refusals.pop(0)
        letter = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
        assert isinstance(letter, EmailMessage)
        self.mails.append(Mail(envelope.mail_from, list(envelope.rcpt_tos), letter))
        return f"250 queued as {len(self.mails)}"


@asynccontextmanager
async def open_post_office() -> AsyncIterator[PostOffice]:
    """A post office, open for the length of the block."""
    office = PostOffice()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(office, loop=loop, enable_SMTPUTF8=True), "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
