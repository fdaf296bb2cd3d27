"""What every rehearsal of a channel has in common: somebody invented, who writes to us and waits for the answer."""

from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from lapor import database, words
from lapor.channel_accounts import Account
from lapor.commands import Failed, say
from lapor.commands.whatsapp_stand_in import StandIn, photo
from lapor.settings import Settings

__all__ = ["Message", "Rehearsal", "Story", "photo"]

PATIENCE_SECONDS = 15.0
LOOK_SECONDS = 0.2
# Nobody has these numbers: they are too short.
SENDERS = "6281000"

Message = dict[str, Any]

_BECAME = """
SELECT n.state, n.trouble, c.ticket FROM inbound n LEFT JOIN complaint c ON c.id = n.complaint
WHERE n.channel = $1 AND n.external_id = $2"""


@dataclass(frozen=True)
class Story:
    """What is told, by whom, and where."""

    words: str = "Jalan berlubang dalam di Tlogosari Kulon, sudah dua motor jatuh"
    more: str = "Sekarang lampunya juga mati."
    comment: str = "Pak, selokan di Tlogosari Kulon mampet sejak minggu lalu"
    name: str = "Warga Gladi"
    latitude: float = -7.0051
    longitude: float = 110.4381

    @property
    def pin(self) -> dict[str, float]:
        """Where it is, as providers write it."""
        return {"latitude": self.latitude, "longitude": self.longitude}


@dataclass
class Rehearsal(ABC):
    """Somebody who writes to a running installation at `client`, which has these `settings`.

    `heard` says that we stand in for the provider, so that what is answered can be shown; `show` shows a line.
    """

    client: httpx.AsyncClient
    account: Account
    stand_in: StandIn
    heard: bool
    settings: Settings
    story: Story = Story()
    show: Callable[[str], None] = say

    def __post_init__(self) -> None:
        self.sender = SENDERS + str(secrets.randbelow(10_000)).zfill(4)
        self.number = 0

    @abstractmethod
    async def tell(self, photos: int) -> None:
        """Say everything that there is to try, with an album of so many photos; raises Failed."""

    async def post(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Deliver to the channel's address; raises Failed."""
        answer = await self.client.post(f"/hooks/{self.account.channel}", content=body, headers=headers)
        if answer.status_code != 200:
            raise Failed(f"the installation answered {answer.status_code}")

    async def answered(self) -> Message | None:
        """Show what is answered, and return the last of it; None where the provider itself would have it."""
        if not self.heard:
            return None
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await self.stand_in.sent.get()
        except TimeoutError:
            raise Failed("no answer came: does the worker run?") from None
        while True:
            for line in self.stand_in.words(answer).splitlines():
                self.show(f"lapor  < {line}")
            if self.stand_in.sent.empty():
                return answer
            answer = self.stand_in.sent.get_nowait()

    async def became(self, key: str, seconds: float = PATIENCE_SECONDS) -> str:
        """Show what became of a delivery, and return the ticket of its complaint, or nothing; raises Failed."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    async with database.transaction("worker"):
                        row = await database.fetchrow(_BECAME, self.account.channel, key)
                    if row is not None and row["state"] != "waiting":
                        break
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise Failed("nobody has read it: does the worker run?") from None
        if row["state"] in ("unreadable", "dead"):
            raise Failed(f"it could not be read: {row['trouble']}")
        ticket = words.ticket(row["ticket"]) if row["ticket"] else ""
        self.show(f"lapor  < {'laporan ' + ticket if ticket else row['trouble'] or 'tidak menjadi laporan'}")
        return ticket
