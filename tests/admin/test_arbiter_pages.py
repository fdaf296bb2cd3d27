"""What goes before the arbiter, and the decisions through the pages."""

from __future__ import annotations

import re

from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filed
from lapor.crypto import secret_hash
from tests.admin import cases
from tests.admin.cases import DPU, file
from tests.ground import World
from tests.visitor import Visitor

ARBITER = "/pimpinan/arbiter"
LINKS = re.compile(r'class="main-cell"><a href="/pimpinan/aduan/(\d+)#putusan"')


def _one(complaint: int, act: str = "") -> str:
    return f"/pimpinan/aduan/{complaint}" + (f"/{act}" if act else "")


async def _disputed_twice(world: World) -> Filed:
    filed = await file()
    officer = await cases.officer(world, "liaison")
    for _ in range(2):
        await desk.answer(officer, filed.complaint_id, text="Sudah kami catat.")
        await desk.dispute(
            Actor.reporter(secret_hash(filed.secret)), filed.complaint_id, reason="Itu bukan jawaban."
        )
    return filed


async def _send(site: Visitor, complaint: int, act: str, **fields: str) -> int:
    opened = (await site.get(_one(complaint))).text
    version = re.search(r'name="version" value="(\d+)"', opened)
    given = {"version": version.group(1) if version else "0", **fields}
    return (await site.send_form(_one(complaint, act), given, page="/sandi")).status_code


async def test_a_second_dispute_is_listed_and_decided(site: Visitor, simulated: World) -> None:
    filed = await _disputed_twice(simulated)
    await site.as_role("sekda", "smg-setda")
    page = (await site.get(ARBITER)).text
    assert [int(found) for found in LINKS.findall(page)] == [filed.complaint_id]
    assert "Apakah jawaban instansi sudah menjawab?" in page
    assert "Itu bukan jawaban." in (await site.get(_one(filed.complaint_id))).text
    act = "putusan-bantahan"
    assert await _send(site, filed.complaint_id, act, reason="Belum ada tanggalnya.") == 422
    assert await _send(site, filed.complaint_id, act, upheld="ya", reason=" ") == 422
    assert await _send(site, filed.complaint_id, act, upheld="ya", reason="Belum ada tanggalnya.") == 303
    assert "Tidak ada yang menunggu putusan Anda" in (await site.get(ARBITER)).text
    page = (await site.get(_one(filed.complaint_id))).text
    assert "membenarkan bantahan pelapor" in page
    assert "Belum ada tanggalnya." in page


async def test_the_reporter_reads_the_decision_and_the_way_to_the_ombudsman(
    site: Visitor, simulated: World
) -> None:
    filed = await _disputed_twice(simulated)
    await site.as_role("head_of_region", "smg-walikota")
    reason = "Jawaban itu menyebut tanggal dan nama."
    sent = await _send(site, filed.complaint_id, "putusan-bantahan", upheld="tidak", reason=reason)
    assert sent == 303
    resident = site.another()
    opened = await resident.get(f"/laporan/{filed.ticket}/buka/{filed.secret}")
    page = (await resident.get(opened.headers["location"])).text
    assert reason in page
    assert "Ombudsman" in page
    assert "Minta jawaban baru" not in page


async def test_silence_on_a_transfer_is_decided_between_the_agencies(site: Visitor, simulated: World) -> None:
    complaint = (await file()).complaint_id
    other = await cases.agency("smg-dlh")
    giving = await cases.officer(simulated, "liaison")
    await desk.offer_transfer(giving, complaint, to_agency=other, reason="Ini sampah.")
    await site.as_role("sekda", "smg-setda")
    assert LINKS.findall((await site.get(ARBITER)).text) == []
    await simulated.advance(25)
    await site.as_role("sekda", "smg-setda")
    page = (await site.get(ARBITER)).text
    assert [int(found) for found in LINKS.findall(page)] == [complaint]
    assert "tidak menjawab tawaran" in page
    assert await _send(site, complaint, "putusan-alih-tangan", reason="Sampah.") == 422
    assert await _send(site, complaint, "putusan-alih-tangan", agency=str(other), reason="Sampah.") == 303
    assert await cases.owner_of(simulated, complaint) == "smg-dlh"
    await site.as_role("liaison", "smg-dlh")
    page = (await site.get(f"/meja/aduan/{complaint}")).text
    assert "yang bertanggung jawab" in page
    assert "Sampah." in page


async def test_somebody_quicker_means_a_conflict_with_what_was_typed(site: Visitor, simulated: World) -> None:
    filed = await _disputed_twice(simulated)
    await site.as_role("sekda", "smg-setda")
    sent = await site.send_form(
        _one(filed.complaint_id, "putusan-bantahan"),
        {"version": "1", "upheld": "ya", "reason": "Alasan saya yang panjang."},
        page="/sandi",
    )
    assert sent.status_code == 409
    assert "Alasan saya yang panjang.</textarea>" in sent.text


async def test_nobody_else_decides(site: Visitor, simulated: World) -> None:
    filed = await _disputed_twice(simulated)
    for role, agency in (
        ("leadership_staff", "smg-walikota"),
        ("inspector", "smg-inspektorat"),
        ("liaison", DPU),
    ):
        await site.as_role(role, agency)
        assert (await site.get(ARBITER)).status_code == 403
        sent = await _send(site, filed.complaint_id, "putusan-bantahan", upheld="ya", reason="Begitu.")
        assert sent == 403
    await site.as_role("head_of_region", "jtg-gubernur")
    assert LINKS.findall((await site.get(ARBITER)).text) == []
    sent = await _send(site, filed.complaint_id, "putusan-bantahan", upheld="ya", reason="Begitu.")
    assert sent == 404


async def test_the_list_takes_the_same_statements_however_long_it_is(site: Visitor, simulated: World) -> None:
    await _disputed_twice(simulated)
    await site.as_role("sekda", "smg-setda")
    await site.get(ARBITER)
    async with cases.counted() as one:
        await site.get(ARBITER)
    for _ in range(4):
        await _disputed_twice(simulated)
    async with cases.counted() as many:
        assert len(LINKS.findall((await site.get(ARBITER)).text)) == 5
    assert len(one) == len(many) <= 8, many
