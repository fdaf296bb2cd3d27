"""What has changed since a mark of the ledger, and whom it is about: regions and agencies, by topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from lapor import database

# One look reads this many events; the next one follows at once when there are more.
MOST_EVENTS = 5000
# More changed complaints than this are only called many.
MOST_COMPLAINTS = 1000

Topics = frozenset[str]


@dataclass(frozen=True)
class Changes:
    """Which complaints changed up to a mark of the ledger; `many` when not all of them are named."""

    mark: int
    complaints: frozenset[int] = frozenset()
    many: bool = False

    def __bool__(self) -> bool:
        return bool(self.complaints) or self.many


def topics_of(row: Mapping[str, Any]) -> Topics:
    """Return whom a change is about."""
    return frozenset((f"region:{row['region']}", *(f"agency:{agency}" for agency in row["agencies"])))


async def last_change() -> int:
    """Return the newest mark of the ledger."""
    async with database.transaction("gate"):
        mark: int = await database.fetchval("SELECT last_change()")
    return mark


async def changes_since(mark: int, topics: Topics) -> Changes:
    """Return what changed about these topics after a mark."""
    rows = await events_after(mark)
    heard = {row["complaint"] for row in rows if topics & topics_of(row)}
    many = len(rows) == MOST_EVENTS or len(heard) > MOST_COMPLAINTS
    reached = rows[-1]["event"] if rows else mark
    return Changes(reached, frozenset(sorted(heard)[:MOST_COMPLAINTS]), many)


async def events_after(after: int) -> list[asyncpg.Record]:
    """Return events after a mark, in order, with complaint, region and agencies; at most MOST_EVENTS of them."""
    async with database.transaction("gate"):
        return await database.fetch("SELECT * FROM changes_since($1, $2)", after, MOST_EVENTS)
