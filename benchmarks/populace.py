"""Many complaints at once, written by set-based SQL: with real chains, words, clocks, and somebody in every office."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg

REGION = "33.74"

# One person holds each office; what is sent to an office finds an address.
_PEOPLE = """
INSERT INTO person (username, password, email, full_name, phone, active, admin, superuser, must_change_password)
SELECT code, '!', code || '@contoh.example', title, '', true, true, false, false FROM office"""
_APPOINTMENTS = """
INSERT INTO appointment (office, person, kind, starts_at)
SELECT o.id, p.id, 'definitive', lapor_now() - interval '1 year' FROM office o JOIN person p ON p.username = o.code"""

# The agencies of the city that have people to work with; complaints are dealt out among them in turn.
_AGENCIES = """
SELECT a.id FROM agency a JOIN region r ON r.id = a.region
WHERE r.code = $1 AND a.kind IN ('dinas', 'badan') AND NOT a.coordinating
  AND (SELECT count(DISTINCT o.role) FROM office o
       WHERE o.agency = a.id AND o.role IN ('liaison', 'agency_head', 'staff')) = 3
ORDER BY a.id"""

_COMPLAINTS = """
INSERT INTO complaint (id, ticket, type, category, channel, status, region, owner_agency, supporting, filed_at,
  closed_at, reporter_key, reason, about_official, anonymous, confidential, protected, emergency, published, cycle,
  version)
SELECT n, lpad(n::text, 11, '0'), 'complaint', categories[1 + n % cardinality(categories)], 'web', $3::text,
       (SELECT id FROM region WHERE code = $4), ($5::bigint[])[1 + n % cardinality($5::bigint[])], '{}',
       lapor_now() - interval '3 days', CASE WHEN $3 = 'closed' THEN lapor_now() END, encode(sha256(n::text::bytea), 'hex'), '', false,
       false, false, false, false, false, 1, 1
FROM generate_series($1::bigint, $2::bigint) n,
     (SELECT array_agg(id ORDER BY id) AS categories FROM category WHERE type = 'complaint') known"""
_CONTENT = """
INSERT INTO content (complaint, text, address, salt)
SELECT n, 'Lampu jalan mati, laporan nomor ' || n, '', '' FROM generate_series($1::bigint, $2::bigint) n"""
_FILED = """
INSERT INTO event (complaint, kind, actor, agency, facts)
SELECT id, 'filed', 'reporter', owner_agency, '{}' FROM complaint WHERE id BETWEEN $1 AND $2 ORDER BY id"""

# Rungs lie where their policy puts them, without moving reminders into office hours.
_CLOCKS = """
INSERT INTO clock (complaint, subject_kind, subject, kind, cycle, policy, started_at, due_at, rung, rung_times,
  repeat_every, next_at)
SELECT g.complaint, 'complaint', g.complaint, p.clock, 1, p.id, g.due - $4::interval, g.due, 0, ladder.times,
       ladder.repeat_every, ladder.times[1]
FROM unnest($1::bigint[], $2::timestamptz[]) AS g(complaint, due)
CROSS JOIN policy p
CROSS JOIN LATERAL (
  SELECT array_agg(CASE r.base WHEN 'start' THEN g.due - $4::interval ELSE g.due END
                   + make_interval(mins => r.offset_minutes) ORDER BY r.number) AS times,
         max(make_interval(mins => r.repeat_minutes)) AS repeat_every
  FROM policy_rung r WHERE r.policy = p.id) ladder
WHERE p.code = $3"""


async def people(owner: asyncpg.Connection) -> None:
    """Put somebody into every office."""
    await owner.execute(_PEOPLE)
    await owner.execute(_APPOINTMENTS)


async def agencies(owner: asyncpg.Connection) -> list[int]:
    """The agencies among which complaints are dealt out."""
    return [row["id"] for row in await owner.fetch(_AGENCIES, REGION)]


def reporter_key(complaint: int) -> str:
    """What the reporter of a complaint is known by."""
    return hashlib.sha256(str(complaint).encode()).hexdigest()


def owner_of(complaint: int, dealt: Sequence[int]) -> int:
    """The agency that a complaint was dealt to."""
    return dealt[complaint % len(dealt)]


async def complaints(
    owner: asyncpg.Connection, first: int, last: int, dealt: Sequence[int], *, status: str = "routed"
) -> None:
    """Complaints numbered `first` to `last`, each with its words and the first event of its chain."""
    await owner.execute(_COMPLAINTS, first, last, status, REGION, list(dealt))
    await owner.execute(_CONTENT, first, last)
    await owner.execute(_FILED, first, last)


async def clocks(
    owner: asyncpg.Connection, due: Sequence[tuple[int, datetime]], policy: str, length: timedelta
) -> None:
    """One clock of this policy for each complaint, with the moment at which it is due; nothing has fired yet."""
    await owner.execute(
        _CLOCKS, [complaint for complaint, _ in due], [moment for _, moment in due], policy, length
    )
