"""The list of escalations of the head of region: a predicate over clocks, never a table of deliveries.

`lateness` is kept by the database as clocks and complaints move (`m0034`): a line for every clock that stands on the
list as soon as its time has passed. Time itself is asked here, so that nothing is late by somebody's diligence.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import asyncpg

from lapor import database
from lapor.complaints.queries.complaint import Sent
from lapor.complaints.queries.filters import Filters, looked_up
from lapor.complaints.queries.paging import PAGE_SIZE, Mark, Page, Wish, order, page
from lapor.complaints.queries.queue import first_words, place

TOLD_LIMIT = 8
# The ladder repeats its last rung without end; from here on it is called "again and again", and kept as that.
HIGHEST = 3
# Complaints that hold certain words are counted so far; each is asked for itself.
MOST_SAYING = 300
# So many of each kind stand on the front page, the most first.
MOST_GROUPS = 6

# Lines whose time has come. Of a complaint there is one: what is unmet first, then the oldest. What it is about is not
# told where the leadership may not read it.
_LINES = """
SELECT complaint AS id, clock, kind, due_at, met_at, met_at IS NOT NULL AS met, level, owner_agency,
  CASE WHEN NOT protected AND NOT about_official THEN category END AS category,
  CASE WHEN NOT protected AND NOT about_official THEN district END AS district, confidential, protected, about_official
FROM lateness l
WHERE listed_from < $1 AND (NOT several OR NOT EXISTS (
  SELECT FROM lateness o WHERE o.complaint = l.complaint AND o.listed_from < $1
    AND (o.met_at IS NOT NULL, o.due_at, o.clock) < (l.met_at IS NOT NULL, l.due_at, l.clock)))"""

# All of them counted; what stands in a list that is narrowed is laid out no further.
_COUNTED = f"""
counted AS (
  SELECT count(*) AS total, count(met_at) AS answered, min(due_at) FILTER (WHERE NOT met) AS since,
    count(*) FILTER (WHERE NOT met AND kind = 'response') AS unanswered
  FROM ({_LINES}) v
)"""
# Counted in one reading, by what belongs together in every way.
_COUNTED_TOGETHER = f"""
together AS MATERIALIZED (
  SELECT owner_agency, district, category, level, met, kind = 'response' AS awaited, count(*) AS count,
    min(due_at) AS since
  FROM ({_LINES}) v GROUP BY 1, 2, 3, 4, 5, 6
), counted AS (
  SELECT coalesce(sum(count), 0)::bigint AS total, coalesce(sum(count) FILTER (WHERE met), 0)::bigint AS answered,
    min(since) FILTER (WHERE NOT met) AS since,
    coalesce(sum(count) FILTER (WHERE NOT met AND awaited), 0)::bigint AS unanswered
  FROM together
)"""

# The page itself is read along the deadlines.
_LIST = """
WITH {counted}, found AS (
  SELECT c.* FROM ({source}) c WHERE true{narrowed}{beside}
  ORDER BY c.due_at {direction}, c.id {direction} LIMIT {limit}
)
SELECT n.total, n.answered, n.unanswered, n.since, {filtered} AS filtered,
  CASE WHEN row_number() OVER () = 1 THEN ({groups}) END AS groups,
  c.id, c.ticket, c.status, c.filed_at, a.id AS agency_id, a.name AS agency, r.timezone AS zone,
  w.complaint IS NOT NULL AS readable, left(w.text, 320) AS words, g.name AS category, d.name AS district,
  v.name AS village, c.anonymous, c.confidential, c.protected, c.about_official,
  f.clock, f.kind, f.level, k.started_at, f.due_at, f.met_at, k.trouble,
  (SELECT max(e.occurred_at) FROM event e WHERE e.complaint = c.id AND e.kind IN ('asked', 'paused')) AS asked_at,
  coalesce((SELECT bool_or(e.trial) FROM escalation e WHERE e.clock = f.clock AND e.step = 'escalate'), false)
    AS trial
FROM counted n
LEFT JOIN found f ON true
LEFT JOIN clock k ON k.id = f.clock
LEFT JOIN complaint c ON c.id = f.id
LEFT JOIN agency a ON a.id = c.owner_agency
LEFT JOIN region r ON r.id = c.region
LEFT JOIN content w ON w.complaint = c.id
LEFT JOIN category g ON g.id = c.category
LEFT JOIN region d ON d.id = c.district
LEFT JOIN region v ON v.id = c.village
ORDER BY f.due_at {direction}, f.id {direction}"""

# Filters speak of a complaint `c`; what a line does not know itself is asked of its complaint.
_SOURCE = _LINES
_SOURCE_OF_MORE = f"SELECT v.*, m.status, m.in_hand FROM ({_LINES}) v JOIN complaint m ON m.id = v.id"
_FILTERED = "(SELECT count(*) FROM (SELECT FROM ({source}) c WHERE true{narrowed} LIMIT {limit}) counted)"

# Names are looked up for the few that are shown.
_GROUP = """
SELECT '{by}' AS by, {key}::text AS key, {name}::text AS name, v.count, v.since FROM (
  SELECT {column} AS what, sum(count)::bigint AS count, min(since) AS since FROM together
  WHERE NOT met AND {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 3 LIMIT {most}) v {join}"""
_GROUPS = """
SELECT json_agg(json_build_array(g.by, g.key, g.name, g.count, g.since) ORDER BY g.count DESC, g.since)
FROM ({parts}) g"""
_BY = (
    ("agency", "owner_agency", "a.code", "a.name", "JOIN agency a ON a.id = v.what"),
    ("district", "district", "d.code", "d.name", "JOIN region d ON d.id = v.what"),
    ("category", "category", "g.code", "g.name", "JOIN category g ON g.id = v.what"),
    ("level", "level", "v.what", "v.what", ""),
)

_TOLD = """
SELECT complaint, kind, office, clock, rung, state, channel, created_at, sent_at, trouble FROM (
  SELECT m.complaint, m.kind, o.title AS office, k.kind AS clock, m.rung, m.state, m.channel, m.created_at,
    m.sent_at, m.trouble, m.id, row_number() OVER (PARTITION BY m.complaint ORDER BY m.created_at DESC, m.id DESC)
  FROM message m
  JOIN office o ON o.id = m.office
  JOIN clock k ON k.id = m.clock
  WHERE m.complaint = ANY ($1) AND m.kind = 'rung_escalate'
) m WHERE row_number <= $2 ORDER BY complaint, created_at, id"""


@dataclass(frozen=True)
class Only:
    """What else narrows the list: how often it has been escalated, and what was answered late and not yet seen."""

    level: int | None = None
    answered_late: bool = False

    def conditions(self, arguments: list[Any]) -> str:
        """Return the conditions on a line `c`, beginning with AND; their values are added to `arguments`."""
        found = " AND c.met_at IS NOT NULL" if self.answered_late else ""
        if self.level is not None:
            arguments.append(self.level)
            found += f" AND c.met_at IS NULL AND c.level = ${len(arguments)}"
        return found


@dataclass(frozen=True)
class Group:
    """How many of the list belong together, and since when the oldest of them waits."""

    key: str
    name: str
    count: int
    since: datetime


@dataclass(frozen=True)
class Late:
    """A line of the list. Without the right to read its words only ticket, whose and since when are given."""

    id: int
    ticket: str
    status: str
    agency_id: int
    agency: str
    zone: str
    words: str | None
    category: str | None
    place: str | None
    clock: str
    level: int
    started_at: datetime
    due_at: datetime
    met_at: datetime | None
    asked_at: datetime | None
    flags: frozenset[str]
    told: Sequence[Sent]


@dataclass(frozen=True)
class Overdue:
    """How many there are now in all, how many of them were answered meanwhile, how many the filters leave (of words
    counted up to `MOST_SAYING`, one more stands for more), and one page of those, oldest first.

    `unanswered` wait for their first answer, `since` is the oldest deadline that is still unmet; `groups` lays what is
    unmet out by agency, district, category and level, where nothing narrows the list.
    """

    at: datetime
    total: int
    answered_late: int
    filtered: int
    page: Page[Late]
    unanswered: int
    since: datetime | None
    groups: Mapping[str, Sequence[Group]]

    @property
    def waiting(self) -> int:
        """How many are past their deadline and unmet: the one number."""
        return self.total - self.answered_late


async def overdue(
    filters: Filters, wish: Wish, *, only: Only | None = None, size: int = PAGE_SIZE
) -> Overdue:
    """Return the list of escalations as this officer's offices open it."""
    at = await database.now()
    compared, direction = order(wish)
    filters, only = await looked_up(filters), only or Only()
    arguments: list[Any] = [at]
    narrowed = filters.conditions(arguments) + only.conditions(arguments)
    source = _SOURCE_OF_MORE if filters.status or filters.person else _SOURCE
    beside = ""
    if wish.mark:
        arguments += [wish.mark.at, wish.mark.id]
        beside = f" AND (c.due_at, c.id) {compared} (${len(arguments) - 1}::timestamptz, ${len(arguments)}::bigint)"
    sql = _LIST.format(
        counted=_COUNTED if narrowed else _COUNTED_TOGETHER,
        source=source,
        narrowed=narrowed,
        beside=beside,
        direction=direction,
        limit=size + 1,
        filtered=_filtered(filters, only, source, arguments) if narrowed else "n.total",
        groups="NULL" if narrowed else _groups(),
    )
    rows = await database.fetch(sql, *arguments)
    # The counts stand in every row; without any complaint there is one row with the counts alone.
    counted, groups = rows[0], next((row["groups"] for row in rows if row["groups"]), None)
    rows = [row for row in rows if row["id"] is not None]
    told = await _told([row["id"] for row in rows])
    lines = [(Mark(row["due_at"], row["id"]), _line(row, told.get(row["id"], ()))) for row in rows]
    return Overdue(
        at,
        counted["total"],
        counted["answered"],
        max(counted["filtered"], len(lines)),
        page(lines, wish, size),
        counted["unanswered"],
        counted["since"],
        _laid_out(groups),
    )


def _filtered(filters: Filters, only: Only, source: str, arguments: list[Any]) -> str:
    """How many the filters leave: of words counted up to `MOST_SAYING`, and of guarded ones none that is not shown."""
    narrowed = replace(filters, untraced=True).conditions(arguments) + only.conditions(arguments)
    return _FILTERED.format(
        source=source, narrowed=narrowed, limit=MOST_SAYING + 1 if filters.words else "ALL"
    )


def _groups() -> str:
    parts = [
        _GROUP.format(by=by, column=column, key=key, name=name, join=join, most=MOST_GROUPS)
        for by, column, key, name, join in _BY
    ]
    return _GROUPS.format(parts=" UNION ALL ".join(parts))


def _laid_out(groups: str | None) -> Mapping[str, Sequence[Group]]:
    found: dict[str, list[Group]] = {by: [] for by, *_ in _BY}
    for by, key, name, count, since in json.loads(groups or "[]"):
        found[by].append(Group(key, name, count, datetime.fromisoformat(since)))
    return found


async def _told(complaints: Sequence[int]) -> Mapping[int, Sequence[Sent]]:
    told: dict[int, list[Sent]] = {}
    for row in await database.fetch(_TOLD, complaints, TOLD_LIMIT):
        values = dict(row)
        told.setdefault(values.pop("complaint"), []).append(Sent(**values))
    return told


_FLAGS = ("anonymous", "confidential", "protected", "about_official", "trial")


def _line(row: asyncpg.Record, told: Sequence[Sent]) -> Late:
    readable = row["readable"]
    flags = {name for name in _FLAGS if row[name]}
    if row["met_at"]:
        flags.add("answered_late")
    if row["trouble"]:
        flags.add("set_aside")
    return Late(
        id=row["id"],
        ticket=row["ticket"],
        status=row["status"],
        agency_id=row["agency_id"],
        agency=row["agency"],
        zone=row["zone"],
        words=first_words(row["words"], 150) if readable else None,
        category=row["category"] if readable else None,
        place=place(row["village"], row["district"]) if readable else None,
        clock=row["kind"],
        level=row["level"],
        started_at=row["started_at"],
        due_at=row["due_at"],
        met_at=row["met_at"],
        asked_at=row["asked_at"],
        flags=frozenset(flags),
        told=told,
    )
