from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lapor import database
from lapor.complaints import desk
from lapor.complaints.desk import Refused
from lapor.complaints.pausing import LONGEST, later, moved, waited_days
from lapor.sla.calendar import WorkCalendar
from tests.complaints.conftest import Scene, reporter

JAKARTA = ZoneInfo("Asia/Jakarta")
WEEKENDS = WorkCalendar(JAKARTA, None)
SOON = st.integers(0, 500_000).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


async def _clocks(scene: Scene, filed: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return await scene.clock(filed, "response"), await scene.clock(filed, "completion")


async def _answered(scene: Scene) -> Any:
    filed = await scene.file()
    await desk.answer(scene.staff, filed.complaint_id, text="Kami kerjakan.")
    return filed


async def test_only_the_completion_clock_waits_for_the_reporter(scene: Scene) -> None:
    filed = await scene.file()
    response, completion = await _clocks(scene, filed)
    await desk.pause(scene.staff, filed.complaint_id, text="Di tiang nomor berapa?")
    same, waiting = await _clocks(scene, filed)
    assert same == response
    assert waiting["due_at"] - completion["due_at"] >= timedelta(days=7)
    assert waiting["paused_at"] < waiting["resumes_at"]
    assert waiting["rung_times"][-1] > completion["rung_times"][-1]
    assert waiting["next_at"] == waiting["rung_times"][waiting["rung"]]
    assert (await scene.kinds(filed))[-1] == "paused"


async def test_an_early_reply_moves_the_deadline_back_to_what_was_really_waited(scene: Scene) -> None:
    filed = await _answered(scene)
    before = await scene.clock(filed, "completion")
    await desk.pause(scene.staff, filed.complaint_id, text="Di tiang nomor berapa?")
    await desk.reply(reporter(filed), filed.complaint_id, text="Nomor 12.")
    after = await scene.clock(filed, "completion")
    assert after["due_at"] == before["due_at"]
    assert after["resumes_at"] == await scene.world.fetchval(
        "SELECT occurred_at FROM event WHERE kind = 'resumed'"
    )
    assert after["rung_times"][-1] == before["rung_times"][-1]
    facts = await scene.world.fetchval("SELECT facts::jsonb FROM event WHERE kind = 'resumed'")
    assert '"working_days": 0' in facts


async def test_a_reply_after_a_week_leaves_the_deadline_where_the_pause_put_it(scene: Scene) -> None:
    filed = await _answered(scene)
    await desk.pause(scene.staff, filed.complaint_id, text="Di mana?")
    paused = await scene.clock(filed, "completion")
    await scene.world.advance(24 * 30)
    await desk.reply(reporter(filed), filed.complaint_id, text="Di depan pasar.")
    assert (await scene.clock(filed, "completion"))["due_at"] == paused["due_at"]
    assert "resumed" not in await scene.kinds(filed)


async def test_a_dispute_ends_the_wait_as_a_reply_does(scene: Scene) -> None:
    filed = await _answered(scene)
    before = await scene.clock(filed, "completion")
    await desk.pause(scene.staff, filed.complaint_id, text="Di mana?")
    await desk.dispute(reporter(filed), filed.complaint_id, reason="Sudah saya tulis alamatnya.")
    assert (await scene.clock(filed, "completion"))["due_at"] == before["due_at"]


async def test_a_clock_waits_once_and_never_after_its_deadline(scene: Scene) -> None:
    filed, late = await _answered(scene), await _answered(scene)
    await desk.pause(scene.staff, filed.complaint_id, text="Di mana?")
    with pytest.raises(Refused, match="sudah pernah"):
        await desk.pause(scene.staff, filed.complaint_id, text="Di mana lagi?")
    await desk.reply(reporter(filed), filed.complaint_id, text="Di sana.")
    with pytest.raises(Refused, match="sudah pernah"):
        await desk.pause(scene.staff, filed.complaint_id, text="Di mana lagi?")
    await scene.world.advance(24 * 60)
    with pytest.raises(Refused, match="sudah lewat"):
        await desk.pause(scene.staff, late.complaint_id, text="Di mana?")


async def test_a_rung_that_has_come_due_is_not_taken_back_by_a_pause(scene: Scene) -> None:
    filed = await scene.file()
    before = await scene.clock(filed, "completion")
    due = [moment for moment in before["rung_times"] if moment < before["due_at"]]
    assert due
    hours = (due[-1] - before["started_at"]).total_seconds() / 3600
    await scene.world.advance(hours + 0.01)
    await desk.pause(scene.staff, filed.complaint_id, text="Di mana?")
    paused = await scene.clock(filed, "completion")
    assert paused["rung_times"][: len(due)] == due
    assert paused["next_at"] == before["next_at"]
    await desk.sweep()
    assert len(await scene.fired(filed, "completion")) == len(due)


async def test_nothing_fires_of_a_clock_that_waits(scene: Scene) -> None:
    filed = await _answered(scene)
    await desk.sweep()
    fired = await scene.fired(filed, "completion")
    before = await scene.clock(filed, "completion")
    await desk.pause(scene.staff, filed.complaint_id, text="Di mana?")
    hours = (before["due_at"] - before["started_at"]).total_seconds() / 3600
    await scene.world.advance(hours + 1)
    await desk.sweep()
    assert "escalate" not in {
        step for _, step, _, _ in (await scene.fired(filed, "completion"))[len(fired) :]
    }
    await scene.world.advance(24 * 12)
    await desk.sweep()
    assert "escalate" in {step for _, step, _, _ in await scene.fired(filed, "completion")}


async def test_no_other_verb_can_move_a_deadline(scene: Scene) -> None:
    filed = await scene.file()
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.transaction("desk", user_id=scene.staff.person):
            await database.execute(
                "UPDATE clock SET due_at = due_at + interval '1 day' WHERE complaint = $1", filed.complaint_id
            )


@given(SOON, st.integers(0, LONGEST))
def test_later_keeps_the_clock_time_and_counts_working_days(moment: datetime, days: int) -> None:
    found = later(WEEKENDS, moment, days)
    assert found >= moment
    assert found.astimezone(JAKARTA).time() == moment.astimezone(JAKARTA).time()
    first, last = moment.astimezone(JAKARTA).date(), found.astimezone(JAKARTA).date()
    assert WEEKENDS.working_days_between(first, last) == days


@given(SOON, st.lists(st.integers(-200, 600), max_size=5), st.integers(0, LONGEST))
def test_moved_rungs_stay_in_order_and_never_come_earlier(
    since: datetime, hours: list[int], days: int
) -> None:
    times = sorted(since + timedelta(hours=offset) for offset in hours)
    until = later(WEEKENDS, since, days)
    found = moved(times, since, WEEKENDS, days, until)
    assert found == sorted(found)
    for old, new in zip(times, found, strict=True):
        assert new == old if old <= since else new >= max(old, until)


@given(SOON, st.integers(0, 24 * 60))
def test_nobody_waits_longer_than_five_working_days(since: datetime, hours: int) -> None:
    assert 0 <= waited_days(WEEKENDS, since, since + timedelta(hours=hours)) <= LONGEST


def test_without_a_calendar_only_weekends_are_left_out() -> None:
    known = WorkCalendar(JAKARTA, frozenset({2026}))
    friday = datetime.combine(date(2026, 12, 31), time(10), JAKARTA)
    assert later(known, friday, 1).astimezone(JAKARTA).date() == date(2027, 1, 1)
    assert waited_days(known, friday, friday + timedelta(days=4)) == 2
