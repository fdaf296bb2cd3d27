"""What a channel on which people talk to us tells: what somebody said, and what became of what we said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from lapor.intake.dialogue import Heard

MediaKind = Literal["photo", "voice", "video", "document"]


@dataclass(frozen=True)
class Media:
    """A file that the provider holds for us: its own reference to it, and what it is called, if anything."""

    reference: str
    kind: MediaKind
    filename: str = ""


@dataclass(frozen=True)
class Said:
    """One message of somebody. `sender` is the provider's id of them; `replies_to` the reference of a message of ours.

    `user_id` is another id of the same person, where the provider names two.
    """

    sender: str
    heard: Heard
    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    media: tuple[Media, ...] = ()
    replies_to: str = ""
    user_id: str = ""


@dataclass(frozen=True)
class Receipt:
    """What the provider tells about a message of ours: `key` is the one it was sent with, where the provider keeps it.

    A failed one with `shut` came too late for the provider's window of answers to this `sender`.
    """

    reference: str
    state: Literal["sent", "delivered", "read", "failed"]
    key: str = ""
    reason: str = ""
    shut: bool = False
    sender: str = ""


class Talks(Protocol):
    """A channel on which people talk to us."""

    name: str

    def parse(self, payload: bytes) -> Said | Receipt | None:
        """Return what a stored part tells, None when that is nothing for us; raises Unreadable."""
        ...


class Fetches(Protocol):
    """An account whose provider holds files for us."""

    async def fetch(self, reference: str, most_bytes: int) -> bytes:
        """Return the file; raises Unfetchable."""
        ...

    async def close(self) -> None:
        """Give back whatever connections are open."""
        ...


class Unfetchable(Exception):
    """A file that could not be fetched; `for_good` says that another attempt would fail again.

    A `broken` account is let fetch nothing until somebody has mended its token.
    """

    def __init__(self, reason: str, *, for_good: bool = False, broken: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good
        self.broken = broken
