"""Escalations by the sweep beside the bare SQL of the same rows, in turns, on one database; then the idle sweep.

    python benchmarks/sweep.py [--overdue 20000] [--open 200000] [--rounds 4] [--json]

`--open` complaints are made, each with its ledger and two running clocks; `--overdue` of them have passed their
deadline, half for each side. The bare side updates the clocks and inserts escalations, events and messages whose
values were decided beforehand, in batches of the same size, with the same locks, triggers and role. Exits 1 when a
clock did not fire exactly once, or when the two sides left different rows.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import asyncpg
import crowd
from figures import machine, note, show
from ground import Ground, ground

from lapor import database
from lapor.complaints import desk

IDLE_SWEEPS = 50


def main() -> int:
    """Measure and print; 0 when every overdue clock fired exactly once on both sides."""
    options = _options()
    about = machine()
    with ground() as on:
        figures, others, good = asyncio.run(_measure(on, options))
    show("sweep", figures, {**others, "machine": about}, options.json)
    return 0 if good else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--overdue", type=int, default=20_000, help="overdue complaints (default 20000)")
    parser.add_argument("--open", type=int, default=200_000, help="open complaints in all (default 200000)")
    parser.add_argument("--rounds", type=int, default=4, help="turns of each side (default 4)")
    parser.add_argument("--batch", type=int, default=5_000, help="clocks of one transaction (default 5000)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


async def _measure(on: Ground, options: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any], bool]:
    owner = await asyncpg.connect(on.settings.owner_database_url)
    worker = await asyncpg.connect(on.settings.worker_database_url)
    database.configure(on.settings.worker_database_url)
    await database.open_pool(2)
    try:
        note(f"making {options.open} open complaints")
        first_due = await crowd.make(owner, options.open, options.overdue, 2 * options.rounds)
        taken = await _take_turns(owner, worker, first_due, options)
        idle = await _idle()
        good, left = await crowd.judge(owner)
    finally:
        await database.close_pool()
        await owner.close()
        await worker.close()
    each = options.overdue // (2 * options.rounds)
    figures = {side: _figures(seconds, each) for side, seconds in taken.items()}
    ratio = median(one / two for one, two in zip(taken["sweep"], taken["bare"], strict=True))
    others = {"ratio": round(ratio, 2), "idle_ms": idle, "open": options.open, "rows_per_clock": left}
    return figures, others, good


async def _take_turns(
    owner: asyncpg.Connection, worker: asyncpg.Connection, first_due: datetime, options: argparse.Namespace
) -> dict[str, list[float]]:
    """The seconds of every turn; group after group falls due a minute after the one before."""
    taken: dict[str, list[float]] = {"sweep": [], "bare": []}
    for turn in range(options.rounds):
        for number, side in ((2 * turn, "sweep"), (2 * turn + 1, "bare")):
            note(f"round {turn + 1} of {options.rounds}: {side}")
            as_of = first_due + timedelta(minutes=number, seconds=30)
            if side == "bare":
                await crowd.decide(owner, as_of)
            begun = time.perf_counter()
            if side == "sweep":
                await desk.sweep(as_of, batch=options.batch)
            else:
                await crowd.write(worker, options.overdue // (2 * options.rounds), options.batch)
            taken[side].append(time.perf_counter() - begun)
    return taken


async def _idle() -> float:
    """The median milliseconds of a sweep that finds nothing."""
    seconds = []
    for _ in range(IDLE_SWEEPS):
        begun = time.perf_counter()
        await desk.sweep()
        seconds.append(time.perf_counter() - begun)
    return round(1000 * median(seconds), 2)


def _figures(seconds: list[float], each: int) -> dict[str, float]:
    return {
        "per_second": round(each / median(seconds)),
        "seconds": round(median(seconds), 3),
        "lowest": round(min(seconds), 3),
        "highest": round(max(seconds), 3),
        "clocks": each,
    }


if __name__ == "__main__":
    sys.exit(main())
