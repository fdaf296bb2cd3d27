"""What a replay showed, counted in the database that it left behind."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from lapor import database
from lapor.database import transaction

_FACTS = """
WITH answers AS (
  SELECT complaint, min(made_at) AS at FROM statement WHERE kind IN ('final', 'interim') GROUP BY complaint
), escalated AS (
  SELECT e.complaint, count(*) FILTER (WHERE e.rung = 2) AS first
  FROM escalation e JOIN clock k ON k.id = e.clock
  WHERE k.kind = 'response' AND e.step = 'escalate' GROUP BY e.complaint
), told AS (
  SELECT complaint, max(times) AS times FROM (
    SELECT complaint, count(*) AS times FROM event WHERE kind = 'rung_escalate' GROUP BY complaint, facts) same
  GROUP BY complaint
)
SELECT a.name AS agency,
       count(*) AS complaints,
       count(answers.at) AS answered,
       count(*) FILTER (WHERE k.met_at <= k.due_at) AS on_time,
       count(escalated.complaint) AS escalated,
       count(*) FILTER (WHERE answers.at IS NULL) AS open,
       count(*) FILTER (WHERE told.times > 1) AS double_escalations,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM answers.at - c.filed_at)) AS median,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM answers.at - c.filed_at)) AS ninetieth
FROM complaint c
JOIN agency a ON a.id = c.owner_agency
JOIN clock k ON k.complaint = c.id AND k.kind = 'response' AND k.cycle = 1
LEFT JOIN answers ON answers.complaint = c.id
LEFT JOIN escalated ON escalated.complaint = c.id
LEFT JOIN told ON told.complaint = c.id
GROUP BY GROUPING SETS ((), (a.name)) ORDER BY a.name NULLS FIRST"""


@dataclass(frozen=True)
class Figures:
    """Counts of complaints, and the first response in seconds (None without an answer)."""

    complaints: int
    answered: int
    on_time: int
    escalated: int
    open: int
    double_escalations: int
    first_response_median: float | None
    first_response_90th: float | None


@dataclass(frozen=True)
class Report:
    """The figures of the whole history and of each agency."""

    until: datetime
    total: Figures
    agencies: dict[str, Figures]

    def as_mapping(self) -> dict[str, Any]:
        """Return one flat object with the totals, and one object per agency beneath `agencies`."""
        return {
            "until": self.until.isoformat(),
            **asdict(self.total),
            "agencies": {name: asdict(figures) for name, figures in self.agencies.items()},
        }


async def report(until: datetime) -> Report:
    """Return what the configured simulation holds."""
    async with transaction("worker"):
        rows = await database.fetch(_FACTS)
    figures = {
        row["agency"]: Figures(
            complaints=row["complaints"],
            answered=row["answered"],
            on_time=row["on_time"],
            escalated=row["escalated"],
            open=row["open"],
            double_escalations=row["double_escalations"],
            first_response_median=row["median"],
            first_response_90th=row["ninetieth"],
        )
        for row in rows
    }
    total = figures.pop(None)
    return Report(until, total, figures)
