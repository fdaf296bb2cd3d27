"""Many open complaints, some of them overdue, and the rows of their escalations as plain SQL would write them."""

from __future__ import annotations

from datetime import datetime, timedelta

import asyncpg

# How long ago the first group fell due: late enough to be due, too early for the next rung.
OVERDUE_SINCE = timedelta(hours=10)

_COMPLAINTS = """
INSERT INTO complaint (ticket, type, category, channel, status, region, owner_agency, supporting, filed_at,
  reporter_key, reason, about_official, anonymous, confidential, protected, emergency, published, cycle, version)
SELECT 'B' || lpad(n::text, 10, '0'), 'complaint', c.id, 'web', 'routed', a.region, a.id, '{}',
       now() - interval '20 hours', 'benchmark-' || n, 'Ukuran', false, false, false, false, false, false, 1, 1
FROM generate_series(1, $1) AS n
JOIN LATERAL (SELECT id FROM category WHERE code = 'jalan-rusak') c ON true
JOIN LATERAL (SELECT id, region FROM agency WHERE code = 'smg-dpu') a ON true"""
_EVENTS = """
INSERT INTO event (complaint, kind, actor, agency, facts)
SELECT id, 'filed', 'reporter', owner_agency, '{"channel":"web"}' FROM complaint ORDER BY id"""
# A response clock whose notice and reminder are past, and a completion clock that runs for weeks.
_CLOCKS = """
WITH dated AS (
  SELECT id, CASE WHEN n <= $1 THEN $3::timestamptz + (n % $2) * interval '1 minute'
                  ELSE now() + interval '20 hours' + (n % 1000) * interval '1 minute' END AS due
  FROM (SELECT id, row_number() OVER (ORDER BY md5(id::text)) AS n FROM complaint) numbered
), kinds AS (
  SELECT id AS policy, clock AS kind FROM policy WHERE code IN ('response', 'completion-complaint')
), timed AS (
  SELECT d.id, k.kind, k.policy, CASE k.kind WHEN 'response' THEN d.due ELSE d.due + interval '12 days' END AS due
  FROM dated d CROSS JOIN kinds k
)
INSERT INTO clock (complaint, subject_kind, subject, kind, cycle, policy, started_at, due_at, rung, rung_times,
  repeat_every, next_at)
SELECT id, 'complaint', id, kind, 1, policy, due - interval '48 hours', due,
       CASE kind WHEN 'response' THEN 2 ELSE 0 END,
       CASE kind WHEN 'response'
         THEN ARRAY[due - interval '48 hours', due - interval '12 hours', due, due + interval '48 hours']
         ELSE ARRAY[due - interval '48 hours', due, due + interval '48 hours', due + interval '168 hours'] END,
       CASE kind WHEN 'response' THEN interval '24 hours' ELSE interval '168 hours' END,
       CASE kind WHEN 'response' THEN due ELSE due - interval '48 hours' END
FROM timed"""

# Everything that the sweep finds out, decided beforehand.
_DECIDE_CLOCKS = """
CREATE TABLE bare_clock AS
SELECT k.id, k.complaint, k.rung, k.next_at AS rung_at, k.rung_times[4] AS following, c.owner_agency AS agency,
       '{"clock":"response","due":"' || to_char(k.next_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
         || '","late":false,"rung":2,"trial":false}' AS facts,
       row_number() OVER (ORDER BY k.next_at, k.id) AS number
FROM clock k JOIN complaint c ON c.id = k.complaint
WHERE k.next_at < $1 AND k.kind = 'response' ORDER BY k.id"""
_DECIDE_MESSAGES = """
CREATE TABLE bare_message AS
SELECT b.number, b.id AS clock, b.complaint, o.id AS office, 'rung:' || b.id || ':2:' || o.id AS dedupe_key
FROM bare_clock b JOIN complaint c ON c.id = b.complaint JOIN agency a ON a.region = c.region
JOIN office o ON o.agency = a.id AND o.active AND o.role IN ('head_of_region', 'sekda')"""

_LOCK = """
SELECT lock_complaints((SELECT array_agg(complaint) FROM bare_clock WHERE number > $1 AND number <= $2), true)"""
_LOCK_CLOCKS = """
SELECT id FROM clock WHERE id IN (SELECT id FROM bare_clock WHERE number > $1 AND number <= $2)
ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"""
_CLOCK = """
UPDATE clock SET rung = b.rung + 1, next_at = b.following
FROM bare_clock b WHERE b.id = clock.id AND b.number > $1 AND b.number <= $2"""
_ESCALATION = """
INSERT INTO escalation (clock, rung, complaint, step, due_at, fired_at, skipped, answered_late, trial)
SELECT id, rung, complaint, 'escalate', rung_at, now(), false, false, false
FROM bare_clock WHERE number > $1 AND number <= $2 ORDER BY number"""
_EVENT = """
INSERT INTO event (complaint, kind, actor, agency, facts)
SELECT complaint, 'rung_escalate', 'system', agency, facts
FROM bare_clock WHERE number > $1 AND number <= $2 ORDER BY complaint"""
_MESSAGE = """
INSERT INTO message (dedupe_key, kind, complaint, office, clock, rung, state, attempts, next_attempt_at, created_at)
SELECT dedupe_key, 'rung_escalate', complaint, office, clock, 2, 'waiting', 0, now(), now()
FROM bare_message WHERE number > $1 AND number <= $2"""
_STATEMENTS = (_LOCK, _LOCK_CLOCKS, _CLOCK, _ESCALATION, _EVENT, _MESSAGE)

_LEFT = """
SELECT count(*) AS clocks,
       count(*) FILTER (WHERE fired = 1) AS once,
       sum(fired)::int AS escalations, sum(told)::int AS events, sum(sent)::int AS messages
FROM (SELECT (SELECT count(*) FROM escalation e WHERE e.clock = k.id) AS fired,
             (SELECT count(*) FROM event v WHERE v.complaint = k.complaint AND v.kind = 'rung_escalate') AS told,
             (SELECT count(*) FROM message m WHERE m.complaint = k.complaint) AS sent
      FROM clock k WHERE k.kind = 'response' AND k.due_at < now()
        AND (round(extract(epoch FROM k.due_at - (SELECT min(due_at) FROM clock WHERE kind = 'response')) / 60)::int % 2)
            = $1) each"""


async def make(owner: asyncpg.Connection, count: int, overdue: int, groups: int) -> datetime:
    """Make `count` open complaints, `overdue` of them past their deadline in groups a minute apart.

    Returns when the first group fell due.
    """
    now: datetime = await owner.fetchval("SELECT date_trunc('minute', now())")
    first_due = now - OVERDUE_SINCE
    await owner.execute(_COMPLAINTS, count)
    await owner.execute(_EVENTS)
    await owner.execute(_CLOCKS, overdue, groups, first_due)
    for table in ("complaint", "event", "ledger_head", "clock"):
        await owner.execute(f"VACUUM ANALYZE {table}")
    return first_due


async def decide(owner: asyncpg.Connection, as_of: datetime) -> None:
    """Decide everything about the group that is due, so that writing it needs no question."""
    await owner.execute("DROP TABLE IF EXISTS bare_clock, bare_message")
    await owner.execute(_DECIDE_CLOCKS.replace("$1", f"'{as_of.isoformat()}'::timestamptz"))
    await owner.execute(_DECIDE_MESSAGES)
    for table in ("bare_clock", "bare_message"):
        await owner.execute(f"CREATE INDEX ON {table} (number)")
        await owner.execute(f"GRANT SELECT ON {table} TO lapor_worker")
        await owner.execute(f"ANALYZE {table}")


async def write(worker: asyncpg.Connection, count: int, batch: int) -> None:
    """Write the group of `count` clocks in batches, as the role of the worker."""
    for first in range(0, count, batch):
        async with worker.transaction():
            await worker.execute("SET LOCAL ROLE lapor_worker")
            for statement in _STATEMENTS:
                await worker.execute(statement, first, first + batch)


async def judge(owner: asyncpg.Connection) -> tuple[bool, dict[str, dict[str, float]]]:
    """Whether every overdue clock fired exactly once and both sides left the same rows; and those rows per clock."""
    left = {}
    good = True
    for side, parity in (("sweep", 0), ("bare", 1)):
        row = await owner.fetchrow(_LEFT, parity)
        good = good and row["clocks"] > 0 and row["once"] == row["clocks"]
        left[side] = {
            name: round(row[name] / max(row["clocks"], 1), 2)
            for name in ("escalations", "events", "messages")
        }
    return good and left["sweep"] == left["bare"], left
