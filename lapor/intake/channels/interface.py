"""What a channel is: it hears (verify, parse), it speaks (send, within its reply window), or both."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from lapor.complaints.filing import Filing
from lapor.settings import Settings


class Unverified(Exception):
    """A delivery that nobody we know has signed: 401, and nothing of it is stored."""


class Unreadable(Exception):
    """A genuine delivery that holds no complaint; the message says why, without repeating what was sent."""


class Undelivered(Exception):
    """A message that did not leave; the reason holds neither address nor content.

    `for_good` says that the same attempt would fail again.
    """

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


@dataclass(frozen=True)
class Account:
    """Who has signed a delivery, and the provider's own id of it: the key that makes repeats harmless."""

    name: str
    delivery: str


@dataclass(frozen=True)
class Received:
    """One complaint found in a delivery, with the sender's id of its reporter (empty: not given)."""

    filing: Filing
    reporter: str = ""


@dataclass(frozen=True)
class Outgoing:
    """A message ready to leave. The same `key` means the same message, however often it is sent."""

    key: str
    kind: str
    ticket: str
    office: str
    addresses: tuple[str, ...]
    subject: str
    body: str
    at: datetime


class Hears(Protocol):
    """A channel through which complaints come in."""

    name: str

    def verify(self, headers: Mapping[str, str], raw_body: bytes, settings: Settings) -> Account:
        """Return who signed these bytes; raises Unverified, also when no secret is set."""
        ...

    def parse(self, payload: bytes) -> list[Received]:
        """Return the complaints in a stored delivery; raises Unreadable."""
        ...


class Speaks(Protocol):
    """A channel through which messages leave."""

    name: str
    # How long after the reporter's last message the channel may still be used; None means always.
    reply_window: timedelta | None

    async def send(self, message: Outgoing) -> str:
        """Hand the message over and return the provider's reference; raises Undelivered."""
        ...

    async def close(self) -> None:
        """Give back whatever connections are open."""
        ...
