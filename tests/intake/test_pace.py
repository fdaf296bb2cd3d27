"""Somebody who writes very much: all of it is kept, read in order, and stops nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from lapor.intake.channel_watch import watch_channels
from lapor.intake.comments import MOST_AN_HOUR
from lapor.intake.dialogue import Heard
from lapor.intake.inbound import read_waiting
from lapor.intake.pace import FLOOD, FOR_A_PERSON, WAITS, Limits, Pace
from lapor.settings import Settings
from tests.ground import World
from tests.images import jpeg
from tests.intake import meta_says
from tests.intake.graph_api import GraphApi, open_graph_api
from tests.intake.line import Talking
from tests.intake.local_api import opened
from tests.intake.whatsapp_says import SRI, deliver, open_account, photo, text
from tests.visitor import Visitor

SLOW = "Pesan Anda banyak sekali"
TOLD = "Lampu jalan mati sudah seminggu di Tlogosari Kulon"


class Line(Talking[GraphApi]):
    """Somebody with a telephone and much to say."""

    async def limit(self, **settings: str) -> None:
        """What an administrator allows."""
        await open_account(self.world, self.api.url, **settings)

    async def send(self, *words: str, sender: str = SRI) -> None:
        """Send texts; nobody reads them yet."""
        for one in words:
            assert (await deliver(self.site, text(one, sender=sender))).status_code == 200

    async def filed(self) -> None:
        """File with four messages."""
        await self.send(TOLD, "tidak ada", "biasa", "ya")
        await self.work()

    async def added(self) -> list[str]:
        """What was added to the complaint, in order."""
        rows = await self.world.fetch("SELECT text FROM statement WHERE kind = 'reply' ORDER BY id")
        return [row["text"] for row in rows]

    async def waiting(self, state: str = "waiting") -> list[str]:
        """Why deliveries are not read."""
        rows = await self.world.fetch("SELECT trouble FROM inbound WHERE state = $1 ORDER BY id", state)
        return [row["trouble"] for row in rows]

    async def alarms(self) -> list[str]:
        """What is said of floods."""
        rows = await self.world.fetch(
            "SELECT sentence FROM alarm WHERE code = $1 AND cleared_at IS NULL", FLOOD
        )
        return [row["sentence"] for row in rows]


@pytest_asyncio.fixture
async def line(simulated: World, site: Visitor, settings: Settings) -> AsyncIterator[Line]:
    async with open_graph_api() as api:
        await open_account(simulated, api.url)
        yield Line(api, site, settings)


async def test_what_goes_beyond_waits_and_is_read_in_order_and_nothing_is_lost(line: Line) -> None:
    await line.filed()
    said = [f"Tambahan nomor {number} tentang lampu itu" for number in range(1, 61)]
    await line.send(*said)
    await line.work()
    # Four of the thirty were the complaint itself.
    assert await line.added() == said[:26]
    assert await line.waiting() == [WAITS] * 34
    assert len(await line.alarms()) == 1
    # So many answers at once are more than WhatsApp lets one person have.
    await line.world.advance(0.05)
    await line.work()
    assert sum(SLOW in one for one in line.api.texts()) == 1
    assert len(await line.added()) == 26
    await line.world.advance(10.5 / 60)
    await line.send("Dan ini yang terakhir dari saya")
    await line.work()
    assert await line.added() == said[:56]
    await line.world.advance(10.5 / 60)
    await line.work()
    assert await line.added() == [*said, "Dan ini yang terakhir dari saya"]
    assert await line.waiting() == []
    assert sum(SLOW in one for one in line.api.texts()) == 1
    assert len(await line.complaints()) == 1
    await watch_channels()
    assert await line.alarms() == []


async def test_an_alarm_stands_while_anything_waits(line: Line) -> None:
    await line.limit(most_window="1")
    await line.send("halo", "halo lagi")
    await line.work()
    await watch_channels()
    assert await line.alarms() == [
        "Kanal Kanal uji: satu pengirim menulis sangat banyak. Sisanya disimpan dan dibaca berangsur-angsur."
    ]


async def test_whoever_calls_for_help_gets_the_numbers_at_once(line: Line) -> None:
    await line.limit(most_window="1")
    await line.send("halo", "tolong ada kebakaran rumah di Tlogosari", "kebakaran, tolong cepat")
    await line.work()
    assert sum("telepon sekarang" in one for one in line.api.texts()) == 1
    assert await line.waiting() == [WAITS] * 2


async def test_beyond_a_day_s_share_a_person_looks_and_can_have_it_read(line: Line) -> None:
    await line.limit(most_day="4")
    await line.filed()
    await line.send("Tambahan yang kelima", "Tambahan yang keenam")
    await line.work()
    assert await line.waiting("unreadable") == [FOR_A_PERSON] * 2
    assert await line.added() == []
    assert sum("petugas akan membaca sisanya" in one for one in line.api.texts()) == 1
    await line.site.as_role("administrator")
    page = await line.site.get("/kiriman")
    assert FOR_A_PERSON in page.text
    await line.world.advance(24.5)
    await line.site.as_role("administrator", "smg-diskominfo")
    first = await line.world.fetchval("SELECT min(id) FROM inbound WHERE state = 'unreadable'")
    await line.site.send_form(f"/kiriman/{first}/baca-lagi", page="/kiriman")
    await line.work()
    assert await line.added() == ["Tambahan yang kelima"]


async def test_an_album_is_one_message(line: Line) -> None:
    await line.limit(most_window="5")
    await line.filed()
    for number in range(10):
        line.api.media[f"foto{number}"] = jpeg(number, (200, 150))
    await deliver(line.site, *(photo(f"foto{number}") for number in range(10)))
    await line.work()
    assert await line.waiting() == []
    await line.send("satu lagi tentang lampu itu")
    await line.work()
    assert await line.waiting() == [WAITS]


async def test_many_who_write_once_are_no_flood(line: Line) -> None:
    await line.limit(most_window="1", most_day="1")
    for number in range(40):
        await line.send(TOLD, sender=f"62812777{number:04}")
    await line.work()
    assert (await line.waiting(), await line.alarms()) == ([], [])


async def test_what_piled_up_while_nobody_read_is_no_flood(line: Line) -> None:
    await line.limit(most_window="2")
    for word in (TOLD, "tidak ada", "biasa", "ya"):
        await line.send(word)
        await line.world.advance(0.1)
    await line.world.advance(6)
    await line.work()
    assert len(await line.complaints()) == 1
    assert await line.waiting() == []


async def test_what_waits_holds_up_nobody_else_s_silence(line: Line) -> None:
    await line.limit(most_window="1")
    await line.send(TOLD, sender="628127770001")
    await line.work()
    await line.world.advance(0.45)
    await line.send("halo", *["halo lagi"] * 3)
    await read_waiting()
    await line.world.advance(0.1)
    await line.work()
    assert len(await line.complaints()) == 1


async def test_without_a_limit_everything_is_read(line: Line) -> None:
    await line.limit(most_window="0", most_day="0")
    await line.send(*["halo"] * 40)
    await line.work()
    assert await line.waiting() == []


async def test_an_administrator_says_how_much_is_read(line: Line) -> None:
    await line.site.as_role("administrator")
    number = await line.world.fetchval("SELECT id FROM channel_account")
    page = f"/kanal/akun/{number}"
    assert "Pesan satu pengirim dalam 10 menit" in (await line.site.get(page)).text
    refused = await line.site.send_form(page, {"title": "Kanal uji", "active": "ya", "most_window": "banyak"})
    assert refused.status_code == 422
    saved = await line.site.send_form(page, {"title": "Kanal uji", "active": "ya", "most_window": "7"})
    assert saved.status_code == 303
    settings = await line.world.fetchval("SELECT settings FROM channel_account")
    assert Limits.of(settings) == Limits(7, 200)


@pytest.mark.parametrize("alone", [True, False])
def test_only_photos_without_words_are_counted_together(alone: bool) -> None:
    pace = Pace().at(datetime(2026, 11, 22, tzinfo=UTC))
    for _ in range(20):
        pace = pace.counted(Heard(text="" if alone else "lihat", photos=1))
    assert pace.window_count == (2 if alone else 20)


def test_a_window_begins_with_the_first_message_and_ends() -> None:
    noon = datetime(2026, 11, 22, 5, tzinfo=UTC)
    pace = Pace().at(noon).counted(Heard(text="halo"))
    assert pace.at(noon + timedelta(minutes=9)).window_count == 1
    later = pace.at(noon + timedelta(minutes=10))
    assert (later.window_count, later.day_count) == (0, 1)
    assert later.at(noon + timedelta(hours=24)).day_count == 0


async def test_one_person_s_comments_beyond_an_hour_s_share_wait_for_somebody(
    simulated: World, site: Visitor, settings: Settings
) -> None:
    async with opened(meta_says.SendApi()) as api:
        await meta_says.open_account(simulated, api.url)
        told = [f"Lampu jalan mati di gang nomor {number} Tlogosari" for number in range(MOST_AN_HOUR + 2)]
        changes = [meta_says.comment(one) for one in told]
        changes.append(meta_says.comment(told[0], author="2488"))
        assert (await meta_says.deliver(site, meta_says.delivery(changes=changes))).status_code == 200
        await read_waiting()
    assert await simulated.fetchval("SELECT count(*) FROM complaint") == MOST_AN_HOUR + 1
    assert await simulated.fetchval("SELECT count(*) FROM inbound WHERE state = 'unreadable'") == 2
