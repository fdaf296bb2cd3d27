"""The console: shows in the log that a message would have gone out, never to whom and what."""

from datetime import timedelta

import structlog

from lapor.intake.channels.interface import Outgoing
from lapor.intake.channels.rates import UNLIMITED

log = structlog.get_logger()


class Console:
    """The channel of demonstrations and of installations without a mail server."""

    name = "console"
    reply_window: timedelta | None = None
    rates = UNLIMITED

    async def send(self, message: Outgoing) -> str:
        """Write one line with kind, ticket and office, and return the message's key as its reference."""
        log.info("message", kind=message.kind, ticket=message.ticket, office=message.office or "pelapor")
        return message.key[:200]

    async def close(self) -> None:
        """There is nothing to give back."""
