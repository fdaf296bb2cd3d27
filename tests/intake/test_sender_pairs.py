"""Somebody whom WhatsApp names now by a telephone number, now by an id of its own: one person, one conversation."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from lapor.complaints import desk, tickets
from lapor.complaints.desk import Actor
from lapor.intake.forgetting import forget_over
from lapor.settings import Settings
from tests.ground import World
from tests.intake.graph_api import GraphApi, open_graph_api
from tests.intake.line import Talking
from tests.intake.whatsapp_says import SRI, delivery, open_account, signed, text
from tests.visitor import Visitor

USER = "ID.13491208655302741918"
OTHER = "ID.99999999999999999999"


class Line(Talking[GraphApi]):
    """Somebody with a telephone whose number is not always told."""

    async def say(self, *words: str, phone: str = "", user: str = "") -> list[str]:
        """Say it as whoever has these ids, and return what was answered."""
        before = len(self.api.sent)
        for one in words:
            said: dict[str, Any] = text(one, sender=phone)
            contact: dict[str, Any] = {"profile": {"name": "Sri Contoh"}}
            for name, place, given in (("from", "wa_id", phone), ("from_user_id", "user_id", user)):
                said.pop(name, None)
                if given:
                    said[name] = contact[place] = given
            posted = delivery(said)
            posted["entry"][0]["changes"][0]["value"]["contacts"] = [contact]
            body = json.dumps(posted).encode()
            assert (await self.site.post("/hooks/whatsapp", content=body, headers=signed(body))).is_success
            await self.work()
        return self.api.texts()[before:]

    async def files(self, kind: str = "biasa", **ids: str) -> dict[str, Any]:
        """File with few words, and return the complaint."""
        await self.say("Lampu jalan mati sudah seminggu di Tlogosari Kulon", "tidak ada", kind, "ya", **ids)
        return (await self.complaints())[-1]

    async def rows(self, table: str) -> int:
        """How many rows a table has."""
        return int(await self.world.fetchval(f"SELECT count(*) FROM {table}"))


@pytest_asyncio.fixture
async def line(simulated: World, site: Visitor, settings: Settings) -> AsyncIterator[Line]:
    async with open_graph_api() as api:
        await open_account(simulated, api.url)
        yield Line(api, site, settings)


async def test_who_is_known_by_a_number_is_found_by_the_id_that_came_with_it(line: Line) -> None:
    complaint = await line.files(phone=SRI)
    await line.say("terima kasih", phone=SRI, user=USER)
    assert await line.rows("sender_pair") == 1
    ticket = tickets.show(complaint["ticket"])
    assert ticket in (await line.say("status", user=USER))[0]
    await line.say("Sekarang sudah dua tiang yang mati", user=USER)
    assert await line.world.fetchval("SELECT count(*) FROM statement WHERE kind = 'reply'") == 1
    assert (await line.rows("dialogue"), len(await line.complaints())) == (1, 1)


async def test_what_was_begun_by_number_goes_on_by_id(line: Line) -> None:
    await line.say("halo", phone=SRI, user=USER)
    await line.say("Lampu jalan mati sudah seminggu di Tlogosari Kulon", user=USER)
    await line.say("tidak ada", phone=SRI)
    await line.say("biasa", user=USER)
    await line.say("ya", phone=SRI)
    assert len(await line.complaints()) == 1
    assert await line.rows("dialogue") == 1


async def test_who_was_known_by_id_alone_stays_who_they_are_when_the_number_comes(line: Line) -> None:
    complaint = await line.files(user=USER)
    await line.say("terima kasih", phone=SRI, user=USER)
    ticket = tickets.show(complaint["ticket"])
    for ids in ({"phone": SRI}, {"user": USER}, {"phone": SRI, "user": USER}):
        assert ticket in (await line.say("status", **ids))[0]
    officer = Actor.officer(
        await line.world.officer(
            "liaison",
            str(
                await line.world.fetchval(
                    "SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency"
                )
            ),
        )
    )
    await desk.answer(officer, complaint["id"], text="Lampunya sudah kami ganti.")
    await line.work()
    assert "Lampunya sudah kami ganti." in line.api.texts()[-1]
    assert line.api.sent[-1].get("recipient") == USER


@pytest.mark.parametrize("kind", ["anonim", "rahasia"])
async def test_what_is_hidden_is_found_by_no_id_and_only_by_its_ticket(line: Line, kind: str) -> None:
    hidden = await line.files(kind, phone=SRI)
    assert hidden["anonymous"] or hidden["confidential"]
    await line.say("baru", phone=SRI, user=USER)
    await line.say("batal", user=USER)
    ticket = tickets.show(hidden["ticket"])
    assert not any(ticket in answer for answer in await line.say("status", user=USER))
    await line.say(f"{ticket} masih mati juga sampai malam ini", user=USER)
    assert await line.world.fetchval("SELECT count(*) FROM statement WHERE kind = 'reply'") == 1


async def test_somebody_else_s_id_finds_nothing(line: Line) -> None:
    complaint = await line.files(phone=SRI)
    await line.say("terima kasih", phone=SRI, user=USER)
    ticket = tickets.show(complaint["ticket"])
    assert not any(ticket in answer for answer in await line.say("status", user=OTHER))
    await line.say(f"{ticket} ini tambahan dari orang lain ya", user=OTHER)
    assert await line.world.fetchval("SELECT count(*) FROM statement WHERE kind = 'reply'") == 0


async def test_a_number_that_passes_to_somebody_else_takes_its_former_owner_along_no_further(
    line: Line,
) -> None:
    await line.say("halo", phone=SRI, user=USER)
    await line.say("halo", phone=SRI, user=OTHER)
    assert await line.rows("sender_pair") == 1
    before = await line.rows("dialogue")
    await line.say("halo", user=USER)
    assert await line.rows("dialogue") == before + 1


async def test_the_pair_is_kept_unreadable_and_not_for_ever(line: Line) -> None:
    await line.say("halo", phone=SRI, user=USER)
    row = str(dict((await line.world.fetch("SELECT * FROM sender_pair"))[0]))
    assert SRI not in row
    assert USER not in row
    await line.world.advance(24 * 399)
    await forget_over()
    assert await line.rows("sender_pair") == 1
    await line.world.advance(48)
    await forget_over()
    assert await line.rows("sender_pair") == 0
