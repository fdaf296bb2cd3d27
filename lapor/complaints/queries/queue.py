"""The queue of an officer: whose turn it is, nearest deadline first."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from lapor import database
from lapor.complaints.queries.filters import Filters, looked_up
from lapor.complaints.queries.paging import COUNT_LIMIT, PAGE_SIZE, Mark, Page, Wish, order, page
from lapor.complaints.queries.tabs import (
    BY_AGENCY,
    COUNTED_TOGETHER,
    DUTIES,
    INSTRUCTIONS,
    MAY_DECIDE,
    NEWEST_FIRST,
    ORDERS,
    OURS,
    STATUSES_OF,
    TABS,
    WORKS,
)
from lapor.complaints.reading_traces import note_listed

# So many open complaints of one officer's agencies are read to count what stands how.
READ_LIMIT = 10_000


@dataclass(frozen=True)
class Item:
    """A line of a list. Words, category and place are None where this officer may not read the words."""

    id: int
    ticket: str
    status: str
    agency: str
    zone: str
    filed_at: datetime
    words: str | None
    category: str | None
    place: str | None
    clock: str | None
    due_at: datetime | None
    started_at: datetime | None
    flags: frozenset[str]
    approval: str | None
    may_decide: bool
    in_hand: str | None
    version: int


@dataclass(frozen=True)
class Counts:
    """How many wait in each tab, and how many the list has; counted up to `COUNT_LIMIT`, one more stands for more."""

    tabs: Mapping[str, int]
    total: int


_FOUND = """
SELECT c.id, {key} AS sort_at FROM complaint c
WHERE {where}{narrowed}
ORDER BY {key} {direction}, c.id {direction} LIMIT {limit}"""

_BY_AGENCY = """
SELECT first.id, first.sort_at
FROM unnest({works}) AS mine (agency)
CROSS JOIN unnest('{{{statuses}}}'::text[]) AS those (status)
CROSS JOIN LATERAL (
  SELECT c.id, {key} AS sort_at FROM complaint c
  WHERE c.owner_agency = mine.agency AND c.status = those.status AND {where}{narrowed}
  ORDER BY {key} {direction}, c.id {direction} LIMIT {limit}
) first
ORDER BY sort_at {direction}, id {direction} LIMIT {limit}"""

_ITEMS = f"""
SELECT c.id, c.ticket, c.status, c.filed_at, a.name AS agency, r.timezone AS zone,
  w.complaint IS NOT NULL AS readable, left(w.text, 240) AS words, g.name AS category, d.name AS district,
  v.name AS village, c.anonymous, c.confidential, c.protected, c.about_official, c.emergency,
  k.kind AS clock, k.due_at, k.started_at,
  c.promised, c.disputed,
  coalesce(s.kind IN ('reply', 'dispute', 'reopening'), false) AS reporter_spoke,
  p.kind AS approval, coalesce({MAY_DECIDE}, false) AS may_decide, c.version,
  (SELECT h.full_name FROM person h WHERE h.id = c.in_hand) AS in_hand
FROM complaint c
JOIN agency a ON a.id = c.owner_agency
JOIN region r ON r.id = c.region
LEFT JOIN content w ON w.complaint = c.id
LEFT JOIN category g ON g.id = c.category
LEFT JOIN region d ON d.id = c.district
LEFT JOIN region v ON v.id = c.village
LEFT JOIN approval p ON p.complaint = c.id AND p.decided_at IS NULL
LEFT JOIN LATERAL (SELECT k.kind, k.due_at, k.started_at FROM clock k
  WHERE k.complaint = c.id AND {DUTIES} ORDER BY k.due_at, k.id LIMIT 1) k ON true
LEFT JOIN LATERAL (SELECT s.kind FROM statement s
  WHERE s.complaint = c.id AND s.kind <> 'note' ORDER BY s.made_at DESC, s.id DESC LIMIT 1) s ON true
WHERE c.id = ANY ($1)"""


async def queue(tab: str, filters: Filters, wish: Wish) -> Page[Item]:
    """Return one page of a tab: nearest deadline first, what is finished by newest receipt; KeyError if unknown."""
    newest_first = tab in NEWEST_FIRST
    compared, direction = order(wish, newest_first=newest_first)
    filters = await looked_up(filters)
    arguments: list[Any] = []
    narrowed = filters.conditions(arguments)
    key = "c.filed_at" if newest_first else "c.next_due"
    if wish.mark:
        arguments += [wish.mark.at, wish.mark.id]
        mark = f"(${len(arguments) - 1}::timestamptz, ${len(arguments)}::bigint)"
        narrowed += f" AND ({key}, c.id) {compared} {mark}"
    sql = (_BY_AGENCY if tab in BY_AGENCY else _FOUND).format(
        key=key,
        where=BY_AGENCY.get(tab) or TABS[tab],
        narrowed=narrowed,
        works=WORKS,
        statuses=",".join(STATUSES_OF.get(tab, ())),
        direction=direction,
        limit=PAGE_SIZE + 1,
    )
    marks = [Mark(row["sort_at"], row["id"]) for row in await database.fetch(sql, *arguments)]
    items = await items_of([mark.id for mark in marks])
    return page([(mark, items[mark.id]) for mark in marks if mark.id in items], wish)


async def items_of(complaints: Sequence[int]) -> Mapping[int, Item]:
    """Return the lines of these complaints by id; those that this officer does not see are left out."""
    if not complaints:
        return {}
    items = {row["id"]: _item(row) for row in await database.fetch(_ITEMS, list(complaints))}
    await note_listed(items.values())
    return items


async def counts(tab: str, filters: Filters) -> Counts:
    """Return the counts beside a list, in one statement. What is finished is counted only as the list shown."""
    filters = await looked_up(filters)
    arguments: list[Any] = []
    total = TABS[tab] + filters.conditions(arguments)
    alone = [name for name in TABS if name not in NEWEST_FIRST and name not in COUNTED_TOGETHER]
    columns = [
        f"count(*) FILTER (WHERE {condition}) AS {name}" for name, condition in COUNTED_TOGETHER.items()
    ]
    columns += [f"{_count(TABS[name])} AS {name}" for name in alone]
    columns += [f"{ORDERS} AS {INSTRUCTIONS}", f"{_count(total)} AS total"]
    row = await database.fetchrow(
        f"SELECT {', '.join(columns)} FROM (SELECT * FROM complaint c WHERE {TABS[OURS]} LIMIT {READ_LIMIT}) c",
        *arguments,
    )
    assert row is not None
    return Counts({name: row[name] for name in (*COUNTED_TOGETHER, *alone, INSTRUCTIONS)}, row["total"])


async def how_many_of(complaints: Collection[int], tab: str, filters: Filters) -> int:
    """Return how many of these complaints stand in a tab, as the filters leave it."""
    filters = await looked_up(filters)
    arguments: list[Any] = [list(complaints)]
    where = f"c.id = ANY ($1) AND {TABS[tab]}{filters.conditions(arguments)}"
    found: int = await database.fetchval(f"SELECT count(*) FROM complaint c WHERE {where}", *arguments)
    return found


def _count(where: str) -> str:
    return f"(SELECT count(*) FROM (SELECT FROM complaint c WHERE {where} LIMIT {COUNT_LIMIT + 1}) counted)"


_FLAGS = (
    "anonymous",
    "confidential",
    "protected",
    "about_official",
    "emergency",
    "promised",
    "disputed",
    "reporter_spoke",
)


def _item(row: asyncpg.Record) -> Item:
    readable = row["readable"]
    return Item(
        id=row["id"],
        ticket=row["ticket"],
        status=row["status"],
        agency=row["agency"],
        zone=row["zone"],
        filed_at=row["filed_at"],
        words=first_words(row["words"]) if readable else None,
        category=row["category"] if readable else None,
        place=place(row["village"], row["district"]) if readable else None,
        clock=row["clock"],
        due_at=row["due_at"],
        started_at=row["started_at"],
        flags=frozenset(name for name in _FLAGS if row[name]),
        approval=row["approval"],
        may_decide=row["may_decide"],
        in_hand=row["in_hand"],
        version=row["version"],
    )


def first_words(text: str, length: int = 110) -> str:
    """Return the beginning of a text on one line, cut between words."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    return line[:length].rsplit(" ", 1)[0].rstrip(".,;:") + " …"


def place(village: str | None, district: str | None) -> str | None:
    """Return the place as it is read, from small to large; None when none was given."""
    return ", ".join(name for name in (village, district) if name) or None
