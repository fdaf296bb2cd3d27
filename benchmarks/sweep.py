"""A sweep of many escalations beside the bare SQL of the same rows, in turns, on one database; then idle sweeps.

    python benchmarks/sweep.py [--overdue 20000] [--open 200000] [--closed 200000] [--rounds 4] [--scattered] [--json]

Each side escalates `--overdue` clocks, a portion at a time and in turns, with events and messages. Those of a portion
were filed one after the other, as deadlines pass; `--scattered` spreads them over all open complaints, the worst that
can happen to a database. The bare side knows beforehand what every row will hold and looks nothing up: it takes the
same locks and writes the rows table by table, in batches of the same size and as many at a time, in the same role,
with the same constraints, triggers, indexes and fsync. Exits 1 when the two sides left different rows.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import asyncpg
import bare
from figures import machine, note, show
from ground import DATABASE, Ground, ground
from town import Town, build

from lapor import database
from lapor.complaints import escalating

BATCH = 5_000
IDLE_SWEEPS = 200
# One escalation, one event, and a message each to head of region and sekda.
MESSAGES_PER_ESCALATION = 2


@dataclass
class Measured:
    """Seconds and rows of every portion of each side."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    rows: dict[str, list[dict[str, int]]] = field(default_factory=lambda: defaultdict(list))

    def same_rows(self, overdue: int) -> bool:
        """Whether both sides left the rows that were to be left, and all of them."""
        left = [
            {name: sum(one[name] for one in self.rows[side]) for name in ("escalation", "event", "message")}
            for side in ("sweep", "bare")
        ]
        wanted = {"escalation": overdue, "event": overdue, "message": MESSAGES_PER_ESCALATION * overdue}
        return left == [wanted, wanted]


def main() -> int:
    """Measure and print; 0 when both sides left the same rows."""
    options = _options()
    about = machine()
    with ground() as on:
        return asyncio.run(_run(on, options, about))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--overdue", type=int, default=20_000, help="escalations of each side (default 20000)"
    )
    parser.add_argument("--open", type=int, default=200_000, help="open complaints (default 200000)")
    parser.add_argument("--closed", type=int, default=200_000, help="closed complaints (default 200000)")
    parser.add_argument("--rounds", type=int, default=4, help="portions of each side (default 4)")
    parser.add_argument("--lanes", type=int, default=2, help="transactions at a time (default 2)")
    parser.add_argument("--scattered", action="store_true", help="spread the overdue over all that are open")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


async def _run(on: Ground, options: argparse.Namespace, about: dict[str, Any]) -> int:
    superuser = await asyncpg.connect(on.servers.admin_url(DATABASE))
    workers = [await asyncpg.connect(on.settings.worker_database_url) for _ in range(options.lanes)]
    database.configure(on.settings.worker_database_url)
    await database.open_pool(options.lanes)
    try:
        await superuser.execute("UPDATE deployment SET simulation = true")
        begins = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
        town = Town(2 * options.overdue, options.open, options.closed, 2 * options.rounds, options.scattered)
        started = time.perf_counter()
        await build(superuser, town, begins)
        built = round(time.perf_counter() - started, 1)
        measured = await _take_turns(superuser, workers, town, begins)
        others = {
            **await _idle(begins + timedelta(hours=1)),
            **await _about(superuser),
            "open": options.open,
            "closed": options.closed,
            "lanes": options.lanes,
            "scattered": options.scattered,
            "built_in_seconds": built,
        }
    finally:
        await database.close_pool()
        for worker in workers:
            await worker.close()
        await superuser.close()
    same = measured.same_rows(options.overdue)
    _show(measured, {"same_rows": same, **others, "machine": about}, options.json)
    return 0 if same else 1


async def _take_turns(
    superuser: asyncpg.Connection, workers: Sequence[asyncpg.Connection], town: Town, begins: datetime
) -> Measured:
    """Portion after portion falls due, a minute after the one before; the sides take them in turns."""
    measured = Measured()
    for portion in range(town.portions):
        side = ("sweep", "bare")[portion % 2]
        at = begins + timedelta(minutes=portion, seconds=30)
        before = await _rows(superuser)
        # It reads what falls due: for both sides, so that both find it in memory, or neither.
        batches = await bare.decide(superuser, at, BATCH)
        await superuser.execute("CHECKPOINT")
        started = time.perf_counter()
        if side == "sweep":
            await escalating.sweep(at, batch=BATCH, lanes=len(workers))
        else:
            await bare.write(workers, at, batches)
        measured.seconds[side].append(time.perf_counter() - started)
        after = await _rows(superuser)
        measured.rows[side].append({name: after[name] - before[name] for name in after})
        note(f"{side}: {measured.seconds[side][-1]:.2f} s, {measured.rows[side][-1]}")
    return measured


async def _rows(superuser: asyncpg.Connection) -> dict[str, int]:
    return {
        name: await superuser.fetchval(f"SELECT count(*) FROM {name}")
        for name in ("escalation", "event", "message")
    }


async def _idle(at: datetime) -> dict[str, float]:
    """Milliseconds of a sweep that finds nothing due: the first after all that work, and the usual one."""
    took = []
    for _ in range(IDLE_SWEEPS):
        started = time.perf_counter()
        await escalating.sweep(at)
        took.append(1000 * (time.perf_counter() - started))
    return {"idle_ms_first": round(took[0], 2), "idle_ms": round(median(took), 2)}


async def _about(superuser: asyncpg.Connection) -> dict[str, Any]:
    """How large the database is, and how it finds what is due."""
    question = escalating._DUE.replace("$1", "lapor_now()").replace("$2", str(BATCH))
    plan = await superuser.fetch(f"EXPLAIN (COSTS OFF) {question}")
    return {
        "database": await superuser.fetchval("SELECT pg_size_pretty(pg_database_size(current_database()))"),
        "plan": " / ".join(row[0].strip() for row in plan),
        "index": await superuser.fetchval("SELECT indexdef FROM pg_indexes WHERE indexname = 'clock_next'"),
    }


def _show(measured: Measured, others: dict[str, Any], as_json: bool) -> None:
    sweep, plain = measured.seconds["sweep"], measured.seconds["bare"]
    ratio = {
        "ratio": round(median(one / two for one, two in zip(sweep, plain, strict=True)), 3),
        "ratio_of_sums": round(sum(sweep) / sum(plain), 3),
    }
    sides = {
        side: _figures(measured.seconds[side], [one["escalation"] for one in measured.rows[side]])
        for side in ("sweep", "bare")
    }
    show("sweep", sides, {**ratio, **others}, as_json)


def _figures(seconds: Sequence[float], fired: Sequence[int]) -> dict[str, float]:
    each = [second / count for second, count in zip(seconds, fired, strict=True)]
    return {
        "escalations": sum(fired),
        "seconds": round(sum(seconds), 2),
        "per_second": round(1 / median(each)),
        "lowest": round(1 / max(each)),
        "highest": round(1 / min(each)),
        "s_per_100000": round(100_000 * median(each), 2),
    }


if __name__ == "__main__":
    sys.exit(main())
