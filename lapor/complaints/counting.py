"""Counting: facts and sums follow the record, a few seconds behind it, whatever was missed and however often it runs.

Every change of a complaint appends an event, so the newest events name what has to be counted again; what time alone
changes (a deadline that passes) is found by its moment. Nothing is added to the verbs themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lapor import database
from lapor.complaints.queries.figures.histogram import one_sql
from lapor.complaints.queries.figures.measures import COMMON, NEXT_CHANGE, lines_sql
from lapor.complaints.sealing import COUNTED, note_changes
from lapor.complaints.tables_figures import MEASURES
from lapor.registers import zone_of

EVENTS_AT_ONCE: Final = 2_000
COMPLAINTS_AT_ONCE: Final = 1_000
# Who counts all of a long record takes more at once: the sums of a month are then written a few times, not hundreds.
ALL_AT_ONCE: Final = 25_000

_LIST: Final = ", ".join(MEASURES)
# What is of the smaller kind is also added up in less time.
_KINDS: Final = [(name, "bigint" if name == "held_seconds" else "int") for name in MEASURES]

FACTS: Final = f"""
WITH {COMMON}, lines AS (
  {lines_sql()}
), summed AS (
  SELECT complaint, agency, person, max(amount) FILTER (WHERE measure = 'hours')::int AS hours,
    {", ".join(f"coalesce(sum(amount) FILTER (WHERE measure = '{name}'), 0)::{kind} AS {name}" for name, kind in _KINDS)}
  FROM lines GROUP BY complaint, agency, person
), next_change AS ({NEXT_CHANGE})
SELECT s.complaint, s.agency, s.person, g.region,
  date_trunc('month', q.filed_at AT TIME ZONE z.zone)::date AS month, q.category, q.district, q.channel, s.hours,
  {", ".join(f"s.{name}" for name in MEASURES)}, n.at AS next_change,
  w.started_at AS waiting_since
FROM summed s
JOIN asked q ON q.id = s.complaint
JOIN agency g ON g.id = s.agency
JOIN unnest($3::bigint[], $4::text[]) AS z (region, zone) ON z.region = g.region
LEFT JOIN next_change n ON n.complaint = s.complaint
LEFT JOIN first w ON w.complaint = s.complaint AND s.unanswered > 0"""

# Every sum stands under its agency, and all but those of people under 0 for the whole region as well.
_KEYS: Final = """
CROSS JOIN LATERAL (VALUES ('all', ''), ('category', f.category::text), ('district', f.district::text),
  ('channel', f.channel), ('person', f.person::text)) AS d (dimension, key)"""
_NAMED: Final = f"{COUNTED}, {_LIST}"
_TAKEN: Final = f"CASE WHEN hours IS NULL THEN 0 ELSE {one_sql('hours')} END AS hours_taken"


def sums_sql(facts: str, *, frozen: bool = False) -> str:
    """Return the statement that moves the sums by facts, each with its sign: 1 is added, -1 is taken away.

    Only sums that are another afterwards are written, each of them once.
    """
    names = (*MEASURES, "hours_taken")
    moved = ", ".join(f"sum(f.sign * f.{name}) AS {name}" for name in names)
    together = ", ".join(f"sum({name}) AS {name}" for name in names)
    added = ", ".join(f"{name} = figure_cell.{name} + excluded.{name}" for name in names)
    keys = "region, month, agency, dimension, key"
    return f"""
INSERT INTO figure_cell (frozen, {keys}, {", ".join(names)})
WITH of_agencies AS MATERIALIZED (
  SELECT {keys}, {moved} FROM (SELECT *, {_TAKEN} FROM ({facts}) signed OFFSET 0) f {_KEYS}
  WHERE d.dimension <> 'person' OR f.person <> 0 GROUP BY {keys}
)
SELECT {frozen}, m.* FROM (
  SELECT * FROM of_agencies UNION ALL
  SELECT region, month, 0, dimension, key, {together} FROM of_agencies WHERE dimension <> 'person'
  GROUP BY region, month, dimension, key
) m WHERE {" OR ".join(f"m.{name} <> 0" for name in names)}
ON CONFLICT (dimension, agency, region, month, key, frozen) DO UPDATE SET {added}"""


_KEPT: Final = f"{_NAMED}, next_change, waiting_since"
_RENEWED: Final = [name for name in _KEPT.split(", ") if name not in ("complaint", "agency", "person")]
# All of one statement looks at the facts as they were before it.
_RECOUNT: Final = f"""
WITH now_so AS MATERIALIZED ({FACTS}
), before AS MATERIALIZED (
  SELECT * FROM figure_fact WHERE complaint = ANY ($1)
), gone AS (
  DELETE FROM figure_fact f USING before b WHERE f.id = b.id AND NOT EXISTS (
    SELECT FROM now_so n WHERE n.complaint = b.complaint AND n.agency = b.agency AND n.person = b.person)
), kept AS (
  INSERT INTO figure_fact ({_KEPT}) SELECT {_KEPT} FROM now_so
  ON CONFLICT (complaint, agency, person) DO UPDATE
  SET {", ".join(f"{name} = excluded.{name}" for name in _RENEWED)}
  WHERE ({", ".join(f"figure_fact.{name}" for name in _RENEWED)})
    IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _RENEWED)})
)
{sums_sql(f"SELECT 1 AS sign, {_NAMED} FROM now_so UNION ALL SELECT -1, {_NAMED} FROM before")}"""

_MARK: Final = "SELECT event FROM figure_mark WHERE id = 1 FOR UPDATE SKIP LOCKED"
_EVENTS: Final = "SELECT id, complaint, kind FROM event WHERE id > $1 ORDER BY id LIMIT $2"
_FILLED: Final = """
SELECT g.id AS gap, e.id, e.complaint FROM figure_gap g JOIN event e ON e.id BETWEEN g.first AND g.last"""
_TIMELY: Final = "SELECT DISTINCT complaint FROM figure_fact WHERE next_change < $1 LIMIT $2"


@dataclass(frozen=True)
class Counted:
    """What a turn did: complaints counted again, and whether there may be more to do at once."""

    complaints: int = 0
    more: bool = False


async def count_up(*, events_at_once: int = EVENTS_AT_ONCE, at_once: int = COMPLAINTS_AT_ONCE) -> Counted:
    """Count what has changed since the last turn, as the worker; a second worker meanwhile does nothing."""
    async with database.transaction("worker"):
        mark = await database.fetchval(_MARK)
        if mark is None:
            return Counted()
        at = await database.now()
        events = await database.fetch(_EVENTS, mark, events_at_once)
        asked = {row["complaint"] for row in events if not row["kind"].startswith("rung_")}
        asked |= await _late_comers()
        await _note_gaps(mark, [row["id"] for row in events])
        timely = [row["complaint"] for row in await database.fetch(_TIMELY, at, at_once)]
        asked.update(timely)
        await recount(sorted(asked), at, at_once=at_once)
        await database.execute(
            "UPDATE figure_mark SET event = $1, counted_at = $2 WHERE id = 1",
            events[-1]["id"] if events else mark,
            at,
        )
    return Counted(len(asked), len(events) == events_at_once or len(timely) == at_once)


async def count_all() -> int:
    """Count until nothing is left to count; return how many complaints were counted, some of them twice."""
    total, more = 0, True
    while more:
        done = await count_up(events_at_once=ALL_AT_ONCE, at_once=ALL_AT_ONCE)
        total, more = total + done.complaints, done.more
    return total


async def recount(complaints: Sequence[int], at: datetime, *, at_once: int = COMPLAINTS_AT_ONCE) -> None:
    """Replace the facts of these complaints, and move the sums by the difference; closed months keep theirs."""
    regions, zones = await zones_of_regions()
    # A plan for any number of complaints would be one for a few.
    await database.execute("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
    await database.execute("SELECT set_config('work_mem', '64MB', true)")
    for start in range(0, len(complaints), at_once):
        some = complaints[start : start + at_once]
        await database.execute(_RECOUNT, some, at, regions, zones)
        await note_changes(some, at)


async def zones_of_regions() -> tuple[list[int], list[str]]:
    """Return the ids of all regions and, in the same order, zones that PostgreSQL knows."""
    rows = await database.fetch(
        "SELECT DISTINCT r.id, r.timezone FROM region r JOIN agency a ON a.region = r.id"
    )
    return [row["id"] for row in rows], [zone_of(row["timezone"]).key for row in rows]


async def _late_comers() -> set[int]:
    """Complaints of events that were written under an older number after those behind them had been counted."""
    found = await database.fetch(_FILLED)
    filled: dict[int, list[int]] = {}
    for row in found:
        filled.setdefault(row["gap"], []).append(row["id"])
    for gap in await database.fetch("SELECT * FROM figure_gap WHERE id = ANY ($1)", list(filled)):
        await database.execute("DELETE FROM figure_gap WHERE id = $1", gap["id"])
        for first, last in gaps(gap["first"] - 1, [*sorted(filled[gap["id"]]), gap["last"] + 1]):
            await database.execute(
                "INSERT INTO figure_gap (first, last, seen_at) VALUES ($1, $2, $3)",
                first,
                last,
                gap["seen_at"],
            )
    # A transaction that is still to write after an hour there is none; the number was given back by a failure.
    await database.execute("DELETE FROM figure_gap WHERE seen_at < clock_timestamp() - interval '1 hour'")
    return {row["complaint"] for row in found}


async def _note_gaps(mark: int, ids: Sequence[int]) -> None:
    for first, last in gaps(mark, ids):
        await database.execute(
            "INSERT INTO figure_gap (first, last, seen_at) VALUES ($1, $2, clock_timestamp())", first, last
        )


def gaps(after: int, ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return the ranges of numbers after `after` that are missing between ascending ids."""
    found = []
    for number in ids:
        if number > after + 1:
            found.append((after + 1, number - 1))
        after = number
    return found
