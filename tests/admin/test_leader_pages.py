"""The escalation list as the head of region reads it: a predicate that no lost message can shorten."""

from __future__ import annotations

import re

from lapor.complaints import desk
from tests.admin import cases
from tests.admin.cases import DPU, file
from tests.ground import World
from tests.visitor import Visitor

LIST = "/pimpinan/eskalasi"
STREAM = "/pimpinan/arus"
LINKS = re.compile(r'href="/pimpinan/aduan/(\d+)"')
COUNT = re.compile(r'class="count[^"]*" aria-hidden="true">(\d+)<')
BUDGET = 14


def listed(html: str) -> list[int]:
    """The ids of the complaints on the page, in their order."""
    return [int(found) for found in LINKS.findall(html)]


def number(html: str) -> int:
    """The one number of the front page."""
    found = COUNT.search(html)
    assert found
    return int(found.group(1))


async def test_what_is_late_is_listed_without_any_sweep(site: Visitor, simulated: World) -> None:
    late = await file()
    await simulated.advance(47)
    await file()
    await site.as_role("head_of_region", "smg-walikota")
    assert listed((await site.get(LIST)).text) == []
    await simulated.advance(1.1)
    page = (await site.get(LIST)).text
    assert listed(page) == [late.complaint_id]
    assert number(page) == 1
    assert "Belum ada pemberitahuan eskalasi." in page


async def test_the_oldest_comes_first(site: Visitor, simulated: World) -> None:
    filed = []
    for _ in range(5):
        filed.append((await file()).complaint_id)
        await simulated.advance(1)
    await simulated.advance(60)
    await site.as_role("sekda", "smg-setda")
    assert listed((await site.get(LIST)).text) == filed


async def test_a_late_answer_stays_on_the_list_until_it_was_seen(site: Visitor, simulated: World) -> None:
    complaint = (await file()).complaint_id
    await simulated.advance(49)
    await desk.sweep()
    await desk.answer(await cases.officer(simulated, "liaison"), complaint, text="Maaf, terlambat.")
    await site.as_role("head_of_region", "smg-walikota")
    page = (await site.get(LIST)).text
    assert listed(page) == [complaint]
    assert "Dijawab terlambat" in page
    seen = await site.send_form(f"/pimpinan/aduan/{complaint}/dilihat", page=LIST)
    assert seen.status_code == 303
    after = (await site.get(seen.headers["location"])).text
    assert "Sudah ditandai dilihat." in after
    assert listed(after) == []
    assert number(after) == 0


async def test_the_list_is_searched_by_words_and_by_ticket(site: Visitor, simulated: World) -> None:
    flood = await file(text="Banjir setinggi lutut di depan balai warga.")
    await file(text="Lampu jalan padam di tikungan.")
    await simulated.advance(49)
    await site.as_role("head_of_region", "smg-walikota")
    for sought in ("banjir", flood.ticket):
        page = (await site.get(LIST, params={"cari": sought})).text
        assert listed(page) == [flood.complaint_id]
        assert f'value="{sought}"' in page
        assert "1 dari 2 laporan" in page
    assert listed((await site.get(LIST, params={"cari": "jembatan"})).text) == []


async def test_who_marks_it_as_seen_in_whose_name_is_told(site: Visitor, simulated: World) -> None:
    complaint = (await file()).complaint_id
    await simulated.advance(49)
    await desk.sweep()
    await desk.answer(await cases.officer(simulated, "liaison"), complaint, text="Maaf, terlambat.")
    await site.as_role("leadership_staff", "smg-walikota")
    await site.send_form(f"/pimpinan/aduan/{complaint}/dilihat", page=LIST)
    page = (await site.get(f"/pimpinan/aduan/{complaint}")).text
    assert "menandai keterlambatan sudah dilihat" in page
    assert "atas nama Wali Kota Semarang" in page


async def test_an_answer_in_time_is_never_listed(site: Visitor, simulated: World) -> None:
    complaint = (await file()).complaint_id
    await desk.answer(await cases.officer(simulated, "liaison"), complaint, text="Segera.")
    await simulated.advance(50)
    await desk.sweep()
    await site.as_role("head_of_region", "smg-walikota")
    assert listed((await site.get(LIST)).text) == []


async def test_an_overdue_completion_is_listed_from_its_escalation_until_it_is_met(
    site: Visitor, simulated: World
) -> None:
    complaint = (await file()).complaint_id
    claiming = await cases.officer(simulated, "liaison")
    await desk.answer(claiming, complaint, text="Segera.")
    await simulated.advance(24 * 40)
    await site.as_role("head_of_region", "smg-walikota")
    assert listed((await site.get(LIST)).text) == []
    await desk.sweep()
    page = (await site.get(LIST)).text
    assert listed(page) == [complaint]
    assert "Tenggat penyelesaian" in page
    await desk.claim_completion(claiming, complaint, text="Sudah.")
    await desk.confirm(await cases.officer(simulated, "checker"), complaint)
    assert listed((await site.get(LIST)).text) == []


async def test_a_clock_that_was_set_aside_stays_on_the_list(site: Visitor, simulated: World) -> None:
    complaint = (await file()).complaint_id
    await simulated.advance(49)
    await simulated.execute("UPDATE clock SET next_at = NULL, trouble = 'rusak' WHERE kind = 'response'")
    await site.as_role("head_of_region", "smg-walikota")
    page = (await site.get(LIST)).text
    assert listed(page) == [complaint]
    assert "Pengingat terhenti" in page


async def test_who_was_told_is_shown_with_what_has_not_arrived(site: Visitor, simulated: World) -> None:
    await file()
    await simulated.advance(49)
    await desk.sweep()
    await simulated.execute(
        "UPDATE message m SET state = 'sent', channel = 'email', sent_at = lapor_now()"
        " FROM office o WHERE o.id = m.office AND o.role = 'head_of_region' AND m.kind = 'rung_escalate'"
    )
    await site.as_role("head_of_region", "smg-walikota")
    page = re.sub(r"<[^>]+>", "", (await site.get(LIST)).text)
    assert "Wali Kota Semarang, terkirim lewat surel" in page
    assert "Sekretaris Daerah Kota Semarang, belum terkirim" in page


async def test_of_a_protected_complaint_only_ticket_owner_and_time_are_shown(
    site: Visitor, simulated: World
) -> None:
    code = await simulated.fetchval("SELECT code FROM category WHERE protected AND NOT emergency LIMIT 1")
    code = code or await simulated.fetchval("SELECT code FROM category WHERE protected LIMIT 1")
    filed = await file(category=code, text="Seorang anak di gang kami dipukuli.")
    name = await simulated.fetchval("SELECT name FROM category WHERE code = $1", code)
    await simulated.advance(49)
    await desk.sweep()
    await site.as_role("head_of_region", "smg-walikota")
    front = (await site.get(LIST)).text
    assert listed(front)[:1] == [filed.complaint_id]
    for page in (front, (await site.get(f"/pimpinan/aduan/{filed.complaint_id}")).text):
        shown = re.sub(r"<select.*?</select>", "", page, flags=re.DOTALL)
        assert "dipukuli" not in shown
        assert name not in shown
        assert "Tlogosari" not in shown
        assert f"{filed.ticket[:5]}-{filed.ticket[5:10]}" in shown


async def test_filters_narrow_the_list_but_not_the_number(site: Visitor, simulated: World) -> None:
    road = await file()
    lamp = await file(category="sampah", text="Sampah menumpuk di pinggir jalan.")
    owner = await cases.owner_of(simulated, lamp.complaint_id)
    assert owner != DPU
    await simulated.advance(49)
    await site.as_role("head_of_region", "smg-walikota")
    page = (await site.get(f"{LIST}?instansi={owner}")).text
    assert listed(page) == [lamp.complaint_id]
    assert number(page) == 2
    assert "1 dari 2 laporan" in page
    assert listed((await site.get(f"{LIST}?kategori=jalan-rusak")).text) == [road.complaint_id]
    assert "Tidak ada yang cocok" in (await site.get(f"{LIST}?kecamatan=33.74.99")).text


async def test_an_agency_and_another_region_do_not_see_the_list(site: Visitor, simulated: World) -> None:
    complaint = (await file()).complaint_id
    await simulated.advance(49)
    await site.as_role("liaison", DPU)
    assert (await site.get(LIST)).status_code == 403
    await site.as_role("head_of_region", "jtg-gubernur")
    assert listed((await site.get(LIST)).text) == []
    assert (await site.get(f"/pimpinan/aduan/{complaint}")).status_code == 404
    sent = await site.send_form(f"/pimpinan/aduan/{complaint}/dilihat", page="/sandi")
    assert sent.status_code == 404


async def test_leaders_read_a_complaint_and_change_nothing(site: Visitor, simulated: World) -> None:
    complaint = (await file()).complaint_id
    await simulated.advance(49)
    await desk.sweep()
    await site.as_role("leadership_staff", "smg-walikota")
    page = (await site.get(f"/pimpinan/aduan/{complaint}")).text
    assert cases.HOLE in page
    assert "Sistem mengeskalasi: tenggat jawaban terlewat" in page
    assert page.count("<form") == 1
    assert 'action="/keluar"' in page


async def test_the_list_takes_the_same_statements_however_long_it_is(site: Visitor, simulated: World) -> None:
    await file()
    await simulated.advance(49)
    await site.as_role("head_of_region", "smg-walikota")
    await site.get(LIST)
    async with cases.counted() as one:
        await site.get(LIST)
    for _ in range(55):
        await file()
    await simulated.advance(49)
    await desk.sweep()
    # The first session has long ended.
    await site.as_role("head_of_region", "smg-walikota")
    async with cases.counted() as many:
        page = (await site.get(LIST)).text
    assert len(listed(page)) == 50
    assert number(page) == 56
    assert len(one) == len(many) <= BUDGET, many
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    assert len(listed((await site.get(following.group(1).replace("&amp;", "&"))).text)) == 6


async def test_the_front_page_says_whose_where_and_how_far(site: Visitor, simulated: World) -> None:
    await file()
    await file(district="33.74.10", village=None)
    await file(category="sampah", text="Sampah menumpuk.")
    await file(category="kekerasan", text="Seseorang dipukuli.", district="33.74.01", village=None)
    await simulated.advance(49)
    await desk.sweep()
    await site.as_role("head_of_region", "smg-walikota")
    page = (await site.get(LIST)).text
    laid_out = re.sub(r"\s+", " ", page[page.index("Di mana yang terlambat") : page.index("hari terakhir")])
    lines = dict(
        re.findall(r'<a href="/pimpinan/eskalasi\?([^"]+)">.*?<td class="value">(\d+)</td>', laid_out)
    )
    assert lines["instansi=smg-dpu"] == "2"
    assert lines["kecamatan=33.74.06"] == "2"
    assert lines["kategori=jalan-rusak"] == "2"
    # The emergency has climbed its own, shorter ladder.
    assert (lines["jenjang=1"], lines["jenjang=3"]) == ("3", "1")
    # What is protected stands in no group that would tell what or where it is.
    assert "kategori=kekerasan" not in lines
    assert "kecamatan=33.74.01" not in lines


async def test_each_group_leads_to_its_part_of_the_list(site: Visitor, simulated: World) -> None:
    first = await file()
    await simulated.advance(60)
    second = await file(category="sampah", text="Sampah menumpuk.")
    await simulated.advance(49)
    await desk.sweep()
    await site.as_role("head_of_region", "smg-walikota")
    assert listed((await site.get(f"{LIST}?jenjang=2")).text) == [first.complaint_id]
    assert listed((await site.get(f"{LIST}?jenjang=1")).text) == [second.complaint_id]
    assert listed((await site.get(f"{LIST}?kategori=sampah")).text) == [second.complaint_id]
    assert listed((await site.get(f"{LIST}?jenjang=abc")).text) == [first.complaint_id, second.complaint_id]


async def test_what_was_answered_late_is_a_list_of_its_own_and_no_headline(
    site: Visitor, simulated: World
) -> None:
    waiting, late = await file(), await file()
    await simulated.advance(49)
    await desk.sweep()
    await desk.answer(await cases.officer(simulated, "liaison"), late.complaint_id, text="Maaf, terlambat.")
    await site.as_role("head_of_region", "smg-walikota")
    page = (await site.get(LIST)).text
    assert number(page) == 1
    assert "1 laporan sudah dijawab, tetapi terlambat" in page
    assert listed((await site.get(f"{LIST}?terlambat=ya")).text) == [late.complaint_id]
    assert waiting.complaint_id in listed(page)


async def test_the_holder_s_telephone_is_one_tap_away(site: Visitor, simulated: World) -> None:
    complaint = (await file()).complaint_id
    await simulated.advance(49)
    await site.as_role("head_of_region", "smg-walikota")
    page = (await site.get(LIST)).text
    assert 'href="tel:02400000014"' in page
    assert "nomor kantor" in page
    head = await simulated.officer("agency_head", DPU)
    acting = await simulated.officer("agency_head", DPU)
    for person, name, phone in ((head, "Bambang", "0811-1"), (acting, "Ratna", "+62 811-2")):
        await simulated.execute(
            "UPDATE person SET full_name = $2, phone = $3 WHERE id = $1", person, name, phone
        )
    await simulated.execute("UPDATE appointment SET kind = 'plt' WHERE person = $1", acting)
    for address in (LIST, f"/pimpinan/aduan/{complaint}"):
        page = (await site.get(address)).text
        assert 'href="tel:+628112"' in page, address
        assert "Telepon Ratna" in page
        assert "Plt. Kepala Dinas PU" in page
        assert "Bambang" not in page


async def test_ninety_days_are_told_in_a_picture_and_in_its_table(site: Visitor, simulated: World) -> None:
    late, answered = await file(), await file()
    await simulated.advance(49)
    await desk.answer(await cases.officer(simulated, "liaison"), answered.complaint_id, text="Maaf.")
    await site.as_role("head_of_region", "smg-walikota")
    page = (await site.get(LIST)).text
    assert page.count('class="waited"') == page.count('class="waits"') == 1
    table = page[page.index('class="figure trend-table"') :]
    weeks = re.findall(r'<td class="value">(\d+)</td><td class="value">(\d+)</td>', table)
    assert len(weeks) == 13
    assert weeks[0] == ("2", "1")
    assert late.ticket
    assert "style=" not in page


async def test_staff_read_in_whose_name_they_act(site: Visitor, simulated: World) -> None:
    await site.as_role("leadership_staff", "smg-walikota")
    assert "Anda bertindak atas nama Wali Kota Semarang." in (await site.get(LIST)).text
    await site.as_role("head_of_region", "smg-walikota")
    assert "Anda bertindak atas nama" not in (await site.get(LIST)).text


async def test_what_became_of_instructions_stands_on_the_front_page(site: Visitor, simulated: World) -> None:
    complaint = (await file()).complaint_id
    await simulated.advance(49)
    await desk.sweep()
    mayor = await cases.officer(simulated, "head_of_region", "smg-walikota")
    due = await simulated.fetchval("SELECT lapor_now() + interval '1 day'")
    await desk.instruct(
        mayor, agency=await cases.agency(DPU), complaints=[complaint], text="Kerjakan.", due_at=due
    )
    await site.as_role("sekda", "smg-setda")
    assert "1 instruksi berjalan" in (await site.get(LIST)).text
    await simulated.advance(25)
    await site.as_role("sekda", "smg-setda")
    assert "1 instruksi berjalan, 1 lewat tenggat" in (await site.get(LIST)).text


async def test_the_stream_tells_the_number_and_nothing_else(site: Visitor, simulated: World) -> None:
    filed = await file()
    await site.as_role("head_of_region", "smg-walikota")
    first = (await site.get(f"{STREAM}?sekali=1")).json()
    assert (first["waiting"], first["total"]) == (0, 0)
    await simulated.advance(7)
    await file()
    later = (await site.get(f"{STREAM}?sekali=1&sejak={first['mark']}")).json()
    assert later["changed"] == 1
    assert set(later) == {"mark", "waiting", "total", "changed", "many"}
    assert filed.ticket not in str(later)
    await site.as_role("head_of_region", "jtg-gubernur")
    above = (await site.get(f"{STREAM}?sekali=1&sejak={first['mark']}")).json()
    assert (above["changed"], above["total"]) == (0, 0)
    await site.as_role("liaison", DPU)
    assert (await site.get(STREAM)).status_code == 403
    await site.as_public()
    assert "/masuk" in (await site.get(STREAM)).headers["location"]
