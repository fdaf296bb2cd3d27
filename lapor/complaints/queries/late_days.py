"""How many answers missed their deadline on each of the last ninety days, as this officer's offices see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lapor import database

DAYS = 90

# A day is the region's own. What was answered late in the meantime stays on the day on which it became late.
_DAYS = f"""
WITH late AS (
  SELECT k.complaint, k.due_at, false AS answered FROM clock k
  WHERE k.kind = 'response' AND k.met_at IS NULL AND k.due_at < lapor_now()
    AND k.due_at >= lapor_now() - interval '{DAYS + 1} days'
  UNION ALL
  SELECT k.complaint, k.due_at, true FROM clock k
  WHERE k.kind = 'response' AND k.met_at > k.due_at AND k.due_at >= lapor_now() - interval '{DAYS + 1} days'
), counted AS (
  SELECT (f.due_at AT TIME ZONE $1)::date AS day, count(*) AS late, count(*) FILTER (WHERE f.answered) AS answered
  FROM late f JOIN complaint c ON c.id = f.complaint GROUP BY 1
)
SELECT d::date AS day, coalesce(n.late, 0) AS late, coalesce(n.answered, 0) AS answered
FROM generate_series((lapor_now() AT TIME ZONE $1)::date - {DAYS - 1}, (lapor_now() AT TIME ZONE $1)::date, '1 day') d
LEFT JOIN counted n ON n.day = d::date ORDER BY 1"""


@dataclass(frozen=True)
class LateDay:
    """A day: how many answers became late on it, and how many of those were given since."""

    day: date
    late: int
    answered: int

    @property
    def waiting(self) -> int:
        """How many of them still wait."""
        return self.late - self.answered


async def late_days(zone: str) -> Sequence[LateDay]:
    """Return the last ninety days of a zone, oldest first, today included."""
    return [LateDay(**dict(row)) for row in await database.fetch(_DAYS, zone)]
