"""Complaints as lines of a letter about many: ticket, since when and whose; what is guarded is a ticket and a time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from lapor import words
from lapor.intake.letters import CLOCKS

# A letter names so many, and counts the rest.
LONGEST = 100

COLUMNS = """
c.id, c.ticket, c.confidential OR c.protected OR c.about_official AS sensitive, a.name AS agency, k.kind, k.due_at,
  k.met_at, coalesce(g.name, '') AS category"""


def lines_of(rows: Sequence[asyncpg.Record], zone: str, now: datetime) -> list[dict[str, Any]]:
    """Return one line for each complaint, by its oldest deadline, the oldest first."""
    first: dict[int, asyncpg.Record] = {}
    for row in sorted(rows, key=lambda row: (row["due_at"], row["id"])):
        first.setdefault(row["id"], row)
    return [_line(row, zone, now) for row in first.values()]


def _line(row: asyncpg.Record, zone: str, now: datetime) -> dict[str, Any]:
    ordinary = not row["sensitive"]
    return {
        "ticket": words.ticket(row["ticket"]),
        "due": words.localtime(row["due_at"], zone),
        "left": words.remaining(row["due_at"], now),
        "overdue": row["due_at"] < now,
        "met": words.localtime(row["met_at"], zone) if row["met_at"] else "",
        "clock": CLOCKS.get(row["kind"], "") if ordinary else "",
        "agency": row["agency"] if ordinary else "",
        "category": row["category"] if ordinary else "",
    }
