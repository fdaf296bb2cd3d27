"""What might tell somebody of a complaint without showing it: counts, marks, waking pages, colleagues, old links."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from lapor import database
from lapor.admin import live, live_watch
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filed, Filing
from tests.admin.cases import DPU
from tests.ground import World
from tests.listener import listening
from tests.visitor import Visitor

INSPECTORATE = "smg-inspektorat"
LEADERS = "/pimpinan/arus"
QUEUE = "/meja/arus"
WORD = "gembokrahasia"


async def _file(**given: Any) -> Filed:
    return await desk.file(
        Filing(**{"type": "complaint", "category": "jalan-rusak", "text": f"Lubang {WORD}", **given})
    )


async def _traces(world: World) -> int:
    found: int = await world.fetchval("SELECT count(*) FROM reading_trace")
    return found


async def test_the_panel_answers_about_guarded_words_by_no_count_and_no_list(site: Visitor) -> None:
    guarded, plain = await _file(confidential=True), await _file()
    await desk.note(
        Actor.officer(await site.world.officer("staff", DPU)), guarded.complaint_id, text=f"Tentang {WORD}"
    )
    await site.as_role("staff", DPU)
    for slug, expected in (("isi_pengaduan", [plain.complaint_id]), ("pernyataan", [])):
        for question in (
            f"text={WORD}",
            f"text={WORD[:4]}&text__match=contains",
            f"text=Lubang {WORD}&text__match=exact",
        ):
            counted = await site.panel("GET", f"/tables/{slug}/count/?{question}")
            listed = await site.panel("GET", f"/tables/{slug}/?{question}")
            assert counted.json()["count"] == len(listed.json()["rows"])
            assert {row["complaint"] for row in listed.json()["rows"]} <= set(expected), question
    assert await _traces(site.world) == 0
    everything = await site.panel("GET", "/tables/isi_pengaduan/")
    assert {row["complaint"] for row in everything.json()["rows"]} == {
        guarded.complaint_id,
        plain.complaint_id,
    }
    assert await _traces(site.world) == 1


async def test_the_panel_shows_no_guarded_words_in_rows_that_cannot_be_noted(site: Visitor) -> None:
    filed = await _file(confidential=True)
    content = await site.world.fetchval("SELECT id FROM content WHERE complaint = $1", filed.complaint_id)
    await site.as_role("staff", DPU)
    for path in ("", f"{content}/"):
        answer = await site.panel("GET", f"/tables/isi_pengaduan/{path}?__visible_fields=text")
        assert WORD not in answer.text
        named = await site.panel("GET", f"/tables/isi_pengaduan/{path}?__visible_fields=id,text")
        assert WORD in named.text
        assert await _traces(site.world) == 1


async def test_the_live_stream_tells_nothing_of_guarded_words(site: Visitor) -> None:
    await site.as_role("staff", DPU)
    first = (await site.get(f"{QUEUE}?sekali=1&cari={WORD}")).json()
    await _file(confidential=True)
    later = (await site.get(f"{QUEUE}?sekali=1&cari={WORD}&sejak={first['mark']}")).json()
    assert (later["changed"], later["total"]) == (0, None)
    await _file()
    later = (await site.get(f"{QUEUE}?sekali=1&cari={WORD}&sejak={first['mark']}")).json()
    assert later["changed"] == 1
    assert await _traces(site.world) == 0


async def test_a_list_counts_beyond_what_it_shows_only_what_is_not_guarded(site: Visitor) -> None:
    for _ in range(2):
        await _file(confidential=True)
    await site.as_role("staff", DPU)
    shown = await site.get(f"/meja?cari={WORD}")
    assert "2 laporan" in shown.text
    assert await _traces(site.world) == 2
    beyond = await site.get(f"/meja?cari={WORD}&sesudah=9000-01-01T00:00:00%2B00:00~9")
    assert "2 laporan" not in beyond.text


async def test_a_reported_leader_is_woken_by_nothing_about_them(
    site: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_watch, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(live, "GATHER_SECONDS", 0.05)
    setda = await site.world.fetchval("SELECT id FROM agency WHERE code = 'smg-setda'")
    await site.as_role("sekda", "smg-setda")
    async with listening(site, LEADERS) as stream:
        await stream.next()
        await _file(category=None, about_official=True, reported_agency="smg-setda")
        assert (
            await site.world.fetchval("SELECT count(*) FROM complaint WHERE reported_agency = $1", setda) == 1
        )
        for kind in ("message", "detak"):
            with pytest.raises(TimeoutError):
                await stream.next(kind, seconds=1.0)
        await _file()
        assert (await stream.next())["changed"] == 1


async def test_marks_do_not_count_what_happens_elsewhere(site: Visitor) -> None:
    await site.as_role("sekda", "smg-setda")
    marks = {(await site.get(f"{LEADERS}?sekali=1")).json()["mark"] for _ in range(3)}
    assert len(marks) == 3
    assert not any(mark.isdecimal() for mark in marks)
    for forged in ("1", "x" * 60, "é", "A" * 500):
        assert (await site.get(f"{LEADERS}?sekali=1&sejak={forged}")).status_code == 200


@pytest.mark.parametrize(
    ("role", "agency", "named"),
    [("liaison", DPU, True), ("inspector", INSPECTORATE, False), ("sekda", "smg-setda", False)],
)
async def test_only_colleagues_of_the_same_desk_are_named_beside_a_complaint(
    site: Visitor, role: str, agency: str, named: bool
) -> None:
    filed = await _file()
    page = f"/meja/aduan/{filed.complaint_id}"
    other = await site.world.officer(role, agency, username="pembuka")
    await site.as_person(other)
    assert (await site.get(page)).status_code == 200
    await site.as_public()
    await site.as_role("staff", DPU)
    assert ("juga sedang membuka" in (await site.get(page)).text) == named


async def test_inspectors_see_one_another_and_nobody_else_sees_them(site: Visitor) -> None:
    filed = await _file()
    page = f"/meja/aduan/{filed.complaint_id}"
    await site.as_role("inspector", INSPECTORATE)
    await site.get(page)
    await site.as_public()
    await site.as_role("inspector", INSPECTORATE)
    assert "juga sedang membuka" in (await site.get(page)).text


async def test_an_old_link_names_no_complaint_that_was_protected_since(site: Visitor) -> None:
    one, other = await _file(), await _file()
    staff = Actor.officer(await site.world.officer("staff", DPU))
    await desk.link(staff, one.complaint_id, to=other.ticket, reason="Kejadian yang sama")
    await site.as_person(staff.person or 0)
    page, trail = f"/meja/aduan/{one.complaint_id}", "/tables/jejak_audit/?__page_size=100"
    assert "menautkan laporan ini" in (await site.get(page)).text
    await site.world.execute("UPDATE complaint SET protected = true WHERE id = $1", other.complaint_id)
    assert "menautkan laporan ini" not in (await site.get(page)).text
    kinds = {row["kind"] for row in (await site.panel("GET", trail)).json()["rows"]}
    assert "filed" in kinds
    assert "linked" not in kinds
    await site.as_public()
    await site.as_role("inspector", INSPECTORATE)
    assert "menautkan laporan ini" in (await site.get(page)).text


async def test_a_register_s_weight_is_told_to_who_keeps_the_row(site: Visitor) -> None:
    await _file()
    ids = {
        code: await site.world.fetchval("SELECT id FROM agency WHERE code = $1", code)
        for code in (DPU, "smg-dlh")
    }
    category = await site.world.fetchval("SELECT id FROM category WHERE code = 'jalan-rusak'")
    admin = await site.world.officer("agency_admin", DPU)
    coordinator = await site.world.officer("coordinator", "smg-diskominfo")
    administrator = await site.world.officer("administrator", "smg-diskominfo")
    for person, register, row, weight in (
        (admin, "agency", ids[DPU], 1),
        (admin, "agency", ids["smg-dlh"], None),
        (admin, "category", category, None),
        (coordinator, "category", category, 1),
        (coordinator, "agency", ids[DPU], None),
        (administrator, "agency", ids["smg-dlh"], 0),
        (administrator, "category", category, 1),
    ):
        assert await _weight(person, register, row) == weight, (person, register)


async def _weight(person: int, register: str, row: int) -> int | None:
    try:
        async with database.transaction("reader", user_id=person):
            found: int = await database.fetchval("SELECT kept_weight($1, $2)", register, row)
    except asyncpg.InsufficientPrivilegeError:
        return None
    return found
