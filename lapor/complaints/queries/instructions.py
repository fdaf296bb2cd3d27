"""Instructions of the leadership: what was ordered, until when, and what became of each complaint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from lapor import database
from lapor.complaints.holding import WORKING_ROLES
from lapor.complaints.queries.paging import Mark, Page, Wish, order, page
from lapor.complaints.queries.queue import first_words
from lapor.complaints.reading_traces import note_reading

PAGE_SIZE = 20


@dataclass(frozen=True)
class Concerned:
    """A complaint of an instruction: where it is, and what happened last since the instruction was given.

    Without the right to see it only its number in the list is known: `ticket` is None.
    """

    id: int
    ticket: str | None
    status: str | None
    agency: str | None
    happened: str | None
    happened_at: datetime | None


@dataclass(frozen=True)
class Ordered:
    """An instruction. `office` is the one in whose name it was given; `on_behalf` when by somebody else's hand."""

    id: int
    agency: str
    text: str
    giver: str
    office: str
    on_behalf: bool
    given_at: datetime
    due_at: datetime
    carried_out_at: datetime | None
    report: str
    mine: bool
    zone: str
    complaints: Sequence[Concerned] = ()


@dataclass(frozen=True)
class Chosen:
    """A complaint that an instruction is going to be about; without a missed deadline `clock` is None."""

    id: int
    ticket: str
    region: int
    owner_agency: int
    agency: str
    zone: str
    words: str | None
    clock: str | None
    started_at: datetime | None
    due_at: datetime | None
    met_at: datetime | None


_ORDERED = """
SELECT i.id, a.name AS agency, i.text, coalesce(p.full_name, '') AS giver, o.title AS office,
  NOT EXISTS (SELECT FROM appointment h WHERE h.office = i.in_name_of AND h.person = i.given_by
    AND h.starts_at <= i.given_at AND (h.ends_at IS NULL OR h.ends_at > i.given_at)) AS on_behalf,
  i.given_at, i.due_at, i.carried_out_at, i.report, i.agency = ANY ((SELECT my_agencies_as($1))::bigint[]) AS mine,
  r.timezone AS zone
FROM instruction i
JOIN agency a ON a.id = i.agency
JOIN office o ON o.id = i.in_name_of
JOIN region r ON r.id = i.region
LEFT JOIN person p ON p.id = i.given_by
"""
_OF_COMPLAINT = f"""{_ORDERED}
WHERE EXISTS (SELECT FROM instruction_item j WHERE j.instruction = i.id AND j.complaint = $2) ORDER BY i.given_at, i.id"""

# What still has to be done stands first, nearest deadline first; then what was done, newest first.
_OF_DESK = f"""{_ORDERED}
WHERE i.agency = ANY ((SELECT my_agencies_as($1))::bigint[])
ORDER BY i.carried_out_at IS NOT NULL, CASE WHEN i.carried_out_at IS NULL THEN i.due_at END, i.carried_out_at DESC, i.id
LIMIT 100"""

# The acts that a leader wants to read of: the last of them since the instruction.
_CONCERNED = """
SELECT j.instruction, j.complaint AS id, c.ticket, c.status, a.name AS agency, e.kind AS happened,
  e.occurred_at AS happened_at
FROM instruction_item j
JOIN instruction i ON i.id = j.instruction
LEFT JOIN complaint c ON c.id = j.complaint
LEFT JOIN agency a ON a.id = c.owner_agency
LEFT JOIN LATERAL (
  SELECT e.kind, e.occurred_at FROM event e
  WHERE e.complaint = c.id AND e.occurred_at >= i.given_at
    AND e.kind IN ('answered', 'promised', 'completed', 'rejected', 'referred', 'transfer_taken', 'routed', 'ruled',
                   'asked', 'paused', 'disputed', 'reopened', 'accepted', 'closed', 'outside_answered')
    AND NOT EXISTS (SELECT FROM event u WHERE u.complaint = e.complaint AND u.kind = 'undone'
      AND u.facts::jsonb -> 'statement' = e.facts::jsonb -> 'statement')
  ORDER BY e.seq DESC LIMIT 1) e ON true
WHERE j.instruction = ANY ($1) ORDER BY j.instruction, j.complaint"""


_CHOSEN = """
SELECT c.id, c.ticket, c.region, c.owner_agency, a.name AS agency, r.timezone AS zone, left(w.text, 320) AS words,
  k.kind AS clock, k.started_at, k.due_at, k.met_at
FROM complaint c
JOIN agency a ON a.id = c.owner_agency
JOIN region r ON r.id = c.region
LEFT JOIN content w ON w.complaint = c.id
LEFT JOIN LATERAL (
  SELECT k.kind, k.started_at, k.due_at, k.met_at FROM clock k
  WHERE k.complaint = c.id AND k.kind <> 'reporter_window' AND coalesce(k.met_at, $2) > k.due_at
  ORDER BY k.met_at IS NOT NULL, k.due_at, k.id LIMIT 1) k ON true
WHERE c.id = ANY ($1) ORDER BY a.name, a.id, k.due_at, c.id"""


_STANDING = """
SELECT count(*) FILTER (WHERE carried_out_at IS NULL) AS running,
  count(*) FILTER (WHERE carried_out_at IS NULL AND due_at < lapor_now()) AS overdue,
  count(*) FILTER (WHERE carried_out_at > lapor_now() - interval '30 days') AS carried_out,
  count(*) FILTER (WHERE carried_out_at > lapor_now() - interval '30 days' AND carried_out_at > due_at) AS late
FROM instruction WHERE carried_out_at IS NULL OR carried_out_at > lapor_now() - interval '30 days'"""


@dataclass(frozen=True)
class Standing:
    """What became of the instructions: how many run, how many of those are overdue, how many were carried out in the
    last thirty days, and how many of those late."""

    running: int
    overdue: int
    carried_out: int
    late: int


async def instructions_standing() -> Standing:
    """Return what became of the instructions that this officer's region gave."""
    row = await database.fetchrow(_STANDING)
    assert row is not None
    return Standing(**dict(row))


async def chosen(complaints: Sequence[int]) -> Sequence[Chosen]:
    """Return those of the complaints that this officer sees, by agency, with the oldest deadline that each has missed."""
    rows = await database.fetch(_CHOSEN, list(complaints), await database.now())
    await note_reading((row["id"] for row in rows if row["words"]), "listed")
    return [
        Chosen(**{**dict(row), "words": first_words(row["words"], 150) if row["words"] else None})
        for row in rows
    ]


async def instructions_of(complaint: int) -> Sequence[Ordered]:
    """Return the instructions about one complaint, oldest first, without their other complaints."""
    rows = await database.fetch(_OF_COMPLAINT, list(WORKING_ROLES), complaint)
    return [Ordered(**dict(row)) for row in rows]


async def instructions_of_desk() -> Sequence[Ordered]:
    """Return the instructions to this officer's agencies: what is to be done first, then the newest done."""
    return await _with_complaints(await database.fetch(_OF_DESK, list(WORKING_ROLES)))


async def instructions_given(wish: Wish) -> Page[Ordered]:
    """Return one page of the instructions of this officer's region, newest first."""
    compared, direction = order(wish, newest_first=True)
    arguments: list[Any] = [list(WORKING_ROLES)]
    beside = ""
    if wish.mark:
        arguments += [wish.mark.at, wish.mark.id]
        beside = f"WHERE (i.given_at, i.id) {compared} ($2::timestamptz, $3::bigint)"
    rows = await database.fetch(
        f"{_ORDERED} {beside} ORDER BY i.given_at {direction}, i.id {direction} LIMIT {PAGE_SIZE + 1}",
        *arguments,
    )
    found = await _with_complaints(rows)
    return page([(Mark(one.given_at, one.id), one) for one in found], wish, PAGE_SIZE)


async def _with_complaints(rows: Sequence[asyncpg.Record]) -> Sequence[Ordered]:
    concerned: dict[int, list[Concerned]] = {}
    for row in await database.fetch(_CONCERNED, [row["id"] for row in rows]):
        values: Mapping[str, Any] = dict(row)
        concerned.setdefault(values["instruction"], []).append(
            Concerned(**{name: values[name] for name in Concerned.__annotations__})
        )
    return [Ordered(**dict(row), complaints=concerned.get(row["id"], [])) for row in rows]
