"""A resident at the site: fills in the form, keeps the link, comes back."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx

from lapor import database
from lapor.app import create_app
from lapor.complaints import desk, tickets
from lapor.complaints.desk import Actor
from tests.ground import World
from tests.visitor import TOKEN, Visitor, running

FORM = re.compile(r'name="form" value="([^"]+)"')
LINK = re.compile(r'id="secret" type="text" readonly value="([^"]+)"')
RECEIPT = re.compile(r'<code class="code">([0-9a-f]{64})</code>')

LAMP = {
    "type": "service",
    "category": "lampu-jalan",
    "text": "Lampu jalan di depan masjid mati sejak tiga hari lalu.",
    "district": "33.74.10",
    "village": "33.74.10.1009",
    "address": "Jalan Sambiroto, depan masjid",
    "contact_kind": "none",
    "privacy": "open",
    "about_official": "no",
}
ROAD = {**LAMP, "type": "complaint", "category": "jalan-rusak", "text": "Jalan berlubang dalam di tikungan."}


@dataclass(frozen=True)
class Filed:
    """A complaint that was filed through the form, in the browser that filed it."""

    site: Visitor
    world: World
    address: str
    page: str

    @property
    def ticket(self) -> str:
        """The ticket as the database writes it."""
        return tickets.parse(self.address.removeprefix("/laporan/"))

    @property
    def link(self) -> str:
        """The path of the secret link on the page after filing."""
        return _found(LINK, self.page).removeprefix(self.world.settings.base_url)

    @property
    def receipt(self) -> str:
        """The receipt on the page after filing."""
        return _found(RECEIPT, self.page)

    async def id(self) -> int:
        """The complaint's id."""
        found: int = await self.world.fetchval("SELECT id FROM complaint WHERE ticket = $1", self.ticket)
        return found

    async def column(self, name: str) -> Any:
        """One column of the complaint."""
        return await self.world.fetchval(f"SELECT {name} FROM complaint WHERE ticket = $1", self.ticket)

    async def clock(self, kind: str, cycle: int = 1) -> Any:
        """A clock of the complaint."""
        rows = await self.world.fetch(
            "SELECT * FROM clock WHERE complaint = $1 AND kind = $2 AND cycle = $3",
            await self.id(),
            kind,
            cycle,
        )
        return rows[0] if rows else None

    async def owner(self) -> str:
        """The code of the agency that has it."""
        code: str = await self.world.fetchval(
            "SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency WHERE c.ticket = $1",
            self.ticket,
        )
        return code

    async def officer(self, role: str = "liaison") -> Actor:
        """Somebody new in the agency that has it."""
        return Actor.officer(await self.world.officer(role, await self.owner()))

    async def answered(self, text: str = "Lampu kami ganti besok pagi.") -> None:
        """Have the agency give its final answer."""
        await desk.answer(await self.officer(), await self.id(), text=text)

    async def completed(self, text: str = "Lampu sudah menyala.") -> None:
        """Have the agency claim that it is done, and a second person confirm it."""
        await desk.claim_completion(await self.officer(), await self.id(), text=text)
        await desk.confirm(await self.officer("checker"), await self.id())

    async def say(self, below: str, **fields: str) -> httpx.Response:
        """Send one of the reporter's forms from the page of the complaint."""
        return await self.site.send_form(f"{self.address}/{below}", fields, page=self.address)


async def send(site: Visitor, fields: dict[str, Any]) -> httpx.Response:
    """Open the form, fill it in and send it, as a browser without scripts does."""
    opened = await site.get("/lapor")
    hidden = {"_csrf_token": _found(TOKEN, opened.text), "form": _found(FORM, opened.text)}
    return await site.post("/lapor", data={**hidden, **fields})


async def file(site: Visitor, fields: dict[str, Any]) -> Filed:
    """File a complaint and look at the page that follows."""
    sent = await send(site, fields)
    assert sent.status_code == 303, plain(sent.text)
    page = await site.get(sent.headers["location"])
    assert page.status_code == 200
    return Filed(site, site.world, sent.headers["location"].partition("/terkirim")[0], page.text)


@asynccontextmanager
async def limited(world: World, **changed: int) -> AsyncIterator[Visitor]:
    """The site with limits, and a visitor at it."""
    strict = replace(world, settings=replace(world.settings, **changed))
    await database.close_pool()
    async with (
        running(create_app(strict.settings)) as application,
        Visitor(strict, httpx.ASGITransport(application)) as visitor,  # type: ignore[arg-type]
    ):
        yield visitor


def plain(page: str) -> str:
    """The words of a page as a person reads them."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    assert match, f"{pattern.pattern} is not on the page: {plain(text)[:400]}"
    return match.group(1)
