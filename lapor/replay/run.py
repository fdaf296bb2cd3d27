"""Driving the verbs and the sweep through the time of a history."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from lapor import database
from lapor.complaints import desk
from lapor.complaints.desk import Actor, Filing
from lapor.database import transaction
from lapor.replay.history import Record
from lapor.replay.setting import COORDINATING, Setting

ANSWER = "Jawaban ini dicatat dari data riwayat."
TICK = timedelta(hours=1)
EPOCH = datetime(1, 1, 1, tzinfo=UTC)

Progress = Callable[[int, int], None]
Pause = tuple[datetime, datetime]


class _Clockwork:
    """The minute hand of simulated time: it sweeps at the first tick after something has come due."""

    def __init__(self, pauses: Sequence[Pause]) -> None:
        self.pauses = sorted(pauses)
        # Nothing is due before this moment, and at it if `known`; None when nothing is due at all.
        self.earliest: datetime | None = None
        self.known = True

    async def run_until(self, moment: datetime) -> None:
        """Sweep at every tick before or at `moment` at which something is due."""
        while (tick := self._tick()) is not None and tick <= moment:
            if self.known:
                await desk.sweep(tick)
            await self._look()

    def started(self, at: datetime) -> None:
        """Note that clocks were started: none of their rungs comes before `at`."""
        self.earliest = at if self.earliest is None else min(self.earliest, at)
        self.known = False

    def met(self) -> None:
        """Note that clocks were met: what was due next may not be due any more."""
        self.known = False

    async def _look(self) -> None:
        async with transaction("worker"):
            self.earliest = await database.fetchval(
                "SELECT min(next_at) FROM clock WHERE next_at IS NOT NULL"
            )
        self.known = True

    def _tick(self) -> datetime | None:
        if self.earliest is None:
            return None
        # A rung fires strictly after its moment, so the tick at that very moment is too early.
        tick = self.earliest - (self.earliest - EPOCH) % TICK + TICK
        for begins, ends in self.pauses:
            if begins <= tick < ends:
                tick = ends
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
    filed: dict[int, int] = {}
    acts = _acts(setting.records)
    for done, (at, answering, number) in enumerate(acts):
        if progress:
            progress(done, len(acts))
        await clockwork.run_until(at)
        record = setting.records[number]
        if answering:
            await _answer(setting, people, record, filed[number], at)
            clockwork.met()
        else:
            filed[number] = await _file(setting, people, record)
            clockwork.started(at)
    await clockwork.run_until(until)
    await desk.sweep(until)
    if progress:
        progress(len(acts), len(acts))


def _acts(records: Sequence[Record]) -> list[tuple[datetime, bool, int]]:
    """When something was filed or answered, and the number of its record; at one moment filings come first."""
    filings = [(record.filed_at, False, number) for number, record in enumerate(records)]
    answers = [
        (record.answered_at, True, number) for number, record in enumerate(records) if record.answered_at
    ]
    return sorted(filings + answers)


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
