"""What another length of the response clock would have meant, from the record as it is.

First answers only, every hour counted, and nobody assumed to have worked differently. An answer that took `h` begun
hours was given within `n` hours exactly when `h <= n`, so the hours that were counted anyway decide it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from lapor import database
from lapor.complaints.queries.figures import histogram
from lapor.complaints.queries.figures.scope import Period

_LATE = """
WITH taken AS (
  SELECT agency, sum(answered) AS answered, sum(hours_taken)::text AS hours_taken FROM figure_cell
  WHERE dimension = 'all' AND agency > 0 AND NOT frozen AND month BETWEEN $1 AND $2 AND region = $3 GROUP BY agency
), waiting AS (
  SELECT f.agency, count(*) AS waiting,
    count(*) FILTER (WHERE f.waiting_since + make_interval(hours => $4) < $6) AS now_late,
    count(*) FILTER (WHERE f.waiting_since + make_interval(hours => $5) < $6) AS then_late
  FROM figure_fact f WHERE f.unanswered > 0 AND f.month BETWEEN $1 AND $2 AND f.region = $3 GROUP BY f.agency
)
SELECT g.id, g.name, coalesce(t.answered, 0)::bigint + coalesce(w.waiting, 0) AS reports,
  coalesce(t.hours_taken, '0') AS hours_taken, coalesce(w.now_late, 0) AS now_late, coalesce(w.then_late, 0) AS then_late
FROM agency g LEFT JOIN taken t ON t.agency = g.id LEFT JOIN waiting w ON w.agency = g.id
WHERE t.agency IS NOT NULL OR w.agency IS NOT NULL"""


@dataclass(frozen=True)
class Otherwise:
    """One agency: its reports, how many first answers came after the present length, and how many after the other."""

    id: int
    name: str
    reports: int
    now_late: int
    then_late: int


async def what_if(region: int, period: Period, *, now_hours: int, then_hours: int) -> Sequence[Otherwise]:
    """Return what a response clock of `then_hours` would have found late (and escalated), most first.

    ValueError unless both are 1 to 96 hours, or whole days up to 720: so finely the record is summed up.
    """
    if not all(1 <= hours <= 96 or (hours <= 720 and hours % 24 == 0) for hours in (now_hours, then_hours)):
        raise ValueError("a length of 1 to 96 hours, or of whole days up to 720 hours")
    arguments: list[Any] = [period.first, period.last, region, now_hours, then_hours, await database.now()]
    found = [_otherwise(row, now_hours, then_hours) for row in await database.fetch(_LATE, *arguments)]
    return sorted(found, key=lambda one: (-one.then_late, one.name))


def _otherwise(row: asyncpg.Record, now_hours: int, then_hours: int) -> Otherwise:
    taken = list(histogram.hours_of(histogram.steps(row["hours_taken"])))

    def after(length: int) -> int:
        return sum(answers for hours, answers in taken if hours > length)

    return Otherwise(
        row["id"],
        row["name"],
        row["reports"],
        row["now_late"] + after(now_hours),
        row["then_late"] + after(then_hours),
    )
