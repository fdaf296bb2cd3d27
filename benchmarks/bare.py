"""The rows of many escalations as plain SQL writes them, when everything about them is known beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime

import asyncpg

_DECIDE = (
    """
CREATE UNLOGGED TABLE bare_clock AS
SELECT k.id, k.complaint, c.owner_agency, c.region, k.rung, k.next_at AS rung_at, k.rung_times[k.rung + 2] AS following,
       '{{"clock":"response","due":"' || to_char(k.next_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
       || '","late":false,"rung":' || k.rung || ',"trial":false}}' AS facts,
       (row_number() OVER (ORDER BY k.next_at, k.id) - 1) / {batch} AS batch
FROM clock k JOIN complaint c ON c.id = k.complaint WHERE k.next_at < '{at}'::timestamptz""",
    """
CREATE UNLOGGED TABLE bare_message AS
SELECT b.batch, b.id AS clock, b.rung, b.complaint, o.id AS office,
       'rung:' || b.id || ':' || b.rung || ':' || o.id AS dedupe_key
FROM bare_clock b JOIN agency a ON a.region = b.region JOIN office o ON o.agency = a.id
WHERE o.active AND o.role IN ('head_of_region', 'sekda')""",
)
_LOCKS = (
    "SELECT count(*) FROM lock_complaints((SELECT array_agg(complaint) FROM bare_clock WHERE batch = $1), true)",
    "SELECT count(*) FROM (SELECT FROM clock WHERE id IN (SELECT id FROM bare_clock WHERE batch = $1)"
    " ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) held",
)
_CLOCKS = """
UPDATE clock SET rung = b.rung + 1, next_at = b.following FROM bare_clock b WHERE b.batch = $1 AND clock.id = b.id"""
_EVENTS = """
SELECT append_events(array_agg(complaint ORDER BY complaint), array_agg('rung_escalate'::text ORDER BY complaint),
                     array_agg(owner_agency ORDER BY complaint), array_agg(facts ORDER BY complaint))
FROM bare_clock WHERE batch = $1"""
_ESCALATIONS = """
INSERT INTO escalation (clock, rung, complaint, step, due_at, fired_at, skipped, answered_late, trial)
SELECT id, rung, complaint, 'escalate', rung_at, $2, false, false, false FROM bare_clock WHERE batch = $1
ORDER BY rung_at"""
_MESSAGES = """
INSERT INTO message (dedupe_key, kind, complaint, office, clock, rung, state, attempts, next_attempt_at, created_at)
SELECT dedupe_key, 'rung_escalate', complaint, office, clock, rung, 'waiting', 0, $2, $2
FROM bare_message WHERE batch = $1"""


async def decide(superuser: asyncpg.Connection, at: datetime, batch: int) -> int:
    """Work out every row of the clocks that are due at `at`; return in how many batches they are to be written."""
    await superuser.execute("DROP TABLE IF EXISTS bare_clock, bare_message")
    for statement in _DECIDE:
        await superuser.execute(statement.format(at=at.isoformat(), batch=batch))
    for table in ("bare_clock", "bare_message"):
        await superuser.execute(f"CREATE INDEX ON {table} (batch)")
        await superuser.execute(f"GRANT SELECT ON {table} TO lapor_worker")
        await superuser.execute(f"VACUUM (ANALYZE) {table}")
    batches: int = await superuser.fetchval("SELECT coalesce(max(batch) + 1, 0) FROM bare_clock")
    return batches


async def write(workers: Sequence[asyncpg.Connection], at: datetime, batches: int) -> None:
    """Write them, a batch in a transaction, as the role of the worker, on all these connections at a time."""
    await asyncio.gather(
        *(_write(worker, at, range(number, batches, len(workers))) for number, worker in enumerate(workers))
    )


async def _write(worker: asyncpg.Connection, at: datetime, batches: Iterable[int]) -> None:
    for batch in batches:
        await worker.execute(
            f"BEGIN; SET LOCAL ROLE lapor_worker; SET LOCAL plan_cache_mode = force_custom_plan; SELECT set_config('app.now', '{at.isoformat()}', true)"
        )
        for statement in (*_LOCKS, _CLOCKS, _EVENTS):
            await worker.execute(statement, batch)
        for statement in (_ESCALATIONS, _MESSAGES):
            await worker.execute(statement, batch, at)
        await worker.execute("COMMIT")
