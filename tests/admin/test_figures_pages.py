"""Figures over HTTP: who sees which, what is suppressed, files that run nothing, closing, objections, what-if."""

from __future__ import annotations

import csv
import io
from typing import Any

from openpyxl import load_workbook

from lapor.complaints import desk
from lapor.complaints.closing_months import close_due
from lapor.complaints.counting import count_all
from lapor.complaints.desk import Actor, Filing
from tests.ground import World
from tests.visitor import Visitor

DPU = "Dinas Pekerjaan Umum Kota Semarang"
DISPERKIM = "Dinas Perumahan dan Kawasan Permukiman Kota Semarang"


async def file(**given: Any) -> int:
    filing = {"type": "complaint", "text": "Jalan berlubang", "category": "jalan-rusak", **given}
    return (await desk.file(Filing(**filing))).complaint_id


async def town(world: World) -> None:
    """Seven complaints of the road agency, two answered; two of another agency, of which one is protected."""
    await world.simulate()
    roads = [await file() for _ in range(7)]
    await file(category="lampu-jalan", text="Lampu mati")
    await file(category="kekerasan", text="Tetangga dipukuli")
    staff = Actor.officer(await world.officer("staff", "smg-dpu", username="=budi"))
    await world.advance(3)
    for one in roads[:2]:
        await desk.answer(staff, one, text="Sudah kami perbaiki.")
    await world.advance(50)
    await desk.sweep()
    await count_all()


def table(text: str) -> dict[str, list[str]]:
    """The rows of a CSV file by their names."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    return {row[0]: row[1:] for row in rows if row}


async def test_a_head_of_region_sees_every_agency_and_an_agency_only_itself(site: Visitor) -> None:
    await town(site.world)
    await site.as_role("head_of_region", "smg-walikota")
    shown = await site.get("/angka")
    assert shown.status_code == 200
    assert DPU in shown.text
    assert "Lewat tenggat, belum dijawab" in shown.text
    await site.as_public()
    await site.as_role("liaison", "smg-dpu")
    own = table((await site.get("/angka/unduh.csv")).text)
    assert own[DPU][0] == "7"
    assert own["Semua"][0] == "7"
    await site.as_public()
    await site.as_role("staff", "smg-dlh")
    assert "Belum ada angka untuk pilihan ini" in (await site.get("/angka")).text


async def test_a_person_s_figures_are_for_that_person_and_the_agency_s_liaison(site: Visitor) -> None:
    await town(site.world)
    budi = await site.world.fetchval("SELECT id FROM person WHERE username = '=budi'")
    for person, seen in (
        (budi, True),
        (await site.world.officer("liaison", "smg-dpu"), True),
        (await site.world.officer("checker", "smg-dpu"), False),
        (await site.world.officer("head_of_region", "smg-walikota"), False),
    ):
        await site.as_public()
        await site.as_person(person)
        page = await site.get("/angka?menurut=petugas")
        assert ("Petugas =budi" in page.text) == seen


async def test_a_governor_and_the_public_are_told_nothing_of_groups_under_five(site: Visitor) -> None:
    await town(site.world)
    await site.as_role("head_of_region", "jtg-gubernur")
    city = await site.world.fetchval("SELECT id FROM region WHERE code = '33.74'")
    for address in (f"/angka/unduh.csv?wilayah={city}&menurut=unit", "/angka-publik/unduh.csv"):
        rows = table((await site.get(address)).text)
        assert rows[DPU][0] == "7"
        # Two answered: how quickly is told of nobody when so few were.
        small = {name for name, row in rows.items() if row and row[0] == "<5"}
        assert DISPERKIM in small
        assert len(small) >= 2
        await site.as_public()
    page = await site.get("/angka-publik")
    assert "Kurang dari lima laporan" in page.text
    assert "style=" not in page.text


async def test_two_rows_of_months_that_lie_in_each_other_give_no_small_month_away(site: Visitor) -> None:
    world = site.world
    await town(world)
    begun = await world.fetchval(
        "SELECT to_char(min(filed_at) AT TIME ZONE 'Asia/Jakarta', 'YYYY-MM') FROM complaint"
    )
    await world.advance(24 * 35)
    for _ in range(2):
        await file()
    await count_all()
    ended = await world.fetchval(
        "SELECT to_char(max(filed_at) AT TIME ZONE 'Asia/Jakarta', 'YYYY-MM') FROM complaint"
    )
    alone = table((await site.get(f"/angka-publik/unduh.csv?dari={begun}&sampai={begun}")).text)
    assert alone[DPU][0] == "7"
    both = table((await site.get(f"/angka-publik/unduh.csv?dari={begun}&sampai={ended}")).text)
    assert both[DPU][0] == "<5"
    assert both["Semua"][0] == "<5"


async def test_what_is_hidden_is_counted_without_its_category(site: Visitor) -> None:
    await town(site.world)
    await site.as_role("coordinator", "smg-diskominfo")
    rows = table((await site.get("/angka/unduh.csv?menurut=kategori")).text)
    assert rows["Tidak dirinci"][0] == "1"
    assert rows["Semua"][0] == "9"
    assert not any("ekerasan" in name for name in rows)


async def test_files_hold_the_definitions_and_run_no_formula(site: Visitor) -> None:
    await town(site.world)
    await site.as_role("liaison", "smg-dpu")
    await site.world.execute("UPDATE person SET full_name = '=cmd|calc!A1' WHERE username = '=budi'")
    rows = table((await site.get("/angka/unduh.csv?menurut=petugas")).text)
    assert rows["'=cmd|calc!A1"][:2] == ["2", "4"]
    assert "Median tanggapan pertama" in rows["Separuh dijawab dalam"][0]
    answer = await site.get("/angka/unduh.xlsx?menurut=petugas")
    book = load_workbook(io.BytesIO(answer.content))
    figures, meanings = book.worksheets
    assert [cell.data_type for cell in figures["A"]] == ["s"] * figures.max_row
    assert figures["B2"].value == 2
    assert any("Median tanggapan pertama" in str(cell.value) for cell in meanings["B"])


async def test_a_closed_month_answers_the_same_for_ever_and_shows_what_came_after(site: Visitor) -> None:
    world = site.world
    await town(world)
    await world.advance(24 * 45)
    await count_all()
    closed = await close_due(7)
    assert closed
    await site.as_role("sekda", "smg-setda")
    month = f"{closed[0].month:%Y-%m}"
    address = f"/angka/unduh.csv?dari={month}&sampai={month}"
    before = table((await site.get(address)).text)
    open_ = await world.fetchval(
        "SELECT min(c.id) FROM complaint c JOIN agency a ON a.id = c.owner_agency WHERE a.code = 'smg-dpu'"
        " AND NOT EXISTS (SELECT FROM statement s WHERE s.complaint = c.id)"
    )
    staff = await world.fetchval("SELECT id FROM person WHERE username = '=budi'")
    await desk.answer(Actor.officer(staff), open_, text="Baru sekarang kami kerjakan.")
    await count_all()
    after = table((await site.get(address)).text)
    assert after[DPU] == before[DPU]
    shown = await site.get(f"/angka?dari={month}&sampai={month}")
    assert "Semua bulan dalam masa ini sudah ditutup" in shown.text
    assert "Sesudah ditutup tercatat" in shown.text
    months = await site.get("/angka/penutupan")
    assert "Segel" in months.text
    assert " catatan<" in months.text


async def test_an_agency_objects_and_the_coordinator_decides(site: Visitor) -> None:
    world = site.world
    await town(world)
    month = f"{await world.now():%Y-%m}"
    await site.as_role("liaison", "smg-dpu")
    form = {"month": month, "reference": "", "text": "Dua laporan bukan milik kami."}
    assert (await site.send_form("/angka/keberatan", form, page="/angka/penutupan")).status_code == 422
    sent = await site.send_form(
        "/angka/keberatan", {**form, "reference": "800/12/2026"}, page="/angka/penutupan"
    )
    assert sent.status_code == 303
    mine = await site.get("/angka/penutupan")
    assert "800/12/2026" in mine.text
    assert "Menunggu putusan admin koordinator." in mine.text
    await site.as_public()
    await site.as_role("staff", "smg-dlh")
    assert "800/12/2026" not in (await site.get("/angka/penutupan")).text
    await site.as_public()
    await site.as_role("coordinator", "smg-diskominfo")
    objection = await world.fetchval("SELECT id FROM figure_objection")
    decided = await site.send_form(
        f"/angka/keberatan/{objection}/putusan",
        {"outcome": "refused", "answer": "Catatannya sudah benar."},
        page="/angka/penutupan",
    )
    assert decided.status_code == 303
    assert "Catatannya sudah benar." in (await site.get("/angka/penutupan")).text


async def test_another_deadline_is_asked_by_those_who_set_it(site: Visitor) -> None:
    await town(site.world)
    await site.as_role("administrator", "smg-diskominfo")
    shown = await site.get("/angka/andai?jam=2")
    assert shown.status_code == 200
    # Nine complaints, two of them answered in three hours: with 48 hours seven are late, with two all nine.
    assert "Dari 9 laporan, 7 terlambat dengan 48 jam, dan 9 akan terlambat dengan 2 jam." in shown.text
    # Above four days the record is summed up by the day: the field says what was computed.
    assert 'value="120"' in (await site.get("/angka/andai?jam=100")).text
    await site.as_public()
    await site.as_role("liaison", "smg-dpu")
    assert (await site.get("/angka/andai")).status_code == 403
