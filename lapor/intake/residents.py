"""What residents read: the ticket's standing, the published copy, and everything of their own complaint.

Each function runs in a transaction of its own and in the role that may see just this.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from lapor import crypto, database
from lapor.complaints.queries.paging import Mark, Page, Wish, order, page
from lapor.complaints.queries.photos import Photo, document, photos_of, picture
from lapor.intake import chosen_ways
from lapor.intake.chosen_ways import Ways

PAGE_SIZE = 20
EXCERPT = 180

_STATUS = "SELECT s.*, lapor_now() AS now FROM ticket_status($1) s"

_PUBLISHED = """
SELECT p.statement, p.kind, p.said_at, p.text, p.filed_at, p.published_at, a.name AS agency, c.name AS category, c.name_en AS category_en,
       d.name AS district
FROM publication p
JOIN agency a ON a.id = p.agency
LEFT JOIN category c ON c.id = p.category
LEFT JOIN region d ON d.id = p.district
WHERE p.ticket = $1 ORDER BY p.statement NULLS FIRST"""

_OWN = """
SELECT c.*, w.text, w.address, w.salt, a.name AS agency, a.phone AS agency_phone, r.timezone,
       g.name AS category_name, g.name_en AS category_en, d.name AS district_name, v.name AS village_name,
       v.kind AS village_kind, lapor_now() AS now
FROM complaint c
JOIN content w ON w.complaint = c.id
JOIN agency a ON a.id = c.owner_agency
JOIN region r ON r.id = c.region
LEFT JOIN category g ON g.id = c.category
LEFT JOIN region d ON d.id = c.district
LEFT JOIN region v ON v.id = c.village
WHERE c.reporter_key = $1 AND c.ticket = $2"""
_CLOCKS = """
SELECT kind, cycle, started_at, due_at, met_at FROM clock WHERE complaint = $1
AND kind IN ('response', 'promise', 'completion', 'reporter_window') ORDER BY cycle, due_at"""
_EVENTS = """
SELECT e.seq, e.kind, e.actor, a.name AS agency, e.occurred_at, e.recorded_at, e.facts, e.digest, e.previous,
       e.canonical, e.hash
FROM event e LEFT JOIN agency a ON a.id = e.agency WHERE e.complaint = $1 ORDER BY e.seq"""
_STATEMENTS = """
SELECT s.id, s.kind, s.cycle, s.text, s.salt, s.promised_for, s.made_at, a.name AS agency
FROM statement s LEFT JOIN agency a ON a.id = s.agency WHERE s.complaint = $1 ORDER BY s.id"""
_RATINGS = "SELECT cycle, stars FROM rating WHERE complaint = $1 ORDER BY cycle"


@dataclass(frozen=True)
class Public:
    """A complaint as everybody with its ticket sees it; `copies` are there once it is published."""

    status: asyncpg.Record
    copies: Sequence[asyncpg.Record]


@dataclass(frozen=True)
class Own:
    """A complaint as its reporter sees it; `stars` has the rating of each cycle that was rated."""

    row: asyncpg.Record
    clocks: Sequence[asyncpg.Record]
    events: Sequence[asyncpg.Record]
    statements: Sequence[asyncpg.Record]
    photos: Sequence[Photo]
    stars: Mapping[int, int]
    ways: Ways

    @property
    def id(self) -> int:
        """The complaint's id."""
        return int(self.row["id"])

    @property
    def receipt(self) -> str:
        """The hash of the first event, in hexadecimal."""
        return str(self.events[0]["hash"].hex())

    @property
    def unbroken(self) -> bool:
        """Whether every event still is what was recorded, and follows the one before it."""
        previous = b""
        for event in self.events:
            if event["previous"] != previous:
                return False
            previous = event["hash"]
            if hashlib.sha256(event["previous"] + event["canonical"]).digest() != previous:
                return False
        return True

    def clock(self, kind: str) -> asyncpg.Record | None:
        """The newest clock of this kind, if there is one."""
        return next((clock for clock in reversed(self.clocks) if clock["kind"] == kind), None)

    @property
    def main_clock(self) -> asyncpg.Record:
        """What the reporter waits for: the next running deadline, or the last answer when none runs."""
        kinds = ("response", "promise", "completion")
        running = [clock for clock in self.clocks if clock["met_at"] is None and clock["kind"] in kinds]
        if running:
            return min(running, key=lambda clock: clock["due_at"])
        return self.clock("response") or self.clocks[0]


def facts(event: asyncpg.Record) -> dict[str, Any]:
    """Return what an event says beside its kind."""
    found: dict[str, Any] = json.loads(event["facts"])
    return found


async def public(ticket: str) -> Public | None:
    """Return what the bare ticket shows; None when there is no such complaint."""
    async with database.transaction("public"):
        status = await database.fetchrow(_STATUS, ticket)
        if status is None:
            return None
        copies = await database.fetch(_PUBLISHED, ticket)
    return Public(status, copies)


async def own(ticket: str, secret: str) -> Own | None:
    """Return the complaint that this secret opens; None for every other ticket and secret alike."""
    key = crypto.secret_hash(secret)
    async with database.transaction("reporter", reporter_key=key):
        row = await database.fetchrow(_OWN, key, ticket)
        if row is None:
            return None
        return Own(
            row,
            await database.fetch(_CLOCKS, row["id"]),
            await database.fetch(_EVENTS, row["id"]),
            await database.fetch(_STATEMENTS, row["id"]),
            await photos_of(row["id"]),
            {rating["cycle"]: rating["stars"] for rating in await database.fetch(_RATINGS, row["id"])},
            await chosen_ways.of_complaint(row["id"]),
        )


async def own_id(ticket: str, secret: str) -> int | None:
    """Return the id of the complaint that this secret opens, if it does."""
    key = crypto.secret_hash(secret)
    async with database.transaction("reporter", reporter_key=key):
        found: int | None = await database.fetchval(
            "SELECT id FROM complaint WHERE reporter_key = $1 AND ticket = $2", key, ticket
        )
    return found


async def own_photo(ticket: str, secret: str, photo: int) -> bytes | None:
    """Return the JPEG of a photo of the complaint that this secret opens; None for everything else."""
    key = crypto.secret_hash(secret)
    async with database.transaction("reporter", reporter_key=key):
        complaint = await database.fetchval(
            "SELECT id FROM complaint WHERE reporter_key = $1 AND ticket = $2", key, ticket
        )
        return await picture(photo, complaint) if complaint is not None else None


async def own_document(ticket: str, secret: str, asked: int) -> tuple[str, bytes] | None:
    """Return name and bytes of a document of the complaint that this secret opens; None for everything else."""
    key = crypto.secret_hash(secret)
    async with database.transaction("reporter", reporter_key=key):
        complaint = await database.fetchval(
            "SELECT id FROM complaint WHERE reporter_key = $1 AND ticket = $2", key, ticket
        )
        return await document(asked, complaint) if complaint is not None else None


async def receipt_recorded(ticket: str, receipt: bytes) -> datetime | None:
    """Return when this receipt was recorded for this ticket; None when the two do not belong together."""
    async with database.transaction("public"):
        at: datetime | None = await database.fetchval("SELECT receipt_recorded($1, $2)", ticket, receipt)
    return at


@dataclass(frozen=True)
class Stories:
    """One page of published complaints, newest first, and the time at which it was read."""

    page: Page[asyncpg.Record]
    now: datetime


async def published(
    wish: Wish | None = None,
    *,
    category: int | None = None,
    district: int | None = None,
    size: int = PAGE_SIZE,
) -> Stories:
    """Return published complaints, in one statement besides the time."""
    wish = wish or Wish()
    compare, direction = order(wish, newest_first=True)
    async with database.transaction("public"):
        rows = await database.fetch(
            f"""
SELECT p.id, p.ticket, left(p.text, {EXCERPT + 1}) AS text, p.published_at, c.name AS category_name,
       c.name_en AS category_en, d.name AS place_name, s.status, s.agency AS agency_name, s.due_at, s.met_at, s.due_kind,
       s.timezone
FROM (SELECT * FROM publication
      WHERE statement IS NULL AND ($1::bigint IS NULL OR category = $1) AND ($2::bigint IS NULL OR district = $2)
        AND ($3::timestamptz IS NULL OR (published_at, id) {compare} ($3, $4::bigint))
      ORDER BY published_at {direction}, id {direction} LIMIT {size + 1}) p
CROSS JOIN LATERAL ticket_status(p.ticket) s
LEFT JOIN category c ON c.id = p.category
LEFT JOIN region d ON d.id = p.district
ORDER BY p.published_at {direction}, p.id {direction}""",
            category,
            district,
            wish.mark.at if wish.mark else None,
            wish.mark.id if wish.mark else None,
        )
        now = await database.now()
    return Stories(page([(Mark(row["published_at"], row["id"]), row) for row in rows], wish, size), now)
