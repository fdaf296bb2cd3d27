"""Instructions through the pages: ticked on the list, read once more, given, carried out, and followed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx

from lapor.complaints import desk
from tests.admin import cases
from tests.admin.cases import DPU, file
from tests.ground import World
from tests.visitor import Visitor

LIST = "/pimpinan/eskalasi"
INSTRUCTIONS = "/pimpinan/instruksi"
TASKS = "/meja/instruksi"
TICKS = re.compile(r'type="checkbox" name="laporan" value="(\d+)" form="instruksi"')
TEXT = "Jawab semuanya besok pagi."


async def _late(world: World, count: int = 2, **given: Any) -> list[int]:
    filed = [(await file(**given)).complaint_id for _ in range(count)]
    await world.advance(49)
    await desk.sweep()
    return filed


async def _day(world: World, days: int = 2) -> str:
    return ((await world.now()) + timedelta(days=days)).date().isoformat()


async def _give(site: Visitor, complaints: list[int], *, act: str = "", **fields: str) -> httpx.Response:
    given = {"text": TEXT, "due_at": await _day(site.world), **fields}
    ticked = [str(complaint) for complaint in complaints]
    return await site.send_form(f"{INSTRUCTIONS}{act}", {"laporan": ticked, **given}, page="/sandi")


async def test_ticked_complaints_become_one_instruction_after_a_second_look(
    site: Visitor, simulated: World
) -> None:
    filed = await _late(simulated)
    await site.as_role("head_of_region", "smg-walikota")
    front = (await site.get(LIST)).text
    assert sorted(int(found) for found in TICKS.findall(front)) == filed
    assert 'action="/pimpinan/instruksi/baru"' in front
    form = await site.get(f"{INSTRUCTIONS}/baru", params={"laporan": filed})
    assert form.status_code == 200
    assert "Jawab setiap laporan ini" in form.text
    shown = await _give(site, filed, act="/pratinjau")
    assert shown.status_code == 200
    assert "Periksa instruksi Anda" in shown.text
    assert shown.text.count(f'name="laporan" value="{filed[0]}"') == 2
    assert await simulated.fetchval("SELECT count(*) FROM instruction") == 0
    sent = await _give(site, filed)
    assert sent.status_code == 303
    page = (await site.get(sent.headers["location"])).text
    assert "Instruksi sudah dikirim." in page
    assert TEXT in page
    assert "2 laporan" in page
    assert "belum ada tindak lanjut sejak instruksi ini" in page


async def test_a_beginning_that_was_chosen_fills_the_form(site: Visitor, simulated: World) -> None:
    filed = await _late(simulated, 1)
    await site.as_role("head_of_region", "smg-walikota")
    asked = {"laporan": filed, "templat": "lapangan"}
    form = (await site.get(f"{INSTRUCTIONS}/baru", params=asked)).text
    assert "Periksa setiap laporan ini di lapangan" in form
    assert "Jawab setiap laporan ini" not in form
    assert await simulated.fetchval("SELECT count(*) FROM instruction") == 0


async def test_a_deadline_ends_with_the_office_day(site: Visitor, simulated: World) -> None:
    filed = await _late(simulated, 1)
    await site.as_role("sekda", "smg-setda")
    await _give(site, filed)
    local = await simulated.fetchval(
        "SELECT to_char(due_at AT TIME ZONE 'Asia/Jakarta', 'YYYY-MM-DD HH24:MI') FROM instruction"
    )
    assert local == f"{await _day(simulated)} 16:00"


async def test_staff_is_shown_as_acting_in_the_name_of_the_head(site: Visitor, simulated: World) -> None:
    filed = await _late(simulated, 1)
    await site.as_role("leadership_staff", "smg-walikota")
    shown = await _give(site, filed, act="/pratinjau")
    assert "atas nama Wali Kota Semarang" in shown.text
    await _give(site, filed)
    assert "atas nama Wali Kota Semarang" in (await site.get(INSTRUCTIONS)).text
    page = (await site.get(f"/pimpinan/aduan/{filed[0]}")).text
    assert "memberi instruksi kepada" in page
    assert "atas nama Wali Kota Semarang" in page
    await site.as_role("liaison", DPU)
    assert "atas nama Wali Kota Semarang" in (await site.get(f"/meja/aduan/{filed[0]}")).text


async def test_complaints_of_two_agencies_are_parted(site: Visitor, simulated: World) -> None:
    roads = await _late(simulated)
    waste = await _late(simulated, 1, category="sampah", text="Sampah menumpuk.")
    await site.as_role("deputy_head", "smg-walikota")
    page = await site.get(f"{INSTRUCTIONS}/baru", params={"laporan": [*roads, *waste]})
    assert "Pilihan Anda menyangkut beberapa instansi." in page.text
    assert f'href="{INSTRUCTIONS}/baru?laporan={roads[0]}&amp;laporan={roads[1]}"' in page.text
    assert (await _give(site, [*roads, *waste])).status_code == 422


async def test_what_is_wrong_stands_beside_its_field_with_everything_typed(
    site: Visitor, simulated: World
) -> None:
    filed = await _late(simulated, 1)
    await site.as_role("head_of_region", "smg-walikota")
    for act in ("", "/pratinjau"):
        for given, field in (
            ({"text": " "}, "text"),
            ({"due_at": "kapan-kapan"}, "due_at"),
            ({"due_at": "2020-01-01"}, "due_at"),
        ):
            answer = await _give(site, filed, act=act, **given)
            assert answer.status_code == 422
            assert f'id="f-{field}-wrong"' in answer.text
            if "text" not in given:
                assert f"{TEXT}</textarea>" in answer.text


async def test_nobody_ticks_who_may_not_order(site: Visitor, simulated: World) -> None:
    filed = await _late(simulated, 1)
    await site.as_role("inspector", "smg-inspektorat")
    assert TICKS.findall((await site.get(LIST)).text) == []
    assert (await site.get(f"{INSTRUCTIONS}/baru", params={"laporan": filed})).status_code == 403
    assert (await _give(site, filed)).status_code == 403
    await site.as_role("head_of_region", "jtg-gubernur")
    assert (await _give(site, filed)).status_code == 422
    assert (
        "Belum ada laporan yang dipilih"
        in (await site.get(f"{INSTRUCTIONS}/baru", params={"laporan": filed})).text
    )
    await site.as_role("liaison", DPU)
    assert (await site.get(INSTRUCTIONS)).status_code == 403


async def test_a_complaint_that_is_not_late_cannot_be_ordered_about(site: Visitor, simulated: World) -> None:
    filed = (await file()).complaint_id
    await site.as_role("head_of_region", "smg-walikota")
    answer = await _give(site, [filed])
    assert answer.status_code == 422
    assert "yang melewati tenggatnya" in answer.text


async def test_the_agency_reads_reports_and_the_head_sees_in_time_or_late(
    site: Visitor, simulated: World
) -> None:
    first, second = await _late(simulated, 1), await _late(simulated, 1)
    await site.as_role("head_of_region", "smg-walikota")
    await _give(site, first, text="Yang ini boleh lama.", due_at=await _day(simulated, 20))
    await _give(site, second, due_at=await _day(simulated, 3))
    await site.as_role("liaison", DPU)
    assert re.search(
        r'href="/meja/instruksi"[^>]*>Instruksi <span class="tally"[^>]*>2<', (await site.get("/meja")).text
    )
    tasks = (await site.get(TASKS)).text
    assert tasks.index(TEXT) < tasks.index("Yang ini boleh lama.")
    ids = [row["id"] for row in await simulated.fetch("SELECT id FROM instruction ORDER BY id")]
    empty = await site.send_form(f"{TASKS}/{ids[0]}/pelaksanaan", {"text": " "}, page=TASKS)
    assert empty.status_code == 422
    assert 'id="f-text-wrong"' in empty.text
    await simulated.advance(24 * 5)
    await site.as_role("staff", DPU)
    await _carry_out(site, ids[0], "Sudah dijawab semua.")
    await _carry_out(site, ids[1], "Maaf, terlambat.")
    await site.as_role("head_of_region", "smg-walikota")
    page = (await site.get(INSTRUCTIONS)).text
    late, early = page.index("Dilaksanakan, lewat"), page.index("Dilaksanakan tepat waktu")
    assert late < page.index("Maaf, terlambat.") < early < page.index("Sudah dijawab semua.")


async def _carry_out(site: Visitor, instruction: int, text: str) -> None:
    sent = await site.send_form(f"{TASKS}/{instruction}/pelaksanaan", {"text": text}, page=TASKS)
    assert sent.status_code == 303
    assert "Pelaksanaan sudah dilaporkan" in (await site.get(sent.headers["location"])).text


async def test_what_became_of_each_complaint_is_told(site: Visitor, simulated: World) -> None:
    filed = await _late(simulated)
    await site.as_role("head_of_region", "smg-walikota")
    await _give(site, filed)
    await desk.answer(await cases.officer(simulated, "liaison"), filed[0], text="Segera.")
    page = (await site.get(INSTRUCTIONS)).text
    assert "Instansi menjawab" in page
    assert page.count("belum ada tindak lanjut sejak instruksi ini") == 1


async def test_a_foreign_agency_finds_neither_the_instruction_nor_its_form(
    site: Visitor, simulated: World
) -> None:
    filed = await _late(simulated, 1)
    await site.as_role("head_of_region", "smg-walikota")
    await _give(site, filed)
    instruction = await simulated.fetchval("SELECT id FROM instruction")
    await site.as_role("liaison", "smg-dlh")
    assert TEXT not in (await site.get(TASKS)).text
    sent = await site.send_form(f"{TASKS}/{instruction}/pelaksanaan", {"text": "Sudah"}, page=TASKS)
    assert sent.status_code == 404


async def test_the_lists_take_the_same_statements_however_long_they_are(
    site: Visitor, simulated: World
) -> None:
    filed = await _late(simulated, 1)
    await site.as_role("head_of_region", "smg-walikota")
    head = site.person or 0
    await _give(site, filed)
    counts = []
    for number in range(2):
        for path, role in ((INSTRUCTIONS, ""), (TASKS, DPU)):
            await (site.as_role("liaison", role) if role else site.as_person(head))
            await site.get(path)
            async with cases.counted() as statements:
                assert TEXT in (await site.get(path)).text
            counts.append(len(statements))
        await site.as_person(head)
        for again in range(5 * (1 - number)):
            await _give(site, filed, text=f"{TEXT} {again}")
    assert counts[:2] == counts[2:]
    assert max(counts) <= 11
