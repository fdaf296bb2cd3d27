"""Whoever has the words of a confidential, protected or official's complaint on screen leaves a trace.

Every query that hands out words calls `note_reading` in the transaction that reads them, so no address can show them
without it. The inspectorate reads the traces; nobody changes one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from lapor import database
from lapor.complaints import tickets
from lapor.complaints.queries.paging import PAGE_SIZE, Mark, Page, Wish, order, page

Manner = Literal["opened", "listed", "photo", "panel"]

# What makes a complaint's words somebody's business to read; the database asks for the same.
GUARDS: Final = ("confidential", "protected", "about_official")

_TRACES = """
SELECT t.id, t.complaint, t.manner, t.read_at, c.ticket, c.confidential, c.protected, c.about_official,
  p.full_name AS person, p.username, r.timezone AS zone,
  (SELECT string_agg(DISTINCT a.short_name, ', ') FROM appointment h JOIN office o ON o.id = h.office
   JOIN agency a ON a.id = o.agency
   WHERE h.person = t.person AND h.starts_at <= t.read_at AND (h.ends_at IS NULL OR h.ends_at > t.read_at)) AS agencies
FROM reading_trace t
JOIN complaint c ON c.id = t.complaint
JOIN region r ON r.id = c.region
JOIN person p ON p.id = t.person
WHERE true{narrowed}
ORDER BY t.read_at {direction}, t.id {direction} LIMIT {limit}"""


class Line(Protocol):
    """A line of a list of complaints: `words` is None where they are hidden from this officer."""

    @property
    def id(self) -> int: ...
    @property
    def words(self) -> str | None: ...
    @property
    def flags(self) -> frozenset[str]: ...


@dataclass(frozen=True)
class Trace:
    """One reading: who, from which offices at that time, which complaint, when and how."""

    id: int
    complaint: int
    ticket: str
    person: str
    username: str
    agencies: str
    manner: str
    read_at: datetime
    zone: str
    flags: frozenset[str]


@dataclass(frozen=True)
class TraceFilters:
    """What narrows the list: a ticket, a part of a name, a manner, days from and until (of the region's zone)."""

    ticket: str = ""
    person: str = ""
    manner: str = ""
    since: datetime | None = None
    until: datetime | None = None


async def note_reading(complaints: Iterable[int], manner: Manner = "opened") -> None:
    """Note that the officer of the running transaction has these words before them; unguarded ones leave nothing."""
    asked = sorted(set(complaints))
    if asked:
        await database.execute("SELECT note_reading($1, $2)", asked, manner)


async def note_listed(lines: Iterable[Line]) -> None:
    """Note the guarded ones among the lines of a list whose first words are shown: no statement when there are none."""
    await note_reading(
        (line.id for line in lines if line.words is not None and line.flags & set(GUARDS)), "listed"
    )


async def traces(filters: TraceFilters, wish: Wish) -> Page[Trace]:
    """Return one page of the traces that this inspector may see, newest first."""
    compared, direction = order(wish, newest_first=True)
    arguments: list[Any] = []
    narrowed = _narrowed(filters, arguments)
    if wish.mark:
        arguments += [wish.mark.at, wish.mark.id]
        narrowed += f" AND (t.read_at, t.id) {compared} (${len(arguments) - 1}::timestamptz, ${len(arguments)}::bigint)"
    sql = _TRACES.format(narrowed=narrowed, direction=direction, limit=PAGE_SIZE + 1)
    rows = await database.fetch(sql, *arguments)
    return page([(Mark(row["read_at"], row["id"]), _trace(row)) for row in rows], wish)


def _narrowed(filters: TraceFilters, arguments: list[Any]) -> str:
    found = ""
    for value, condition in (
        (_ticket(filters.ticket), "c.ticket = ${}"),
        (filters.person, "strpos(lower(p.full_name || ' ' || p.username), lower(${}::text)) > 0"),
        (filters.manner, "t.manner = ${}"),
        (filters.since, "t.read_at >= ${}"),
        (filters.until, "t.read_at < ${}"),
    ):
        if value:
            arguments.append(value)
            found += " AND " + condition.format(len(arguments))
    return found


def _ticket(typed: str) -> str:
    """The ticket as it is stored; what is none is found nowhere."""
    try:
        return tickets.parse(typed) if typed.strip() else ""
    except ValueError:
        return typed


def _trace(row: Mapping[str, Any]) -> Trace:
    return Trace(
        id=row["id"],
        complaint=row["complaint"],
        ticket=row["ticket"],
        person=row["person"] or row["username"],
        username=row["username"],
        agencies=row["agencies"] or "",
        manner=row["manner"],
        read_at=row["read_at"],
        zone=row["zone"],
        flags=frozenset(guard for guard in GUARDS if row[guard]),
    )
