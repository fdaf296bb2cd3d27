"""What the person who answers for an agency's complaints watches: whose hands are full, what breaks next, what broke."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lapor import database
from lapor.complaints.assigning import COLLEAGUES
from lapor.complaints.holding import WORKING_ROLES
from lapor.complaints.queries.queue import Item, items_of
from lapor.complaints.queries.same_words import Repeated, identical_replies
from lapor.complaints.queries.tabs import IS_OPEN

# Who answers for an agency's complaints.
OVERSEERS: Final = ("liaison", "agency_head")
# Transfers and broken promises are looked back on for so long.
SPAN: Final = timedelta(days=90)
SHOWN: Final = 10

_IN_HAND = f"""
SELECT c.in_hand AS person, count(*) AS open, count(*) FILTER (WHERE c.next_due < lapor_now()) AS overdue,
  min(c.next_due) FILTER (WHERE c.next_due >= lapor_now()) AS next_due
FROM complaint c WHERE c.owner_agency = ANY ($1) AND {IS_OPEN} GROUP BY c.in_hand"""
_NEAREST = f"""
SELECT c.id FROM complaint c WHERE c.owner_agency = ANY ($1) AND {IS_OPEN} AND c.next_due >= lapor_now()
ORDER BY c.next_due, c.id LIMIT {SHOWN}"""
_DISPUTED = f"""
SELECT c.id FROM complaint c WHERE c.owner_agency = ANY ($1) AND {IS_OPEN} AND c.disputed
ORDER BY c.next_due, c.id LIMIT {SHOWN}"""
_BROKEN = f"""
SELECT c.id FROM complaint c JOIN clock k ON k.complaint = c.id AND k.kind = 'promise' AND k.met_at IS NULL
WHERE c.owner_agency = ANY ($1) AND {IS_OPEN} AND c.promised AND k.due_at < lapor_now()
ORDER BY k.due_at, c.id LIMIT {SHOWN}"""
_KEPT_LATE = """
SELECT count(*) FROM complaint c JOIN clock k ON k.complaint = c.id AND k.kind = 'promise' AND k.met_at > k.due_at
WHERE c.owner_agency = ANY ($1) AND k.due_at >= lapor_now() - $2::interval"""


@dataclass(frozen=True)
class Hands:
    """How much one person has in hand, `person` 0 for what nobody has: open, of it overdue, and the next deadline."""

    person: int
    name: str
    open: int
    overdue: int
    next_due: datetime | None


@dataclass(frozen=True)
class Exchange:
    """Transfers between us and another agency, and how long the giver had held them on average, in seconds."""

    outward: bool
    other: str
    taken: int
    refused: int
    waiting: int
    seconds: int


@dataclass(frozen=True)
class Overview:
    """Everything on the page of the liaison officer."""

    at: datetime
    hands: Sequence[Hands]
    nearest: Sequence[Item]
    disputed: Sequence[Item]
    broken: Sequence[Item]
    kept_late: int
    exchanges: Sequence[Exchange]
    repeated: Sequence[Repeated]


async def overview(same_words_from: int) -> Overview:
    """Return the overview of the agencies in which this officer answers for complaints."""
    agencies: list[int] = await database.fetchval("SELECT my_agencies_as($1)", list(OVERSEERS))
    at = await database.now()
    found = [
        [row["id"] for row in await database.fetch(sql, agencies)] for sql in (_NEAREST, _DISPUTED, _BROKEN)
    ]
    items = await items_of(list({one for ids in found for one in ids}))
    nearest, disputed, broken = ([items[one] for one in ids if one in items] for ids in found)
    rows = await database.fetch("SELECT * FROM my_transfers($1)", at - SPAN)
    return Overview(
        at=at,
        hands=await _hands(agencies),
        nearest=nearest,
        disputed=disputed,
        broken=broken,
        kept_late=await database.fetchval(_KEPT_LATE, agencies, SPAN),
        exchanges=[Exchange(**dict(row)) for row in rows],
        repeated=[
            again
            for agency in agencies
            for again in await identical_replies(agency, same_words_from=same_words_from)
        ],
    )


async def _hands(agencies: Sequence[int]) -> Sequence[Hands]:
    full = {row["person"]: row for row in await database.fetch(_IN_HAND, agencies)}
    names = {
        row["id"]: row["full_name"]
        for agency in agencies
        for row in await database.fetch(COLLEAGUES, agency, list(WORKING_ROLES), False)
    }
    people = [(None, ""), *sorted(names.items(), key=lambda one: one[1])]
    hands = [
        Hands(
            person or 0,
            name,
            row["open"] if row else 0,
            row["overdue"] if row else 0,
            row["next_due"] if row else None,
        )
        for person, name in people
        for row in [full.get(person)]
    ]
    return sorted(hands, key=lambda one: (one.person != 0, -one.overdue, -one.open, one.name))
