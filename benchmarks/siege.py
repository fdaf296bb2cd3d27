"""The fault run itself: workers that are killed, Redis that forgets, PostgreSQL that dies, while officers work."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg
import populace
import redis
from besieged import Worker, workers_of
from figures import note
from ground import Ground
from officers import Office
from settling import send_all, wait_until_none
from verdict import Verdict, judge

from lapor import database, processes

FIRST, RESPONSE = 1_000_001, timedelta(hours=48)
POOL = 8
HANDS = 6
START_SECONDS = 8.0


@dataclass(frozen=True)
class Plan:
    """How many clocks, how long officers work, and how often each thing fails; the seed decides when."""

    clocks: int
    seconds: float
    kills: int
    wipes: int
    redis_restarts: int
    postgres_restarts: int
    seed: int

    def faults(self) -> list[tuple[float, str]]:
        """Every fault with its second, in order. Every other kill follows a moment at which very much falls due."""
        dice = random.Random(self.seed)
        herds = [self.seconds * share for share in (0.0, 1 / 3, 2 / 3)]
        kills = [
            dice.choice(herds) + dice.uniform(0.3, 3) if number % 2 else dice.uniform(1, self.seconds)
            for number in range(self.kills)
        ]
        rest = {"wipe": self.wipes, "redis": self.redis_restarts, "postgres": self.postgres_restarts}
        chosen = [(second, "kill") for second in kills]
        for kind, count in rest.items():
            chosen += [(dice.uniform(0.1, 0.9) * self.seconds, kind) for _ in range(count)]
        return sorted(chosen)


@dataclass
class Siege:
    """What was done, and what became of it."""

    plan: Plan
    facts: Counter[str] = field(default_factory=Counter)
    verdict: Verdict = field(default_factory=Verdict)
    seconds: dict[str, float] = field(default_factory=dict)


async def besiege(on: Ground, plan: Plan) -> Siege:
    """Carry out the plan on a fresh ground and return what was found at the end."""
    siege = Siege(plan)
    owner = await asyncpg.connect(on.settings.owner_database_url)
    await owner.execute("UPDATE deployment SET simulation = true")
    begun = time.monotonic()
    office = await _populate(owner, plan)
    await owner.close()
    siege.seconds["population"] = time.monotonic() - begun
    database.configure(on.settings.database_url)
    await database.open_pool(POOL)
    workers = workers_of(on)
    for worker in workers:
        worker.start()
    supervisor = asyncio.create_task(_supervise(workers, siege))
    try:
        await _attack(on, plan, office, workers, siege)
        siege.facts.update(office.done)
        until = await _settle(on, siege)
        supervisor.cancel()
        codes = [await asyncio.to_thread(worker.stop) for worker in workers]
        siege.facts["workers that ended cleanly"] = codes.count(0)
        ahead = workers[1].time_of_day() - workers[0].time_of_day()
        siege.facts["minutes that a worker's clock was ahead"] = round(ahead / 60) % (24 * 60)
        siege.verdict = await judge(on, until)
        for failure, times in office.failed.items():
            siege.verdict.blame("verb failed", (times, failure))
    finally:
        supervisor.cancel()
        for worker in workers:
            if worker.running.poll() is None:
                worker.kill()
        await database.close_pool()
    return siege


async def _populate(owner: asyncpg.Connection, plan: Plan) -> Office:
    """Complaints of every age: overdue since an outage, due together, due one by one, warned of, about to close."""
    dice = random.Random(plan.seed)
    await populace.people(owner)
    dealt = await populace.agencies(owner)
    closing = plan.clocks // 20
    last = FIRST + plan.clocks - 1
    await populace.complaints(owner, FIRST, last - closing, dealt)
    await populace.complaints(owner, last - closing + 1, last, dealt, status="done")
    at: datetime = await owner.fetchval("SELECT lapor_now()")
    # The workers need a moment to start; what is due meanwhile waits for them.
    due = [(FIRST + number, at + _due(dice, number, plan.seconds)) for number in range(plan.clocks - closing)]
    closes = [
        (last - number, at + timedelta(seconds=dice.uniform(0, plan.seconds))) for number in range(closing)
    ]
    await populace.clocks(owner, due, "response", RESPONSE)
    await populace.clocks(owner, closes, "reporter-window", timedelta(days=14))
    await owner.execute("ANALYZE")
    working = await owner.fetch(
        "SELECT o.agency, p.id FROM office o JOIN person p ON p.username = o.code WHERE o.role = 'staff'"
    )
    people = {row["agency"]: row["id"] for row in working}
    return Office(people, dealt, sorted((moment, complaint) for complaint, moment in due), dice)


def _due(dice: random.Random, number: int, seconds: float) -> timedelta:
    kind = number % 19
    if kind < 3:
        return timedelta(minutes=-dice.uniform(1, 360))
    if kind < 9:
        # Thousands at the very same moment.
        return timedelta(seconds=seconds * (1 / 3 if kind < 6 else 2 / 3))
    if kind < 17:
        return timedelta(seconds=dice.uniform(0, seconds))
    # Its reminder, twelve hours before, falls due meanwhile.
    return timedelta(hours=12, seconds=dice.uniform(0, seconds))


async def _attack(on: Ground, plan: Plan, office: Office, workers: list[Worker], siege: Siege) -> None:
    """Every fault at its second, whatever the one before it still waits for, while officers work."""
    stop = asyncio.Event()
    hands = [asyncio.create_task(office.work(stop)) for _ in range(HANDS)]
    begun = time.monotonic()
    dice = random.Random(plan.seed + 1)
    faults = []
    for second, kind in plan.faults():
        await asyncio.sleep(max(0.0, begun + second - time.monotonic()))
        note(f"{time.monotonic() - begun:6.1f} s  {kind}")
        victim, pause = dice.choice(workers), dice.uniform(0, 0.8)
        if kind == "kill":
            faults.append(asyncio.create_task(_kill(on, victim, pause, siege)))
        else:
            faults.append(asyncio.create_task(asyncio.to_thread(_fail, on, kind)))
        siege.facts[kind] += 1
    await asyncio.gather(*faults)
    await asyncio.sleep(max(0.0, begun + plan.seconds - time.monotonic()))
    stop.set()
    await asyncio.gather(*hands)
    siege.seconds["attack"] = time.monotonic() - begun


async def _kill(on: Ground, worker: Worker, pause: float, siege: Siege) -> None:
    """Kill a worker at any moment after it has begun to work; one that starts slowly is killed while it starts."""
    async with worker.turn:
        await asyncio.to_thread(processes.wait_until, worker.has_started, START_SECONDS)
        await asyncio.sleep(pause)
        if await _in_transaction(on):
            siege.facts["kill while a transaction was open"] += 1
        worker.kill()
        worker.start()


async def _in_transaction(on: Ground) -> bool:
    with contextlib.suppress(asyncpg.PostgresError, OSError):
        async with _superuser(on) as superuser:
            return bool(
                await superuser.fetchval(
                    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'lapor_work'"
                    " AND xact_start IS NOT NULL)"
                )
            )
    return False


@asynccontextmanager
async def _superuser(on: Ground) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(on.servers.admin_url())
    try:
        yield connection
    finally:
        await connection.close()


def _fail(on: Ground, kind: str) -> None:
    if kind == "wipe":
        client = redis.Redis.from_url(on.servers.redis_url)
        client.flushall()
        client.close()
    elif kind == "redis":
        on.servers.restart_redis()
    else:
        on.servers.restart_postgres("immediate")


async def _supervise(workers: list[Worker], siege: Siege) -> None:
    """Start a worker again that has ended by itself, as whoever supervises it does; one may not find its server."""
    while True:
        for worker in workers:
            if worker.running.poll() is not None:
                siege.facts["worker ended by itself"] += 1
                worker.start()
        await asyncio.sleep(0.5)


async def _settle(on: Ground, siege: Siege) -> datetime:
    """Let the workers finish what is due at this moment, which is returned, until all its messages have left."""
    owner = await asyncpg.connect(on.settings.owner_database_url)
    try:
        until: datetime = await owner.fetchval("SELECT lapor_now()")
        begun = time.monotonic()
        await wait_until_none(owner, "SELECT count(*) FROM clock WHERE next_at < $1", until)
        siege.seconds["sweep to the end"] = time.monotonic() - begun
        begun = time.monotonic()
        await send_all(owner, until)
        siege.seconds["messages to the end"] = time.monotonic() - begun
        return until
    finally:
        await owner.close()
