"""How many answers missed their deadline on each of the last ninety days, as this officer's offices see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lapor import database

DAYS = 90


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


# A day is the zone's own. What was answered late in the meantime stays on the day on which it became late.
_DAYS = """
WITH days AS MATERIALIZED (
  SELECT array_agg(d::date ORDER BY d) AS day, array_agg(d::date::timestamp AT TIME ZONE $1 ORDER BY d) AS begins
  FROM (SELECT (lapor_now() AT TIME ZONE $1)::date AS day) today
  CROSS JOIN generate_series(today.day - $2::int + 1, today.day, interval '1 day') d
), counted AS (
  SELECT width_bucket(due_at, (SELECT begins FROM days)) AS nth, count(*) AS late, count(met_at) AS answered
  FROM lateness
  WHERE kind = 'response' AND due_at >= (SELECT begins[1] FROM days) AND due_at < (SELECT lapor_now())
  GROUP BY 1
)
SELECT d.day, coalesce(n.late, 0) AS late, coalesce(n.answered, 0) AS answered
FROM days CROSS JOIN unnest(days.day) WITH ORDINALITY AS d (day, nth) LEFT JOIN counted n ON n.nth = d.nth
ORDER BY d.nth"""


async def late_days(zone: str) -> Sequence[LateDay]:
    """Return the last ninety days of a zone, oldest first, today included."""
    return [LateDay(**dict(row)) for row in await database.fetch(_DAYS, zone, DAYS)]
