"""Somebody who talks with us over a channel, and everything between them and the complaint."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from lapor.intake.dialogues import end_silences
from lapor.intake.inbound import read_waiting
from lapor.intake.media_fetching import fetch_waiting
from lapor.intake.outbound import drain
from lapor.settings import Settings
from tests.visitor import Visitor

Api = TypeVar("Api")


class Talking(Generic[Api]):
    """The provider's side `api`, the site that it delivers to, and the worker."""

    def __init__(self, api: Api, site: Visitor, settings: Settings) -> None:
        self.api, self.site, self.settings = api, site, settings
        self.world = site.world

    async def work(self) -> None:
        """What the worker does every few seconds."""
        await read_waiting()
        await end_silences()
        await fetch_waiting()
        await drain(self.settings)

    async def complaints(self) -> list[dict[str, Any]]:
        """Every complaint with its words."""
        rows = await self.world.fetch(
            "SELECT c.*, w.text, w.address, w.latitude FROM complaint c JOIN content w ON w.complaint = c.id ORDER BY c.id"
        )
        return [dict(row) for row in rows]
