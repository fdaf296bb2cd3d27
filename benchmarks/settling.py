"""The end of the fault run: the workers finish what is due at one moment, until all its messages have left."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import datetime

import asyncpg
from figures import note

# A message that a killed worker held is taken again after two minutes of the database's time.
LEASE_OVER_SECONDS = 130

PATIENCE_SECONDS = 30.0
STANDSTILL_SECONDS = 5.0
# Not as far as the next escalation of a clock that has just run out.
FARTHEST_SECONDS = 36 * 3600


async def wait_until_none(
    owner: asyncpg.Connection, count: str, *arguments: object, patience: float = PATIENCE_SECONDS
) -> bool:
    """Wait until a count is zero; False when it no longer falls."""
    least, since = sys.maxsize, time.monotonic()
    while left := await owner.fetchval(count, *arguments):
        if left < least:
            least, since = left, time.monotonic()
        if time.monotonic() > since + patience:
            return False
        await asyncio.sleep(0.2)
    return True


async def send_all(owner: asyncpg.Connection, until: datetime) -> None:
    """Wait for the outbox; when it stands, move the simulation's clock on past leases, and at last past a night."""
    moved = 0
    waiting = "SELECT count(*) FROM message m WHERE state IN ('waiting', 'sending') AND created_at <= $1"
    while not await wait_until_none(owner, waiting, until, patience=STANDSTILL_SECONDS):
        if moved >= FARTHEST_SECONDS:
            return
        step = LEASE_OVER_SECONDS if moved < 10 * LEASE_OVER_SECONDS else 3 * 3600
        moved += step
        note(f"the simulation's clock moves on by {step} s")
        await owner.execute("UPDATE deployment SET clock_offset_seconds = clock_offset_seconds + $1", step)
