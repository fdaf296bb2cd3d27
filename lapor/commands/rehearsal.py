"""What every rehearsal of a channel has in common: somebody invented, who writes to us and waits for the answer."""

from __future__ import annotations

import asyncio
import io
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from PIL import Image

from lapor.channel_accounts import Account
from lapor.commands import Failed, say
from lapor.commands.whatsapp_stand_in import StandIn

PATIENCE_SECONDS = 15.0
# Nobody has these numbers: they are too short.
SENDERS = "6281000"

Message = dict[str, Any]


@dataclass
class Rehearsal(ABC):
    """Somebody who writes to a running installation at `client`, which knows itself as `base_url`.

    `heard` says that the provider's place is taken, so that what is answered can be shown.
    """

    client: httpx.AsyncClient
    account: Account
    stand_in: StandIn
    heard: bool
    base_url: str

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
                say(f"lapor  < {line}")
            if self.stand_in.sent.empty():
                return answer
            answer = self.stand_in.sent.get_nowait()


def photo() -> bytes:
    """Return a picture that no other one is like."""
    grey = Image.frombytes("L", (8, 6), secrets.token_bytes(48)).resize((640, 480))
    out = io.BytesIO()
    grey.save(out, "JPEG")
    return out.getvalue()
