import asyncio
import contextvars
import random
from datetime import datetime, timedelta

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapor import database
from lapor.complaints import desk, escalating
from lapor.complaints.escalating import Swept, take_up_again
from lapor.sla.ladder import ClockState, fire
from tests.complaints.conftest import Scene, reporter
from tests.ground import World


async def test_rungs_fire_in_order_and_the_head_of_region_is_told_after_48_hours(scene: Scene) -> None:
    filed = await scene.file()
    await desk.sweep()
    assert await scene.fired(filed) == [(0, "notify", False, False)]
    await scene.world.advance(47.9)
    await desk.sweep()
    assert [step for _, step, _, _ in await scene.fired(filed)] == ["notify", "remind"]
    await scene.world.advance(0.2)
    await desk.sweep()
    assert (await scene.fired(filed))[-1] == (2, "escalate", False, False)
    told = await scene.world.fetch(
        "SELECT o.role FROM message m JOIN office o ON o.id = m.office WHERE m.kind = 'rung_escalate'"
    )
    assert sorted(row["role"] for row in told) == ["head_of_region", "sekda"]
    assert "rung_escalate" in await scene.kinds(filed)


async def test_exactly_48_hours_is_on_time(scene: Scene) -> None:
    filed = await scene.file()
    due = (await scene.clock(filed, "response"))["due_at"]
    await desk.sweep()
    async with database.transaction("desk", user_id=scene.staff.person, at=due):
        await desk.answer(scene.staff, filed.complaint_id, text="Tepat waktu")
    await desk.sweep(due + timedelta(hours=200))
    assert "escalate" not in [step for _, step, _, _ in await scene.fired(filed)]


async def test_a_late_answer_does_not_undo_the_escalation(scene: Scene) -> None:
    filed = await scene.file()
    await scene.world.advance(50)
    await desk.answer(scene.staff, filed.complaint_id, text="Maaf terlambat")
    await desk.sweep()
    await scene.world.advance(500)
    await desk.sweep()
    assert await scene.fired(filed) == [
        (0, "notify", True, True),
        (1, "remind", True, True),
        (2, "escalate", False, True),
    ]


async def test_a_late_complaint_escalates_once_however_many_sweep_at_the_same_time(scene: Scene) -> None:
    for _ in range(30):
        await scene.file()
    await scene.world.advance(49)
    done = await asyncio.gather(*(desk.sweep(batch=7) for _ in range(6)))
    assert sum(one.fired for one in done) == 30
    await desk.sweep()
    counts = await scene.world.fetch(
        "SELECT count(*) FROM event WHERE kind = 'rung_escalate' GROUP BY complaint"
    )
    assert [row["count"] for row in counts] == [1] * 30
    assert await scene.world.fetchval("SELECT count(*) FROM message WHERE kind = 'rung_escalate'") == 60


async def test_after_an_outage_warnings_are_skipped_and_every_escalation_fires(scene: Scene) -> None:
    filed = await scene.file()
    await scene.world.advance(48 + 48 + 25)
    swept = await desk.sweep()
    assert await scene.fired(filed) == [
        (0, "notify", True, False),
        (1, "remind", True, False),
        (2, "escalate", False, False),
        (3, "escalate", False, False),
        (4, "escalate", False, False),
    ]
    assert swept == Swept(fired=3, skipped=2)
    assert await scene.world.fetchval("SELECT count(*) FROM message WHERE kind = 'rung_remind'") == 0


async def test_an_escalation_needs_no_officer_no_address_and_no_office(scene: Scene) -> None:
    filed = await scene.file()
    await scene.world.execute("UPDATE office SET active = false")
    await scene.world.advance(49)
    await desk.sweep()
    assert (2, "escalate", False, False) in await scene.fired(filed)


async def test_the_reported_head_is_not_told_of_a_complaint_about_him(scene: Scene) -> None:
    filed = await scene.file("Wali kota melanggar", category=None, reported_agency="smg-walikota")
    await scene.world.advance(200)
    await desk.sweep()
    assert (2, "escalate", False, False) in await scene.fired(filed)
    told = await scene.world.fetch(
        "SELECT a.code FROM message m JOIN office o ON o.id = m.office JOIN agency a ON a.id = o.agency"
    )
    assert told
    assert "smg-walikota" not in {row["code"] for row in told}


async def test_before_a_region_goes_live_rungs_are_recorded_and_heads_are_not_told(scene: Scene) -> None:
    await scene.world.execute("UPDATE region SET live_from = now() + interval '1 year' WHERE code = '33.74'")
    filed = await scene.file()
    await scene.world.advance(49)
    await desk.sweep()
    assert (2, "escalate", False, False) in await scene.fired(filed)
    assert await scene.world.fetchval("SELECT bool_and(trial) FROM escalation") is True
    assert await scene.world.fetchval("SELECT count(*) FROM message WHERE kind = 'rung_escalate'") == 0


async def test_one_poisoned_clock_among_5000_is_set_aside_and_4999_fire_in_the_same_sweep(
    scene: Scene,
) -> None:
    first = await scene.file()
    poisoned = 1_000_000 + 2_345
    async with scene.world.owner() as owner:
        await owner.execute("DELETE FROM clock")
        await owner.execute(
            "INSERT INTO complaint (id, ticket, type, channel, status, region, owner_agency, filed_at, reporter_key,"
            " supporting, about_official, anonymous, confidential, protected, emergency, published, reason, cycle, version)"
            " SELECT n, 'T' || n, type, channel, status, region, owner_agency, filed_at, 'k' || n, '{}', false, false,"
            " false, false, false, false, '', 1, 1 FROM complaint, generate_series(1000001, 1005000) n"
            " WHERE complaint.id = $1",
            first.complaint_id,
        )
        await owner.execute(
            "INSERT INTO ledger_head (subject, seq, hash) SELECT n, 0, '' FROM generate_series(1000001, 1005000) n"
            " WHERE n <> $1",
            poisoned,
        )
        await owner.execute(
            "INSERT INTO clock (complaint, subject_kind, subject, kind, cycle, policy, started_at, due_at, rung,"
            " rung_times, next_at) SELECT n, 'complaint', n, 'response', 1, p.id, now(), now(), 2,"
            " array_fill(now(), ARRAY[3]), now() - interval '1 minute'"
            " FROM generate_series(1000001, 1005000) n, policy p WHERE p.code = 'response'"
        )
    swept = await desk.sweep()
    assert (swept.fired, swept.set_aside) == (4999, 1)
    clock = (await scene.world.fetch("SELECT * FROM clock WHERE trouble IS NOT NULL"))[0]
    assert clock["complaint"] == poisoned
    assert "has no ledger" in clock["trouble"]
    assert await desk.sweep() == Swept()
    await scene.world.execute("INSERT INTO ledger_head (subject, seq, hash) VALUES ($1, 0, '')", poisoned)
    assert await take_up_again() == 1
    assert (await desk.sweep()).fired == 1


async def test_the_sweep_finds_what_the_ladder_in_plain_words_finds(scene: Scene) -> None:
    dice = random.Random(48)
    filed = [await scene.file() for _ in range(40)]
    start = (await scene.clock(filed[0], "response"))["started_at"]
    plan = {one.complaint_id: start + timedelta(hours=dice.uniform(1, 200)) for one in filed[:30]}
    stops = sorted([*plan.values(), *(start + timedelta(hours=dice.uniform(0, 220)) for _ in range(12))])
    for moment in stops:
        for complaint, answered in plan.items():
            if answered == moment:
                async with database.transaction("desk", user_id=scene.staff.person, at=moment):
                    await desk.answer(scene.staff, complaint, text="Jawaban")
        if moment not in plan.values():
            await desk.sweep(moment)
    end = start + timedelta(hours=220)
    await desk.sweep(end)
    for one in filed:
        clock = await scene.clock(one, "response")
        state = ClockState(
            due_at=clock["due_at"],
            times=tuple(clock["rung_times"]),
            steps=("notify", "remind", "escalate", "escalate"),
            repeat_every=clock["repeat_every"],
            met_at=clock["met_at"],
        )
        expected = [(firing.number, firing.step) for firing in fire(state, end)]
        assert [(number, step) for number, step, _, _ in await scene.fired(one)] == expected


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE policy SET amount = 480 WHERE code = 'response'",
        "UPDATE policy_rung SET audience = '{}' WHERE policy = (SELECT id FROM policy WHERE code = 'response')",
        "DELETE FROM policy_rung WHERE policy = (SELECT id FROM policy WHERE code = 'response')",
        "INSERT INTO policy_rung (policy, number, step, base, offset_minutes, audience)"
        " SELECT id, 9, 'notify', 'due', 0, '{}' FROM policy WHERE code = 'response'",
    ],
)
async def test_a_policy_by_which_a_clock_runs_is_not_changed_only_ended(scene: Scene, change: str) -> None:
    await scene.world.execute("UPDATE policy SET confirmed = true WHERE code = 'response'")
    await scene.file()
    with pytest.raises(asyncpg.CheckViolationError, match="a clock runs by this policy"):
        await scene.world.execute(change)
    await scene.world.execute("UPDATE policy SET valid_until = '2030-01-01' WHERE code = 'response'")


async def test_an_answer_that_waited_while_a_rung_fired_was_given_after_it(scene: Scene) -> None:
    filed = await scene.file()
    await scene.world.advance(47.99)
    await desk.sweep()
    async with database.transaction("desk", user_id=scene.staff.person):
        begun = await database.now()
        await scene.world.advance(0.02)
        await asyncio.create_task(desk.sweep(), context=contextvars.Context())
        await desk.answer(scene.staff, filed.complaint_id, text="Sesaat sebelum batas waktu")
    clock = await scene.clock(filed, "response")
    fired_at = await scene.world.fetchval("SELECT max(fired_at) FROM escalation WHERE step = 'escalate'")
    assert begun < clock["due_at"] < fired_at == clock["met_at"]


async def test_a_window_that_the_reporter_used_does_not_close_when_the_sweep_comes_late(scene: Scene) -> None:
    filed = await scene.file()
    await desk.answer(scene.staff, filed.complaint_id, text="Sudah dijadwalkan")
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Sudah ditambal")
    await desk.confirm(scene.checker, filed.complaint_id)
    await scene.world.advance(24 * 40)
    await desk.reopen(reporter(filed), filed.complaint_id, reason="Berlubang lagi")
    await desk.sweep()
    assert (await scene.complaint(filed))["status"] == "in_progress"
    assert (2, "close", True, True) in await scene.fired(filed, "reporter_window")
    assert "closed" not in await scene.kinds(filed)
    assert await scene.world.fetchval("SELECT count(*) FROM message WHERE kind = 'rung_close'") == 0


async def test_a_live_database_takes_no_time_from_outside(world: World) -> None:
    now: datetime = await world.now()
    with pytest.raises(ValueError, match="simulation"):
        await desk.sweep(now + timedelta(hours=49))


@given(st.lists(st.integers(1, 400), min_size=1, max_size=2_000), st.integers(1, 8))
def test_lanes_share_out_every_clock_once_and_no_complaint_is_in_two(
    complaints: list[int], lanes: int
) -> None:
    due = [escalating._Due(number, complaint) for number, complaint in enumerate(complaints)]
    shared = escalating._in_lanes(due, lanes)
    assert sorted(one.clock for lane in shared for one in lane) == list(range(len(due)))
    assert len(shared) <= lanes
    assert sum(len({one.complaint for one in lane}) for lane in shared) == len(set(complaints))


async def test_an_idle_sweep_reads_nothing_but_the_index_of_what_is_due(scene: Scene) -> None:
    for _ in range(200):
        await scene.file()
    async with scene.world.owner() as owner:
        await owner.execute("ANALYZE clock")
        await owner.execute("SET enable_seqscan = off")
        plan = await owner.fetch(
            "EXPLAIN SELECT id FROM clock WHERE next_at < now() ORDER BY next_at LIMIT 5000"
        )
    assert "clock_next" in "".join(row[0] for row in plan)
