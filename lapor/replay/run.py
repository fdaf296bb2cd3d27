"""Driving the verbs and the sweep through the time of a history."""

import heapq
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from lapor import database
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filing
from lapor.database import transaction
from lapor.replay.history import Record
from lapor.replay.setting import COORDINATING, Setting

ANSWER = "Jawaban ini dicatat dari data riwayat."
TICK = timedelta(hours=1)

Progress = Callable[[int, int], None]
Pause = tuple[datetime, datetime]


class _Clockwork:
    """The minute hand of simulated time: it sweeps at the first tick after something has come due."""

    def __init__(self, pauses: Sequence[Pause]) -> None:
        self.pauses = pauses

    async def run_until(self, moment: datetime) -> None:
        """Sweep at every tick before or at `moment` at which something is due."""
        while (tick := await self._next_tick()) is not None and tick <= moment:
            await desk.sweep(tick)

    async def _next_tick(self) -> datetime | None:
        async with transaction("worker"):
            due: datetime | None = await database.fetchval(
                "SELECT min(next_at) FROM clock WHERE next_at IS NOT NULL"
            )
        if due is None:
            return None
        # A rung fires strictly after its moment, so the tick at that very moment is too early.
        tick = due - (due - datetime.min.replace(tzinfo=due.tzinfo)) % TICK + TICK
        for begins, ends in self.pauses:
            if begins <= tick < ends:
                return ends
        return tick


async def replay(
    setting: Setting,
    people: dict[str, int],
    until: datetime,
    *,
    progress: Progress | None = None,
    worker_stopped: Sequence[Pause] = (),
) -> None:
    """File and answer everything in its time, sweeping in between, up to `until`.

    `worker_stopped` names spans of simulated time in which no sweep runs. The pool must be open on a
    simulation that `lapor.replay.setting.prepare` has made.
    """
    clockwork = _Clockwork(worker_stopped)
    due: list[tuple[datetime, int, int]] = []
    filed: dict[int, int] = {}
    for number, record in enumerate(setting.records):
        heapq.heappush(due, (record.filed_at, 0, number))
        if record.answered_at:
            heapq.heappush(due, (record.answered_at, 1, number))
    total = len(due)
    while due:
        at, answering, number = heapq.heappop(due)
        await clockwork.run_until(at)
        record = setting.records[number]
        if answering:
            await _answer(setting, people, record, filed[number], at)
        else:
            filed[number] = await _file(setting, people, record)
        if progress and (total - len(due)) % 100 == 0:
            progress(total - len(due), total)
    await clockwork.run_until(until)
    await desk.sweep(until)
    if progress:
        progress(total, total)


async def _file(setting: Setting, people: dict[str, int], record: Record) -> int:
    filing = Filing(
        type="complaint",
        text=record.text[:10_000],
        category=setting.topics[record.topic],
        district=record.district[0] if record.district else None,
        village=_village(record),
        address=record.address,
        external_id=record.key,
        channel="web",
    )
    agency = setting.agencies[record.agency]
    async with transaction("intake", at=record.filed_at):
        filed = await desk.file(filing)
    if filed.agency_name != record.agency[:160]:
        async with transaction("desk", user_id=people[COORDINATING], at=record.filed_at):
            target = await database.fetchval("SELECT id FROM agency WHERE code = $1", agency)
            await desk.route(
                Actor.officer(people[COORDINATING]),
                filed.complaint_id,
                agency=target,
                reason="Menurut data riwayat.",
            )
    return filed.complaint_id


def _village(record: Record) -> str | None:
    if record.village and record.district and record.village[0].startswith(f"{record.district[0]}."):
        return record.village[0]
    return None


async def _answer(
    setting: Setting, people: dict[str, int], record: Record, complaint: int, at: datetime
) -> None:
    person = people[setting.agencies[record.agency]]
    async with transaction("desk", user_id=person, at=at):
        await desk.answer(Actor.officer(person), complaint, text=ANSWER)
