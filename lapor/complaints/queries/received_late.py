"""How many complaints were past their deadline already when they were received, because the paper bears an earlier date."""

from datetime import date

from lapor import database
from lapor.complaints.queries.figures import Period

# Few complaints come on old paper: the partial index on `written_at` finds them without reading the others.
_COUNT = """
SELECT count(*) FROM complaint c JOIN region r ON r.id = c.region
WHERE c.written_at IS NOT NULL AND NOT c.trial AND ($1::bigint IS NULL OR c.region = $1)
  AND ($2::bigint IS NULL OR c.owner_agency = $2 OR c.owner_agency IN (SELECT id FROM agency WHERE parent = $2))
  AND (c.filed_at AT TIME ZONE r.timezone)::date >= $3 AND (c.filed_at AT TIME ZONE r.timezone)::date < $4
  AND EXISTS (SELECT FROM clock k WHERE k.complaint = c.id AND k.kind = 'response' AND k.cycle = 1
              AND k.due_at < c.filed_at)"""


async def received_late(period: Period, *, region: int | None = None, agency: int | None = None) -> int:
    """Return how many of those that this officer may see were received in these months with their deadline passed."""
    following = date(period.last.year + period.last.month // 12, period.last.month % 12 + 1, 1)
    counted: int = await database.fetchval(_COUNT, region, agency, period.first, following)
    return counted
