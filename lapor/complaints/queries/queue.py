"""The queue of an officer: whose turn it is, nearest deadline first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from lapor import database
from lapor.complaints import tickets
from lapor.complaints.holding import DECIDING_ROLES, WORKING_ROLES
from lapor.complaints.queries.paging import COUNT_LIMIT, PAGE_SIZE, Mark, Page, Wish, order, page

# Clocks that ask something of an officer; the reporter's own window does not.
DUTIES: Final = "k.met_at IS NULL AND k.kind <> 'reporter_window'"
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def _roles(names: tuple[str, ...]) -> str:
    return "'{" + ",".join(names) + "}'"


_WORKS = f"(SELECT my_agencies_as({_roles(WORKING_ROLES)}))::bigint[]"
_DECIDES = f"(SELECT my_agencies_as({_roles(DECIDING_ROLES)}))::bigint[]"
_REACHES = "(SELECT my_working_agencies())::bigint[]"
_OWN = "(SELECT my_agencies())::bigint[]"

# As `approving.may_decide` does: a checker of the agency, or of the office above one with a single person.
MAY_DECIDE: Final = (
    "(p.requested_by <> app_user()"
    f" AND (p.agency = ANY ({_DECIDES}) OR (p.agency = ANY ({_REACHES}) AND p.agency <> ALL ({_OWN}))))"
)

_FINISHED_STATUS = "'{done,closed,rejected,referred}'::text[]"
_OPEN_STATUS = "c.status IN ('received', 'routed', 'in_progress')"
TABS: Final[Mapping[str, str]] = {
    "tugas": f"c.owner_agency = ANY ({_WORKS}) AND {_OPEN_STATUS}",
    "ditawarkan": f"c.offered_agency = ANY ({_WORKS})",
    "pemeriksa": (
        f"c.owner_agency = ANY ({_REACHES}) AND {_OPEN_STATUS}"
        " AND EXISTS (SELECT FROM approval p WHERE p.complaint = c.id AND p.decided_at IS NULL)"
    ),
    "penelaahan": "c.region = ANY ((SELECT my_regions_as('{coordinator}'))::bigint[]) AND c.status = 'received'",
    "selesai": f"c.owner_agency = ANY ({_WORKS}) AND c.status = ANY ({_FINISHED_STATUS})",
}
TAB_STATUSES: Final[Mapping[str, tuple[str, ...]]] = {
    "tugas": ("received", "routed", "in_progress"),
    "ditawarkan": ("received", "routed", "in_progress"),
    "pemeriksa": ("received", "routed", "in_progress"),
    "penelaahan": (),
    "selesai": ("done", "closed", "rejected", "referred"),
}
_NEWEST_FIRST = ("selesai",)
# A tab of another kind: not complaints, but what was ordered about them.
INSTRUCTIONS: Final = "instruksi"
_ORDERS = f"(SELECT count(*) FROM instruction i WHERE i.agency = ANY ({_WORKS}) AND i.carried_out_at IS NULL)"


@dataclass(frozen=True)
class Filters:
    """What narrows a list: codes of category, district and agency, a status, words or a ticket; empty is all."""

    status: str = ""
    category: str = ""
    district: str = ""
    agency: str = ""
    words: str = ""

    def conditions(self, arguments: list[Any]) -> str:
        """Return the conditions on complaint `c`, beginning with AND; their values are added to `arguments`."""
        found = ""
        for value, condition in (
            (self.status, "c.status = ${}"),
            # Whoever may not read a complaint must not learn by filtering what it is about.
            (
                self.category,
                "c.category = (SELECT id FROM category WHERE code = ${})"
                " AND EXISTS (SELECT FROM content w WHERE w.complaint = c.id)",
            ),
            (self.district, "c.district = (SELECT id FROM region WHERE code = ${})"),
            (self.agency, "c.owner_agency = (SELECT id FROM agency WHERE code = ${})"),
        ):
            if value:
                arguments.append(value)
                found += " AND " + condition.format(len(arguments))
        return found + self._search(arguments)

    def _search(self, arguments: list[Any]) -> str:
        asked = self.words.strip()
        if not asked:
            return ""
        try:
            arguments.append(tickets.parse(asked))
            return f" AND c.ticket = ${len(arguments)}"
        except ValueError:
            arguments.append(asked)
        return (
            " AND EXISTS (SELECT FROM content w WHERE w.complaint = c.id"
            f" AND w.words @@ websearch_to_tsquery('indonesian', ${len(arguments)}))"
        )


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


@dataclass(frozen=True)
class Counts:
    """How many wait in each tab, and how many the list has; counted up to `COUNT_LIMIT`, one more stands for more."""

    tabs: Mapping[str, int]
    total: int


_DUE = """
WITH found AS (
  SELECT c.id, coalesce(k.due_at, $1::timestamptz) AS sort_at
  FROM complaint c
  LEFT JOIN LATERAL (SELECT min(k.due_at) AS due_at FROM clock k WHERE k.complaint = c.id AND {duties}) k ON true
  WHERE {where}{narrowed}
  ORDER BY sort_at {direction}, c.id {direction} LIMIT {limit}
)"""

# What is finished grows for ever: each agency and status gives its newest from the index, and those are merged.
_FINISHED = """
WITH found AS (
  SELECT newest.id, newest.sort_at
  FROM unnest({works}) AS mine (agency)
  CROSS JOIN unnest({statuses}) AS finished (status)
  CROSS JOIN LATERAL (
    SELECT c.id, c.filed_at AS sort_at FROM complaint c
    WHERE $1::timestamptz IS NOT NULL AND c.owner_agency = mine.agency AND c.status = finished.status{narrowed}
    ORDER BY c.filed_at {direction}, c.id {direction} LIMIT {limit}
  ) newest
  ORDER BY sort_at {direction}, id {direction} LIMIT {limit}
)"""

_ITEMS = """
SELECT c.id, f.sort_at, c.ticket, c.status, c.filed_at, a.name AS agency, r.timezone AS zone,
  w.complaint IS NOT NULL AS readable, left(w.text, 240) AS words, g.name AS category, d.name AS district,
  v.name AS village, c.anonymous, c.confidential, c.protected, c.about_official, c.emergency,
  k.kind AS clock, k.due_at, k.started_at,
  EXISTS (SELECT FROM clock k WHERE k.complaint = c.id AND k.kind = 'promise' AND k.met_at IS NULL) AS promised,
  coalesce(s.kind IN ('reply', 'dispute', 'reopening'), false) AS reporter_spoke,
  p.kind AS approval, coalesce({may_decide}, false) AS may_decide
FROM found f
JOIN complaint c ON c.id = f.id
JOIN agency a ON a.id = c.owner_agency
JOIN region r ON r.id = c.region
LEFT JOIN content w ON w.complaint = c.id
LEFT JOIN category g ON g.id = c.category
LEFT JOIN region d ON d.id = c.district
LEFT JOIN region v ON v.id = c.village
LEFT JOIN approval p ON p.complaint = c.id AND p.decided_at IS NULL
LEFT JOIN LATERAL (SELECT k.kind, k.due_at, k.started_at FROM clock k
  WHERE k.complaint = c.id AND {duties} ORDER BY k.due_at, k.id LIMIT 1) k ON true
LEFT JOIN LATERAL (SELECT s.kind FROM statement s
  WHERE s.complaint = c.id AND s.kind <> 'note' ORDER BY s.made_at DESC, s.id DESC LIMIT 1) s ON true
ORDER BY f.sort_at {direction}, f.id {direction}"""


async def queue(tab: str, filters: Filters, wish: Wish) -> Page[Item]:
    """Return one page of a tab: nearest deadline first, what is finished by newest receipt; KeyError if unknown."""
    newest_first = tab in _NEWEST_FIRST
    compared, direction = order(wish, newest_first=newest_first)
    arguments: list[Any] = [_NEVER]
    narrowed = filters.conditions(arguments)
    key = "c.filed_at" if newest_first else "coalesce(k.due_at, $1)"
    if wish.mark:
        arguments += [wish.mark.at, wish.mark.id]
        mark = f"(${len(arguments) - 1}::timestamptz, ${len(arguments)}::bigint)"
        narrowed += f" AND ({key}, c.id) {compared} {mark}"
    found = _FINISHED if newest_first else _DUE
    sql = (found + _ITEMS).format(
        where=TABS[tab],
        narrowed=narrowed,
        works=_WORKS,
        statuses=_FINISHED_STATUS,
        duties=DUTIES,
        may_decide=MAY_DECIDE,
        direction=direction,
        limit=PAGE_SIZE + 1,
    )
    rows = await database.fetch(sql, *arguments)
    return page([(Mark(row["sort_at"], row["id"]), _item(row)) for row in rows], wish)


async def counts(tab: str, filters: Filters) -> Counts:
    """Return the counts beside a list, in one statement. What is finished is counted only as the list shown."""
    arguments: list[Any] = []
    total = TABS[tab] + filters.conditions(arguments)
    waiting = [name for name in TABS if name not in _NEWEST_FIRST]
    columns = [f"{_count(TABS[name])} AS {name}" for name in waiting]
    columns += [f"{_ORDERS} AS {INSTRUCTIONS}", f"{_count(total)} AS total"]
    row = await database.fetchrow(f"SELECT {', '.join(columns)}", *arguments)
    assert row is not None
    return Counts({name: row[name] for name in (*waiting, INSTRUCTIONS)}, row["total"])


async def how_many_of(complaints: Collection[int], tab: str, filters: Filters) -> int:
    """Return how many of these complaints stand in a tab, as the filters leave it."""
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
