"""What a screen of a command centre shows: numbers and places, no person, no ticket, no text.

Row-level security knows no device; two functions of the database answer for a token and count what the head of the
region sees. They give nothing of a confidential or protected complaint but that there is one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lapor import database
from lapor.complaints.queries.figures import Period, Scope, figures

LONGEST = 6

_LATE = f"""
WITH late AS MATERIALIZED (SELECT * FROM screen_late($1)), longest AS (
  SELECT agency, category, district, due_at FROM late WHERE NOT hidden ORDER BY due_at, agency LIMIT {LONGEST}
)
SELECT (SELECT count(*) FROM late) AS overdue, (SELECT count(*) FROM late WHERE hidden) AS hidden,
  (SELECT json_agg(json_build_array(l.agency, l.category, d.name, l.due_at) ORDER BY l.due_at)
   FROM longest l LEFT JOIN region d ON d.code = l.district) AS longest,
  (SELECT json_object_agg(n.district, n.count)
   FROM (SELECT district, count(*) FROM late WHERE district IS NOT NULL GROUP BY district) n) AS districts"""

_DISTRICTS = """
SELECT d.code, d.name, o.outline FROM region d LEFT JOIN region_outline o ON o.region = d.id
WHERE d.parent = $1 AND d.kind = 'district' ORDER BY d.name"""


@dataclass(frozen=True)
class Longest:
    """One of those that wait longest: whose, about what kind of thing, in which district, since when."""

    agency: str
    category: str | None
    district: str | None
    due_at: datetime


@dataclass(frozen=True)
class Tile:
    """A district with the number of its overdue reports, and its outline where the region has given one."""

    code: str
    name: str
    overdue: int
    outline: str | None


@dataclass(frozen=True)
class Shown:
    """Everything on the screen. `elsewhere` is what is overdue and stands in no tile: closed, or without a district.

    `within_48` is the share of the month's reports answered in 48 hours, None while there are too few to tell.
    """

    overdue: int
    received: int
    answered: int
    passed: int
    within_48: float | None
    longest: Sequence[Longest]
    tiles: Sequence[Tile]
    elsewhere: int


async def on_screen(token_hash: str, region: int, now: datetime) -> Shown:
    """Return what a screen shows now, by the hash of its token."""
    async with database.transaction("gate"):
        late = await database.fetchrow(_LATE, token_hash)
        today = await database.fetchrow("SELECT * FROM screen_today($1)", token_hash)
        districts = await database.fetch(_DISTRICTS, region)
    async with database.transaction("public"):
        month = await figures(Scope(region=region, outside=True), period=Period.month(now.date()))
    assert late is not None
    counted: Mapping[str, int] = json.loads(late["districts"] or "{}")
    longest = [
        Longest(agency, category, district, datetime.fromisoformat(due_at))
        for agency, category, district, due_at in json.loads(late["longest"] or "[]")
    ]
    tiles = [Tile(row["code"], row["name"], counted.get(row["code"], 0), row["outline"]) for row in districts]
    return Shown(
        overdue=late["overdue"],
        received=today["received"] if today else 0,
        answered=today["answered"] if today else 0,
        passed=today["passed"] if today else 0,
        within_48=month.total["within_48"],
        longest=longest,
        tiles=tiles,
        elsewhere=late["overdue"] - sum(tile.overdue for tile in tiles),
    )
