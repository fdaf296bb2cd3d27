"""How long each agency had a complaint in its hands until the first answer: the clock never restarts, so whose time it was counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lapor import database

# An agency has a complaint from the order that gave it to them until the next one, or until the first answer.
_HELD = """
WITH orders AS (
  SELECT e.complaint, e.facts::jsonb ->> 'agency' AS code, e.seq,
    CASE WHEN row_number() OVER one = 1 THEN least(c.filed_at, e.occurred_at) ELSE e.occurred_at END AS since,
    lead(e.occurred_at) OVER one AS following
  FROM event e JOIN complaint c ON c.id = e.complaint
  WHERE e.complaint = ANY ($1) AND e.kind IN ('routed', 'triaged', 'transfer_taken', 'ruled')
    AND e.facts::jsonb ? 'agency'
  WINDOW one AS (PARTITION BY e.complaint ORDER BY e.seq)
), answers AS (
  SELECT complaint, min(occurred_at) AS at FROM event
  WHERE complaint = ANY ($1) AND kind IN ('answered', 'promised', 'rejected', 'referred')
    AND NOT EXISTS (SELECT FROM event u WHERE u.complaint = event.complaint AND u.kind = 'undone'
      AND u.facts::jsonb -> 'statement' = event.facts::jsonb -> 'statement')
  GROUP BY complaint
)
SELECT o.complaint, a.code, a.name, min(o.since) AS since,
  sum(extract(epoch FROM least(coalesce(o.following, $2), coalesce(w.at, $2)) - o.since))::bigint AS seconds
FROM orders o JOIN agency a ON a.code = o.code LEFT JOIN answers w ON w.complaint = o.complaint
WHERE o.since <= least(coalesce(w.at, $2), $2)
GROUP BY o.complaint, a.code, a.name ORDER BY o.complaint, min(o.seq)"""


@dataclass(frozen=True)
class HeldTime:
    """The time that an agency had a complaint before anybody answered it, in seconds, all its turns together."""

    agency: str
    name: str
    since: datetime
    seconds: int


async def held_times(complaints: Sequence[int]) -> Mapping[int, Sequence[HeldTime]]:
    """Return for each complaint whose time it was until the first answer, or until now, in the order of their turns."""
    found: dict[int, list[HeldTime]] = {}
    for row in await database.fetch(_HELD, list(complaints), await database.now()):
        values = dict(row)
        found.setdefault(values.pop("complaint"), []).append(
            HeldTime(values["code"], values["name"], values["since"], values["seconds"])
        )
    return found
