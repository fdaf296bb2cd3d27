"""A database full of complaints, open and closed, written quickly: chains and clocks as they would have become."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from figures import note
from populace import REGION, agencies

CHUNK = 500_000
_TABLES = ("complaint", "content", "clock", "event", "ledger_head", "escalation", "message")

_COMPLAINTS = """
INSERT INTO complaint (id, ticket, type, category, channel, status, region, owner_agency, supporting, filed_at,
  closed_at, reporter_key, reason, about_official, anonymous, confidential, protected, emergency, published, cycle,
  version)
SELECT n, lpad(n::text, 11, '0'), 'complaint', categories[1 + n % cardinality(categories)], 'web',
       CASE WHEN n > $3 THEN 'closed' ELSE 'routed' END, (SELECT id FROM region WHERE code = $4),
       ($5::bigint[])[1 + n % cardinality($5::bigint[])], '{}', now() - interval '3 days',
       CASE WHEN n > $3 THEN now() END, md5(n::text), '', false, false, false, false, false, false, 1, 1
FROM generate_series($1::bigint, $2::bigint) n,
     (SELECT array_agg(id ORDER BY id) AS categories FROM category WHERE type = 'complaint') known"""

# What the trigger of the ledger would have written, without its lock and its function call for every row.
_EVENTS = """
WITH filed AS (
  SELECT id AS complaint, owner_agency AS agency,
         ledger_field('lapor-event-1') || ledger_field(convert_to(id::text, 'UTF8')) || ledger_field('1')
         || ledger_field('filed') || ledger_field('reporter') || ledger_field(convert_to(owner_agency::text, 'UTF8'))
         || ledger_field(ledger_time(now())) || ledger_field(ledger_time(now())) || ledger_field('{}')
         || ledger_field(NULL) AS canonical
  FROM complaint WHERE id BETWEEN $1 AND $2
), written AS (
  INSERT INTO event (complaint, seq, kind, actor, agency, occurred_at, recorded_at, facts, previous, canonical, hash)
  SELECT complaint, 1, 'filed', 'reporter', agency, now(), now(), '{}', '', canonical, sha256(canonical) FROM filed
)
INSERT INTO ledger_head (subject, seq, hash) SELECT complaint, 1, sha256(canonical) FROM filed"""

# Deadlines pass in the order of filing: every second one of a stretch that was filed together is overdue, the others
# were answered. Scattered, every so many of all open ones is. Portion p falls due in minute p after the hour.
_RESPONSES = """
INSERT INTO clock (complaint, subject_kind, subject, kind, cycle, policy, started_at, due_at, met_at, rung, rung_times,
  repeat_every, next_at)
SELECT n, 'complaint', n, 'response', 1, p.id, due - interval '48 hours', due, met, 2,
       ARRAY[due - interval '48 hours', due - interval '12 hours', due, due + interval '48 hours'],
       interval '24 hours', CASE WHEN met IS NULL THEN due END
FROM generate_series($1::bigint, $2::bigint) n, policy p
CROSS JOIN LATERAL (
  SELECT CASE WHEN n % $4 = 0 AND n <= $3 AND n / $4 <= $5
              THEN $6::timestamptz + make_interval(mins => (CASE WHEN $8 THEN n / $4 % $7
                                                                 ELSE (n / $4 - 1) * $7 / $5 END)::int)
              ELSE $6 + interval '1 day' + make_interval(secs => n % 86400) END AS due) AS falls
CROSS JOIN LATERAL (SELECT CASE WHEN n > $3 THEN due - interval '1 hour' END AS met) AS ends
WHERE p.code = 'response'"""
_COMPLETIONS = """
INSERT INTO clock (complaint, subject_kind, subject, kind, cycle, policy, started_at, due_at, rung, rung_times,
  repeat_every, next_at)
SELECT n, 'complaint', n, 'completion', 1, p.id, due - interval '20 days', due, 0,
       ARRAY[due - interval '48 hours', due, due + interval '48 hours', due + interval '168 hours'],
       interval '168 hours', due - interval '48 hours'
FROM generate_series($1::bigint, least($2::bigint, $3::bigint)) n, policy p
CROSS JOIN LATERAL (SELECT $4::timestamptz + interval '10 days' + make_interval(secs => n % 864000) AS due) AS falls
WHERE p.code = 'completion-complaint'"""
_WARNINGS = """
INSERT INTO escalation (clock, rung, complaint, step, due_at, fired_at, skipped, answered_late, trial)
SELECT k.id, w.rung, k.complaint, w.step, k.rung_times[w.rung + 1], k.rung_times[w.rung + 1], false, false, false
FROM clock k, (VALUES (0, 'notify'), (1, 'remind')) AS w(rung, step)
WHERE k.kind = 'response' AND k.complaint BETWEEN $1 AND least($2::bigint, $3::bigint)"""

# What the triggers would have kept of it.
LATENESS = """
SELECT keep_lateness(array_agg(DISTINCT complaint)) FROM clock
WHERE kind = 'response' AND (met_at IS NULL OR met_at > due_at)"""


@dataclass(frozen=True)
class Town:
    """How many complaints: `open` ones are numbered from 1, closed ones follow; `overdue` of the open are overdue.

    They are neighbours, as they were filed, or `scattered` among all that are open.
    """

    overdue: int
    open: int
    closed: int
    portions: int
    scattered: bool = False

    @property
    def stride(self) -> int:
        """Every so many complaints one is overdue, where there are any."""
        return self.open // self.overdue if self.scattered else 2

    @property
    def last(self) -> int:
        """The number of the last complaint."""
        return self.open + self.closed


async def build(superuser: asyncpg.Connection, town: Town, begins: object) -> None:
    """Fill an empty database; portion p of the overdue clocks is due p minutes after `begins`."""
    dealt = await agencies(superuser)
    async with _quickly(superuser):
        for first in range(1, town.last + 1, CHUNK):
            last = min(first + CHUNK - 1, town.last)
            await _fill(superuser, town, first, last, dealt, begins)
            note(f"{last} of {town.last} complaints")
    await superuser.execute(LATENESS)
    await superuser.execute(f"SELECT setval('complaint_id_seq', {town.last})")
    await superuser.execute("VACUUM (ANALYZE)")
    await superuser.execute("CHECKPOINT")


async def _fill(
    superuser: asyncpg.Connection, town: Town, first: int, last: int, dealt: Sequence[int], begins: object
) -> None:
    await superuser.execute(_COMPLAINTS, first, last, town.open, REGION, list(dealt))
    await superuser.execute(_EVENTS, first, last)
    await superuser.execute(
        _RESPONSES,
        first,
        last,
        town.open,
        town.stride,
        town.overdue,
        begins,
        town.portions,
        town.scattered,
    )
    if first <= town.open:
        await superuser.execute(_COMPLETIONS, first, last, town.open, begins)
        await superuser.execute(_WARNINGS, first, last, town.open)


@asynccontextmanager
async def _quickly(superuser: asyncpg.Connection) -> AsyncIterator[None]:
    """Without indexes and triggers as long as the block runs; with all of them afterwards."""
    indexes = await superuser.fetch(
        "SELECT indexname, indexdef FROM pg_indexes i WHERE tablename = ANY ($1) AND NOT EXISTS ("
        " SELECT FROM pg_constraint c WHERE c.conname = i.indexname)",
        list(_TABLES),
    )
    for index in indexes:
        await superuser.execute(f"DROP INDEX {index['indexname']}")
    # Needed while filling: the warnings are made from the clocks of a span of complaints.
    await superuser.execute("CREATE INDEX filling ON clock (complaint)")
    await superuser.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    try:
        yield
    finally:
        await superuser.execute(
            "RESET session_replication_role; RESET synchronous_commit; DROP INDEX filling"
        )
    await superuser.execute("SET maintenance_work_mem = '1GB'")
    for index in indexes:
        await superuser.execute(index["indexdef"])
    await superuser.execute("RESET maintenance_work_mem")
