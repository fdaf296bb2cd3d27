"""What the database keeps of what is late agrees with clocks and escalations, whatever happens to a complaint."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from lapor import database
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filed
from lapor.complaints.queries.late_days import late_days
from lapor.complaints.retention import Terms, erase_due
from lapor.sla.audit import audit
from tests.complaints.conftest import Scene, reporter
from tests.ground import World

_LINES = "SELECT kind, met_at IS NULL AS runs, level, listed_from FROM lateness WHERE complaint = $1 ORDER BY clock"
# Out of the record itself, without anything that is kept.
_LATE_BY_HAND = """
SELECT count(DISTINCT k.complaint) FROM clock k WHERE k.complaint = ANY ($1) AND (
  k.kind = 'response' AND k.met_at IS NULL AND k.due_at < lapor_now()
  OR EXISTS (SELECT FROM escalation e WHERE e.clock = k.id AND e.step = 'escalate'
             AND (k.kind <> 'response' AND k.met_at IS NULL OR e.seen_at IS NULL AND k.kind = 'response' AND k.met_at > k.due_at)))"""


async def _lines(world: World, complaint: int) -> list[tuple[str, bool, int, bool]]:
    return [
        (row["kind"], row["runs"], row["level"], row["listed_from"] is not None)
        for row in await world.fetch(_LINES, complaint)
    ]


async def _head(scene: Scene) -> Actor:
    return Actor.officer(await scene.world.officer("head_of_region", "smg-walikota"))


async def _agrees() -> bool:
    return "list_wrong" not in {finding.code for finding in await audit()}


async def test_a_complaint_has_its_line_from_the_moment_it_is_filed(scene: Scene) -> None:
    filed = await scene.file()
    due = (await scene.clock(filed, "response"))["due_at"]
    assert await _lines(scene.world, filed.complaint_id) == [("response", True, 0, True)]
    assert await scene.world.fetchval("SELECT listed_from FROM lateness") == due


async def test_an_answer_in_time_takes_the_line_away_and_undoing_it_brings_it_back(scene: Scene) -> None:
    filed = await scene.file()
    await desk.answer(scene.staff, filed.complaint_id, text="Segera kami perbaiki.", undoable=True)
    assert await _lines(scene.world, filed.complaint_id) == []
    answered = await scene.world.fetchval("SELECT max(id) FROM statement WHERE kind = 'final'")
    await desk.undo(scene.staff, filed.complaint_id, answered)
    assert await _lines(scene.world, filed.complaint_id) == [("response", True, 0, True)]


async def test_the_level_rises_with_each_escalation_and_no_further_than_again_and_again(scene: Scene) -> None:
    filed = await scene.file()
    seen = []
    for hours in (47, 2, 48, 24, 24, 24):
        await scene.world.advance(hours)
        await desk.sweep()
        seen.append((await _lines(scene.world, filed.complaint_id))[0][2])
    assert seen == [0, 1, 2, 3, 3, 3]
    assert await _agrees()


async def test_a_late_answer_stays_until_it_is_seen_even_when_it_came_before_the_sweep(scene: Scene) -> None:
    filed = await scene.file()
    await scene.world.advance(50)
    await desk.answer(scene.staff, filed.complaint_id, text="Maaf, terlambat.")
    # Nobody has been told of it yet: it is no line of the list, and already one of the picture.
    assert await _lines(scene.world, filed.complaint_id) == [("response", False, 0, False)]
    await desk.sweep()
    assert await _lines(scene.world, filed.complaint_id) == [("response", False, 1, True)]
    head = await _head(scene)
    await desk.see_escalation(head, filed.complaint_id)
    assert await _lines(scene.world, filed.complaint_id) == [("response", False, 1, False)]
    assert await _agrees()


async def test_another_clock_has_a_line_once_it_is_escalated_and_until_it_is_met(scene: Scene) -> None:
    filed = await scene.file()
    await desk.answer(scene.staff, filed.complaint_id, text="Segera.")
    await scene.world.advance(24 * 40)
    await desk.sweep()
    assert [kind for kind, *_ in await _lines(scene.world, filed.complaint_id)] == ["completion"]
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Sudah.")
    await desk.confirm(scene.checker, filed.complaint_id)
    assert await _lines(scene.world, filed.complaint_id) == []


async def test_who_may_see_a_line_moves_with_its_complaint(scene: Scene) -> None:
    filed = await scene.file()
    other = Actor.officer(await scene.world.officer("liaison", "smg-dlh"))
    cleaning = await scene.agency("smg-dlh")
    await desk.offer_transfer(scene.staff, filed.complaint_id, to_agency=cleaning, reason="Ini soal sampah.")
    assert await _seen_by(other.person) == [filed.complaint_id]
    await desk.take_transfer(other, filed.complaint_id)
    assert await _seen_by(scene.staff.person) == []
    assert await _seen_by(other.person) == [filed.complaint_id]


async def test_everybody_sees_the_lines_of_the_complaints_that_they_see(scene: Scene) -> None:
    for given in (
        {},
        {"confidential": True},
        {"anonymous": True},
        {"category": "kekerasan"},
        {"category": None, "reported_agency": "smg-dpu"},
        {"category": None, "reported_agency": "smg-walikota"},
    ):
        await scene.file(**given)
    for role, agency in (
        ("head_of_region", "smg-walikota"),
        ("sekda", "smg-setda"),
        ("inspector", "smg-inspektorat"),
        ("liaison", "smg-dlh"),
    ):
        await scene.world.officer(role, agency)
    people = await scene.world.fetch("SELECT DISTINCT person FROM appointment")
    told = set()
    for row in people:
        async with database.transaction("reader", user_id=row["person"]):
            complaints = await database.fetch("SELECT id FROM complaint ORDER BY id")
            lines = await database.fetch("SELECT complaint AS id FROM lateness ORDER BY 1")
        assert [one["id"] for one in lines] == [one["id"] for one in complaints]
        told.add(tuple(one["id"] for one in lines))
    assert len(told) == 3


async def _seen_by(person: int | None) -> list[int]:
    async with database.transaction("reader", user_id=person):
        return [row["complaint"] for row in await database.fetch("SELECT complaint FROM lateness")]


async def test_ninety_days_count_what_became_late_and_forget_what_is_older(scene: Scene) -> None:
    late, answered = await scene.file(), await scene.file()
    await scene.world.advance(49)
    await desk.sweep()
    await desk.answer(scene.staff, answered.complaint_id, text="Maaf, terlambat.")
    head = await _head(scene)
    await desk.see_escalation(head, answered.complaint_id)
    async with database.transaction("reader", user_id=head.person):
        days = await late_days("Asia/Jakarta")
    assert len(days) == 90
    assert [(day.late, day.answered) for day in days if day.late] == [(2, 1)]
    await scene.world.advance(24 * 92)
    await erase_due(Terms(0, 0, 0))
    assert await _lines(scene.world, answered.complaint_id) == []
    assert [runs for _, runs, *_ in await _lines(scene.world, late.complaint_id)] != []
    assert await _agrees()


async def test_a_day_of_the_picture_is_a_day_of_the_zone(scene: Scene) -> None:
    filed = await scene.file()
    due = (await scene.clock(filed, "response"))["due_at"]
    await scene.world.advance(72)
    head = await _head(scene)
    for zone, hours in (("Asia/Jakarta", 7), ("Asia/Jayapura", 9)):
        async with database.transaction("reader", user_id=head.person):
            days = await late_days(zone)
        assert [day.day for day in days if day.late] == [(due + timedelta(hours=hours)).date()]


async def test_whatever_happens_the_list_is_what_the_record_says(scene: Scene) -> None:
    dice = random.Random(20261122)
    filed = [await scene.file() for _ in range(6)]
    acts = await _acts(scene)
    done = set()
    for _ in range(80):
        name = dice.choice(list(acts))
        try:
            await acts[name](dice.choice(filed))
            done.add(name)
        except (desk.Refused, desk.NotFound):
            continue
        by_hand = await scene.world.fetchval(_LATE_BY_HAND, [each.complaint_id for each in filed])
        kept = await scene.world.fetchval(
            "SELECT count(DISTINCT complaint) FROM lateness WHERE listed_from < lapor_now()"
        )
        assert kept == by_hand, name
    assert done == set(acts)
    assert await _agrees()


async def _acts(scene: Scene) -> Mapping[str, Callable[[Filed], Awaitable[Any]]]:
    """What can happen to a complaint, as far as its state allows it."""
    head, staff = await _head(scene), scene.staff
    other = Actor.officer(await scene.world.officer("liaison", "smg-dlh"))
    cleaning = await scene.agency("smg-dlh")

    async def promise(filed: Filed) -> None:
        at = await scene.days_from_now(3)
        await desk.answer_interim(staff, filed.complaint_id, text="Sedang dikerjakan.", promised_for=at)

    return {
        "answer": lambda filed: desk.answer(staff, filed.complaint_id, text="Sudah kami periksa."),
        "promise": promise,
        "sweep": lambda _: desk.sweep(),
        "an hour": lambda _: scene.world.advance(1),
        "two days": lambda _: scene.world.advance(49),
        "a week": lambda _: scene.world.advance(168),
        "see": lambda filed: desk.see_escalation(head, filed.complaint_id),
        "dispute": lambda filed: desk.dispute(
            reporter(filed), filed.complaint_id, reason="Belum diperbaiki."
        ),
        "offer": lambda filed: desk.offer_transfer(
            staff, filed.complaint_id, to_agency=cleaning, reason="Bukan urusan kami."
        ),
        "take": lambda filed: desk.take_transfer(other, filed.complaint_id),
        "claim": lambda filed: desk.claim_completion(staff, filed.complaint_id, text="Sudah."),
    }


async def test_a_list_that_was_tampered_with_is_found_by_the_watchman(scene: Scene) -> None:
    await scene.file()
    await scene.world.advance(50)
    assert await _agrees()
    connection = await asyncpg.connect(scene.world.ground.servers.admin_url(scene.world.name))
    try:
        await connection.execute("DELETE FROM lateness")
        assert not await _agrees()
        await connection.execute("SELECT keep_lateness(array_agg(id)) FROM complaint")
        assert await _agrees()
    finally:
        await connection.close()


@pytest.mark.parametrize("role", ["lapor_reader", "lapor_desk", "lapor_worker", "lapor_gate"])
async def test_nobody_at_run_time_writes_a_line(world: World, role: str) -> None:
    rights = await world.fetchval(
        "SELECT has_table_privilege($1, 'lateness', 'INSERT') OR has_table_privilege($1, 'lateness', 'UPDATE')"
        " OR has_table_privilege($1, 'lateness', 'DELETE')",
        role,
    )
    assert rights is False
