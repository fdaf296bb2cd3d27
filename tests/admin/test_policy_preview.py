"""The preview of a policy as those see it who keep the registers: the deadline and the ladder of a complaint filed now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

from tests.admin.cases import DPU, file
from tests.ground import World
from tests.visitor import Visitor

PAGE = "/meja/kebijakan"
MOMENT = re.compile(r'<time datetime="([^"]+)">')
NOON = datetime(
    2026, 7, 1, 5, 0, 30, tzinfo=UTC
)  # a Wednesday, half a minute past twelve o'clock in Semarang


def words(html: str) -> str:
    """The text of a page below its form, or of the whole page when there is none."""
    html = html.rpartition("</select>")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def moments(html: str) -> list[datetime]:
    """Every moment on the page, in its order."""
    return [datetime.fromisoformat(found) for found in MOMENT.findall(html)]


async def set_clock(world: World, at: datetime) -> None:
    """Move the clock of a simulation to a moment."""
    await world.advance((at - await world.now()).total_seconds() / 3600)


async def test_a_complaint_filed_now_would_be_due_in_48_hours_and_escalate_to_named_people(
    site: Visitor, simulated: World
) -> None:
    await set_clock(simulated, NOON)
    mayor = await simulated.officer("head_of_region", "smg-walikota")
    name = await simulated.fetchval("SELECT full_name FROM person WHERE id = $1", mayor)
    await site.as_role("administrator", "smg-diskominfo")
    html = (await site.get(f"{PAGE}?instansi={DPU}")).text
    page = words(html)
    assert "jatuh tempo pada 3 Juli 2026 pukul 12.00 WIB" in page
    assert "Kebijakan response Lama 48 jam" in page
    assert "Pengingat Pejabat Penghubung Pengaduan Dinas PU (tidak ada pemegang jabatan)" in page
    assert f"Eskalasi Wali Kota Semarang ({name})" in page
    assert "Eskalasi, diulang setiap 24 jam" in page
    assert "Gubernur" not in page


async def test_what_is_shown_is_what_filing_freezes(site: Visitor, simulated: World) -> None:
    filed = await file()
    row = await simulated.fetch(
        "SELECT due_at, rung_times, started_at FROM clock WHERE complaint = $1 AND kind = 'completion'",
        filed.complaint_id,
    )
    await site.as_role("coordinator", "smg-diskominfo")
    html = (await site.get(f"{PAGE}?waktu=completion&kategori=jalan-rusak&instansi={DPU}")).text
    assert moments(html) == [row[0]["due_at"], *row[0]["rung_times"]]


async def test_another_version_is_shown_beside_the_one_in_force(site: Visitor, simulated: World) -> None:
    await set_clock(simulated, NOON)
    coming = await simulated.fetchval(
        "INSERT INTO policy (code, clock, amount, unit, start, ends, weekend_rolls, skip_holidays, valid_from,"
        " source, confirmed) VALUES ('response-2027', 'response', 24, 'hours', 'immediately', 'same_time', false,"
        " true, '2027-01-01', 'Perwal contoh', false) RETURNING id"
    )
    await site.as_role("administrator", "smg-diskominfo")
    html = (await site.get(f"{PAGE}?instansi={DPU}&versi={coming}")).text
    first, second = words(html).split("Versi yang dipilih", 1)
    assert "3 Juli 2026 pukul 12.00 WIB" in first
    assert "jatuh tempo pada 2 Juli 2026 pukul 12.00 WIB" in second
    assert "Versi ini baru berlaku mulai 1 Januari 2027." in second
    assert "Lama ini menunggu dipastikan oleh daerah." in second
    assert "tidak punya jenjang" in second
    used = await simulated.fetchval("SELECT id FROM policy WHERE code = 'response'")
    same = words((await site.get(f"{PAGE}?instansi={DPU}&versi={used}")).text)
    assert "Versi yang dipilih adalah yang sedang berlaku." in same


async def test_without_a_policy_the_page_says_what_to_add(site: Visitor, simulated: World) -> None:
    await simulated.execute("UPDATE policy SET valid_until = '2020-12-31' WHERE clock = 'triage'")
    await site.as_role("administrator", "smg-diskominfo")
    answer = await site.get(f"{PAGE}?waktu=triage")
    assert answer.status_code == 200
    assert "Untuk pilihan ini tidak ada kebijakan yang sedang berlaku." in words(answer.text)


async def test_a_year_without_a_calendar_is_said_and_named(site: Visitor, simulated: World) -> None:
    await set_clock(simulated, datetime(2029, 1, 3, tzinfo=UTC))
    await site.as_role("administrator", "smg-diskominfo")
    page = words((await site.get(f"{PAGE}?waktu=completion&kategori=jalan-rusak&instansi={DPU}")).text)
    assert "Kalender kerja tahun 2029 belum dimuat." in page
    assert "jatuh tempo pada" in page


async def test_a_region_without_any_calendar_is_said(site: Visitor, simulated: World) -> None:
    await simulated.execute("DELETE FROM calendar_year")
    await site.as_role("administrator", "smg-diskominfo")
    answer = await site.get(PAGE)
    assert answer.status_code == 200
    assert "Wilayah ini belum punya kalender kerja" in words(answer.text)
    assert "jatuh tempo pada" not in words(answer.text)


async def test_an_agency_on_trial_is_shown_to_tell_no_leaders(site: Visitor, simulated: World) -> None:
    tomorrow = await simulated.now() + timedelta(days=1)
    await simulated.execute("UPDATE agency SET live_from = $1 WHERE code = $2", tomorrow, DPU)
    await site.as_role("administrator", "smg-diskominfo")
    page = words((await site.get(f"{PAGE}?instansi={DPU}")).text)
    assert "Masih uji coba" in page
    assert "Wali Kota Semarang" not in page
    assert "Pejabat Penghubung Pengaduan Dinas PU" in page


async def test_nonsense_in_the_address_gives_the_usual_choice(site: Visitor, world: World) -> None:
    await site.as_role("administrator", "smg-diskominfo")
    answer = await site.get(
        f"{PAGE}?waktu=x&jenis=%00&kategori='&instansi=jtg-gubernur&versi=9999999999999999999999"
    )
    assert answer.status_code == 200
    assert "Lama 48 jam" in words(answer.text)


async def test_the_preview_is_open_to_administrators_and_coordinators_only(
    site: Visitor, world: World
) -> None:
    for role, agency in (("liaison", DPU), ("head_of_region", "smg-walikota"), ("agency_admin", DPU)):
        await site.as_role(role, agency)
        assert (await site.get(PAGE)).status_code == 403
        assert "Uji tenggat" not in (await site.get("/sandi")).text
        assert PAGE not in (await site.panel("GET", "/links/")).text
    await (await site.as_public()).get(PAGE)
    assert (await site.get(PAGE)).status_code == 303
    await site.as_role("administrator", "smg-diskominfo")
    assert f'href="{PAGE}"' in (await site.get("/sandi")).text
    assert PAGE in (await site.panel("GET", "/links/")).text
