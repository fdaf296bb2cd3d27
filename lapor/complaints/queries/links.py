"""Complaints about the same thing: the one that leads and those that are tied to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lapor import database


@dataclass(frozen=True)
class Linked:
    """A complaint of the same bundle: where it is, and its nearest running deadline; None when nothing runs.

    `leads` says that the others are tied to it. `version` is the one that a verb about it wants to hear.
    """

    id: int
    ticket: str
    status: str
    version: int
    channel: str
    leads: bool
    filed_at: datetime
    clock: str | None
    started_at: datetime | None
    due_at: datetime | None


# A link binds while one agency has both. Row-level security leaves out what this officer may not see.
_LINKED = """
WITH ties AS (
  SELECT k.complaint, k.leader FROM complaint_link k
  JOIN complaint c ON c.id = k.complaint JOIN complaint l ON l.id = k.leader AND l.owner_agency = c.owner_agency
  WHERE k.unlinked_at IS NULL
    AND k.leader IN (SELECT $1 UNION ALL SELECT leader FROM complaint_link WHERE complaint = $1 AND unlinked_at IS NULL)
), bundle AS (
  SELECT leader AS id, true AS leads FROM ties UNION SELECT complaint, false FROM ties
)
SELECT c.id, c.ticket, c.status, c.version, c.channel, b.leads, c.filed_at, k.kind AS clock, k.started_at, k.due_at
FROM bundle b JOIN complaint c ON c.id = b.id
LEFT JOIN LATERAL (
  SELECT kind, started_at, due_at FROM clock WHERE complaint = c.id AND met_at IS NULL ORDER BY due_at, id LIMIT 1) k
  ON true
WHERE c.id <> $1 ORDER BY b.leads DESC, c.filed_at, c.id LIMIT 200"""


async def linked(complaint: int) -> Sequence[Linked]:
    """Return the other complaints of its bundle that this officer sees: the leading one first, then the oldest."""
    return [Linked(**dict(row)) for row in await database.fetch(_LINKED, complaint)]


# Who leads each of these complaints, themselves if others are tied to them, and all who stand in the same bundles.
_BUNDLES = """
WITH ties AS (
  SELECT k.complaint, k.leader FROM complaint_link k
  JOIN complaint c ON c.id = k.complaint JOIN complaint l ON l.id = k.leader AND l.owner_agency = c.owner_agency
  WHERE k.unlinked_at IS NULL AND (k.leader = ANY ($1) OR k.leader IN (
    SELECT leader FROM complaint_link WHERE complaint = ANY ($1) AND unlinked_at IS NULL))
), bundle AS (
  SELECT leader AS id, leader FROM ties UNION SELECT complaint, leader FROM ties
)
SELECT c.id, c.channel, b.leader FROM bundle b JOIN complaint c ON c.id = b.id
ORDER BY array_position($1, c.id) NULLS LAST, c.filed_at, c.id LIMIT 200"""


async def bundles_of(complaints: Sequence[int]) -> dict[int, tuple[str, int]]:
    """Return the channel and the leader of every complaint that stands in a bundle with one of these, themselves
    first; who is tied to nobody and leads nobody is left out."""
    rows = await database.fetch(_BUNDLES, list(complaints))
    return {row["id"]: (row["channel"], row["leader"]) for row in rows}
