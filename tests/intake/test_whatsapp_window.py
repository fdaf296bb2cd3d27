"""The 24 hours in which WhatsApp lets us answer freely: kept for each sender, and after them a template in their language."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from lapor.complaints import desk, tickets
from lapor.complaints.desk import Actor
from lapor.settings import Settings
from tests.ground import World
from tests.intake.graph_api import GraphApi, open_graph_api
from tests.intake.line import Talking
from tests.intake.whatsapp_says import SRI, deliver, open_account, text
from tests.visitor import Visitor

JOHN = "628130001111"
ANSWER = "Sudah kami perbaiki kemarin sore."


class Line(Talking[GraphApi]):
    """Several people, each with a telephone."""

    async def files(self, sender: str, *said: str) -> dict[str, Any]:
        """File in these words, and return the complaint."""
        for one in said:
            assert (await deliver(self.site, text(one, sender=sender))).status_code == 200
            await self.work()
        return (await self.complaints())[-1]

    async def answers(self, *complaints: dict[str, Any]) -> list[dict[str, Any]]:
        """Let the agency answer these, and return what leaves, by whom it goes to."""
        before = len(self.api.sent)
        for one in complaints:
            owner = await self.world.fetchval("SELECT code FROM agency WHERE id = $1", one["owner_agency"])
            officer = Actor.officer(await self.world.officer("liaison", owner))
            await desk.answer(officer, one["id"], text=ANSWER)
        await self.world.advance(0.1)
        await self.work()
        return sorted(self.api.sent[before:], key=lambda sent: str(sent["to"]))


@pytest_asyncio.fixture
async def line(simulated: World, site: Visitor, settings: Settings) -> AsyncIterator[Line]:
    async with open_graph_api() as api:
        await open_account(simulated, api.url, template="kabar_laporan")
        yield Line(api, site, settings)


async def test_after_the_window_everybody_gets_the_template_in_the_language_in_which_they_wrote(
    line: Line,
) -> None:
    ours = await line.files(SRI, "Lampu jalan mati sudah seminggu di Tlogosari Kulon", "tidak ada", "1", "ya")
    theirs = await line.files(
        JOHN, "The street light is broken near my house in Tlogosari Kulon", "no", "1", "yes"
    )
    await line.world.advance(30)
    first, second = await line.answers(ours, theirs)
    assert [first["to"], second["to"]] == [SRI, JOHN]
    assert [one["template"]["language"]["code"] for one in (first, second)] == ["id", "en"]
    for sent, complaint in ((first, ours), (second, theirs)):
        number, link = (one["text"] for one in sent["template"]["components"][0]["parameters"])
        assert number == tickets.show(complaint["ticket"])
        assert "/buka/" in link


async def test_who_wrote_lately_is_answered_in_words_and_whoever_did_not_by_the_template(line: Line) -> None:
    silent = await line.files(
        SRI, "Lampu jalan mati sudah seminggu di Tlogosari Kulon", "tidak ada", "1", "ya"
    )
    lively = await line.files(
        JOHN, "Sampah menumpuk sudah seminggu di Tlogosari Kulon", "tidak ada", "1", "ya"
    )
    await line.world.advance(20)
    await deliver(line.site, text("status", sender=JOHN))
    await line.work()
    await line.world.advance(10)
    first, second = await line.answers(silent, lively)
    assert (first["to"], first["type"]) == (SRI, "template")
    assert (second["to"], second["type"]) == (JOHN, "text")
    assert ANSWER in second["text"]["body"]
