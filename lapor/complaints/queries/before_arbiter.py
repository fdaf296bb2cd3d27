"""What waits for the arbiter's decision, longest first."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from lapor import database
from lapor.complaints.arbiter import ARBITERS, Cause, brought
from lapor.complaints.queries.queue import first_words, place
from lapor.complaints.reading_traces import note_listed

LIMIT = 200

# Brought there by a verb, or by silence: an open transfer past its deadline.
_WAITING = f"""
WITH waiting AS (
  SELECT c.id, c.arbiter_since AS since, false AS silent FROM complaint c WHERE c.arbiter_since IS NOT NULL
  UNION ALL
  SELECT k.complaint, k.due_at, true FROM clock k JOIN transfer t ON t.id = k.subject AND t.decided_at IS NULL
  WHERE k.kind = 'transfer' AND k.met_at IS NULL AND k.due_at < lapor_now()
), found AS (
  SELECT id, min(since) AS since, bool_or(silent) AS silent FROM waiting GROUP BY id
)
SELECT c.id, c.ticket, c.status, f.since, f.silent, a.name AS agency, o.name AS offered, r.timezone AS zone,
  w.complaint IS NOT NULL AS readable, left(w.text, 320) AS words, g.name AS category, d.name AS district,
  v.name AS village, c.confidential, c.protected, c.about_official, c.anonymous, c.emergency,
  (SELECT count(*) FROM transfer t WHERE t.complaint = c.id) AS transfers,
  (SELECT json_agg(json_build_array(e.kind, e.facts) ORDER BY e.seq) FROM event e WHERE e.complaint = c.id) AS events
FROM found f
JOIN complaint c ON c.id = f.id
JOIN agency a ON a.id = c.owner_agency
JOIN region r ON r.id = c.region
LEFT JOIN agency o ON o.id = c.offered_agency
LEFT JOIN content w ON w.complaint = c.id
LEFT JOIN category g ON g.id = c.category
LEFT JOIN region d ON d.id = c.district
LEFT JOIN region v ON v.id = c.village
WHERE c.region = ANY ((SELECT my_regions_as('{{{",".join(ARBITERS)}}}'))::bigint[])
ORDER BY f.since, c.id LIMIT {LIMIT}"""


@dataclass(frozen=True)
class Quarrel:
    """A complaint before the arbiter, since when and why. Words, category and place are None where they are hidden."""

    id: int
    ticket: str
    status: str
    agency: str
    offered: str | None
    zone: str
    since: datetime
    causes: frozenset[Cause]
    silent: bool
    transfers: int
    words: str | None
    category: str | None
    place: str | None
    flags: frozenset[str]


async def before_arbiter() -> Sequence[Quarrel]:
    """Return what waits for a decision in the regions in which this officer is an arbiter."""
    quarrels = [_quarrel(row) for row in await database.fetch(_WAITING)]
    await note_listed(quarrels)
    return quarrels


_FLAGS = ("anonymous", "confidential", "protected", "about_official", "emergency")


def _quarrel(row: asyncpg.Record) -> Quarrel:
    readable = row["readable"]
    causes = brought((kind, json.loads(facts)) for kind, facts in json.loads(row["events"]))
    return Quarrel(
        id=row["id"],
        ticket=row["ticket"],
        status=row["status"],
        agency=row["agency"],
        offered=row["offered"],
        zone=row["zone"],
        since=row["since"],
        causes=causes | ({"transfer"} if row["silent"] else frozenset()),
        silent=row["silent"],
        transfers=row["transfers"],
        words=first_words(row["words"], 150) if readable else None,
        category=row["category"] if readable else None,
        place=place(row["village"], row["district"]) if readable else None,
        flags=frozenset(name for name in _FLAGS if row[name]),
    )
