"""What did not arrive and what could not be read, as whoever tends it sees it; the database decides who does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import asyncpg

from lapor import database
from lapor.admin.delivery_words import LETTERS, OTHER
from lapor.complaints.queries.figures.names import CHANNELS
from lapor.complaints.queries.paging import PAGE_SIZE, Mark, Page, Wish, order, page
from lapor.locales import say

MOST_SHOWN = 50
MOST_COUNTED = 100

_FAILED = """
SELECT m.id, m.kind, m.channel, m.created_at, m.attempts, m.trouble, c.ticket, c.id AS complaint, o.title AS office,
  a.short_name AS agency, m.office IS NULL AND m.complaint IS NOT NULL AS to_reporter
FROM message m
LEFT JOIN complaint c ON c.id = m.complaint
LEFT JOIN office o ON o.id = m.office
LEFT JOIN agency a ON a.id = o.agency
WHERE m.state = 'dead' AND tends_letter(m.complaint, m.office)
ORDER BY m.id DESC LIMIT $1"""

_UNREAD = """
SELECT i.id, i.channel, i.account, i.received_at, i.trouble FROM inbound i
WHERE i.state IN ('dead', 'unreadable') AND tends_deliveries()
ORDER BY i.received_at DESC, i.id DESC LIMIT $1"""

# What was let lie is gone when its payload is: nobody could say any more what stood in it.
_RESTING = """
SELECT i.id, i.channel, i.account, i.received_at, i.trouble, coalesce(nullif(p.full_name, ''), p.username) AS person, f.found_at FROM inbound i
LEFT JOIN delivery_finding f ON f.delivery = i.id
LEFT JOIN person p ON p.id = f.person
WHERE i.state = $1 AND ($2 = 0 OR i.received_at > lapor_now() - make_interval(days => $2)) AND tends_deliveries(){beside}
ORDER BY i.received_at {direction}, i.id {direction} LIMIT {limit}"""
_BESIDE = " AND (i.received_at, i.id) {compared} ($3::timestamptz, $4::bigint)"

_BECAME = """
SELECT c.id, c.ticket FROM delivery_finding f JOIN complaint c ON c.id = f.complaint WHERE f.delivery = $1"""

# Both counts go through an index of what is in trouble, and no further than a menu can show.
_WAITING = """
SELECT (SELECT count(*) FROM (SELECT FROM message m WHERE m.state = 'dead' AND tends_letter(m.complaint, m.office)
    LIMIT $1) failed)
  + (SELECT count(*) FROM (SELECT FROM inbound i WHERE i.state IN ('dead', 'unreadable') AND tends_deliveries()
    LIMIT $1) unread)"""


@dataclass(frozen=True)
class Failed:
    """A message that was given up. `ticket` is empty where this officer may not see its complaint."""

    id: int
    kind: str
    to: str
    ticket: str
    channel: str
    created_at: datetime
    attempts: int
    trouble: str


@dataclass(frozen=True)
class Unread:
    """A delivery that waits for a person, with why it led to nothing; who set it aside and when, if anybody did."""

    id: int
    channel: str
    account: str
    received_at: datetime
    trouble: str
    person: str = ""
    found_at: datetime | None = None


async def failed_letters(officer: int) -> Sequence[Failed]:
    """Return the messages that were given up, the newest first, at most `MOST_SHOWN`."""
    async with database.transaction("reader", user_id=officer):
        rows = await database.fetch(_FAILED, MOST_SHOWN)
    return [
        Failed(
            id=row["id"],
            kind=say(LETTERS.get(row["kind"], OTHER)),
            to=_addressee(row["to_reporter"], row["office"], row["agency"]),
            ticket=row["ticket"] or "",
            channel=channel_name(row["channel"] or ""),
            created_at=row["created_at"],
            attempts=row["attempts"],
            trouble=row["trouble"] or "",
        )
        for row in rows
    ]


async def resend(officer: int, letters: Sequence[int]) -> int:
    """Put messages that were given up back into the outbox, due now; return how many there were."""
    async with database.transaction("desk", user_id=officer):
        again: int = await database.fetchval("SELECT resend_letters($1)", list(letters))
    return again


async def unread_deliveries(officer: int) -> Sequence[Unread]:
    """Return the deliveries that could not be read, the newest first, at most `MOST_SHOWN`."""
    async with database.transaction("reader", user_id=officer):
        rows = await database.fetch(_UNREAD, MOST_SHOWN)
    return [_delivery(row) for row in rows]


async def resting(officer: int, state: Literal["left", "aside"], wish: Wish, *, days: int) -> Page[Unread]:
    """Return one page of what led to nothing, or was set aside, within so many days (0: ever), newest first."""
    compared, direction = order(wish, newest_first=True)
    arguments: list[Any] = [state, days]
    beside = _BESIDE.format(compared=compared) if wish.mark else ""
    if wish.mark:
        arguments += [wish.mark.at, wish.mark.id]
    sql = _RESTING.format(beside=beside, direction=direction, limit=PAGE_SIZE + 1)
    async with database.transaction("reader", user_id=officer):
        rows = await database.fetch(sql, *arguments)
    return page([(Mark(row["received_at"], row["id"]), _delivery(row)) for row in rows], wish)


async def became(officer: int, delivery: int) -> tuple[int, str] | None:
    """Return id and ticket of the complaint that a person made of a delivery; None where this officer sees none."""
    async with database.transaction("reader", user_id=officer):
        row = await database.fetchrow(_BECAME, delivery)
    return (row["id"], row["ticket"]) if row else None


def _delivery(row: asyncpg.Record) -> Unread:
    found = dict(row)
    return Unread(
        id=found["id"],
        channel=channel_name(found["channel"]),
        account=found["account"],
        received_at=found["received_at"],
        trouble=found["trouble"] or "",
        person=found.get("person") or "",
        found_at=found.get("found_at"),
    )


async def read_again(officer: int, delivery: int) -> bool:
    """Give a delivery back to its channel's reader, due now; return whether there was such a one."""
    async with database.transaction("desk", user_id=officer):
        return bool(await database.fetchval("SELECT read_delivery_again($1)", delivery))


async def waiting(officer: int) -> int:
    """Return how many messages and deliveries are in trouble; beyond `MOST_COUNTED` of each it does not count."""
    async with database.transaction("reader", user_id=officer):
        return int(await database.fetchval(_WAITING, MOST_COUNTED))


def channel_name(channel: str) -> str:
    """Return what a channel is called on screen."""
    return say(CHANNELS.get(channel, channel)) if channel else ""


def _addressee(to_reporter: bool, office: str | None, agency: str | None) -> str:
    if to_reporter:
        return say("pelapor")
    return f"{office}, {agency}" if office else say("petugas")
