"""The desk as officers use it: whose queue shows what, and what comes of each form."""

from __future__ import annotations

import re

import pytest

from lapor.complaints import desk
from tests.admin import cases
from tests.admin.cases import DPU, file, submit, where
from tests.ground import World
from tests.visitor import Visitor

LINKS = re.compile(r'class="main-cell"><a href="/meja/aduan/(\d+)"')
# Session, registers' version, the page's own reads, and the borders of two transactions.
QUEUE_BUDGET = 10
PAGE_BUDGET = 21


def listed(html: str) -> list[int]:
    """The ids of the complaints of a list, in its order."""
    return [int(found) for found in LINKS.findall(html)]


async def send(site: Visitor, complaint: int, act: str, **fields: str) -> int:
    """Send one of the forms of a complaint as its page made it; returns the status of the answer."""
    return (await submit(site, complaint, act, **fields)).status_code


async def test_whoever_is_not_logged_in_is_sent_to_the_log_in(site: Visitor) -> None:
    answer = await site.get("/meja")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/masuk?lanjut=/meja"


async def test_the_head_of_region_has_no_queue(site: Visitor) -> None:
    await site.as_role("head_of_region")
    assert (await site.get("/meja")).status_code == 403


async def test_the_nearest_deadline_stands_first(site: Visitor, simulated: World) -> None:
    first = await file()
    await simulated.advance(3)
    second = await file()
    await simulated.advance(3)
    third = await file()
    answering = await cases.officer(simulated, "liaison")
    await desk.answer(answering, first.complaint_id, text="Kami perbaiki pekan ini.")
    await site.as_role("staff", DPU)
    found = listed((await site.get("/meja")).text)
    assert found == [second.complaint_id, third.complaint_id, first.complaint_id]


async def test_an_agency_sees_its_own_complaints_and_no_foreign_ones(site: Visitor) -> None:
    filed = await file()
    await site.as_role("liaison", "smg-dlh")
    assert listed((await site.get("/meja")).text) == []
    assert (await site.get(where(filed.complaint_id))).status_code == 404
    await site.as_role("liaison", DPU)
    assert listed((await site.get("/meja")).text) == [filed.complaint_id]
    assert cases.HOLE in (await site.get(where(filed.complaint_id))).text


@pytest.mark.parametrize("act", ["jawaban", "catatan", "publikasi", "kontak", "persetujuan", "disposisi"])
async def test_a_form_sent_to_a_foreign_complaint_finds_nothing(site: Visitor, act: str) -> None:
    filed = await file()
    await site.as_role("liaison", "smg-dlh")
    sent = await site.send_form(where(filed.complaint_id, act), {"text": "Isi"}, page="/meja")
    assert sent.status_code == 404


@pytest.mark.parametrize("path", ["/meja/entah", "/meja/aduan/999", "/meja/aduan/99999999999999999999999"])
async def test_an_address_that_is_none_is_not_found(site: Visitor, path: str) -> None:
    await site.as_role("liaison", DPU)
    assert (await site.get(path)).status_code == 404


async def test_a_final_answer_is_sent_and_told(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    sent = await site.send_form(
        where(complaint, "jawaban"), {"text": "Sudah kami tutup.", "version": "1"}, page=where(complaint)
    )
    assert sent.status_code == 303
    page = (await site.get(sent.headers["location"])).text
    assert "Jawaban Anda sudah dikirim kepada pelapor." in page
    assert "Sudah kami tutup." in page
    assert "Dijawab tepat waktu" in page
    actor = await world.fetchval("SELECT actor FROM event WHERE kind = 'answered'")
    assert actor == f"officer:{site.person}"


async def test_an_empty_answer_comes_back_with_the_error_beside_its_field(site: Visitor) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    sent = await site.send_form(
        where(complaint, "jawaban"), {"text": " ", "version": "1"}, page=where(complaint)
    )
    assert sent.status_code == 422
    assert 'href="#f-text">Tulis isinya dahulu.' in sent.text
    assert 'id="f-text-wrong"' in sent.text


async def test_what_was_typed_stays_when_the_promised_date_is_missing(site: Visitor) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    sent = await site.send_form(
        where(complaint, "jawaban-sementara"),
        {"text": "Alat berat sedang dipesan.", "version": "1"},
        page=where(complaint),
    )
    assert sent.status_code == 422
    assert "Alat berat sedang dipesan.</textarea>" in sent.text
    assert 'id="f-promised_for-wrong"' in sent.text


async def test_a_promise_ends_with_the_office_day(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    day = await world.fetchval("SELECT (lapor_now() + interval '3 days')::date")
    await site.as_role("liaison", DPU)
    promise = {"text": "Kami jadwalkan.", "promised_for": day.isoformat()}
    assert await send(site, complaint, "jawaban-sementara", **promise) == 303
    local = await world.fetchval(
        "SELECT to_char(due_at AT TIME ZONE 'Asia/Jakarta', 'YYYY-MM-DD HH24:MI') FROM clock WHERE kind = 'promise'"
    )
    assert local == f"{day} 16:00"
    assert "Dijanjikan" in (await site.get("/meja")).text


async def test_somebody_quicker_means_a_conflict_with_the_new_state_and_what_was_typed(
    site: Visitor, world: World
) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    await desk.answer(await cases.officer(world, "staff"), complaint, text="Rekan saya sudah menjawab.")
    sent = await site.send_form(
        where(complaint, "jawaban"),
        {"text": "Jawaban saya yang panjang.", "version": "1"},
        page=where(complaint),
    )
    assert sent.status_code == 409
    assert "Rekan saya sudah menjawab." in sent.text
    assert "Jawaban saya yang panjang.</textarea>" in sent.text
    assert 'name="version" value="2"' in sent.text
    assert await send(site, complaint, "jawaban", text="Jawaban saya yang panjang.") == 303


async def test_what_was_typed_is_shown_when_its_form_is_gone(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    giving = await cases.officer(world, "staff")
    await desk.offer_transfer(giving, complaint, to_agency=await cases.agency("smg-dlh"), reason="Sampah.")
    sent = await site.send_form(
        where(complaint, "alih-tangan"),
        {"reason": "Menurut saya ke sana.", "version": "1", "to_agency": "1"},
        page=where(complaint),
    )
    assert sent.status_code == 409
    assert "Menurut saya ke sana." in sent.text
    assert f'action="{where(complaint, "alih-tangan")}"' not in sent.text


async def test_an_offer_is_taken_by_the_other_agency(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    target = str(await cases.agency("smg-dlh"))
    assert await send(site, complaint, "alih-tangan", to_agency=target, reason="Ini urusan sampah.") == 303
    await site.as_role("liaison", "smg-dlh")
    assert listed((await site.get("/meja")).text) == []
    assert listed((await site.get("/meja/ditawarkan")).text) == [complaint]
    page = (await site.get(where(complaint))).text
    assert "Ini urusan sampah." in page
    assert f'action="{where(complaint, "jawaban")}"' not in page
    assert await send(site, complaint, "alih-tangan/terima") == 303
    assert listed((await site.get("/meja")).text) == [complaint]


async def test_a_refused_offer_leads_back_to_the_queue(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    giving = await cases.officer(world, "liaison")
    await desk.offer_transfer(giving, complaint, to_agency=await cases.agency("smg-dlh"), reason="Sampah.")
    await site.as_role("liaison", "smg-dlh")
    sent = await site.send_form(
        where(complaint, "alih-tangan/tolak"), {"reason": "Bukan sampah."}, page=where(complaint)
    )
    assert sent.headers["location"] == "/meja?selesai=alih-tangan/tolak"
    assert "Tawaran sudah ditolak" in (await site.get(sent.headers["location"])).text


async def test_a_completion_waits_for_a_second_person(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    await desk.answer(await cases.officer(world, "staff"), complaint, text="Segera.")
    await site.as_role("agency_head", DPU)
    assert await send(site, complaint, "penyelesaian", text="Lubang sudah ditutup.") == 303
    page = (await site.get(where(complaint))).text
    assert f'action="{where(complaint, "persetujuan")}"' not in page
    assert await send(site, complaint, "persetujuan") == 422
    assert listed((await site.get("/meja/pemeriksa")).text) == [complaint]
    await site.as_role("checker", DPU)
    assert "Penyelesaian menunggu Anda" in (await site.get("/meja/pemeriksa")).text
    assert await send(site, complaint, "persetujuan") == 303
    assert await world.fetchval("SELECT status FROM complaint WHERE id = $1", complaint) == "done"
    assert listed((await site.get("/meja/selesai")).text) == [complaint]


async def test_a_checker_refuses_with_a_reason(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    claiming = await cases.officer(world, "staff")
    await desk.answer(claiming, complaint, text="Segera.")
    await desk.claim_completion(claiming, complaint, text="Selesai.")
    await site.as_role("checker", DPU)
    assert await send(site, complaint, "persetujuan/tolak", reason="") == 422
    assert await send(site, complaint, "persetujuan/tolak", reason="Foto belum ada.") == 303
    assert "Foto belum ada." in (await site.get(where(complaint))).text


async def test_a_rejection_needs_a_coded_reason(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    page = await site.send_form(
        where(complaint, "penolakan"), {"text": "Sudah diputus.", "version": "1"}, page=where(complaint)
    )
    assert page.status_code == 422
    assert 'id="f-reason_code-wrong"' in page.text
    assert await send(site, complaint, "penolakan", text="Sudah diputus.", reason_code="court") == 303


async def test_a_referral_names_the_body_outside(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    body = await world.fetchval("SELECT min(id) FROM outside_body")
    await site.as_role("liaison", DPU)
    assert await send(site, complaint, "pelimpahan", text="Jalan nasional.") == 422
    assert await send(site, complaint, "pelimpahan", text="Jalan nasional.", outside_body=str(body)) == 303


async def test_the_coordinator_routes_what_no_rule_could(site: Visitor, world: World) -> None:
    complaint = (await file(category=None, text="Ada bau aneh sejak semalam, entah dari mana.")).complaint_id
    await site.as_role("coordinator", "smg-diskominfo")
    assert listed((await site.get("/meja/penelaahan")).text) == [complaint]
    target = str(await cases.agency("smg-dlh"))
    assert await send(site, complaint, "disposisi", agency=target, reason="Pencemaran udara.") == 303
    assert await cases.owner_of(world, complaint) == "smg-dlh"
    assert listed((await site.get("/meja/penelaahan")).text) == []


async def test_only_coordinators_have_the_tab_of_unrouted_complaints(site: Visitor) -> None:
    await site.as_role("liaison", DPU)
    assert (await site.get("/meja/penelaahan")).status_code == 404
    assert "/meja/penelaahan" not in (await site.get("/meja")).text


async def test_a_look_at_the_contact_is_shown_once_and_recorded(site: Visitor, world: World) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    assert "081200000103" not in (await site.get(where(complaint))).text
    shown = await site.send_form(where(complaint, "kontak"), page=where(complaint))
    assert shown.status_code == 200
    assert "081200000103" in shown.text
    assert "Lestari Contoh" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    page = (await site.get(where(complaint))).text
    assert "081200000103" not in page
    assert "melihat kontak pelapor" in page
    assert await world.fetchval("SELECT count(*) FROM event WHERE kind = 'contact_seen'") == 1


async def test_an_anonymous_reporter_stays_unknown_with_a_coarse_place(site: Visitor, world: World) -> None:
    complaint = (await file(anonymous=True, address="Gang Mawar 7")).complaint_id
    await site.as_role("liaison", DPU)
    page = (await site.get(where(complaint))).text
    assert "Anonim: identitas tidak ditampilkan." in page
    assert "Gang Mawar 7" not in page
    assert "Tlogosari Kulon" in page
    sent = await site.send_form(where(complaint, "kontak"), page=where(complaint))
    assert sent.status_code == 422
    assert "081200000103" not in sent.text


async def test_publishing_starts_from_a_masked_proposal(site: Visitor, world: World) -> None:
    complaint = (await file(text="Lubang besar. Hubungi Pak Bejo 0812-3456-7890.")).complaint_id
    await site.as_role("liaison", DPU)
    page = (await site.get(where(complaint))).text
    assert "Lubang besar. Hubungi Pak ▒▒▒ ▒▒▒.</textarea>" in page
    assert await send(site, complaint, "publikasi", text="Lubang besar.") == 303
    assert "Tampil untuk umum" in (await site.get(where(complaint))).text
    assert await send(site, complaint, "publikasi/tarik", reason="Pelapor meminta.") == 303
    assert not await world.fetchval("SELECT count(*) FROM publication")


async def test_filters_narrow_the_list_by_their_address(site: Visitor) -> None:
    road = await file()
    await file(category="saluran-air", text="Saluran tersumbat.", district="33.74.10", village=None)
    tree = await file(text="Trotoar ambles di depan sekolah.")
    await site.as_role("liaison", DPU)
    assert listed((await site.get("/meja?cari=trotoar")).text) == [tree.complaint_id]
    assert listed((await site.get(f"/meja?cari={road.ticket.lower()}")).text) == [road.complaint_id]
    narrowed = (await site.get("/meja?kategori=jalan-rusak&kecamatan=33.74.06&status=routed")).text
    assert listed(narrowed) == [road.complaint_id, tree.complaint_id]
    nothing = (await site.get("/meja?kategori=parkir-liar")).text
    assert "Tidak ada laporan yang cocok" in nothing


async def test_a_long_queue_comes_in_pages(site: Visitor, world: World) -> None:
    filed = [(await file()).complaint_id for _ in range(53)]
    await site.as_role("liaison", DPU)
    first = await site.get("/meja")
    assert listed(first.text) == filed[:50]
    assert "53 laporan" in first.text
    assert 'rel="prev"' not in first.text
    second = await site.get(_neighbour(first.text, "next"))
    assert listed(second.text) == filed[50:]
    assert 'rel="next"' not in second.text
    back = await site.get(_neighbour(second.text, "prev"))
    assert listed(back.text) == filed[:50]
    assert listed((await site.get("/meja?sesudah=kacau~x&halaman=-3")).text) == filed[:50]


def _neighbour(html: str, name: str) -> str:
    found = re.search(rf'rel="{name}" href="([^"]+)"', html)
    assert found
    return found.group(1).replace("&amp;", "&")


async def test_the_queue_takes_the_same_statements_however_long_it_is(site: Visitor) -> None:
    await file()
    await site.as_role("liaison", DPU)
    await site.get("/meja")
    async with cases.counted() as one:
        await site.get("/meja")
    for _ in range(20):
        await file()
    async with cases.counted() as many:
        assert len(listed((await site.get("/meja")).text)) == 21
    assert len(one) == len(many) <= QUEUE_BUDGET, many


async def test_one_complaint_takes_the_same_statements_however_long_its_story_is(
    site: Visitor, world: World
) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    await site.get(where(complaint))
    async with cases.counted() as short:
        await site.get(where(complaint))
    writing = await cases.officer(world, "staff")
    for number in range(15):
        await desk.note(writing, complaint, text=f"Catatan {number}")
    async with cases.counted() as long:
        assert "Catatan 14" in (await site.get(where(complaint))).text
    assert len(short) == len(long) <= PAGE_BUDGET, long


async def test_the_address_of_a_form_leads_to_its_complaint(site: Visitor) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    answer = await site.get(where(complaint, "alih-tangan/tolak"))
    assert (answer.status_code, answer.headers["location"]) == (303, where(complaint))
