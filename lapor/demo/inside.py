"""What the check looks up behind the pages: the owner's connection, the clock of the simulation, patience."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeVar

import asyncpg

T = TypeVar("T")

PATIENCE_SECONDS = 45.0

_COMPLAINT = """
SELECT c.id, c.ticket, c.status, c.rule, c.reason, c.filed_at, a.id AS agency, a.code, a.name AS agency_name,
       k.due_at, k.met_at
FROM complaint c JOIN agency a ON a.id = c.owner_agency
JOIN clock k ON k.complaint = c.id AND k.kind = 'response' AND k.cycle = 1
WHERE c.id = $1"""
_HOLDER = """
SELECT p.username FROM office o
JOIN appointment h ON h.office = o.id AND h.starts_at <= lapor_now() AND (h.ends_at IS NULL OR h.ends_at > lapor_now())
JOIN person p ON p.id = h.person JOIN agency a ON a.id = o.agency
WHERE o.active AND o.role = $1 AND ($2::bigint IS NULL OR a.id = $2)
  AND ($3::bigint IS NULL OR a.region = (SELECT region FROM complaint WHERE id = $3))
ORDER BY o.id LIMIT 1"""
_ESCALATED = """
SELECT count(*) FILTER (WHERE e.step = 'escalate') AS escalations,
       count(*) FILTER (WHERE e.step = 'escalate' AND e.answered_late) AS late,
       count(*) FILTER (WHERE e.skipped) AS skipped
FROM escalation e JOIN clock k ON k.id = e.clock WHERE k.complaint = $1 AND k.kind = 'response'"""


class Unexpected(Exception):
    """A step saw something else than it has to see; the message says what."""


@dataclass(frozen=True)
class Rungs:
    """What became of the ladder of one response clock."""

    escalations: int
    late: int
    skipped: int


class Inside:
    """The database as its owner sees it; a context manager."""

    def __init__(self, owner_url: str) -> None:
        self._runner = asyncio.Runner()
        self._connection: asyncpg.Connection = self._runner.run(asyncpg.connect(owner_url))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._connection.close())
        self._runner.close()

    def value(self, sql: str, *arguments: Any) -> Any:
        """The first value of one statement."""
        return self._runner.run(self._connection.fetchval(sql, *arguments))

    def row(self, sql: str, *arguments: Any) -> asyncpg.Record:
        """The first row of one statement; raises Unexpected when there is none."""
        found = self._runner.run(self._connection.fetchrow(sql, *arguments))
        if found is None:
            raise Unexpected("the database does not hold what it should")
        return found

    def complaint(self, id_: int) -> asyncpg.Record:
        """A complaint with whose it is and its first response clock."""
        return self.row(_COMPLAINT, id_)

    def holder(self, role: str, *, agency: int | None = None, of: int | None = None) -> str:
        """The user name of somebody in this role: of an agency, or for the region of a complaint."""
        name: str | None = self.value(_HOLDER, role, agency, of)
        if name is None:
            raise Unexpected(f"nobody holds an office of the role {role}")
        return name

    def rungs(self, complaint: int) -> Rungs:
        """What has fired of a complaint's response clock."""
        return Rungs(**dict(self.row(_ESCALATED, complaint)))

    def now(self) -> datetime:
        """The database's time."""
        at: datetime = self.value("SELECT lapor_now()")
        return at

    def let_pass(self, hours: int) -> None:
        """Move the clock of the simulation."""
        self.value(
            "UPDATE deployment SET clock_offset_seconds = clock_offset_seconds + $1 RETURNING 1", hours * 3600
        )

    def wait_for(self, what: str, condition: Callable[[], T | None]) -> T:
        """What the condition returns as soon as it is true; raises Unexpected when that takes too long."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not (found := condition()):
            if time.monotonic() > give_up:
                raise Unexpected(f"{what} did not happen within {PATIENCE_SECONDS:.0f} s")
            time.sleep(0.1)
        return found
