"""How late a rung fires: fired minus due, while very many fall due and one worker runs as an installation runs it.

    python benchmarks/lateness.py [--rungs 2000] [--seconds 300] [--json]

The deadlines are spread at random over the seconds. Both times are the database's. Exits 1 when one of a hundred is
later than five seconds, or when one did not fire, or fired early.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import populace
from figures import machine, note, show
from ground import ENDING, ROOT, Ground, ground

from lapor import processes

GOAL_SECONDS = 5.0
# Time for the worker to start and to fire the notices and reminders that lie behind these clocks.
START_SECONDS = 25.0
PATIENCE_SECONDS = 60.0
RESPONSE = timedelta(hours=48)

_FIRED = """
SELECT extract(epoch FROM e.fired_at - e.due_at)::float8 AS late
FROM escalation e JOIN clock k ON k.id = e.clock WHERE e.step = 'escalate' AND e.due_at = k.due_at ORDER BY 1"""


def main() -> int:
    """Measure and print; 0 when the goal was met."""
    options = _options()
    about = machine()
    with ground() as on, _worker(on):
        late = asyncio.run(_measure(on, options))
    figures = {
        "rungs": len(late),
        "median_s": round(_share(late, 0.5), 2),
        "p90_s": round(_share(late, 0.9), 2),
        "p99_s": round(_share(late, 0.99), 2),
        "worst_s": round(_share(late, 1), 2),
        "earliest_s": round(_share(late, 0), 3),
    }
    show("lateness", {"fired - due": figures}, {"seconds": options.seconds, "machine": about}, options.json)
    good = len(late) == options.rungs and _share(late, 0) > 0 and _share(late, 0.99) <= GOAL_SECONDS
    return 0 if good else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rungs", type=int, default=2_000, help="deadlines that pass (default 2000)")
    parser.add_argument("--seconds", type=float, default=300, help="over how long a time (default 300)")
    parser.add_argument("--seed", type=int, default=48, help="decides when (default 48)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def _share(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@contextmanager
def _worker(on: Ground) -> Iterator[None]:
    """One `lapor worker` with the settings that an installation has by default."""
    with (on.servers.home / "log" / "worker.log").open("ab") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "lapor.cli", "worker"],
            env={**on.environ, "LAPOR_CONSOLE_CHANNEL": "true"},
            cwd=ROOT,
            stdout=sink,
            stderr=sink,
        )
    on.servers.remember(process.pid)
    try:
        yield
    finally:
        processes.end(process.pid, ENDING, lambda: process.poll() is not None)
        process.wait()


async def _measure(on: Ground, options: argparse.Namespace) -> list[float]:
    """The lateness of every deadline's rung in seconds, in order; those that did not fire are missing."""
    owner = await asyncpg.connect(on.settings.owner_database_url)
    try:
        await populace.people(owner)
        dealt = await populace.agencies(owner)
        await populace.complaints(owner, 1, options.rungs, dealt)
        begins: datetime = await owner.fetchval("SELECT lapor_now()") + timedelta(seconds=START_SECONDS)
        dice = random.Random(options.seed)
        due = [
            (number, begins + timedelta(seconds=dice.uniform(0, options.seconds)))
            for number in range(1, options.rungs + 1)
        ]
        await populace.clocks(owner, due, "response", RESPONSE)
        return await _wait(owner, options)
    finally:
        await owner.close()


async def _wait(owner: asyncpg.Connection, options: argparse.Namespace) -> list[float]:
    give_up = time.monotonic() + START_SECONDS + options.seconds + PATIENCE_SECONDS
    while True:
        await asyncio.sleep(5)
        late: list[dict[str, Any]] = await owner.fetch(_FIRED)
        note(f"{len(late)} of {options.rungs} deadlines passed")
        if len(late) == options.rungs or time.monotonic() > give_up:
            return [row["late"] for row in late]


if __name__ == "__main__":
    sys.exit(main())
