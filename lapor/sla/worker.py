"""The minute hand: a shell around the sweep, and the heartbeat by which its absence is noticed."""

import json

from lapor import database
from lapor.complaints.escalating import Swept, sweep
from lapor.database import transaction

HEARTBEAT = "sweep"

_BEAT = """
INSERT INTO heartbeat (name, beat_at, facts) VALUES ($1, lapor_now(), $2)
ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at, facts = excluded.facts"""


async def turn(batch: int = 5_000, lanes: int = 2) -> Swept:
    """Sweep until nothing is due, then note that it was done; return what the sweep did."""
    swept = await sweep(batch=batch, lanes=lanes)
    await beat(HEARTBEAT, fired=swept.fired, skipped=swept.skipped, set_aside=swept.set_aside)
    return swept


async def beat(name: str, **facts: int) -> None:
    """Note that a recurring task has just finished, with counts of what it found."""
    async with transaction("worker"):
        await database.execute(_BEAT, name, json.dumps(facts, sort_keys=True))
