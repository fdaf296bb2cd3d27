"""Links and corrections through the pages: they change what they name, and not one clock."""

from __future__ import annotations

import html
from typing import Any

import pytest

from lapor.complaints import desk, tickets
from tests.admin import cases
from tests.admin.cases import DPU, file, submit, where
from tests.ground import World
from tests.visitor import Visitor

LIST = "/pimpinan/eskalasi"
CLOCK = "due_at, next_at, met_at, rung, rung_times, repeat_every, policy, started_at, paused_at, resumes_at, trouble"


async def _clocks(world: World, *complaints: int) -> list[Any]:
    """Every clock of these complaints, byte for byte as PostgreSQL writes it."""
    return [
        row[0]
        for row in await world.fetch(
            f"SELECT row(id, {CLOCK})::text FROM clock WHERE complaint = ANY ($1) ORDER BY id",
            list(complaints),
        )
    ]


async def _text(site: Visitor, path: str) -> str:
    return html.unescape((await site.get(path)).text)


async def test_linking_and_unlinking_leave_every_clock_byte_for_byte_alone(
    site: Visitor, simulated: World
) -> None:
    leader, other = await file(), await file(text="Lubang yang sama, dari arah pasar.")
    both = (leader.complaint_id, other.complaint_id)
    await simulated.advance(36.5)
    await desk.sweep()
    before = await _clocks(simulated, *both)
    await site.as_role("liaison", DPU)
    sent = await submit(
        site, both[1], "tautan", to=tickets.show(leader.ticket).lower(), reason="Lubang sama."
    )
    assert sent.status_code == 303, sent.text
    assert await _clocks(simulated, *both) == before
    assert "Tenggat dan jawabannya tetap sendiri-sendiri." in await _text(site, sent.headers["location"])
    page = await _text(site, where(both[1]))
    assert "Laporan induk" in page
    assert f'href="{where(both[0])}">{tickets.show(leader.ticket)}' in page
    assert "menautkan laporan ini ke laporan serupa" in page
    page = await _text(site, where(both[0]))
    assert f'href="{where(both[1])}">{tickets.show(other.ticket)}' in page
    assert "menautkan laporan serupa ke laporan ini" in page
    assert "Lubang yang sama, dari arah pasar." not in page
    assert (await submit(site, both[1], "tautan/lepas", reason="Lubang lain.")).status_code == 303
    assert "Laporan induk" not in await _text(site, where(both[1]))
    assert await _clocks(simulated, *both) == before


async def test_an_overdue_complaint_that_is_linked_still_escalates_and_an_answer_to_its_leader_changes_nothing(
    site: Visitor, simulated: World
) -> None:
    leader, other = (await file()).complaint_id, (await file()).complaint_id
    ticket = await simulated.fetchval("SELECT ticket FROM complaint WHERE id = $1", leader)
    await simulated.advance(49)
    await site.as_role("liaison", DPU)
    assert (await submit(site, other, "tautan", to=ticket, reason="Lubang yang sama.")).status_code == 303
    assert (await submit(site, leader, "jawaban", text="Kami tambal besok pagi.")).status_code == 303
    await desk.sweep()
    fired = await simulated.fetch("SELECT complaint, answered_late FROM escalation WHERE step = 'escalate'")
    assert {(row["complaint"], row["answered_late"]) for row in fired} == {(leader, True), (other, False)}
    await site.as_role("head_of_region", "smg-walikota")
    assert f'href="/pimpinan/aduan/{other}"' in (await site.get(LIST)).text


async def test_a_correction_leaves_every_clock_byte_for_byte_alone(site: Visitor, simulated: World) -> None:
    complaint = (await file()).complaint_id
    await simulated.execute("UPDATE category SET completion_days = 1 WHERE code = 'lampu-jalan'")
    await simulated.execute("UPDATE deployment SET register_version = register_version + 1")
    await simulated.advance(36.5)
    await desk.sweep()
    before = await _clocks(simulated, complaint)
    await site.as_role("liaison", DPU)
    sent = await submit(
        site,
        complaint,
        "perbaikan",
        category="lampu-jalan",
        type="service",
        district="33.74.10",
        village="33.74.10.1009",
        address="Jalan Sambiroto 3",
        reason="Yang rusak lampunya.",
    )
    assert sent.status_code == 303, sent.text
    assert "Tidak ada tenggat yang bergeser." in await _text(site, sent.headers["location"])
    assert await _clocks(simulated, complaint) == before
    page = await _text(site, where(complaint))
    assert "memperbaiki kategori atau lokasi" in page
    assert "kategori dari Jalan berlubang atau rusak menjadi Lampu jalan mati" in page.replace("\n", " ")
    assert "Kedungmundu" in page
    assert "Jalan Sambiroto 3" in page
    assert 'value="33.74.10.1009" selected' in page
    await simulated.advance(12)
    await desk.sweep()
    assert await simulated.fetchval("SELECT count(*) FROM escalation WHERE step = 'escalate'") >= 1


@pytest.mark.parametrize(
    ("act", "fields", "field"),
    [
        ("tautan", {"to": "ABCDE-FGHJK-X", "reason": "Sama persis."}, "to"),
        ("perbaikan", {"category": "lampu-jalan", "village": "33.74.10.1009", "reason": "Salah."}, "village"),
        ("perbaikan", {"category": "lampu-jalan", "reason": ""}, "reason"),
        ("penolakan", {"reason_code": "duplicate", "text": "Sudah ada."}, "duplicate_of"),
    ],
)
async def test_what_cannot_be_comes_back_beside_its_field_with_everything_typed(
    site: Visitor, simulated: World, act: str, fields: dict[str, str], field: str
) -> None:
    complaint = (await file()).complaint_id
    await site.as_role("liaison", DPU)
    sent = await submit(site, complaint, act, **fields)
    assert sent.status_code == 422
    assert f'id="f-{field}-wrong"' in sent.text
    for typed in fields.values():
        assert typed in sent.text
    assert await simulated.fetchval("SELECT count(*) FROM statement") == 0


async def test_a_duplicate_is_rejected_with_the_ticket_of_the_otherwhere(
    site: Visitor, simulated: World
) -> None:
    leader, other = await file(), await file()
    await site.as_role("liaison", DPU)
    sent = await submit(
        site,
        other.complaint_id,
        "penolakan",
        reason_code="duplicate",
        duplicate_of=leader.ticket,
        text="Sudah kami tangani.",
    )
    assert sent.status_code == 303, sent.text
    assert "Laporan induk" in await _text(site, where(other.complaint_id))
    await site.as_role("checker", DPU)
    assert (await submit(site, other.complaint_id, "persetujuan")).status_code == 303
    states = await simulated.fetch("SELECT status FROM complaint ORDER BY id")
    assert [row["status"] for row in states] == ["routed", "rejected"]


async def test_reporters_learn_nothing_of_one_another_and_that_something_was_corrected(
    site: Visitor, simulated: World
) -> None:
    leader, other = await file(text="Kata pertama zqsatu."), await file(text="Kata kedua zqdua.")
    await site.as_role("liaison", DPU)
    await submit(site, other.complaint_id, "tautan", to=leader.ticket, reason="Sama zqalasan.")
    await submit(site, leader.complaint_id, "perbaikan", category="lampu-jalan", reason="zqalasan")
    for mine, theirs, word in ((leader, other, "zqdua"), (other, leader, "zqsatu")):
        resident = site.another()
        own = (await resident.get(f"/laporan/{mine.ticket}/buka/{mine.secret}")).headers["location"]
        page = (await resident.get(own)).text
        for hidden in (word, "zqalasan", theirs.ticket, tickets.show(theirs.ticket), "serupa", "tertaut"):
            assert hidden not in page
        assert ("Kategori atau lokasi laporan diperbaiki" in page) == (mine is leader)


async def test_who_may_not_read_a_complaint_finds_no_form_and_no_link(
    site: Visitor, simulated: World
) -> None:
    hidden = await file(category="kekerasan", text="Anak dipukul")
    twin = await file(category="kekerasan", text="Anak dipukul lagi")
    named = await cases.officer(simulated, "liaison", "smg-dp3a")
    await desk.link(named, twin.complaint_id, to=hidden.ticket, reason="Anak yang sama.")
    await site.as_role("coordinator", "smg-diskominfo")
    page = await _text(site, where(twin.complaint_id))
    for form in ("tautan", "tautan/lepas", "perbaikan"):
        assert f'action="{where(twin.complaint_id, form)}"' not in page
    assert "Anak yang sama." not in page
    await site.as_role("liaison", DPU)
    for act in ("tautan", "tautan/lepas", "perbaikan"):
        sent = await site.send_form(where(twin.complaint_id, act), {"to": hidden.ticket}, page="/meja")
        assert sent.status_code == 404, act


async def test_the_inspectorate_opens_what_was_protected_by_mistake(site: Visitor, simulated: World) -> None:
    complaint = (await file(category="kekerasan", text="Lubang di jalan")).complaint_id
    await site.as_role("inspector", "smg-inspektorat")
    assert f'action="{where(complaint, "perbaikan")}"' in (await site.get(where(complaint))).text
    sent = await submit(site, complaint, "perbaikan", category="jalan-rusak", reason="Bukan kekerasan.")
    assert sent.status_code == 303
    assert not await simulated.fetchval("SELECT protected FROM complaint WHERE id = $1", complaint)
