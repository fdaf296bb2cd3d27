"""A region above asks a region below for an explanation: seen by both, answered by the head, with a clock of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lapor.complaints import desk
from lapor.complaints.desk import Actor, NotFound, Refused
from lapor.complaints.ledger import export, verify
from lapor.intake.outbound import drain
from lapor.sla.audit import audit
from tests.complaints.conftest import sees
from tests.ground import World

WORDS = "Mengapa laporan jalan rusak menumpuk sejak bulan lalu?"


async def city(world: World) -> int:
    found: int = await world.fetchval("SELECT id FROM region WHERE code = '33.74'")
    return found


async def asked(world: World, actor: Actor, days: float = 3, **given: Any) -> int:
    due_at = await world.now() + timedelta(days=days)
    region = await city(world)
    return await desk.ask_explanation(actor, **{"region": region, "text": WORDS, "due_at": due_at, **given})


async def governor(world: World) -> Actor:
    return Actor.officer(await world.officer("head_of_region", "jtg-gubernur"))


async def kinds(world: World, explanation: int) -> list[str]:
    rows = await world.fetch("SELECT kind FROM event WHERE complaint = $1 ORDER BY seq", explanation)
    return [row["kind"] for row in rows]


async def test_both_sides_read_a_request_and_nobody_else_does(simulated: World) -> None:
    explanation = await asked(simulated, await governor(simulated))
    for role, agency, seen in (
        ("head_of_region", "jtg-gubernur", True),
        ("deputy_head", "jtg-gubernur", True),
        ("leadership_staff", "jtg-gubernur", True),
        ("sekda", "jtg-setda", True),
        ("inspector", "jtg-inspektorat", True),
        ("head_of_region", "smg-walikota", True),
        ("leadership_staff", "smg-walikota", True),
        ("sekda", "smg-setda", True),
        ("inspector", "smg-inspektorat", True),
        ("coordinator", "smg-diskominfo", False),
        ("agency_head", "smg-dpu", False),
        ("liaison", "smg-dpu", False),
        ("administrator", "smg-diskominfo", False),
    ):
        viewer = await simulated.officer(role, agency)
        for sql in ("SELECT id FROM explanation", "SELECT id FROM clock WHERE kind = 'explanation'"):
            assert bool(await sees(viewer, sql)) == seen, f"{role} {agency}: {sql}"
        events = await sees(viewer, "SELECT id FROM event WHERE complaint = $1", explanation)
        assert bool(events) == seen, f"{role} {agency}"
    assert await sees(None, "SELECT id FROM explanation") == []


@pytest.mark.parametrize(
    ("role", "agency"),
    [("head_of_region", "smg-walikota"), ("inspector", "jtg-inspektorat"), ("coordinator", "jtg-diskominfo")],
)
async def test_only_the_leaders_of_the_region_above_ask(simulated: World, role: str, agency: str) -> None:
    actor = Actor.officer(await simulated.officer(role, agency))
    with pytest.raises(NotFound):
        await asked(simulated, actor)
    assert await simulated.fetchval("SELECT count(*) FROM explanation") == 0


async def test_a_region_that_is_not_directly_below_is_not_asked(simulated: World) -> None:
    actor = await governor(simulated)
    district = await simulated.fetchval("SELECT id FROM region WHERE code = '33.74.06'")
    with pytest.raises(NotFound):
        await asked(simulated, actor, region=district)


async def test_staff_ask_and_answer_in_the_name_of_their_heads(simulated: World) -> None:
    staff = Actor.officer(await simulated.officer("leadership_staff", "jtg-gubernur"))
    explanation = await asked(simulated, staff)
    answering = Actor.officer(await simulated.officer("leadership_staff", "smg-walikota"))
    await desk.explain(answering, explanation, text="Anggaran baru turun; selesai pekan ini.")
    row = (
        await simulated.fetch(
            "SELECT x.asked_by, o.code, x.answered_by, w.code AS answering FROM explanation x"
            " JOIN office o ON o.id = x.in_name_of JOIN office w ON w.id = x.answered_in_name_of"
        )
    )[0]
    assert (row["asked_by"], row["code"]) == (staff.person, "jtg-gubernur.kepala")
    assert (row["answered_by"], row["answering"]) == (answering.person, "smg-walikota.kepala")
    assert await kinds(simulated, explanation) == ["explanation_asked", "explanation_given"]


@pytest.mark.parametrize(
    ("role", "agency"),
    [("sekda", "smg-setda"), ("inspector", "smg-inspektorat"), ("head_of_region", "jtg-gubernur")],
)
async def test_who_reads_a_request_does_not_yet_answer_it(simulated: World, role: str, agency: str) -> None:
    explanation = await asked(simulated, await governor(simulated))
    actor = Actor.officer(await simulated.officer(role, agency))
    with pytest.raises(Refused):
        await desk.explain(actor, explanation, text="Bukan saya.")
    stranger = Actor.officer(await simulated.officer("agency_head", "smg-dpu"))
    with pytest.raises(NotFound):
        await desk.explain(stranger, explanation, text="Bukan saya.")


async def test_an_unanswered_request_climbs_its_own_ladder(simulated: World) -> None:
    explanation = await asked(simulated, await governor(simulated))
    await simulated.advance(73)
    swept = await desk.sweep()
    assert swept.set_aside == 0
    assert "rung_escalate" in await kinds(simulated, explanation)
    told = await simulated.fetch(
        "SELECT o.code FROM message m JOIN office o ON o.id = m.office WHERE m.complaint = $1"
        " AND m.kind = 'rung_escalate' ORDER BY 1",
        explanation,
    )
    assert [row["code"] for row in told] == ["jtg-gubernur.kepala", "smg-setda.sekda", "smg-walikota.kepala"]
    assert "overdue_not_escalated" not in {finding.code for finding in await audit()}
    before = len(await kinds(simulated, explanation))
    mayor = Actor.officer(await simulated.officer("head_of_region", "smg-walikota"))
    await desk.explain(mayor, explanation, text="Maaf, terlambat.")
    await simulated.advance(100)
    await desk.sweep()
    assert len(await kinds(simulated, explanation)) == before + 1
    with pytest.raises(Refused):
        await desk.explain(mayor, explanation, text="Sekali lagi.")


async def test_an_answer_in_time_ends_the_ladder(simulated: World) -> None:
    explanation = await asked(simulated, await governor(simulated))
    mayor = Actor.officer(await simulated.officer("head_of_region", "smg-walikota"))
    await desk.explain(mayor, explanation, text="Sudah ditangani.")
    await simulated.advance(24 * 10)
    await desk.sweep()
    assert await kinds(simulated, explanation) == ["explanation_asked", "explanation_given"]


async def test_the_same_request_sent_twice_is_one(simulated: World) -> None:
    actor = await governor(simulated)
    assert await asked(simulated, actor) == await asked(simulated, actor)


async def test_a_request_needs_words_and_a_day_to_come(simulated: World) -> None:
    actor = await governor(simulated)
    with pytest.raises(Refused) as refused:
        await asked(simulated, actor, text="  ")
    assert refused.value.field == "text"
    with pytest.raises(Refused) as refused:
        await asked(simulated, actor, days=-1)
    assert refused.value.field == "due_at"


async def test_its_chain_is_part_of_the_ledger(simulated: World, tmp_path: Any) -> None:
    actor = await governor(simulated)
    await asked(simulated, actor)
    assert {"chain_broken", "chain_gap"} & {finding.code for finding in await audit()} == set()
    exported = await export(tmp_path / "ledger.jsonl")
    assert verify(tmp_path / "ledger.jsonl", exported.root).events == 1


async def test_every_letter_about_it_leaves(simulated: World) -> None:
    for role, agency in (
        ("head_of_region", "smg-walikota"),
        ("leadership_staff", "smg-walikota"),
        ("sekda", "smg-setda"),
        ("leadership_staff", "jtg-gubernur"),
    ):
        await simulated.officer(role, agency)
    explanation = await asked(simulated, await governor(simulated))
    await simulated.advance(60)
    await desk.sweep()
    await simulated.advance(13)
    await desk.sweep()
    mayor = Actor.officer(await simulated.officer("head_of_region", "smg-walikota"))
    await desk.explain(mayor, explanation, text="Maaf, terlambat.")
    settings = replace(simulated.settings, console_channel=True)
    while (await drain(settings)).total:
        pass
    left = await simulated.fetch("SELECT kind, state, trouble FROM message WHERE complaint = $1", explanation)
    assert {row["kind"] for row in left} == {
        "explanation_asked",
        "explanation_given",
        "rung_remind",
        "rung_escalate",
    }
    assert {(row["state"], row["trouble"]) for row in left} == {("sent", None)}
