"""Which months stand for ever, and what proves it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from lapor import database

_MONTHS = """
SELECT s.region, r.name AS region_name, s.month, s.as_of, s.sealed_at, s.facts, encode(s.hash, 'hex') AS hash,
  (SELECT count(*) FROM figure_seal c WHERE c.region = s.region AND c.month = s.month AND c.kind = 'changed') AS changes,
  (SELECT coalesce(sum(c.facts), 0)::bigint FROM figure_seal c
   WHERE c.region = s.region AND c.month = s.month AND c.kind = 'changed') AS changed_facts
FROM figure_seal s JOIN region r ON r.id = s.region
WHERE s.kind = 'closed' AND s.region = ANY ($1) ORDER BY s.month DESC, r.name LIMIT 200"""
_OPEN = """
SELECT DISTINCT c.month FROM figure_cell c WHERE c.dimension = 'all' AND NOT c.frozen AND c.region = $1
AND NOT EXISTS (SELECT FROM figure_seal s WHERE s.region = c.region AND s.month = c.month AND s.kind = 'closed')
ORDER BY c.month DESC LIMIT 24"""


@dataclass(frozen=True)
class ClosedMonth:
    """A closed month: the moment whose figures it keeps, how many facts, its seal, and how often it was added to."""

    region: int
    region_name: str
    month: date
    as_of: datetime
    sealed_at: datetime
    facts: int
    hash: str
    changes: int
    changed_facts: int


async def closed_months(regions: Sequence[int]) -> Sequence[ClosedMonth]:
    """Return the closed months of these regions, newest first."""
    return [ClosedMonth(**dict(row)) for row in await database.fetch(_MONTHS, list(regions))]


async def months_to_close(region: int) -> Sequence[date]:
    """Return the months of a region that have figures and are still open, newest first, as far as one may see."""
    return [row["month"] for row in await database.fetch(_OPEN, region)]
