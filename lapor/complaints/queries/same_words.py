"""The same words sent to many: what an agency writes without reading, whatever its case and punctuation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lapor import database


def _bundle(complaint: str) -> str:
    """The complaint, or the one that it is tied to: duplicates are answered in the same words, and count once."""
    return (
        f"coalesce((SELECT t.leader FROM complaint_link t WHERE t.complaint = {complaint}"
        f" AND t.unlinked_at IS NULL LIMIT 1), {complaint})"
    )


# Other complaints to which an agency has sent the words of a statement `s`; counted up to a bound.
OTHERS = f"""
CASE WHEN s.fingerprint IS NULL OR NOT s.to_reporter THEN 0 ELSE (
  SELECT count(DISTINCT same.bundle) FROM (
    SELECT {_bundle("o.complaint")} AS bundle FROM statement o
    WHERE o.agency = s.agency AND o.fingerprint = s.fingerprint AND o.to_reporter AND o.complaint <> s.complaint
    LIMIT 500) same WHERE same.bundle <> {_bundle("s.complaint")}) END"""

_REPEATED = f"""
SELECT min(s.text) AS text, count(DISTINCT {_bundle("s.complaint")}) AS complaints, max(s.made_at) AS last_at
FROM statement s WHERE s.agency = $1 AND s.fingerprint IS NOT NULL AND s.to_reporter
GROUP BY s.fingerprint HAVING count(DISTINCT {_bundle("s.complaint")}) > $2
ORDER BY complaints DESC, last_at DESC LIMIT 100"""


@dataclass(frozen=True)
class Repeated:
    """Words that an agency has sent to several complaints: to how many, and when last."""

    text: str
    complaints: int
    last_at: datetime


async def identical_replies(agency: int, *, same_words_from: int) -> Sequence[Repeated]:
    """Return what the agency has sent, in the same words, to more than `same_words_from` other complaints."""
    rows = await database.fetch(_REPEATED, agency, same_words_from + 1)
    return [Repeated(**dict(row)) for row in rows]
