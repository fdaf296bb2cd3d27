"""The overview of whoever answers for an agency's complaints, and who may open it."""

from __future__ import annotations

import re

from lapor import crypto
from lapor.complaints import desk
from lapor.complaints.desk import Actor
from tests.admin import cases
from tests.admin.cases import DPU, file
from tests.ground import World
from tests.visitor import Visitor

OVERVIEW = "/meja/ikhtisar"


async def test_only_who_answers_for_an_agency_opens_it(site: Visitor) -> None:
    for role, status in (("staff", 403), ("checker", 403), ("liaison", 200), ("agency_head", 200)):
        await site.as_role(role, DPU)
        assert (await site.get(OVERVIEW)).status_code == status, role
        assert ("/meja/ikhtisar" in (await site.get("/meja")).text) == (status == 200)


async def test_it_says_who_has_how_much_and_what_is_late(site: Visitor, simulated: World) -> None:
    first, _second = await file(), await file()
    colleague = await cases.officer(simulated, "staff")
    assert colleague.person
    await desk.assign(colleague, first.complaint_id, colleague.person)
    await simulated.advance(50)
    await site.as_role("liaison", DPU)
    page = (await site.get(OVERVIEW)).text
    row = re.search(rf'href="/meja\?petugas={colleague.person}">(.*?)</tr>', page, re.DOTALL)
    nobody = re.search(r'href="/meja\?petugas=0">Belum dipegang siapa pun(.*?)</tr>', page, re.DOTALL)
    assert row
    assert nobody
    for found in (row, nobody):
        assert re.findall(r'class="amount">(\d+)', found.group(1)) == ["1", "1"]


async def test_disputes_broken_promises_and_routine_stand_there(site: Visitor, simulated: World) -> None:
    disputed, promised = await file(), await file()
    staff = await cases.officer(simulated, "staff")
    await desk.answer(staff, disputed.complaint_id, text="Sudah kami catat.")
    day = await simulated.fetchval("SELECT lapor_now() + interval '20 hours'")
    await desk.answer_interim(staff, promised.complaint_id, text="Kami jadwalkan.", promised_for=day)
    reporter = Actor.reporter(crypto.secret_hash(disputed.secret))
    await desk.dispute(reporter, disputed.complaint_id, reason="Belum dikerjakan.")
    for _ in range(simulated.settings.same_words_from + 2):
        await desk.answer(staff, (await file()).complaint_id, text="Terima kasih atas laporannya.")
    await simulated.advance(22)
    await site.as_role("liaison", DPU)
    page = (await site.get(OVERVIEW)).text
    parts = re.split(r"<h2>", page)
    by_title = {part.split("</h2>")[0]: part for part in parts}
    assert f'href="/meja/aduan/{disputed.complaint_id}"' in by_title["Jawaban yang dibantah"]
    assert f'href="/meja/aduan/{promised.complaint_id}"' in by_title["Janji yang tidak ditepati"]
    assert "Terima kasih atas laporannya." in by_title["Jawaban yang seragam"]


async def test_transfers_are_counted_on_both_sides_without_showing_what_was_given_away(
    site: Visitor, simulated: World
) -> None:
    filed = (await file()).complaint_id
    giving = await cases.officer(simulated, "staff")
    await simulated.advance(5)
    await desk.offer_transfer(giving, filed, to_agency=await cases.agency("smg-dlh"), reason="Sampah.")
    await desk.take_transfer(await cases.officer(simulated, "staff", "smg-dlh"), filed)
    await site.as_role("liaison", DPU)
    page = (await site.get(OVERVIEW)).text
    assert "5 jam" in page.split("Yang keluar</h3>")[1].split("Yang masuk</h3>")[0]
    assert cases.HOLE[:20] not in page
    await site.as_role("liaison", "smg-dlh")
    page = (await site.get(OVERVIEW)).text
    assert "5 jam" in page.split("Yang masuk</h3>")[1]
    await site.as_role("liaison", "smg-diskominfo")
    assert "5 jam" not in (await site.get(OVERVIEW)).text.split("Yang keluar</h3>")[1]
