"""An agency's own hand protects at once and not for good: a second person decides, and all of it is history."""

from __future__ import annotations

import pytest_asyncio

from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filed, Filing
from tests.admin.cases import submit, where
from tests.ground import World
from tests.visitor import Visitor

DESK = "smg-dp3a"
WORD = "gembok"


@pytest_asyncio.fixture
async def filed(site: Visitor, world: World) -> Filed:
    """An ordinary complaint that stands with an agency with a named desk, and looks bad for somebody."""
    made = await desk.file(Filing(type="complaint", category="jalan-rusak", text=f"Kata {WORD} di kantor"))
    coordinator = Actor.officer(await world.officer("coordinator", "smg-diskominfo"))
    agency = await world.fetchval("SELECT id FROM agency WHERE code = $1", DESK)
    await desk.route(coordinator, made.complaint_id, agency=agency, reason="Menyangkut perempuan")
    return made


async def _protect(site: Visitor, filed: Filed) -> int:
    await site.as_public()
    person = await site.world.officer("liaison", DESK)
    await site.as_person(person)
    fields = {"category": "kekerasan", "type": "complaint", "district": "", "village": ""}
    answer = await submit(site, filed.complaint_id, "perbaikan", **fields, reason="Menyangkut korban.")
    assert answer.status_code == 303, answer.text
    return person


async def _head_reads(site: Visitor, filed: Filed) -> bool:
    await site.as_public()
    await site.as_role("head_of_region", "smg-walikota")
    return WORD in (await site.get(f"/pimpinan/aduan/{filed.complaint_id}")).text


async def test_nobody_agrees_to_their_own_protection(site: Visitor, filed: Filed) -> None:
    assert await _head_reads(site, filed)
    await _protect(site, filed)
    shown = (await site.get(where(filed.complaint_id))).text
    assert "melindungi laporan ini; orang kedua belum memastikannya" in shown
    assert "Orang kedua dari instansi ini atau dari inspektorat yang memutuskan." in shown
    assert (await submit(site, filed.complaint_id, "persetujuan")).status_code == 422
    assert (await submit(site, filed.complaint_id, "penyelesaian", text="Selesai")).status_code == 422
    assert not await _head_reads(site, filed)


async def test_the_inspectorate_opens_again_what_was_only_hidden(site: Visitor, filed: Filed) -> None:
    await _protect(site, filed)
    await site.as_public()
    await site.as_role("inspector", "smg-inspektorat")
    leading = await site.get(f"/pimpinan/aduan/{filed.complaint_id}")
    assert f"/meja/aduan/{filed.complaint_id}#persetujuan" in leading.text
    refused = await submit(
        site, filed.complaint_id, "persetujuan/tolak", reason="Tidak ada yang perlu dilindungi."
    )
    assert refused.status_code == 303, refused.text
    assert "membatalkan perlindungan laporan ini" in (await site.get(where(filed.complaint_id))).text
    code = await site.world.fetchval(
        "SELECT g.code FROM complaint c JOIN category g ON g.id = c.category WHERE c.id = $1",
        filed.complaint_id,
    )
    assert code == "jalan-rusak"
    assert await _head_reads(site, filed)


async def test_a_second_person_of_the_named_desk_keeps_it_protected(site: Visitor, filed: Filed) -> None:
    await _protect(site, filed)
    second = await site.world.officer("agency_head", DESK)
    await site.world.execute(
        "UPDATE office SET named_desk = true WHERE id = (SELECT office FROM appointment WHERE person = $1)",
        second,
    )
    await site.as_public()
    await site.as_person(second)
    assert "Perlindungan laporan" in (await site.get("/meja/pemeriksa")).text
    assert (await submit(site, filed.complaint_id, "persetujuan")).status_code == 303
    assert "memastikan bahwa laporan ini dilindungi" in (await site.get(where(filed.complaint_id))).text
    assert not await _head_reads(site, filed)
    kinds = await site.world.fetch(
        "SELECT kind FROM event WHERE complaint = $1 ORDER BY seq", filed.complaint_id
    )
    assert [row["kind"] for row in kinds][-3:] == ["corrected", "protection_claimed", "protected"]
    open_clocks = "SELECT count(*) FROM clock WHERE kind = 'approval' AND met_at IS NULL"
    assert await site.world.fetchval(open_clocks) == 0
    said = await site.world.fetch("SELECT to_reporter FROM statement")
    assert not any(row["to_reporter"] for row in said)


async def test_the_inspectorate_hears_of_it_and_nobody_agreeing_is_escalated(
    site: Visitor, filed: Filed
) -> None:
    await site.world.simulate()
    await _protect(site, filed)
    told = await site.world.fetch(
        "SELECT o.role FROM message m JOIN office o ON o.id = m.office WHERE m.kind = 'approval_requested'"
    )
    assert "inspector" in {row["role"] for row in told}
    await site.world.advance(24 * 7)
    await desk.sweep()
    late = await site.world.fetchval(
        "SELECT count(*) FROM escalation e JOIN clock k ON k.id = e.clock WHERE k.kind = 'approval'"
    )
    assert late > 0


async def test_the_inspectorate_s_correction_ends_the_question_too(site: Visitor, filed: Filed) -> None:
    await _protect(site, filed)
    await site.as_public()
    await site.as_role("inspector", "smg-inspektorat")
    fields = {"category": "sampah", "type": "complaint", "district": "", "village": ""}
    sent = await submit(site, filed.complaint_id, "perbaikan", **fields, reason="Bukan tentang anak.")
    assert sent.status_code == 303, sent.text
    for waiting in ("approval WHERE decided_at IS NULL", "clock WHERE kind = 'approval' AND met_at IS NULL"):
        assert await site.world.fetchval(f"SELECT count(*) FROM {waiting}") == 0
    assert await _head_reads(site, filed)
