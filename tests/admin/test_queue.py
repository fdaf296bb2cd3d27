"""The work queue: what stands in which tab, filters that stay, what the rows offer, and what it costs."""

from __future__ import annotations

import re

import pytest

from lapor import crypto
from lapor.admin.kept_filters import COOKIE
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filed
from tests.admin import cases
from tests.admin.cases import DPU, file
from tests.ground import World
from tests.visitor import Visitor

LINKS = re.compile(r'class="main-cell"><a href="/meja/aduan/(\d+)"')
TALLY = re.compile(r'data-tab="(\w+)">(\d+)')

STANDING = """
SELECT count(*) FROM complaint c LEFT JOIN LATERAL (
  SELECT min(due_at) AS due, bool_or(kind = 'promise') AS promised FROM clock
  WHERE complaint = c.id AND met_at IS NULL AND kind <> 'reporter_window') k ON true
WHERE status IN ('received', 'routed', 'in_progress') AND (c.next_due IS DISTINCT FROM coalesce(k.due, '9999-01-01 00:00+00')
  OR c.promised IS DISTINCT FROM coalesce(k.promised, false)
  OR c.in_hand IS DISTINCT FROM (SELECT person FROM assignment WHERE complaint = c.id ORDER BY id DESC LIMIT 1))"""


def listed(html: str) -> list[int]:
    """The ids of the complaints of a list, in its order."""
    return [int(found) for found in LINKS.findall(html)]


def tallies(html: str) -> dict[str, int]:
    """The number beside each tab."""
    return {name: int(count) for name, count in TALLY.findall(html)}


def reporter(filed: Filed) -> Actor:
    """Whoever holds the secret link."""
    return Actor.reporter(crypto.secret_hash(filed.secret))


async def tab(site: Visitor, name: str) -> list[int]:
    """What stands in a tab now."""
    return listed((await site.get(f"/meja/{name}")).text)


async def test_what_is_put_into_my_hands_stands_in_my_tab(site: Visitor, world: World) -> None:
    filed, other = await file(), await file()
    await site.as_role("staff", DPU)
    assert site.person
    await desk.assign(await cases.officer(world, "liaison"), filed.complaint_id, site.person)
    assert await tab(site, "saya") == [filed.complaint_id]
    assert listed((await site.get("/meja")).text) == [filed.complaint_id, other.complaint_id]
    await site.as_role("staff", DPU)
    assert await tab(site, "saya") == []
    ours = (await site.get("/meja")).text
    assert "dipegang" in ours
    assert tallies(ours)["saya"] == 0


async def test_a_promise_stands_in_its_tab_until_the_final_answer(site: Visitor, simulated: World) -> None:
    filed = (await file()).complaint_id
    await file()
    answering = await cases.officer(simulated, "staff")
    day = await simulated.fetchval("SELECT lapor_now() + interval '3 days'")
    await desk.answer_interim(answering, filed, text="Kami jadwalkan.", promised_for=day)
    await site.as_role("liaison", DPU)
    assert await tab(site, "dijanjikan") == [filed]
    await desk.answer(answering, filed, text="Sudah ditutup.")
    assert await tab(site, "dijanjikan") == []


async def test_a_question_waits_for_the_reporter_until_they_reply(site: Visitor, world: World) -> None:
    filed = await file()
    await desk.ask(await cases.officer(world, "staff"), filed.complaint_id, text="Di sisi mana?")
    await site.as_role("liaison", DPU)
    assert await tab(site, "pelapor") == [filed.complaint_id]
    await desk.note(await cases.officer(world, "staff"), filed.complaint_id, text="Sudah ditanyakan.")
    assert await tab(site, "pelapor") == [filed.complaint_id]
    await desk.reply(reporter(filed), filed.complaint_id, text="Sisi kiri.")
    assert await tab(site, "pelapor") == []


async def test_a_disputed_answer_stands_in_its_tab_until_it_is_answered_again(
    site: Visitor, simulated: World
) -> None:
    filed = await file()
    answering = await cases.officer(simulated, "staff")
    await desk.answer(answering, filed.complaint_id, text="Sudah kami catat.")
    await simulated.advance(1)
    await desk.dispute(reporter(filed), filed.complaint_id, reason="Belum dikerjakan.")
    await site.as_role("liaison", DPU)
    page = await site.get("/meja/dibantah")
    assert listed(page.text) == [filed.complaint_id]
    assert "Dibantah pelapor" in page.text
    await desk.answer(answering, filed.complaint_id, text="Dikerjakan besok pagi.")
    assert await tab(site, "dibantah") == []


async def test_how_every_complaint_stands_is_kept_through_every_verb(site: Visitor, simulated: World) -> None:
    first, second, third = await file(), await file(), await file()
    staff, head = await cases.officer(simulated, "staff"), await cases.officer(simulated, "agency_head")
    assert staff.person
    assert await simulated.fetchval(STANDING) == 0
    await desk.assign(head, first.complaint_id, staff.person)
    day = await simulated.fetchval("SELECT lapor_now() + interval '3 days'")
    await desk.answer_interim(staff, first.complaint_id, text="Dijadwalkan.", promised_for=day)
    await desk.answer(staff, second.complaint_id, text="Sudah.")
    await desk.pause(staff, second.complaint_id, text="Boleh kami masuk?")
    await desk.offer_transfer(
        staff, first.complaint_id, to_agency=await cases.agency("smg-dlh"), reason="Sampah."
    )
    await desk.claim_completion(staff, second.complaint_id, text="Selesai.")
    assert await simulated.fetchval(STANDING) == 0
    await desk.take_transfer(await cases.officer(simulated, "staff", "smg-dlh"), first.complaint_id)
    await desk.reply(reporter(second), second.complaint_id, text="Boleh.")
    await simulated.advance(60)
    await desk.sweep()
    await desk.answer(staff, third.complaint_id, text="Terlambat.")
    assert await simulated.fetchval(STANDING) == 0
    assert await simulated.fetchval("SELECT in_hand FROM complaint WHERE id = $1", first.complaint_id) is None


async def test_the_numbers_beside_the_tabs_are_those_of_their_lists(site: Visitor, simulated: World) -> None:
    filed = [await file() for _ in range(4)]
    staff = await cases.officer(simulated, "staff")
    await desk.ask(staff, filed[0].complaint_id, text="Di mana?")
    await desk.offer_transfer(
        staff, filed[1].complaint_id, to_agency=await cases.agency("smg-dlh"), reason="Sampah."
    )
    await site.as_role("liaison", DPU)
    shown = tallies((await site.get("/meja")).text)
    assert shown == {
        "saya": 0, "tugas": 4, "ditawarkan": 0, "dijanjikan": 0, "pemeriksa": 0, "pelapor": 1, "dibantah": 0, "instruksi": 0,
    }  # fmt: skip


async def test_filters_stay_with_their_tab_until_they_are_cleared(site: Visitor, world: World) -> None:
    road = await file()
    await file(category="saluran-air", text="Saluran tersumbat.", district="33.74.10", village=None)
    await site.as_role("liaison", DPU)
    narrowed = await site.get("/meja?kategori=jalan-rusak&cari=")
    assert listed(narrowed.text) == [road.complaint_id]
    back = await site.get("/meja?selesai=jawaban")
    assert back.status_code == 303
    assert back.headers["location"] == "/meja?kategori=jalan-rusak&selesai=jawaban"
    assert (await site.get("/meja/dijanjikan")).status_code == 200
    cleared = await site.get("/meja?hapus=1")
    assert len(listed(cleared.text)) == 2
    assert (await site.get("/meja")).status_code == 200


async def test_what_one_officer_looked_for_is_not_met_by_the_next(site: Visitor) -> None:
    await site.as_role("liaison", DPU)
    await site.get("/meja?cari=trotoar")
    assert "trotoar" in site.cookies[COOKIE]
    await site.as_role("staff", DPU)
    assert (await site.get("/meja")).status_code == 200


async def test_a_cookie_that_somebody_made_up_breaks_nothing(site: Visitor) -> None:
    await site.as_role("liaison", DPU)
    for value in ("%%%", "petugas=", f"petugas={site.person}&tugas=" + "kategori%3D" + "x" * 500, "a" * 3500):
        site.cookies.set(COOKIE, value, domain="lapor.test", path="/meja")
        assert (await site.get("/meja")).status_code in (200, 303)
        site.cookies.delete(COOKIE)


async def test_one_person_s_work_can_be_filtered(site: Visitor, world: World) -> None:
    mine, other = await file(), await file()
    await site.as_role("liaison", DPU)
    colleague = await cases.officer(world, "staff")
    assert colleague.person
    await desk.assign(colleague, mine.complaint_id, colleague.person)
    assert listed((await site.get(f"/meja?petugas={colleague.person}")).text) == [mine.complaint_id]
    assert listed((await site.get("/meja?petugas=0")).text) == [other.complaint_id]
    assert (await site.get("/meja?petugas=9999999999999999999999")).status_code == 200


@pytest.mark.parametrize(
    "asked", ["berlubang", "LUBANG", "jalan jembatan", '"jembatan kecil"', "lubang -sampah"]
)
async def test_the_search_knows_indonesian_words(site: Visitor, asked: str) -> None:
    filed = await file()
    await file(category="saluran-air", text="Saluran tersumbat sampah.")
    await site.as_role("liaison", DPU)
    found = await site.get("/meja", params={"cari": asked})
    assert listed(found.text) == [filed.complaint_id]


async def test_another_agency_finds_nothing_by_tab_filter_or_search(site: Visitor, world: World) -> None:
    filed = await file()
    await desk.ask(await cases.officer(world, "staff"), filed.complaint_id, text="Di mana?")
    await site.as_role("liaison", "smg-dlh")
    for address in (
        "/meja/saya", "/meja", "/meja/ditawarkan", "/meja/dijanjikan", "/meja/pemeriksa", "/meja/pelapor",
        "/meja/dibantah", "/meja/selesai", "/meja?cari=lubang", f"/meja?cari={filed.ticket}", "/meja?instansi=smg-dpu",
        f"/meja/borongan?untuk=alih-tangan&pilih={filed.complaint_id}",
        f"/meja/borongan?untuk=jawaban&pilih={filed.complaint_id}",
    ):  # fmt: skip
        page = (await site.get(address)).text
        assert listed(page) == [], address
        assert cases.HOLE[:20] not in page, address
    assert set(tallies((await site.get("/meja?hapus=1")).text).values()) == {0}


async def test_rows_can_be_chosen_where_they_are_ours(site: Visitor, world: World) -> None:
    filed = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    page = (await site.get("/meja")).text
    assert f'name="pilih" value="{filed}" form="pilihan"' in page
    assert 'action="/meja/borongan"' in page
    answering = await cases.officer(world, "staff")
    await desk.answer(answering, filed, text="Segera.")
    await desk.claim_completion(answering, filed, text="Sudah ditutup aspal.")
    waiting = (await site.get("/meja/pemeriksa")).text
    assert 'name="pilih"' not in waiting


async def test_a_second_person_sees_the_claim_its_maker_and_earlier_refusals(
    site: Visitor, world: World
) -> None:
    filed = (await file()).complaint_id
    answering = await cases.officer(world, "staff")
    await desk.answer(answering, filed, text="Segera.")
    await desk.claim_completion(answering, filed, text="Sudah ditutup aspal.")
    await desk.refuse(await cases.officer(world, "checker"), filed, reason="Foto belum ada.")
    await desk.claim_completion(answering, filed, text="Ditutup lagi, kini dengan foto.")
    await site.as_role("checker", DPU)
    page = (await site.get("/meja/pemeriksa")).text
    assert "Ditutup lagi, kini dengan foto." in page
    assert "pernah ditolak 1 kali" in page
    assert "Foto belum ada." in page
    assert "Tanpa foto bukti" in page
    assert f'href="/meja/aduan/{filed}#persetujuan"' in page
    await site.as_role("staff", DPU)
    assert "#persetujuan" not in (await site.get("/meja/pemeriksa")).text


@pytest.mark.parametrize("name", ["saya", "pelapor", "dibantah", "dijanjikan", "selesai", "ditawarkan"])
async def test_every_tab_costs_the_same_however_long_it_is(site: Visitor, name: str) -> None:
    await site.as_role("liaison", DPU)
    await site.get(f"/meja/{name}")
    async with cases.counted() as statements:
        await site.get(f"/meja/{name}")
    assert len(statements) <= 10, statements
