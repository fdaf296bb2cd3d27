"""The digest at the hour that an office chose, and the weekly letter: made once, kept, read by those who lead."""

from __future__ import annotations

import asyncio
import hashlib
import re
import zlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from lapor import database, words
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filed, Filing
from lapor.intake import morning, weekly
from lapor.intake.outbound import drain
from lapor.intake.weekly_pdf import draw, latin
from lapor.settings import Settings
from lapor.worker import TASKS
from tests.complaints.test_row_security import VIEWERS
from tests.ground import World
from tests.intake.post_office import PostOffice
from tests.visitor import Visitor

WIB = ZoneInfo("Asia/Jakarta")
# A Monday without a holiday near it; the first complaints of these tests are filed on it.
MONDAY = datetime(2027, 2, 1, 9, tzinfo=WIB)
CITY, DPU = "smg-walikota", "smg-dpu"
LETTERS = "/pimpinan/surat"
READERS = {"sekda", "head of region", "deputy head of region", "staff of the leadership", "inspectorate"}


@pytest.fixture
def mailing(world: World, post: PostOffice) -> Settings:
    return replace(world.settings, smtp_url=post.url, mail_from="lapor@contoh.example")


async def _at(world: World, moment: datetime) -> None:
    """Set the clock of the simulation; it never runs backwards here."""
    await world.simulate()
    await world.execute(
        "UPDATE deployment SET clock_offset_seconds = round(extract(epoch FROM $1::timestamptz - now()))",
        moment,
    )


async def _file(text: str, **more: Any) -> Filed:
    return await desk.file(Filing(**{"type": "complaint", "category": "jalan-rusak", "text": text, **more}))


async def _week(world: World) -> dict[str, Filed]:
    """A week: one answered in time, one late, two left lying, of which one is confidential, one about an official."""
    await _at(world, MONDAY)
    filed = {
        "in time": await _file("Lubang zqcepat"),
        "late": await _file("Lubang zqlambat"),
        "left": await _file("Lubang zqdiam"),
        "confidential": await _file("Lubang zqrahasia", confidential=True),
        "official": await _file("Pungutan zqpejabat", category=None, reported_agency="smg-setda"),
    }
    staff = Actor.officer(await world.officer("staff", DPU))
    await desk.answer(staff, filed["in time"].complaint_id, text="Sudah ditambal.")
    await _at(world, MONDAY + timedelta(hours=60))
    await desk.sweep()
    await desk.answer(staff, filed["late"].complaint_id, text="Baru ditambal.")
    return filed


async def _next_monday(world: World, hour: float = 8) -> None:
    await _at(world, MONDAY.replace(hour=0) + timedelta(days=7, hours=hour))


async def _letter(world: World) -> asyncpg.Record:
    return (await world.fetch("SELECT * FROM letter_archive"))[0]


def _read(body: bytes) -> str:
    """The words of a PDF, as its drawing instructions hold them."""
    text = []
    for stream in re.findall(rb"stream\n(.*?)\nendstream", body, re.DOTALL):
        try:
            opened = zlib.decompress(stream)
        except zlib.error:
            continue
        text += re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", opened)
    return b" ".join(text).decode("latin-1").replace("\\(", "(").replace("\\)", ")")


async def test_the_letter_of_a_week_tells_what_happened_and_nothing_confidential(world: World) -> None:
    filed = await _week(world)
    await _next_monday(world)
    assert await weekly.make() == 1
    kept = await _letter(world)
    assert kept["period"] == "2027-W05"
    assert kept["body"].startswith(b"%PDF-")
    assert kept["sha256"] == hashlib.sha256(kept["body"]).digest()
    text = _read(kept["body"])
    for shown in ("left", "late", "confidential"):
        assert words.ticket(filed[shown].ticket) in text, shown
    assert "Dinas Pekerjaan Umum" in text
    assert "1 Februari 2027 sampai 7 Februari 2027" in text
    assert words.ticket(filed["official"].ticket) not in text
    assert words.ticket(filed["in time"].ticket) not in text
    assert "zq" not in text
    # Of the confidential one there is the number and the time, and nothing else.
    after = text.split(words.ticket(filed["confidential"].ticket))[1]
    assert after.strip().startswith("Rinciannya dibaca setelah masuk")


async def test_the_numbers_of_the_letter_are_those_of_the_week(world: World) -> None:
    await _week(world)
    await _next_monday(world)
    region = (await world.fetch("SELECT id, code, name, timezone FROM region WHERE code = '33.74'"))[0]
    async with database.transaction("worker"):
        letter = await weekly.collect(region, MONDAY.date())
    assert dict(letter.counts) == {
        "received": 4,
        "answered": 2,
        "answered_late": 1,
        "overdue": 2,
        "escalated": 3,
        "orders": 0,
    }
    assert [line.agency for line in letter.overdue].count("") == 1
    assert draw(letter) == draw(letter)


async def test_a_letter_is_made_once_and_never_again(world: World) -> None:
    await _week(world)
    await _next_monday(world)
    assert await weekly.make() == 1
    first = await _letter(world)
    staff = Actor.officer(await world.officer("staff", DPU))
    await desk.answer(staff, await world.fetchval("SELECT max(id) - 2 FROM complaint"), text="Sekarang.")
    assert await weekly.make() == 0
    await _at(world, MONDAY + timedelta(days=10))
    assert await weekly.make() == 0
    assert await _letter(world) == first
    for change in ("UPDATE letter_archive SET body = ''", "DELETE FROM letter_archive"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.execute(change)
    with pytest.raises(asyncpg.CheckViolationError):
        await world.execute(
            "INSERT INTO letter_archive (region, kind, period, sha256, body, made_at)"
            " SELECT region, kind, 'andere', sha256, 'forged', made_at FROM letter_archive"
        )


async def test_a_letter_waits_for_monday_morning_and_comes_later_when_nothing_ran(world: World) -> None:
    await _week(world)
    await _next_monday(world, 7.4)
    assert await weekly.make() == 0
    await _at(world, MONDAY + timedelta(days=11))
    assert await weekly.make() == 1
    assert (await _letter(world))["period"] == "2027-W05"


async def test_two_workers_make_one_letter_and_one_notice(world: World) -> None:
    await _week(world)
    await _next_monday(world)
    await asyncio.gather(weekly.make(), weekly.make(), weekly.make())
    assert await world.fetchval("SELECT count(*) FROM letter_archive") == 1
    assert await world.fetchval("SELECT count(*) FROM message WHERE kind = 'weekly_letter'") == 2


async def test_those_who_lead_are_told_with_a_link_and_read_the_very_bytes(
    site: Visitor, world: World, post: PostOffice, mailing: Settings
) -> None:
    head = await world.officer("head_of_region", CITY, username="walikota")
    await _week(world)
    await _next_monday(world)
    await weekly.make()
    await drain(mailing)
    mails = [
        mail for mail in post.to("walikota@contoh.example") if "Surat mingguan" in mail.letter["Subject"]
    ]
    assert len(mails) == 1
    kept = await _letter(world)
    assert kept["sha256"].hex() in mails[0].body
    address = f"{LETTERS}/{kept['id']}"
    assert f"{world.settings.base_url}{address}" in mails[0].body
    await site.as_person(head)
    archive = await site.get(LETTERS)
    assert kept["sha256"].hex() in archive.text
    assert address in archive.text
    answer = await site.get(address)
    assert answer.content == kept["body"]
    assert answer.headers["content-type"] == "application/pdf"
    assert 'filename="surat-mingguan-33.74-2027-W05.pdf"' in answer.headers["content-disposition"]


async def test_only_those_who_lead_the_region_read_its_letters(site: Visitor, world: World) -> None:
    await _week(world)
    await _next_monday(world)
    await weekly.make()
    number = (await _letter(world))["id"]
    for viewer, office in VIEWERS.items():
        await site.as_public()
        await site.as_person(await world.officer(*office))
        answer = await site.get(f"{LETTERS}/{number}")
        assert (answer.status_code == 200) == (viewer in READERS), viewer
        assert (await site.get(LETTERS)).text.count("2027-W05") == (viewer in READERS), viewer
    await site.as_public()
    assert "/masuk" in (await site.get(f"{LETTERS}/{number}")).headers["location"]
    await site.as_role("sekda", "smg-setda")
    for nothing in ("0", "999999", "99999999999999999999"):
        assert (await site.get(f"{LETTERS}/{nothing}")).status_code == 404


async def test_an_office_chooses_the_hour_of_its_digest(site: Visitor, world: World) -> None:
    head = await world.officer("head_of_region", CITY)
    office = await world.fetchval("SELECT office FROM appointment WHERE person = $1", head)
    await _week(world)
    await site.as_person(head)
    wrong = await site.send_form(f"{LETTERS}/jam", {"office": office, "at": "siang"}, page=LETTERS)
    assert wrong.status_code == 422
    assert "siang" in wrong.text
    sent = await site.send_form(f"{LETTERS}/jam", {"office": office, "at": "05:45"}, page=LETTERS)
    assert sent.headers["location"] == f"{LETTERS}?selesai=jam"
    assert 'value="05:45"' in (await site.get(LETTERS)).text
    digests = "SELECT count(*) FROM message WHERE kind = 'escalation_digest' AND office = $1"
    others = "SELECT count(*) FROM message WHERE kind = 'escalation_digest' AND office <> $1"
    day = MONDAY.replace(hour=0) + timedelta(days=4)
    for hours, mine, elsewhere in ((5.5, 0, 0), (5.8, 1, 0), (7.4, 1, 0), (7.6, 1, 1), (20, 1, 1)):
        await _at(world, day + timedelta(hours=hours))
        await morning.make()
        assert await world.fetchval(digests, office) == mine, hours
        assert (await world.fetchval(others, office) > 0) == bool(elsewhere), hours


async def test_nobody_chooses_for_another_s_office(site: Visitor, world: World) -> None:
    head = await world.officer("head_of_region", CITY)
    office = await world.fetchval("SELECT office FROM appointment WHERE person = $1", head)
    for role, agency in (("sekda", "smg-setda"), ("inspector", "smg-inspektorat")):
        await site.as_public()
        await site.as_role(role, agency)
        page = LETTERS if role == "sekda" else "/inspektorat"
        answer = await site.send_form(f"{LETTERS}/jam", {"office": office, "at": "05:45"}, page=page)
        assert answer.status_code == 404, role
    assert await world.fetchval("SELECT count(*) FROM digest_hour") == 0


def test_signs_that_the_fonts_lack_are_written_with_the_nearest() -> None:
    assert latin("“Jalan” – 2×24 jam… é") == '"Jalan" - 2×24 jam... é'
    assert latin("Ś 漢 →") == "S? ? ->"


def test_the_worker_makes_letters_and_erases() -> None:
    assert {"weekly", "retention"} <= {task.name for task in TASKS}
