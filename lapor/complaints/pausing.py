"""The one thing that moves a deadline: a question to the reporter, once per clock, for five working days at most.

Only the completion clock waits; the response clock runs on. The deadline and every rung still to come move at once
by the longest wait. When the reporter speaks earlier they move back to what was really waited, in working days.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import asyncpg

from lapor import database
from lapor.complaints.actor import Actor
from lapor.complaints.errors import Refused
from lapor.complaints.holding import Held, holding
from lapor.complaints.statements import say, tell_reporter
from lapor.sla.calendar import CalendarMissing, WorkCalendar

LONGEST = 5  # working days

_MOVE = """
UPDATE clock SET due_at = $2, rung_times = $3, next_at = $4, paused_at = $5, resumes_at = $6 WHERE id = $1"""


async def pause(actor: Actor, complaint: int, *, text: str, version: int | None = None) -> None:
    """Ask the reporter something without which the work cannot go on; the completion clock waits meanwhile."""
    async with holding(actor, complaint, version) as held:
        held.move("answer")
        await held.must_work()
        await held.must_have_reporter()
        clock = await _running(held)
        statement, digest = await say(held, "question", text, to_reporter=True)
        calendar = held.schedule.calendar(held.owner.region)
        until = later(calendar, held.at, LONGEST)
        due = later(calendar, clock["due_at"], LONGEST)
        times = moved(clock["rung_times"], held.at, calendar, LONGEST, until)
        await _move(clock, due, times, held.at, until)
        await held.record(
            "paused",
            facts={
                "cycle": clock["cycle"],
                "due": due.isoformat(),
                "from": clock["due_at"].isoformat(),
                "rungs": [moment.isoformat() for moment in clock["rung_times"]],
                "statement": statement,
                "until": until.isoformat(),
            },
            digest=digest,
        )
        await tell_reporter(held, "asked", statement)


async def resume(held: Held) -> None:
    """Move the waiting clock back to what was really waited; without one nothing happens."""
    clock = await database.fetchrow(
        "SELECT * FROM clock WHERE complaint = $1 AND kind = 'completion' AND met_at IS NULL AND resumes_at > $2",
        held.id,
        held.at,
    )
    if clock is None:
        return
    before = await _before(held.id)
    calendar = held.schedule.calendar(held.owner.region)
    waited = waited_days(calendar, clock["paused_at"], held.at)
    due = max(later(calendar, before.due_at, waited), held.at)
    times = moved(before.rung_times, clock["paused_at"], calendar, waited, held.at)
    await _move(clock, due, times, clock["paused_at"], held.at)
    await held.record(
        "resumed",
        facts={"due": due.isoformat(), "from": clock["due_at"].isoformat(), "working_days": waited},
    )


async def _running(held: Held) -> asyncpg.Record:
    clock = await database.fetchrow(
        "SELECT * FROM clock WHERE complaint = $1 AND kind = 'completion' AND met_at IS NULL"
        " ORDER BY cycle DESC LIMIT 1",
        held.id,
    )
    if clock is None:
        raise Refused("Tidak ada tenggat penyelesaian yang berjalan.")
    if clock["paused_at"]:
        raise Refused("Tenggat penyelesaian ini sudah pernah menunggu pelapor. Gunakan pertanyaan biasa.")
    if clock["due_at"] <= held.at:
        raise Refused("Tenggat penyelesaian sudah lewat dan tidak dapat digeser lagi.")
    return clock


class _Before:
    """A clock as it was before it waited, as the ledger has it."""

    def __init__(self, facts: str) -> None:
        known = json.loads(facts)
        self.due_at = datetime.fromisoformat(known["from"])
        self.rung_times = [datetime.fromisoformat(moment) for moment in known["rungs"]]


async def _before(complaint: int) -> _Before:
    return _Before(
        await database.fetchval(
            "SELECT facts FROM event WHERE complaint = $1 AND kind = 'paused' ORDER BY seq DESC LIMIT 1",
            complaint,
        )
    )


async def _move(
    clock: asyncpg.Record, due: datetime, times: Sequence[datetime], since: datetime, until: datetime
) -> None:
    # Where the ladder has begun to repeat its last rung there is nothing left of it to move.
    following = times[clock["rung"]] if clock["rung"] < len(times) else clock["next_at"]
    await database.execute("SELECT set_config('app.pausing', 'yes', true)")
    await database.execute(_MOVE, clock["id"], due, list(times), following, since, until)
    await database.execute("SELECT set_config('app.pausing', '', true)")


def later(calendar: WorkCalendar, moment: datetime, days: int) -> datetime:
    """Return the same clock time so many working days later; the moment itself for 0."""
    local = calendar.local(moment)
    try:
        day = calendar.add_working_days(local.date(), days)
    except CalendarMissing:
        # As when a clock starts: without a calendar only weekends are left out, so it comes out early.
        day = replace(calendar, years=None).add_working_days(local.date(), days)
    return calendar.moment(day, local.time()) if days else moment


def moved(
    times: Sequence[datetime], since: datetime, calendar: WorkCalendar, days: int, earliest: datetime
) -> list[datetime]:
    """Return rung times with those after `since` moved by working days, none of them before `earliest`.

    What had come due before stays and is fired: a pause takes nothing back.
    """
    found: list[datetime] = []
    for moment in times:
        new = max(later(calendar, moment, days), earliest) if moment > since else moment
        found.append(max([new, *found[-1:]]))
    return found


def waited_days(calendar: WorkCalendar, since: datetime, until: datetime) -> int:
    """Return how many working days lie between two moments, the day of the question not counted; at most five."""
    first, last = calendar.local(since).date(), calendar.local(until).date()
    if last - first > timedelta(days=31):
        return LONGEST
    try:
        count = calendar.working_days_between(first, last)
    except CalendarMissing:
        count = replace(calendar, years=None).working_days_between(first, last)
    return min(count, LONGEST)
