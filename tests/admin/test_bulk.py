"""Many complaints at once: each is done by itself, what fails stays with its reason, nothing is half done."""

from __future__ import annotations

import re

from lapor.complaints import desk
from tests.admin import cases
from tests.admin.cases import DPU, file
from tests.ground import World
from tests.visitor import Visitor

BULK = "/meja/borongan"
ROWS = re.compile(r'name="baris" value="(\d+:\d+)"')


def page_of(act: str, *complaints: int) -> str:
    """The address at which the queue's ticks arrive."""
    return f"{BULK}?untuk={act}" + "".join(f"&pilih={one}" for one in complaints)


def rows(html: str) -> list[str]:
    """The complaints that a form would send, each with its version."""
    return ROWS.findall(html)


async def test_all_chosen_complaints_are_offered_with_one_reason(site: Visitor, world: World) -> None:
    filed = [(await file()).complaint_id for _ in range(3)]
    await site.as_role("liaison", DPU)
    page = page_of("alih-tangan", *filed)
    opened = (await site.get(page)).text
    assert rows(opened) == [f"{one}:1" for one in filed]
    fields = {
        "baris": rows(opened),
        "to_agency": str(await cases.agency("smg-dlh")),
        "reason": "Ini urusan sampah.",
    }
    sent = await site.send_form(f"{BULK}/alih-tangan", fields, page=page)
    assert sent.status_code == 200
    assert "3 laporan sudah ditawarkan." in sent.text
    assert rows(sent.text) == []
    assert await world.fetchval("SELECT count(*) FROM transfer WHERE decided_at IS NULL") == 3


async def test_what_fails_stays_with_its_reason_and_the_others_go(site: Visitor, world: World) -> None:
    free, offered, moved = [(await file()).complaint_id for _ in range(3)]
    await site.as_role("liaison", DPU)
    page = page_of("alih-tangan", free, offered, moved)
    opened = (await site.get(page)).text
    colleague, dlh = await cases.officer(world, "staff"), await cases.agency("smg-dlh")
    await desk.offer_transfer(colleague, offered, to_agency=dlh, reason="Sampah.")
    await desk.answer(colleague, moved, text="Sudah kami jawab.")
    fields = {"baris": rows(opened), "to_agency": str(dlh), "reason": "Urusan sampah."}
    sent = await site.send_form(f"{BULK}/alih-tangan", fields, page=page)
    assert sent.status_code == 422
    assert "1 laporan sudah ditawarkan." in sent.text
    assert "2 laporan tidak terkirim" in sent.text
    assert sent.text.count("baru saja diubah oleh orang lain") == 2
    assert [line.split(":")[0] for line in rows(sent.text)] == [str(offered), str(moved)]
    again = await site.send_form(f"{BULK}/alih-tangan", {**fields, "baris": rows(sent.text)}, page=page)
    assert "sudah ditawarkan ke instansi lain" in again.text
    assert await world.fetchval("SELECT count(*) FROM transfer WHERE decided_at IS NULL") == 3


async def test_without_agency_or_reason_nothing_happens(site: Visitor, world: World) -> None:
    filed = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    page = page_of("alih-tangan", filed)
    sent = await site.send_form(f"{BULK}/alih-tangan", {"baris": [f"{filed}:1"], "reason": " "}, page=page)
    assert sent.status_code == 422
    assert 'href="#f-to_agency"' in sent.text
    assert 'href="#f-reason"' in sent.text
    assert rows(sent.text) == [f"{filed}:1"]
    assert await world.fetchval("SELECT count(*) FROM transfer") == 0


async def test_a_foreign_complaint_is_neither_shown_nor_handed_on(site: Visitor, world: World) -> None:
    filed = (await file()).complaint_id
    own = (await file(category="sampah", text="Sampah menumpuk.")).complaint_id
    await site.as_role("liaison", await cases.owner_of(world, own))
    page = page_of("alih-tangan", filed, own)
    opened = (await site.get(page)).text
    assert rows(opened) == [f"{own}:1"]
    assert cases.HOLE[:20] not in opened
    fields = {
        "baris": [f"{filed}:1"],
        "to_agency": str(await cases.agency("smg-diskominfo")),
        "reason": "Ambil.",
    }
    sent = await site.send_form(f"{BULK}/alih-tangan", fields, page=page)
    assert cases.HOLE[:20] not in sent.text
    assert await world.fetchval("SELECT count(*) FROM transfer") == 0


async def _linked(world: World) -> list[int]:
    filed = [await file(), await file(email="a@contoh.example"), await file()]
    staff = await cases.officer(world, "staff")
    for other in filed[1:]:
        await desk.link(staff, other.complaint_id, to=filed[0].ticket, reason="Lubang yang sama.")
    return [one.complaint_id for one in filed]


async def test_linked_duplicates_are_answered_once_each_after_a_preview(site: Visitor, world: World) -> None:
    bundle = await _linked(world)
    alone = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    page = page_of("jawaban", bundle[1], alone)
    opened = (await site.get(page)).text
    assert sorted(int(line.split(":")[0]) for line in rows(opened)) == sorted(bundle)
    assert "Tidak ditautkan dengan laporan di atas" in opened
    fields = {"baris": rows(opened), "text": "Lubang sudah kami tutup pagi ini."}
    shown = await site.send_form(f"{BULK}/jawaban", fields, page=page)
    assert shown.status_code == 200
    assert shown.text.count('class="letter"') == 3
    assert "Jawaban untuk laporan" in shown.text
    assert await world.fetchval("SELECT count(*) FROM statement WHERE kind = 'final'") == 0
    sent = await site.send_form(
        f"{BULK}/jawaban", {**fields, "baris": rows(shown.text), "langkah": "kirim"}, page=page
    )
    assert "3 laporan sudah dijawab." in sent.text
    answered = await world.fetch("SELECT complaint FROM statement WHERE kind = 'final' ORDER BY complaint")
    assert [row["complaint"] for row in answered] == sorted(bundle)


async def test_answers_that_wait_for_a_checker_are_not_called_sent(site: Visitor, world: World) -> None:
    bundle = await _linked(world)
    await world.execute("UPDATE agency SET answers_need_approval = true WHERE code = $1", DPU)
    await site.as_role("liaison", DPU)
    page = page_of("jawaban", bundle[0])
    fields = {"baris": rows((await site.get(page)).text), "text": "Sudah ditutup.", "langkah": "kirim"}
    sent = await site.send_form(f"{BULK}/jawaban", fields, page=page)
    assert sent.status_code == 200
    assert "3 jawaban menunggu pemeriksa." in sent.text
    assert "sudah dijawab" not in sent.text
    assert await world.fetchval("SELECT count(*) FROM approval WHERE decided_at IS NULL") == 3
    assert await world.fetchval("SELECT count(*) FROM message WHERE kind = 'answered'") == 0


async def test_the_same_words_to_linked_complaints_are_no_routine_but_to_others_they_are(
    site: Visitor, world: World
) -> None:
    bundle = await _linked(world)
    staff = await cases.officer(world, "staff")
    for one in bundle:
        await desk.answer(staff, one, text="Lubang sudah kami tutup pagi ini.")
    await site.as_role("liaison", DPU)
    assert "Jawaban seragam" not in (await site.get(f"/meja/aduan/{bundle[0]}")).text
    for _ in range(world.settings.same_words_from + 1):
        await desk.answer(staff, (await file()).complaint_id, text="Lubang sudah kami tutup pagi ini.")
    assert "Jawaban seragam" in (await site.get(f"/meja/aduan/{bundle[0]}")).text


async def test_unrelated_complaints_are_not_answered_together(site: Visitor, world: World) -> None:
    filed = [(await file()).complaint_id for _ in range(2)]
    await site.as_role("liaison", DPU)
    page = page_of("jawaban", *filed)
    opened = (await site.get(page)).text
    assert rows(opened) == []
    assert "Laporan ini tidak ditautkan" in opened
    fields = {"baris": [f"{one}:1" for one in filed], "text": "Sudah.", "langkah": "kirim"}
    await site.send_form(f"{BULK}/jawaban", fields, page="/meja")
    assert await world.fetchval("SELECT count(*) FROM statement WHERE kind = 'final'") == 0


async def test_nothing_chosen_is_said(site: Visitor) -> None:
    await site.as_role("liaison", DPU)
    for address in (BULK, page_of("jawaban"), f"{BULK}?pilih=x&pilih=0&pilih=99999999999999999999"):
        assert "Tidak ada laporan yang dipilih" in (await site.get(address)).text
