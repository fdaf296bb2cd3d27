"""A stored delivery that a person opens: sealed as it lies there, and what its channel's reader finds in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from lapor.complaints.desk import Filing


@dataclass(frozen=True)
class Sealed:
    """A delivery as it lies in the database, its payload encrypted."""

    id: int
    channel: str
    account: str
    key: str
    received_at: datetime
    payload: bytes = field(repr=False)


@dataclass(frozen=True)
class Opened:
    """What was sent. `filing` is all that a complaint made of it begins with: words, sender, channel, receipt.

    `files` says what hangs on it, `pictures` are those among them that came with it, as they came; `raw` says that no
    reader understood it, so that the words are those of a machine.
    """

    filing: Filing = field(repr=False)
    files: tuple[str, ...] = ()
    pictures: tuple[bytes, ...] = field(default=(), repr=False)
    raw: bool = False


# Raises crypto.Undecipherable when its key is missing.
Opens = Callable[[Sealed], Opened]
